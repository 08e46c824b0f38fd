// The list of messages: in order, grouped by speaker, each an element that is rebuilt only when its words change.
import { button, h, icon, initials, label } from "./dom.js";
import { parts, tap } from "./parts.js";

const TOGETHER_MS = 180000;
const TYPING_MS = 20000;
const NEAR = 80;
const STATES = { sending: "clock", sent: "check", delivered: "checks", read: "checks", failed: "alert" };

export class Thread {
  /** `chat` offers t, language, server, settle, say, enlarge, again(item), discard(id), older(), looked(), logo(). */
  constructor(chat) {
    this.chat = chat;
    this.items = new Map();
    this.marks = { delivered: 0, read: 0 };
    this.hello = { message: { role: "bot" } };
    this.stuck = true;
    this.list = h("div.items");
    this.older = button(".older", () => this.more());
    this.dots = h("div.dots.bubble", { role: "img" }, h("i"), h("i"), h("i"));
    this.typing = h("div.typing");
    this.log = h("div.log", { role: "log", tabindex: "0", onscroll: () => this.scrolled() }, this.older, this.list, this.typing);
    this.replies = h("div.replies", { role: "group" });
    this.newer = button(".newer", () => this.bottom(), null, icon("down"));
    this.older.hidden = this.typing.hidden = this.newer.hidden = true;
    this.element = h("div.thread", null, this.log, this.newer, this.replies);
    this.watch = new ResizeObserver(() => this.settle());
    this.watch.observe(this.log);
  }

  // --- what is in it

  /** A message of the server's; the visitor's own takes the place of the one that waited. */
  show(message) {
    const key = message.client_id || message.seq;
    this.items.set(key, { ...this.items.get(key), message, order: message.seq, state: "sent", upload: null });
  }

  /** One that is not accepted yet; `state` is sending or failed. */
  wait({ client_id: id, at, shown }, state, more) {
    const known = this.items.get(id);
    if (known?.order) return;
    const message = { role: "customer", parts: shown, at: new Date(at).toISOString(), client_id: id };
    this.items.set(id, { ...known, message, order: 0, state, ...more });
  }

  acknowledge({ client_id: id, seq }) {
    const item = this.items.get(id);
    if (item && !item.order) Object.assign(item, { order: seq, state: "sent" });
  }

  withdraw(seq) {
    for (const [key, { order }] of this.items) if (order === seq) this.items.delete(key);
  }

  /** Forget what the server has said; what waits stays. */
  reset() {
    for (const [key, { order }] of this.items) if (order) this.items.delete(key);
    this.marks = { delivered: 0, read: 0 };
  }

  mark({ delivered = 0, read = 0 }) {
    this.marks = { delivered: Math.max(this.marks.delivered, delivered), read: Math.max(this.marks.read, read) };
  }

  orders() {
    return [...this.items.values()].map(({ order }) => order).filter(Boolean);
  }

  get last() {
    return Math.max(0, ...this.orders());
  }

  // --- how it looks

  render() {
    const items = [...this.items.values()].sort(
      (one, other) => (one.order || Infinity) - (other.order || Infinity) || (one.message.at < other.message.at ? -1 : 1),
    );
    const said = items.filter(({ message: { role } }) => role === "bot" || role === "agent");
    const answered = Math.max(0, ...said.map(({ order }) => order));
    const forms = items.flatMap(({ message }) => message.parts).filter(({ kind }) => kind === "form_answer");
    if (this.hello.message.parts && this.older.hidden) items.unshift(this.hello);
    const elements = [];
    items.forEach((item, at) => {
      const { message } = item;
      const before = items[at - 1]?.message;
      if (message.at && dayOf(before || {}) !== dayOf(message)) elements.push(this.day(message));
      elements.push(this.draw(item, before, items[at + 1]?.message, answered));
      const filled = message.id && forms.find((part) => part.message_id === message.id);
      if (filled) item.content.forEach((part) => part.settle?.(filled.values));
    });
    place(this.list, elements);
    this.offer(items.filter(({ message: { role } }) => role !== "system").at(-1)?.message);
    this.settle();
  }

  draw(item, before, after, answered) {
    const { message } = item;
    const own = message.role === "customer";
    const words = JSON.stringify(message.parts) + this.chat.language;
    if (item.words !== words) {
      item.words = words;
      item.content = item.upload ? [this.uploading(item)] : parts(message, this.chat);
      item.who = h("span.who");
      item.meta = h("div.meta");
      const body = h("div.body", null, item.who, h("div.stack", null, item.content), item.meta);
      item.element ||= h("div");
      item.element.replaceChildren(...(own || message.role === "system" ? [body] : [avatar(message, this.chat), body]));
    }
    const first = !together(before, message);
    const last = !together(message, after);
    const state = own ? this.stateOf(item, answered) : "";
    const kind = own ? "own" : message.role === "system" ? "system" : "other";
    item.element.className = ["msg", kind, first && "first", last && "last", state].filter(Boolean).join(" ");
    item.who.textContent = this.nameOf(message);
    item.who.classList.toggle("seen", first && message.role === "agent");
    this.sign(item, last, state);
    return item.element;
  }

  nameOf({ role, author }) {
    const names = { customer: "you", agent: "colleague", bot: "assistant" };
    return author || (names[role] ? this.chat.t(names[role]) : "");
  }

