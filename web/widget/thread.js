// The list of messages: kept in order, grouped by speaker, one element each that is only rebuilt when its words change.
import { h, icon, initials } from "./dom.js";
import { parts, tap } from "./parts.js";

const TOGETHER_MS = 180000;
const TYPING_MS = 20000;
const NEAR = 80;
const STATES = { sending: "clock", sent: "check", delivered: "checks", read: "checks", failed: "alert" };

export class Thread {
  /** `chat` offers t, language, server, settle, say, enlarge, again(id), discard(id), older(), name. */
  constructor(chat) {
    this.chat = chat;
    this.items = new Map();
    this.marks = { delivered: 0, read: 0 };
    this.greeting = "";
    this.stuck = true;
    this.list = h("div.items");
    this.older = h("button.older", { type: "button", onclick: () => this.more() });
    this.older.hidden = true;
    this.typing = h("div.msg.other.first.last.typing", null, h("span.avatar", { "aria-hidden": "true" }), h("div.stack"));
    this.typing.hidden = true;
    this.log = h("div.log", { role: "log", tabindex: "0", onscroll: () => this.scrolled() }, this.older, this.list, this.typing);
    this.replies = h("div.replies", { role: "group" });
    this.newer = h("button.newer", { type: "button", onclick: () => this.bottom(true) }, icon("down"));
    this.newer.hidden = true;
    this.element = h("div.thread", null, this.log, this.newer, this.replies);
    this.watch = new ResizeObserver(() => this.settle());
    this.watch.observe(this.log);
  }

  // --- what is in it

  /** A message of the server's; the visitor's own takes the place of the one that waited. */
  show(message) {
    const key = message.client_id ? `c:${message.client_id}` : `s:${message.seq}`;
    const known = this.items.get(key);
    this.items.set(key, { ...known, message, order: message.seq, state: "sent", upload: null });
    return !known;
  }

  /** One that is not accepted yet; `state` is sending, failed, or sending with an `upload`. */
  wait(entry, state = "sending", more = {}) {
    const message = { id: "", seq: 0, role: "customer", parts: entry.shown, at: new Date(entry.at).toISOString(), client_id: entry.client_id };
    const known = this.items.get(`c:${entry.client_id}`);
    if (known?.order) return;
    this.items.set(`c:${entry.client_id}`, { ...known, message, order: 0, state, upload: null, ...more });
  }

  acknowledge({ client_id: id, seq }) {
    const item = this.items.get(`c:${id}`);
    if (!item || item.order || !seq) return;
    this.items.set(`c:${id}`, { ...item, message: { ...item.message, seq }, order: seq, state: "sent" });
  }

  drop(key) {
    this.items.get(key)?.element?.remove();
    this.items.delete(key);
  }

  withdraw(seq) {
    for (const [key, item] of this.items) if (item.order === seq) this.drop(key);
  }

  /** Forget what the server has said; what waits stays. */
  reset() {
    for (const [key, item] of this.items) if (item.order) this.drop(key);
    this.marks = { delivered: 0, read: 0 };
  }

  mark({ delivered, read }) {
    this.marks = { delivered: Math.max(this.marks.delivered, delivered), read: Math.max(this.marks.read, read) };
  }

  get first() {
    return Math.min(...[...this.items.values()].map((item) => item.order || Infinity));
  }

  get last() {
    return Math.max(0, ...[...this.items.values()].map((item) => item.order));
  }

  // --- how it looks

  render() {
    const items = [...this.items.values()].sort(
      (one, other) => (one.order || Infinity) - (other.order || Infinity) || (one.message.at < other.message.at ? -1 : 1),
    );
    const spoken = Math.max(0, ...items.filter(({ message }) => message.role !== "customer" && message.role !== "system").map((item) => item.order));
    const answered = new Map();
    for (const { message } of items) {
      for (const part of message.parts) if (part.kind === "form_answer") answered.set(part.message_id, part.values);
    }
    const wanted = this.greeting && !this.hasOlder ? [this.hello()] : [];
    items.forEach((item, at) => {
      const before = items[at - 1]?.message;
      const day = dayOf(item.message);
      if (!before || dayOf(before) !== day) wanted.push(this.day(day, item.message));
      wanted.push(this.draw(item, before, items[at + 1]?.message, spoken));
      const values = answered.get(item.message.id);
      if (values && item.message.id) for (const part of item.content) part.settle?.(values);
    });
    place(this.list, wanted);
    this.offer(items);
    this.settle();
  }

