// The middle pane: who it is, what was said, and the way to the newest words.
import { actionsBar } from "./actions.js";
import { bubble, markOf } from "./bubble.js";
import { announce, h, keyed, replace, unseen } from "./dom.js";
import { icon } from "./icons.js";
import { prefer, preferred } from "./prefs.js";
import { priorityPill, stateOf } from "./row.js";
import { t } from "./strings.js";
import { day, language, sameDay } from "./words.js";

export const SHOWS = ["both", "translation", "original"];
const TOGETHER = 4 * 60_000;
const NEAR = 80;

export function showName(show, pivot) {
  return { both: t.thread.both, translation: t.thread.translated(language(pivot)), original: t.thread.original }[show];
}

export class Thread {
  constructor(state, desk) {
    this.state = state;
    this.desk = desk;
    this.show = preferred("show", "both");
    this.newer = 0;
    this.firstNew = 0;
    this.id = "";
    this.header = h("header", { class: "thread-head" });
    this.log = h("div", { class: "log", role: "log", "aria-live": "off", "aria-label": t.thread.log, tabindex: 0 });
    this.typing = h("div", { class: "typing", role: "status" });
    this.jump = h("button", { type: "button", class: "jump", hidden: true, on: { click: () => this.toEnd("smooth") } });
    this.earlier = h("button", { type: "button", class: "button small", on: { click: () => this.older() } }, t.thread.older);
    this.inner = h("div", { class: "log-inner" });
    this.top = h("div", { class: "log-top" });
    this.log.append(this.top, this.inner, this.typing);
    this.element = h("section", { class: "thread", "aria-label": t.thread.log }, this.header, h("div", { class: "log-frame" }, this.log, this.jump));
    this.log.addEventListener("scroll", () => this.scrolled(), { passive: true });
    this.pinned = true;
    const sizes = new ResizeObserver(() => this.pinned && this.toEnd());
    for (const element of [this.inner, this.log]) sizes.observe(element);
    state.on("head", () => this.drawHead());
    state.on("thread", () => this.draw());
    state.on("typing", () => this.drawTyping());
    state.on("agents", () => this.draw());
  }

  get open() {
    return this.state.open;
  }

  context() {
    const { me, open } = this.state;
    return {
      pivot: me.app.pivot,
      spoken: open.conversation.language.code,
      reads: me.agent.languages,
      show: this.show,
      me: me.agent.id,
      agentName: (id) => this.state.agentName(id),
      quoted: (id) => this.state.messages().find((one) => one.id === id),
      customerName: open.customer.profile.name || t.lists.someone,
      onWhy: (message) => this.desk.why(message),
      onRetry: (pending) => this.desk.outbox.retry(pending),
      onDiscard: (pending) => this.desk.outbox.discard(pending),
    };
  }

  drawHead() {
    if (!this.open) return replace(this.header);
    const { conversation, customer, row } = this.open;
    const name = customer.profile.name || t.lists.someone;
    const state = stateOf(row, this.state);
    const about = [language(conversation.language.code), conversation.channel_id, state.text];
    return replace(
      this.header,
      h("a", { class: "round back", href: this.desk.listHref(), "aria-label": t.thread.back, title: t.thread.back }, icon("back")),
      h(
        "div",
        { class: "thread-title" },
        h("h2", { tabindex: -1 }, h("bdi", {}, name), " ", conversation.handoff ? priorityPill(conversation.handoff.priority) : null),
        h("p", { class: "quiet" }, about.map((one, index) => [index ? " · " : "", h("bdi", {}, one)])),
        conversation.opted_out ? h("p", { class: "badge warn" }, icon("alert"), t.thread.optedOut) : null,
      ),
      actionsBar(this.state, this.desk),
      h(
        "a",
        { class: "round details", href: this.desk.detailsHref(), "aria-label": t.thread.details, title: `${t.thread.details} (d)`, data: { focus: "details" } },
        icon("panel"),
      ),
    );
  }

  choose(show) {
    this.show = show;
    prefer("show", show);
    this.state.changed("head", "thread");
  }

  nextShow() {
    const next = SHOWS[(SHOWS.indexOf(this.show) + 1) % SHOWS.length];
    this.choose(next);
    announce(showName(next, this.state.me.app.pivot));
  }

  draw() {
    const id = this.open?.conversation.id ?? "";
    this.element.classList.toggle("empty", !id);
    if (!id) {
      this.id = "";
      replace(this.top);
      keyed(this.inner, [], { key: () => "", sign: () => "", make: () => null });
      return;
    }
    const fresh = id !== this.id;
    if (fresh) this.begin(id);
    const messages = [...this.state.messages(), ...this.desk.outbox.of(id)];
    this.countNew(messages, fresh);
    const height = this.log.scrollHeight - this.log.scrollTop;
    this.drawTop();
    this.drawItems(messages);
    this.drawTyping();
    if (this.pinned) this.toEnd();
    else if (this.keepPlace) this.log.scrollTop = this.log.scrollHeight - height;
    this.keepPlace = false;
    this.log.setAttribute("aria-live", "polite");
    this.desk.seen();
  }

