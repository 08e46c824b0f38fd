// One way or another to the server: a WebSocket, or long polling where none gets through. Comes back by itself.

const PING_MS = 25000;
const PATIENCE_MS = 12000;
const LONGEST_PAUSE_MS = 30000;
const TRY_SOCKET_AGAIN_MS = 300000;
const REFUSED = { 4403: "forbidden", 4404: "not_found" };

export class Line {
  /** `client` offers base, token, last, conversation, hello(), session(), request(), take(frame), moved(). */
  constructor(client) {
    this.client = client;
    this.up = false;
    this.tries = 0;
    this.failures = 0;
    this.timers = {};
  }

  timer(name, pause, act) {
    clearTimeout(this.timers[name]);
    this.timers[name] = setTimeout(act, pause);
  }

  soon(pause = 0) {
    if (!this.over) this.timer("connect", pause, () => this.connect());
  }

  /** For good: the page is left, or this page may not come in. */
  end(reason) {
    this.over = true;
    this.drop();
    for (const name in this.timers) clearTimeout(this.timers[name]);
    if (reason) this.client.moved(reason);
  }

  drop() {
    this.abort?.abort();
    const { socket } = this;
    this.socket = null;
    socket?.close();
    this.up = false;
    for (const name of ["ping", "patience", "ack", "flush"]) clearTimeout(this.timers[name]);
  }

  again() {
    this.drop();
    this.client.moved();
    this.soon();
  }

  retry(seconds = 0) {
    this.drop();
    const pause = Math.min(LONGEST_PAUSE_MS, 500 * 2 ** this.tries) * (0.5 + Math.random());
    this.tries += 1;
    this.client.moved();
    this.soon(Math.max(pause, seconds * 1000));
  }

  async connect() {
    if (this.up || this.socket || this.connecting) return;
    this.connecting = true;
    try {
      if (!this.client.token || this.doubt) await this.client.session();
      // A socket that did not open counts against sockets only when HTTP gets through: else the server was away.
      if (this.doubt) this.failures += 1;
      this.doubt = false;
      if (this.failures < 2) this.open();
      else {
        this.timer("socket", TRY_SOCKET_AGAIN_MS, () => {
          this.failures = 1;
          this.again();
        });
        this.poll();
      }
    } catch (problem) {
      if (problem.status === 403 || problem.status === 404) this.end(problem.code);
      else this.retry(problem.retry_after);
    } finally {
      this.connecting = false;
    }
  }

  open() {
    const socket = new WebSocket(`${this.client.base.replace(/^http/, "ws")}ws`);
    this.socket = socket;
    this.expect();
    this.doubt = true;
    socket.onopen = () => {
      this.doubt = false;
      this.failures = 0;
      socket.send(JSON.stringify(this.client.hello()));
    };
    socket.onmessage = ({ data }) => {
      if (this.socket !== socket) return;
      clearTimeout(this.timers.patience);
      this.timer("ping", PING_MS, () => this.write({ type: "ping" }));
      this.client.take(JSON.parse(data));
    };
    socket.onclose = ({ code }) => {
      if (this.socket === socket) this.lost(code);
    };
  }

  lost(code) {
    if (REFUSED[code]) return this.end(REFUSED[code]);
    if (code === 4401) this.client.token = "";
    this.retry(code === 4429 ? 30 : 0);
  }

  /** No answer in time: the line is dead, whatever the browser thinks. */
  expect() {
    this.timer("patience", PATIENCE_MS, () => this.socket && this.lost(1006));
  }

  /** False when there is no socket to write to: then it must go by HTTP. */
  write(frame) {
    if (this.socket?.readyState !== 1) return false;
    this.socket.send(JSON.stringify(frame));
    if (frame.type === "ping" || frame.type === "send") this.expect();
    return true;
  }

  established() {
    if (this.up) return;
    this.up = true;
    this.tries = 0;
    this.client.moved();
  }

  async poll() {
    this.abort?.abort();
    const abort = new AbortController();
    this.abort = abort;
    do {
      try {
        const answer = await this.client.request(`events?after=${this.client.last}&v=${this.version || ""}`, { signal: abort.signal });
        this.version = answer.v;
        answer.frames.forEach((frame) => this.client.take(frame));
        this.established();
      } catch (problem) {
        // Neither way gets through: the server is away, and a socket is worth trying first when it is back.
        this.failures = 0;
        if (!abort.signal.aborted) this.retry(problem.retry_after);
        return;
      }
      // Nothing can come before this visitor, in whatever tab, has said something.
    } while (this.client.conversation && !abort.signal.aborted);
  }
}