  draw(item, before, after, spoken) {
    const { message } = item;
    const words = JSON.stringify(message.parts) + this.chat.language;
    if (item.words !== words) {
      item.words = words;
      item.content = item.upload ? [this.uploading(item)] : parts(message, this.chat);
      item.stack = h("div.stack", null, item.content);
      item.meta = h("div.meta");
      item.who = h("span.who");
      item.avatar = message.role === "customer" || message.role === "system" ? null : h("span.avatar", { "aria-hidden": "true" });
      const inner = [item.avatar, h("div.body", null, item.who, item.stack, item.meta)].filter(Boolean);
      if (item.element) item.element.replaceChildren(...inner);
      else item.element = h("div", null, inner);
    }
    const first = !before || !together(before, message);
    const last = !after || !together(message, after);
    const own = message.role === "customer";
    const state = own ? this.stateOf(item, spoken) : "";
    const kind = own ? "own" : message.role === "system" ? "system" : "other";
    const classes = ["msg", kind, first && "first", last && "last", state].filter(Boolean).join(" ");
    if (item.element.className !== classes) item.element.className = classes;
    this.sign(item, first, last, state);
    return item.element;
  }

  sign(item, first, last, state) {
    const { message } = item;
    const name = message.role === "customer" ? this.chat.t("you") : message.author || this.chat.t(message.role === "agent" ? "colleague" : "assistant");
    item.who.textContent = message.role === "system" ? "" : name;
    item.who.classList.toggle("seen", first && message.role === "agent");
    if (item.avatar) fillAvatar(item.avatar, message, this.chat);
    const signed = [last, state, message.at, this.chat.language].join();
    if (item.signed === signed) return;
    item.signed = signed;
    const time = h("time", { datetime: message.at }, timeOf(message.at, this.chat.language));
    const mark = state && h("span.state", { role: "img", "aria-label": this.chat.t(`state_${state}`), title: this.chat.t(`state_${state}`) }, icon(STATES[state]));
    if (message.role === "system") return;
    if (state === "failed") {
      const id = message.client_id;
      item.meta.replaceChildren(
        mark,
        h("span", null, this.chat.t("state_failed")),
        h("button", { type: "button", onclick: () => this.chat.again(id, item) }, this.chat.t("retry")),
        h("button", { type: "button", onclick: () => this.chat.discard(id) }, this.chat.t("discard")),
      );
    } else item.meta.replaceChildren(...(last || state === "sending" ? [time, mark] : []).filter(Boolean));
  }

  stateOf(item, spoken) {
    if (!item.order) return item.state;
    if (item.order <= Math.max(this.marks.read, spoken)) return "read";
    return item.order <= this.marks.delivered ? "delivered" : "sent";
  }

  uploading(item) {
    const bar = h("progress", { max: 1, value: 0, "aria-label": this.chat.t("uploading", { name: item.upload.name }) });
    item.upload.progress = (share) => (bar.value = share);
    const cancel = h("button", { type: "button", onclick: item.upload.cancel }, this.chat.t("cancel"));
    return h("div.bubble.file.upload", null, icon("file"), h("span", null, h("b", null, item.upload.name), bar), cancel);
  }

  hello() {
    if (this.hi?.words !== this.greeting + this.chat.language) {
      const message = { role: "bot", parts: [{ kind: "text", text: this.greeting, markdown: true }] };
      const avatar = h("span.avatar", { "aria-hidden": "true" });
      fillAvatar(avatar, message, this.chat);
      this.hi = h("div.msg.other.first.last", null, avatar, h("div.body", null, h("div.stack", null, parts(message, this.chat))));
      this.hi.words = this.greeting + this.chat.language;
    }
    return this.hi;
  }

  day(day, message) {
    this.days ||= new Map();
    const key = day + this.chat.language;
    if (!this.days.has(key)) this.days.set(key, h("div.day", null, h("span", null, dayName(message.at, this.chat))));
    return this.days.get(key);
  }

