// The conversation with the server: a session, a WebSocket (or long polling), and an outbox in which every message has
// an id of its own, so that sending one again never makes two. The protocol is in connectors/webchat/README.md.
import { Memory, newId } from "./memory.js";

const PING_MS = 25000;
const PATIENCE_MS = 12000;
const LONGEST_PAUSE_MS = 30000;
const TRY_SOCKET_AGAIN_MS = 300000;
const AGAIN_LATER = new Set(["throttled", "unavailable", "internal"]);

export class Client {
  /** `hear(frame)` gets every frame of the server, and {type: "link", up, offline, fatal} when the line changes. */
  constructor({ server, channel, languages, hear }) {
    this.base = `${server}webchat/${encodeURIComponent(channel)}/`;
    this.memory = new Memory(channel);
    this.languages = languages;
    this.hear = hear;
    this.last = 0;
    this.conversation = "";
    this.token = "";
    this.identity = undefined;
    this.context = null;
    this.tries = 0;
    this.socketFailures = 0;
    this.ended = false;
    this.up = false;
    this.timers = {};
    this.online = () => this.soon(0);
    this.offline = () => this.tell();
    window.addEventListener("online", this.online);
    window.addEventListener("offline", this.offline);
    if ("BroadcastChannel" in window) {
      this.tabs = new BroadcastChannel(`parley:${channel}`);
      this.tabs.onmessage = ({ data }) => this.otherTab(data);
    }
  }

  /** Whether this browser has been here before: then it listens from the start. */
  get returning() {
    return Boolean(this.memory.get("resume")) || this.memory.waiting().length > 0;
  }

  start() {
    if (!this.started) {
      this.started = true;
      this.soon(0);
    }
  }

  end() {
    this.ended = true;
    window.removeEventListener("online", this.online);
    window.removeEventListener("offline", this.offline);
    for (const name of Object.keys(this.timers)) clearTimeout(this.timers[name]);
    this.abort?.abort();
    this.socket?.close();
    this.tabs?.close();
  }

  // --- what the chat asks for

  /** Send {text} | {tap} | {form_answer} | {parts}; `shown` is how it looks. Returns the entry that waits. */
  send(said, shown) {
    const entry = { client_id: newId(), at: Date.now(), language: this.languages.split(",")[0], said, shown };
    this.memory.keep(entry);
    this.start();
    this.flush();
    return entry;
  }

  again(clientId) {
    const entry = this.memory.waiting().find((each) => each.client_id === clientId);
    if (entry) this.memory.keep({ ...entry, failed: undefined });
    this.flush();
    return entry;
  }

  discard(clientId) {
    this.memory.done(clientId);
  }

  setContext(context) {
    this.context = context;
    this.pass({ type: "context", context, language: this.languages.split(",")[0] });
  }

  /** Frames that matter only now: dropped when the line is down. */
  pass(frame) {
    if (!this.up) return;
    if (this.socket) this.write(frame);
    else if (!this.ended) this.post(frame).then((frames) => frames.forEach((each) => this.take(each)), () => {});
  }

  async identify(jwt) {
    this.identity = jwt || undefined;
    if (!jwt) return this.forget();
    if (this.token) await this.introduce();
  }

  /** The person signed out: nobody after them at this browser sees their conversation. */
  forget() {
    this.memory.remove("resume");
    for (const entry of this.memory.waiting()) this.memory.done(entry.client_id);
    this.token = "";
    this.introduced = undefined;
    if (this.started) return this.restart({});
  }

  startOver() {
    return this.restart({ start_over: true });
  }

  async history(before) {
    return this.request(`history?before=${before}`);
  }

  upload(file, onprogress) {
    const request = new XMLHttpRequest();
    const done = new Promise((resolve, reject) => {
      request.open("POST", `${this.base}upload?name=${encodeURIComponent(file.name || "picture")}`);
      request.setRequestHeader("Authorization", `Bearer ${this.token}`);
      request.setRequestHeader("Content-Type", file.type || "application/octet-stream");
      request.responseType = "json";
      request.upload.onprogress = (event) => event.lengthComputable && onprogress(event.loaded / event.total);
      request.onload = () => (request.status === 200 ? resolve(request.response) : reject(request.response?.error || {}));
      request.onerror = () => reject({ code: "unavailable" });
      request.onabort = () => reject({ code: "aborted" });
    });
    this.admitted().then(() => request.send(file), (error) => request.onerror(error));
    return { done, abort: () => request.abort() };
  }

  async admitted() {
    this.start();
    if (!this.token) await this.session();
  }

  // --- session

