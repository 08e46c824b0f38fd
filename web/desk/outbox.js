// What the agent has sent and the server has not taken yet. Kept for the tab, tried again with the same id: taken once.
import { api } from "./api.js";
import { toastError } from "./dialog.js";
import { session } from "./prefs.js";

const PAUSES = [1_000, 2_000, 5_000, 10_000];

export class Outbox {
  constructor(state) {
    this.state = state;
    session.belongTo(state.me.agent.id);
    this.items = session.read("outbox", []).map((item) => ({ ...item, state: "waiting" }));
    this.running = new Set();
    this.timer = 0;
    this.tries = 0;
    state.on("connection", () => state.connection === "online" && this.again());
  }

  /** `kind` is "say" (with `parts`) or "note" (with `text`). */
  add(conversation_id, kind, content) {
    const client_id = crypto.randomUUID?.() ?? [...crypto.getRandomValues(new Uint8Array(16))].map((one) => one.toString(16)).join("");
    this.items.push({ client_id, conversation_id, kind, content, at: new Date().toISOString(), state: "sending", why: "" });
    this.changed();
    void this.run(conversation_id);
  }

  /** Those of a conversation, looking like messages. */
  of(id) {
    return this.items.filter((item) => item.conversation_id === id && !this.arrived(item)).map((item) => this.message(item));
  }

  message(item) {
    const { me } = this.state;
    return {
      id: item.client_id,
      key: item.client_id,
      seq: 0,
      role: "agent",
      author: me.agent.id,
      at: item.at,
      language: null,
      translations: {},
      parts: item.kind === "note" ? [{ kind: "text", text: item.content.text, markdown: false }] : item.content.parts,
      visibility: item.kind === "note" ? "internal" : "public",
      turn_id: "",
      withdrawn: false,
      pending: { client_id: item.client_id, state: item.state, why: item.why },
    };
  }

  /** Whether the live line brought it before the answer to its request did. */
  arrived(item) {
    const mark = `agent:${this.state.me.agent.id}:${item.client_id}`;
    return this.state.isOpen(item.conversation_id) && this.state.messages().some((one) => one.external_id === mark);
  }

  /** One after the other within a conversation: the order they were written in. */
  async run(id) {
    if (this.running.has(id)) return;
    this.running.add(id);
    try {
      for (let item = this.next(id); item; item = this.next(id)) if (!(await this.send(item))) break;
    } finally {
      this.running.delete(id);
    }
  }

  next(id) {
    const item = this.items.find((one) => one.conversation_id === id && one.state !== "failed");
    return item;
  }

  async send(item) {
    item.state = "sending";
    this.changed();
    try {
      const { conversation_id: id, client_id, content } = item;
      const { message } = item.kind === "note" ? await api.note(id, content.text, client_id) : await api.say(id, content.parts, client_id, content.own);
      if (content.propose) void api.propose(content.propose).catch(toastError);
      this.items = this.items.filter((one) => one !== item);
      this.tries = 0;
      if (this.state.isOpen(id)) this.state.addMessages([message]);
      this.changed();
      return true;
    } catch (error) {
      // Signed out meanwhile: it goes out after the next sign-in.
      const passing = error.passing || error.status === 401;
      item.state = passing ? "waiting" : "failed";
      item.why = error.message;
      this.changed();
      if (error.passing) this.later();
      return false;
    }
  }

  later() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.again(), PAUSES[Math.min(this.tries, PAUSES.length - 1)]);
    this.tries += 1;
  }

  again() {
    for (const id of new Set(this.items.map((item) => item.conversation_id))) void this.run(id);
  }

  retry({ client_id }) {
    const item = this.items.find((one) => one.client_id === client_id);
    if (!item) return;
    item.state = "sending";
    void this.run(item.conversation_id);
  }

  discard({ client_id }) {
    this.items = this.items.filter((one) => one.client_id !== client_id);
    this.changed();
  }

  stop() {
    clearTimeout(this.timer);
  }

  changed() {
    session.write("outbox", this.items.length ? this.items : null);
    this.state.changed("thread");
  }
}