  /** Quick replies stand at the end, and only while nobody has answered. */
  offer(items) {
    const spoken = items.filter(({ message }) => message.role !== "system");
    const latest = spoken[spoken.length - 1]?.message;
    const offered = latest && latest.role !== "customer" ? latest.parts.filter((part) => part.kind === "quick_replies") : [];
    const words = JSON.stringify(offered);
    if (this.offered === words) return;
    this.offered = words;
    const chips = offered.flatMap((part) => part.choices).map((choice) =>
      h("button", { type: "button", title: choice.description || null, onclick: () => tap(choice, latest, this.chat) }, choice.title),
    );
    this.replies.replaceChildren(...chips);
    this.replies.setAttribute("aria-label", this.chat.t("choose"));
  }

  /** Somebody types, or has stopped. */
  types({ on, role, name }) {
    clearTimeout(this.typingTimer);
    this.typing.hidden = !on;
    if (on) {
      fillAvatar(this.typing.firstChild, { role, author: name }, this.chat);
      const said = this.chat.t("typing", { name: name || this.chat.t(role === "agent" ? "colleague" : "assistant") });
      const dots = h("div.bubble.dots", { role: "img", "aria-label": said }, h("i"), h("i"), h("i"));
      if (this.typing.said !== said) this.typing.lastChild.replaceChildren(dots);
      this.typing.said = said;
      this.typingTimer = setTimeout(() => this.types({ on: false }), TYPING_MS);
    }
    this.settle();
  }

  // --- scrolling

  scrolled() {
    const { scrollTop, scrollHeight, clientHeight } = this.log;
    this.stuck = scrollHeight - clientHeight - scrollTop < NEAR;
    if (this.stuck) this.newer.hidden = true;
    if (scrollTop < NEAR && this.hasOlder && !this.loading) this.more();
    this.chat.looked();
  }

  /** Stay at the end, when that is where the reader is. */
  settle() {
    if (this.stuck) this.log.scrollTop = this.log.scrollHeight;
  }

  bottom(smoothly) {
    this.stuck = true;
    this.newer.hidden = true;
    this.log.scrollTo({ top: this.log.scrollHeight, behavior: smoothly ? "smooth" : "instant" });
  }

  arrived() {
    if (!this.stuck) this.newer.hidden = false;
  }

  mayHaveMore(there) {
    this.hasOlder = there;
    this.older.hidden = !there;
    this.older.textContent = this.chat.t("older");
  }

  async more() {
    if (this.loading) return;
    this.loading = true;
    this.log.setAttribute("aria-busy", "true");
    const height = this.log.scrollHeight - this.log.scrollTop;
    try {
      await this.chat.older();
      this.log.scrollTop = this.log.scrollHeight - height;
    } finally {
      this.loading = false;
      this.log.removeAttribute("aria-busy");
    }
  }
}

/** Make `wanted` the children of `list`, moving as little as possible: what stands still keeps focus and scroll. */
function place(list, wanted) {
  const keep = new Set(wanted);
  for (const child of [...list.children]) if (!keep.has(child)) child.remove();
  wanted.forEach((element, at) => {
    if (list.children[at] !== element) list.insertBefore(element, list.children[at] || null);
  });
}

function fillAvatar(avatar, { role, author }, chat) {
  const key = role + (author || "");
  if (avatar.key === key) return;
  avatar.key = key;
  avatar.className = `avatar ${role}`;
  const logo = role === "bot" && chat.logo();
  avatar.replaceChildren(role === "agent" ? initials(author || chat.t("colleague")) : logo || icon("spark"));
}

const dayOf = ({ at }) => new Date(at).toDateString();
const timeOf = (at, language) => new Intl.DateTimeFormat(language, { hour: "numeric", minute: "2-digit" }).format(new Date(at));

function dayName(at, chat) {
  const date = new Date(at);
  const days = Math.round((new Date().setHours(0, 0, 0, 0) - new Date(date).setHours(0, 0, 0, 0)) / 86400000);
  if (days < 2) return chat.t(days < 1 ? "today" : "yesterday");
  return new Intl.DateTimeFormat(chat.language, { weekday: "long", day: "numeric", month: "long" }).format(date);
}

function together(one, other) {
  if (one.role !== other.role || one.author !== other.author || one.role === "system") return false;
  return dayOf(one) === dayOf(other) && new Date(other.at) - new Date(one.at) < TOGETHER_MS;
}