  /** Time and state under the last of a group, and what to do about one that failed. */
  sign({ meta, message, upload, ...item }, last, state) {
    const signed = [last, state, this.chat.language].join();
    if (meta.signed === signed || !message.at || message.role === "system") return;
    meta.signed = signed;
    const mark = state && h("span.state", { role: "img" }, icon(STATES[state]));
    if (mark) label(mark, this.chat.t(`state_${state}`));
    const act = (text, run) => button("", run, null, this.chat.t(text));
    const failed = [mark, h("span", null, this.chat.t("state_failed")), act("retry", () => this.chat.again(message.client_id, item)), act("discard", () => this.chat.discard(message.client_id))];
    const usual = (last || state === "sending") && !upload ? [h("time", { datetime: message.at }, timeOf(message.at, this.chat.language)), mark] : [];
    meta.replaceChildren(...(state === "failed" ? failed : usual.filter(Boolean)));
  }

  stateOf({ order, state }, answered) {
    if (!order) return state;
    if (order <= Math.max(this.marks.read, answered)) return "read";
    return order <= this.marks.delivered ? "delivered" : "sent";
  }

  uploading({ upload }) {
    const bar = h("progress", { max: 1, value: 0, "aria-label": this.chat.t("uploading", upload) });
    upload.progress = (share) => (bar.value = share);
    return h("div.bubble.file.upload", null, icon("file"), h("span", null, h("b", null, upload.name), bar), button("", upload.cancel, null, this.chat.t("cancel")));
  }

  day(message) {
    this.days ||= {};
    const name = dayName(message, this.chat);
    return (this.days[name] ||= h("div.day", null, h("span", null, name)));
  }

  /** Quick replies stand at the end, and only while nobody has answered. */
  offer(message) {
    const offered = message && message.role !== "customer" ? message.parts.filter(({ kind }) => kind === "quick_replies") : [];
    const words = JSON.stringify(offered);
    if (this.offered === words) return;
    this.offered = words;
    const choices = offered.flatMap((part) => part.choices);
    this.replies.replaceChildren(...choices.map((each) => button("", () => tap(each, message, this.chat), null, each.title)));
    this.replies.setAttribute("aria-label", this.chat.t("choose"));
  }

  /** Somebody types, or has stopped; `text` is what there is of the answer. It is read out when it is done, not at every word. */
  types({ on, role, name, text }) {
    clearTimeout(this.stopped);
    this.typing.hidden = !on;
    this.typing.replaceChildren();
    if (on) {
      const message = { role, author: name, parts: [{ kind: "text", text, markdown: true }] };
      label(this.dots, this.chat.t("typing", { name: this.nameOf(message) }));
      this.typing.append(avatar(message, this.chat), text ? h("div.body.draft", { "aria-hidden": "true" }, parts(message, this.chat)) : this.dots);
      this.stopped = setTimeout(() => this.types({}), TYPING_MS);
    }
    this.settle();
  }

  // --- scrolling

  scrolled() {
    const { scrollTop, scrollHeight, clientHeight } = this.log;
    // Only who moves up leaves the end: when something grows, the end moves away by itself and is followed.
    this.stuck = scrollHeight - clientHeight - scrollTop < NEAR || (this.stuck && scrollTop >= this.top);
    this.top = scrollTop;
    if (this.stuck) this.newer.hidden = true;
    if (scrollTop < NEAR && !this.stuck && !this.older.hidden) this.more();
    this.chat.looked();
  }

  /** Stay at the end, when that is where the reader is. */
  settle() {
    if (this.stuck) this.log.scrollTop = this.log.scrollHeight;
  }

  bottom() {
    this.stuck = true;
    this.newer.hidden = true;
    this.settle();
  }

  async more() {
    if (this.loading) return;
    this.loading = true;
    this.log.setAttribute("aria-busy", "true");
    const below = this.log.scrollHeight - this.log.scrollTop;
    await this.chat.older(Math.min(...this.orders())).catch(() => {});
    this.log.scrollTop = this.log.scrollHeight - below;
    this.log.removeAttribute("aria-busy");
    this.loading = false;
  }
}

/** Make `wanted` the children of `list`; what stands still keeps its focus and scroll. */
function place(list, wanted) {
  for (const child of [...list.children]) if (!wanted.includes(child)) child.remove();
  wanted.forEach((element, at) => {
    if (list.children[at] !== element) list.insertBefore(element, list.children[at] || null);
  });
}

function avatar({ role, author }, chat) {
  const face = role === "agent" ? initials(author || chat.t("colleague")) : chat.logo() || icon("spark");
  return h(`span.avatar.${role}`, { "aria-hidden": "true" }, face);
}

const dayOf = ({ at }) => new Date(at).toDateString();
const timeOf = (at, language) => new Intl.DateTimeFormat(language, { timeStyle: "short" }).format(new Date(at));

function dayName({ at }, { t, language }) {
  const midnight = (date) => new Date(date).setHours(0, 0, 0, 0);
  const days = Math.round((midnight(Date.now()) - midnight(at)) / 86400000);
  if (days < 2) return t(days < 1 ? "today" : "yesterday");
  return new Intl.DateTimeFormat(language, { weekday: "long", day: "numeric", month: "long" }).format(new Date(at));
}

function together(one, other) {
  if (!one || !other || one.role !== other.role || one.author !== other.author || one.role === "system") return false;
  return dayOf(one) === dayOf(other) && new Date(other.at) - new Date(one.at) < TOGETHER_MS;
}