  async session(asked = {}) {
    const resume = this.memory.get("resume") || "";
    const answer = await fetch(`${this.base}session`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      credentials: "omit",
      body: JSON.stringify({ resume, language: this.languages, ...asked }),
    });
    const body = await answer.json().catch(() => ({}));
    if (answer.status === 401 && resume) {
      // The token is from another time, or the server's key has changed: begin anew.
      this.memory.remove("resume");
      this.introduced = undefined;
      return this.session();
    }
    if (!answer.ok) throw Object.assign(new Error(`session: ${answer.status}`), { status: answer.status, ...body.error });
    this.enter(body);
    if (this.identity && this.identity !== this.introduced) await this.introduce();
    return body;
  }

  enter({ token, resume, expires_in: seconds }) {
    this.token = token;
    this.memory.set("resume", resume);
    // Renewed early: a page in the background may be woken only once a minute.
    this.timer("renew", seconds * 700, () => this.renew());
  }

  async renew() {
    try {
      await this.session();
      this.pass({ type: "renew", token: this.token });
    } catch {
      this.timer("renew", LONGEST_PAUSE_MS, () => this.renew());
    }
  }

  /** Tell who the person is, as the shop's server signed it. */
  async introduce() {
    this.introduced = this.identity;
    try {
      for (const frame of await this.post({ type: "identify", jwt: this.identity })) this.take(frame);
      if (this.up) this.beginAgain();
    } catch (problem) {
      this.identity = undefined;
      this.hear({ type: "error", code: problem.code || "unavailable", text: "", detail: problem.message || "" });
    }
  }

  async restart(asked) {
    try {
      await this.session(asked);
    } catch (problem) {
      this.hear({ type: "error", code: problem.code || "unavailable", text: "", detail: problem.message });
      return;
    }
    this.beginAgain();
    this.tabs?.postMessage("session");
  }

  beginAgain() {
    this.last = 0;
    this.conversation = "";
    this.hear({ type: "ready", fresh: true, messages: [], more: false, state: {}, marks: {} });
    this.reconnect();
  }

  otherTab(said) {
    if (said === "session" && this.started) {
      this.session().then(() => this.beginAgain(), () => {});
    } else if (said === "begun" && !this.conversation && this.started) {
      if (this.socket) this.pass({ type: "resume", after: 0 });
      else if (this.up) this.poll();
    }
  }

  // --- the line

  soon(pause) {
    if (!this.started || this.ended || this.fatal) return;
    this.timer("connect", pause, () => this.connect());
  }

  reconnect() {
    this.abort?.abort();
    const socket = this.socket;
    this.socket = null;
    socket?.close();
    this.down();
    this.soon(0);
  }

  async connect() {
    if (this.up || this.connecting) return;
    this.connecting = true;
    try {
      if (!this.token) await this.session();
      if (this.socketFailures > 1 || !("WebSocket" in window)) this.beginPolling();
      else this.openSocket();
    } catch (problem) {
      if (problem.status === 403 || problem.status === 404) return this.stop(problem);
      this.retry(problem.retry_after);
    } finally {
      this.connecting = false;
    }
  }

  stop(problem) {
    this.fatal = true;
    this.hear({ type: "link", up: false, fatal: problem.code || "forbidden" });
  }

  retry(seconds) {
    this.down();
    const pause = Math.min(LONGEST_PAUSE_MS, 500 * 2 ** this.tries) * (0.5 + Math.random());
    this.tries += 1;
    this.soon(Math.max(pause, (seconds || 0) * 1000));
  }

  down() {
    this.up = false;
    this.flying = null;
    for (const name of ["ping", "patience", "ack", "flush"]) clearTimeout(this.timers[name]);
    this.tell();
  }

  tell() {
    this.hear({ type: "link", up: this.up, offline: navigator.onLine === false, tries: this.tries });
  }

  hello() {
    return { type: "hello", token: this.token, after: this.last, language: this.languages.split(",")[0], context: this.context };
  }

  openSocket() {
    const socket = new WebSocket(`${this.base.replace(/^http/, "ws")}ws`);
    let opened = false;
    this.socket = socket;
    this.expect();
    socket.onopen = () => {
      opened = true;
      socket.send(JSON.stringify(this.hello()));
    };
    socket.onmessage = ({ data }) => {
      if (this.socket !== socket) return;
      clearTimeout(this.timers.patience);
      this.timer("ping", PING_MS, () => this.write({ type: "ping" }));
      this.take(JSON.parse(data));
    };
    socket.onclose = ({ code, reason }) => {
      if (this.socket !== socket) return;
      this.socket = null;
      if (!opened && navigator.onLine !== false) this.socketFailures += 1;
      if (code === 4403 || code === 4404) return this.stop({ code: code === 4403 ? "forbidden" : "not_found", reason });
      if (code === 4401) this.token = "";
      this.retry(code === 4429 ? 30 : 0);
    };
  }

  write(frame) {
    if (this.socket?.readyState !== WebSocket.OPEN) return;
    this.socket.send(JSON.stringify(frame));
    if (frame.type === "ping" || frame.type === "send") this.expect();
  }

  /** No answer in time: the line is dead, whatever the browser thinks. */
  expect() {
    this.timer("patience", PATIENCE_MS, () => {
      const socket = this.socket;
      if (!socket) return;
      this.socket = null;
      if (socket.readyState === WebSocket.CONNECTING) this.socketFailures += 1;
      socket.close();
      this.retry();
    });
  }

  // --- without WebSockets

  beginPolling() {
    this.timer("socket", TRY_SOCKET_AGAIN_MS, () => {
      this.socketFailures = 1;
      this.reconnect();
    });
    if (this.context) this.post({ type: "context", context: this.context }).catch(() => {});
    this.poll();
  }

  async poll() {
    this.abort?.abort();
    const abort = new AbortController();
    this.abort = abort;
    while (!abort.signal.aborted && !this.ended) {
      let answer;
      try {
        answer = await this.request(`events?after=${this.last}&v=${this.seen || ""}`, { signal: abort.signal });
      } catch (problem) {
        if (abort.signal.aborted) return;
        return this.retry(problem.retry_after);
      }
      this.seen = answer.v;
      if (!this.up) this.established();
      for (const frame of answer.frames) this.take(frame);
      if (!this.conversation) return; // Nothing can come before this visitor, in whatever tab, has said something.
    }
  }

  async post(frame) {
    const answer = await this.request("messages", { method: "POST", body: JSON.stringify(frame) });
    return answer.frames;
  }

  async request(path, options = {}) {
    if (!this.token) await this.session();
    const headers = { Authorization: `Bearer ${this.token}`, "Content-Type": "application/json" };
    const answer = await fetch(this.base + path, { ...options, headers, credentials: "omit" });
    const body = await answer.json().catch(() => ({}));
    if (answer.ok) return body;
    if (answer.status === 401) this.token = "";
    const retry = Number(answer.headers.get("Retry-After")) || undefined;
    throw { status: answer.status, retry_after: retry, frames: body.frames, ...body.error };
  }

  // --- frames

  established() {
    this.up = true;
    this.tries = 0;
    if (this.socket) this.socketFailures = 0;
    this.tell();
    this.flush();
  }

  take(frame) {
    switch (frame.type) {
      case "session":
        this.enter(frame);
        break;
      case "ready":
        this.arrived(frame);
        this.hear(frame);
        if (!this.up) this.established();
        return;
      case "message":
        this.last = Math.max(this.last, frame.seq);
        this.accepted(frame.client_id);
        break;
      case "ack":
        if (frame.client_id) this.acknowledged(frame);
        break;
      case "error":
        this.refused(frame);
        break;
    }
    this.hear(frame);
  }

  arrived({ conversation, fresh, last_seq: last, messages }) {
    this.conversation = conversation;
    this.last = fresh ? last : Math.max(this.last, last);
    for (const message of messages) this.accepted(message.client_id);
  }

  // --- the outbox: in order, one at a time

  flush() {
    if (!this.up || this.flying || this.ended) return;
    const entry = this.memory.waiting().find((each) => !each.failed);
    if (!entry) return;
    this.flying = entry.client_id;
    this.timer("ack", 2 * PATIENCE_MS, () => this.reconnect());
    const frame = { type: "send", client_id: entry.client_id, language: entry.language, ...entry.said };
    if (this.socket) return this.write(frame);
    this.post(frame).then(
      (frames) => frames.forEach((each) => this.take(each)),
      (problem) => {
        const [refusal] = problem.frames || [];
        if (refusal) return this.take(refusal);
        this.flying = null;
        this.retry();
      },
    );
  }

  acknowledged({ client_id: clientId }) {
    this.accepted(clientId);
    if (this.conversation) return;
    this.conversation = "?"; // Its name comes with the next `ready`.
    this.tabs?.postMessage("begun");
    if (!this.socket) this.poll();
  }

  accepted(clientId) {
    if (!clientId) return;
    this.memory.done(clientId);
    if (this.flying === clientId) {
      this.landed();
    }
  }

  landed() {
    this.flying = null;
    clearTimeout(this.timers.ack);
    this.flush();
  }

  refused(frame) {
    const entry = frame.client_id && this.memory.waiting().find((each) => each.client_id === frame.client_id);
    if (!entry) return;
    clearTimeout(this.timers.ack);
    if (AGAIN_LATER.has(frame.code)) {
      // `flying` stays set meanwhile: the next one would only be refused as well.
      this.timer("flush", (frame.retry_after || 3) * 1000 + 250, () => this.landed());
      return;
    }
    this.memory.keep({ ...entry, failed: frame.code });
    this.landed();
  }

  timer(name, pause, act) {
    clearTimeout(this.timers[name]);
    this.timers[name] = setTimeout(act, pause);
  }
}
