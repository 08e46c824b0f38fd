// The visitor: a session, and an outbox in which every message has an id of its own, so that sending it again never
// makes two. The protocol is in connectors/webchat/README.md.
import { Line } from "./line.js";

const ACK_MS = 24000;
const AGAIN_LATER = new Set(["throttled", "unavailable", "internal"]);
const RENEW_PAUSE_MS = 30000;

export class Client {
  /** `hear(frame)` gets every frame of the server, and {type: "link", up, tries, fatal} when the line changes. */
  constructor({ server, channel, languages, hear }) {
    this.base = `${server}webchat/${encodeURIComponent(channel)}/`;
    this.store = new Memory(`parley:${channel}:`);
    this.languages = languages;
    this.language = languages.split(",")[0];
    this.hear = hear;
    this.last = 0;
    this.conversation = this.token = "";
    this.context = null;
    this.line = new Line(this);
    this.online = () => {
      this.moved();
      if (this.started && !this.line.up) this.line.soon();
    };
    for (const event of ["online", "offline"]) addEventListener(event, this.online);
    this.tabs = new BroadcastChannel(`parley:${channel}`);
    this.tabs.onmessage = ({ data }) => this.otherTab(data);
  }

  /** Whether this browser has been here before: then it listens from the start. */
  get returning() {
    return Boolean(this.store.get("resume") || this.waiting().length);
  }

  start() {
    if (this.started) return;
    this.started = true;
    this.line.soon();
  }

  end() {
    for (const event of ["online", "offline"]) removeEventListener(event, this.online);
    this.line.end();
    this.tabs.close();
  }

  moved(fatal) {
    if (!this.line.up) this.flying = null;
    this.hear({ type: "link", up: this.line.up, tries: this.line.tries, fatal });
    this.flush();
  }

  // --- session