  begin(id) {
    this.id = id;
    this.pinned = true;
    this.newer = 0;
    const { conversation } = this.open;
    const mine = this.state.isMine(this.open.row);
    this.firstNew = mine && conversation.marks.desk_read < conversation.last_seq ? conversation.marks.desk_read + 1 : 0;
    this.log.setAttribute("aria-live", "off");
  }

  countNew(messages, fresh) {
    const last = messages.reduce((most, one) => Math.max(most, one.seq ?? 0), 0);
    if (!fresh && !this.pinned) this.newer += Math.max(0, last - this.last);
    this.last = last;
    this.drawJump();
  }

  drawTop() {
    const begun = h("p", { class: "quiet begun" }, t.thread.start);
    replace(this.top, this.open.complete ? begun : this.earlier);
  }

  drawItems(messages) {
    const how = this.context();
    const { marks } = this.open.conversation;
    const about = { marks, deliveries: this.open.deliveries };
    const items = this.items(messages).map((item) => (item.message ? { ...item, mark: markOf(item.message, about) } : item));
    keyed(this.inner, items, {
      key: (item) => item.key,
      sign: (item) => signature(item, how),
      make: (item) =>
        item.message ? bubble(item.message, { ...how, ...item }) : h("div", { class: item.kind, role: "separator" }, h("span", {}, item.text)),
    });
  }

  /** Messages with what stands between them: days, and where the unread ones begin. */
  items(messages) {
    const items = [];
    messages.forEach((message, index) => {
      const before = messages[index - 1];
      const after = messages[index + 1];
      if (!before || !sameDay(new Date(before.at), new Date(message.at))) {
        items.push({ key: `day-${message.at.slice(0, 10)}-${message.id}`, kind: "day", text: day(message.at, t) });
      }
      if (this.firstNew > 1 && message.seq === this.firstNew) items.push({ key: "new", kind: "new", text: t.thread.new });
      items.push({ key: message.key ?? message.id, message, first: !follows(before, message), last: !follows(message, after) });
    });
    return items;
  }

  drawTyping() {
    const authors = [...(this.state.typing.get(this.id)?.values() ?? [])].filter((one) => one.role === "customer" || one.role === "agent");
    const names = authors.map((one) => (one.role === "customer" ? this.open.customer.profile.name || t.lists.someone : this.state.agentName(one.author)));
    replace(this.typing, names.length && this.open ? [h("span", { class: "dots", "aria-hidden": "true" }, h("i"), h("i"), h("i")), t.thread.typing(names[0]), unseen(".")] : []);
    if (this.pinned) this.toEnd();
  }

  drawJump() {
    this.jump.hidden = this.pinned;
    replace(this.jump, icon("down"), t.thread.latest(this.newer));
  }

  scrolled() {
    const { scrollHeight, clientHeight } = this.log;
    // A picture that loads, or a composer that grows, moves the end away: nobody scrolled.
    if (this.pinned && (scrollHeight !== this.sized.scrollHeight || clientHeight !== this.sized.clientHeight)) return this.toEnd();
    const away = scrollHeight - this.log.scrollTop - clientHeight;
    this.pinned = away < NEAR;
    if (this.pinned) this.newer = 0;
    this.drawJump();
    if (this.pinned) this.desk.seen();
    if (this.log.scrollTop < NEAR && this.open && !this.open.complete && !this.loading && scrollHeight > clientHeight) void this.older();
    return undefined;
  }

  toEnd(behavior = "instant") {
    this.pinned = true;
    this.sized = { scrollHeight: this.log.scrollHeight, clientHeight: this.log.clientHeight };
    this.log.scrollTo({ top: this.log.scrollHeight, behavior });
  }

  async older() {
    if (this.loading || !this.open) return;
    this.loading = true;
    try {
      this.keepPlace = true;
      this.pinned = false;
      await this.desk.older();
    } finally {
      this.loading = false;
    }
  }

  /** Show one message, loading further up until it is there. */
  async goTo(seq) {
    while (this.open && !this.open.complete && this.state.messages()[0]?.seq > seq) await this.desk.older();
    this.state.flush();
    const element = document.getElementById(`m-${seq}`);
    if (!element) return;
    this.pinned = false;
    element.scrollIntoView({ block: "center", behavior: "smooth" });
    element.classList.remove("pointed");
    requestAnimationFrame(() => element.classList.add("pointed"));
  }
}

function follows(before, message) {
  if (!before || !message) return false;
  if (before.role !== message.role || before.author !== message.author || before.visibility !== message.visibility) return false;
  return message.role !== "system" && new Date(message.at) - new Date(before.at) < TOGETHER;
}

/** Everything an item's looks depend on, in one string. */
function signature(item, how) {
  if (!item.message) return item.text;
  const { message, mark, first, last } = item;
  return JSON.stringify([
    first, last, mark, how.show, how.spoken, how.customerName, how.agentName(message.author),
    message.language, message.translations, message.withdrawn, message.pending, message.parts, message.quotes, message.reactions, message.edited_at,
  ]);
}
