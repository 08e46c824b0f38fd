// The live line: one WebSocket, opened again with growing pauses whenever it breaks.

const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 15_000;
const PING_EVERY = 20_000;
const SILENCE = 45_000;
const SIGNED_OUT = 4401;

/**
 * `on.frame(frame)` for every frame, `on.state("online" | "connecting" | "offline")`, `on.signedOut()`.
 * After every "hello" the server tells what happens from then on: read again what may have changed before.
 */
export function connect(on) {
  let socket = null;
  let tries = 0;
  let timer = 0;
  let pinger = 0;
  let heard = 0;
  let stopped = false;

  function open() {
    clearTimeout(timer);
    on.state(tries ? "offline" : "connecting");
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    socket = new WebSocket(`${scheme}//${location.host}/desk/api/ws`);
    socket.addEventListener("message", receive);
    socket.addEventListener("close", closed);
    heard = Date.now();
    clearInterval(pinger);
    pinger = setInterval(beat, PING_EVERY);
  }

  function receive(event) {
    heard = Date.now();
    const frame = JSON.parse(event.data);
    if (frame.type === "hello") {
      tries = 0;
      on.state("online");
    }
    on.frame(frame);
  }

  function beat() {
    if (Date.now() - heard > SILENCE) drop();
    else send({ type: "ping" });
  }

  /** The line looks open and is dead (a laptop slept, a proxy forgot): don't wait for its close. */
  function drop() {
    const dead = socket;
    dead?.removeEventListener("message", receive);
    dead?.removeEventListener("close", closed);
    dead?.close();
    again();
  }

  function closed(event) {
    if (stopped) return;
    if (event.code === SIGNED_OUT) {
      stop();
      on.signedOut();
    } else again();
  }

  function again() {
    if (stopped) return;
    clearInterval(pinger);
    clearTimeout(timer);
    on.state("offline");
    const pause = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** tries) * (0.5 + Math.random() / 2);
    tries += 1;
    timer = setTimeout(open, pause);
  }

  function send(frame) {
    if (socket?.readyState !== WebSocket.OPEN) return false;
    socket.send(JSON.stringify(frame));
    return true;
  }

  function stop() {
    stopped = true;
    clearTimeout(timer);
    clearInterval(pinger);
    window.removeEventListener("online", soon);
    socket?.close();
  }

  /** The network is back: no reason to sit out the pause. */
  function soon() {
    if (!stopped && socket?.readyState !== WebSocket.OPEN) {
      tries = Math.min(tries, 1);
      drop();
    }
  }

  window.addEventListener("online", soon);
  open();
  return { send, stop };
}