  async session(asked = {}) {
    const resume = this.store.get("resume") || "";
    const answer = await fetch(`${this.base}session`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      credentials: "omit",
      body: JSON.stringify({ resume, language: this.languages, ...asked }),
    });
    const body = await answer.json().catch(() => ({}));
    if (answer.status === 401 && resume) {
      // The token is from another time, or the server's key has changed: begin anew.
      this.store.remove("resume");
      this.introduced = null;
      return this.session();
    }
    if (!answer.ok) throw { status: answer.status, ...body.error };
    this.enter(body);
    if (this.identity && this.identity !== this.introduced) await this.introduce();
  }

  enter({ token, resume, expires_in: seconds }) {
    this.token = token;
    this.store.set("resume", resume);
    // Renewed early: a page in the background may be woken only once a minute.
    this.line.timer("renew", seconds * 700, () => this.renew());
  }

  async renew() {
    try {
      await this.session();
      this.line.write({ type: "renew", token: this.token });
    } catch {
      this.line.timer("renew", RENEW_PAUSE_MS, () => this.renew());
    }
  }

  /** Who the person is, as the shop's server signed it; nothing when they signed out. */
  async identify(jwt) {
    this.identity = jwt;
    if (jwt) return this.token && this.introduce();
    // Nobody after them at this browser may see their conversation.
    this.store.remove("resume");
    for (const entry of this.waiting()) this.discard(entry.client_id);
    this.introduced = null;
    this.token = "";
    if (this.started) await this.restart();
  }

  async introduce() {
    this.introduced = this.identity;
    // What is written from now on is theirs.
    if (this.line.up) this.flying ||= "?";
    try {
      (await this.post({ type: "identify", jwt: this.identity })).forEach((each) => this.take(each));
      if (this.line.up) this.anew();
    } catch (problem) {
      this.failed(problem);
      this.landed();
    }
  }

  /** {start_over: true} for a fresh conversation. */
  async restart(asked) {
    try {
      await this.session(asked);
      this.anew();
      this.tabs.postMessage("session");
    } catch (problem) {
      this.failed(problem);
    }
  }

  failed({ code = "unavailable", message: detail = "" }) {
    this.hear({ type: "error", code, detail });
  }

  anew() {
    this.last = 0;
    this.conversation = "";
    this.hear({ type: "ready", fresh: true, messages: [], state: {}, marks: {} });
    this.line.again();
  }

  otherTab(said) {
    if (!this.started) return;
    if (said === "session") this.session().then(() => this.anew(), () => {});
    else if (!this.conversation && !this.line.write({ type: "resume", after: 0 }) && this.line.up) this.line.poll();
  }

  // --- what the chat asks for

  hello() {
    return { type: "hello", token: this.token, after: this.last, language: this.language, context: this.context };
  }

  setContext(context) {
    this.context = context;
    this.pass({ type: "context", context, language: this.language });
  }

  /** A frame that matters only now: lost when the line is down. */
  pass(frame) {
    if (this.line.up && !this.line.write(frame)) this.post(frame).catch(() => {});
  }

  history(before) {
    return this.request(`history?before=${before}`);
  }

  upload(file, onprogress) {
    const request = new XMLHttpRequest();
    const done = new Promise((resolve, reject) => {
      request.responseType = "json";
      request.upload.onprogress = ({ loaded, total }) => onprogress(loaded / total);
      request.onload = () => (request.status === 200 ? resolve(request.response) : reject(request.response?.error || {}));
      request.onerror = () => reject({});
      request.onabort = () => reject({ code: "aborted" });
    });
    const go = () => {
      request.open("POST", `${this.base}upload?name=${encodeURIComponent(file.name)}`);
      request.setRequestHeader("Authorization", `Bearer ${this.token}`);
      request.setRequestHeader("Content-Type", file.type);
      request.send(file);
    };
    this.start();
    (this.token ? Promise.resolve() : this.session()).then(go, () => request.onerror());
    return { done, abort: () => request.abort() };
  }

  async post(frame) {
    return (await this.request("messages", { method: "POST", body: JSON.stringify(frame) })).frames;
  }

  /** Throws {status, code, message, retry_after, frames}. */
  async request(path, options) {
    if (!this.token) await this.session();
    const headers = { Authorization: `Bearer ${this.token}`, "Content-Type": "application/json" };
    const answer = await fetch(this.base + path, { ...options, headers, credentials: "omit" });
    const body = await answer.json();
    if (answer.ok) return body;
    if (answer.status === 401) this.token = "";
    const wait = Number(answer.headers.get("Retry-After"));
    throw { status: answer.status, retry_after: wait, frames: body.frames, ...body.error };
  }

  // --- frames

  take(frame) {
    if (frame.type === "session") this.enter(frame);
    if (frame.type === "ready") {
      this.conversation = frame.conversation;
      this.last = frame.fresh ? frame.last_seq : Math.max(this.last, frame.last_seq);
      frame.messages.forEach((message) => this.accepted(message.client_id));
    }
    if (frame.type === "message") {
      this.last = Math.max(this.last, frame.seq);
      this.accepted(frame.client_id);
    }
    if (frame.type === "error") this.refused(frame);
    // Before it is heard: what the customer sees at once is told to have been read.
    if (frame.type === "ready") this.line.established();
    this.hear(frame);
    if (frame.type === "ack" && frame.client_id) this.acknowledged(frame.client_id);
  }

  // --- the outbox: oldest first, one at a time

  /** {text} | {tap} | {form_answer} | {parts}; `shown` is how it looks until the server has it. */
  send(said, shown) {
    const entry = { client_id: newId(), at: Date.now(), language: this.language, said, shown };
    this.keep(entry);
    this.start();
    this.flush();
    return entry;
  }

  again(entry) {
    delete entry.failed;
    this.keep(entry);
    this.flush();
  }

  waiting() {
    return this.store.all("out:").sort((one, other) => one.at - other.at);
  }

  keep(entry) {
    this.store.set(`out:${entry.client_id}`, entry);
  }

  discard(id) {
    this.store.remove(`out:${id}`);
  }

  flush() {
    if (!this.line.up || this.flying) return;
    const entry = this.waiting().find((each) => !each.failed);
    if (!entry) return;
    this.flying = entry.client_id;
    const frame = { type: "send", client_id: entry.client_id, language: entry.language, ...entry.said };
    this.line.timer("ack", ACK_MS, () => this.line.again());
    if (this.line.write(frame)) return;
    this.post(frame).then(
      (frames) => frames.forEach((each) => this.take(each)),
      (problem) => (problem.frames ? this.take(problem.frames[0]) : this.line.retry(problem.retry_after)),
    );
  }

  acknowledged(id) {
    this.accepted(id);
    if (this.conversation) return;
    this.conversation = "?"; // Its name comes with the next `ready`.
    this.tabs.postMessage("begun");
    if (!this.line.socket) this.line.poll();
  }

  accepted(id) {
    this.discard(id);
    if (id && this.flying === id) this.landed();
  }

  landed() {
    clearTimeout(this.line.timers.ack);
    this.flying = null;
    this.flush();
  }

  refused({ client_id: named, code, retry_after: wait }) {
    // What was too large to be read has no id.
    const id = named || (code === "too_large" && this.flying);
    const entry = id && this.store.get(`out:${id}`);
    if (!entry) return;
    clearTimeout(this.line.timers.ack);
    // While it waits nothing else is sent: it would only be refused as well.
    if (AGAIN_LATER.has(code)) return this.line.timer("flush", (wait || 3) * 1000 + 250, () => this.landed());
    this.keep({ ...entry, failed: code });
    this.landed();
  }
}

/** What outlives the page; what storage refuses lives as long as the page. One key an entry: tabs share it. */
class Memory {
  constructor(prefix) {
    this.prefix = prefix;
    this.own = {};
    try {
      this.kept = window.localStorage;
    } catch {
      this.kept = {};
    }
  }

  get(name) {
    const key = this.prefix + name;
    try {
      return JSON.parse(this.own[key] || this.kept[key] || null);
    } catch {
      return null;
    }
  }

  set(name, value) {
    const key = this.prefix + name;
    const text = JSON.stringify(value);
    delete this.own[key];
    try {
      this.kept[key] = text;
    } catch {
      this.own[key] = text;
    }
  }

  remove(name) {
    delete this.own[this.prefix + name];
    delete this.kept[this.prefix + name];
  }

  all(start) {
    const { length } = this.prefix;
    const names = Object.keys({ ...this.kept, ...this.own }).filter((key) => key.startsWith(this.prefix + start));
    return names.map((key) => this.get(key.slice(length))).filter(Boolean);
  }
}

export function newId() {
  return [...crypto.getRandomValues(new Uint8Array(15))].map((value) => value.toString(16).padStart(2, "0")).join("");
}
