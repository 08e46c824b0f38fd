// The desk of one signed-in agent: panes, routes, and what the live line brings.
import { api } from "./api.js";
import { Composer } from "./composer.js";
import { sentence, toast, toastError } from "./dialog.js";
import { announce, h, replace } from "./dom.js";
import { icon } from "./icons.js";
import { listen } from "./keys.js";
import { Lists, VIEWS } from "./lists.js";
import { Bar } from "./menu.js";
import { Notify } from "./notify.js";
import { Outbox } from "./outbox.js";
import { prefer, preferred, session } from "./prefs.js";
import { Side } from "./side.js";
import { connect } from "./socket.js";
import { State, apply } from "./state.js";
import { t } from "./strings.js";
import { Thread } from "./thread.js";
import { showTrace } from "./trace.js";

const wide = window.matchMedia("(min-width: 1180px)");
const narrow = window.matchMedia("(max-width: 819px)");

export class Desk {
  constructor(root, me, onSignedOut) {
    this.root = root;
    this.onSignedOut = onSignedOut;
    this.route = { view: "queue", id: "", details: false };
    this.state = new State(me);
    this.outbox = new Outbox(this.state);
    this.notify = new Notify(this.state, this);
    this.lists = new Lists(this.state, this);
    this.thread = new Thread(this.state, this);
    this.composer = new Composer(this.state, this);
    this.side = new Side(this.state, this);
    this.bar = new Bar(this.state, this);
    this.empty = h("div", { class: "nothing big" }, icon("all"), h("p", {}, t.thread.empty), h("p", { class: "quiet" }, t.thread.emptyHint));
    this.center = h("main", { class: "center" }, this.empty, this.thread.element, this.composer.element);
    this.panes = h("div", { class: "panes" }, this.lists.element, this.center, this.side.element);
    replace(root, h("div", { class: "desk" }, this.bar.element, this.panes));
    this.undo = [listen(this), on(window, "hashchange", () => this.arrive()), on(document, "visibilitychange", () => this.seen()), on(window, "focus", () => this.seen()), on(wide, "change", () => this.drawRoute())];
    this.socket = connect({
      frame: (frame) => apply(this.state, frame, this.effects()),
      state: (connection) => this.connection(connection),
      signedOut: () => this.onSignedOut(),
    });
    this.state.on("stranger", () => void this.rereadAgents());
    this.arrive();
    void this.rereadAgents();
  }

  effects() {
    return {
      reread: () => void this.reread(),
      rereadOpen: () => void this.rereadOpen(),
      rereadQueue: () => void this.readList("queue"),
      newCase: (row) => this.notify.newCase(row),
      newMessage: (row) => this.notify.newMessage(row),
      problem: (message) => toastError(message),
      gone: () => {
        toast(t.thread.gone);
        location.hash = `#/${this.route.view}`;
      },
    };
  }

  connection(now) {
    const before = this.state.connection;
    this.state.connection = now;
    document.body.classList.toggle("offline", now === "offline");
    if (now === "offline" && before === "online") announce(t.connection.offlineLong);
    if (now === "online" && before === "offline") announce(t.connection.back);
    this.state.changed("connection");
  }

  // Routes: #/queue, #/queue/<id>, #/queue/<id>/details

  arrive() {
    const [, view, id = "", details = ""] = location.hash.split("/").map(decodeURIComponent);
    const before = this.route;
    this.route = { view: VIEWS.includes(view) ? view : "queue", id, details: details === "details" };
    this.lists.show(this.route.view);
    if (!this.state.lists[this.route.view].loaded) void this.readList(this.route.view);
    if (this.route.id !== before.id || !this.state.open) void this.openRoute();
    this.drawRoute();
    if (before.id && !this.route.id) this.lists.element.querySelector(`[data-id="${CSS.escape(before.id)}"]`)?.focus();
  }

  drawRoute() {
    const { id, details } = this.route;
    this.panes.classList.toggle("has-conversation", Boolean(id));
    this.panes.classList.toggle("show-details", Boolean(id) && details);
    this.panes.classList.toggle("no-side", preferred("side", "open") === "closed");
    this.empty.hidden = Boolean(id);
    this.thread.element.hidden = !this.state.open;
    this.side.draw();
    this.thread.drawHead();
    this.lists.draw();
  }

  hrefOf(id, view = this.route.view) {
    return `#/${view}/${encodeURIComponent(id)}`;
  }

  listHref() {
    return `#/${this.route.view}`;
  }

  threadHref() {
    return this.hrefOf(this.route.id);
  }

  /** Where the details button leads: on narrow screens the panel is a page of its own. */
  detailsHref() {
    return this.route.details ? this.threadHref() : `${this.threadHref()}/details`;
  }

  go(view) {
    location.hash = this.route.id ? this.hrefOf(this.route.id, view) : `#/${view}`;
  }

  follow(view, id) {
    if (this.route.id === id) location.hash = this.hrefOf(id, view);
  }

  step(by) {
    const id = this.lists.neighbour(by);
    if (!id) return;
    location.hash = this.hrefOf(id);
    this.lists.element.querySelector(`[data-id="${CSS.escape(id)}"]`)?.scrollIntoView({ block: "nearest" });
  }

  toggleDetails() {
    if (!wide.matches) {
      location.hash = this.detailsHref();
      return;
    }
    prefer("side", preferred("side", "open") === "open" ? "closed" : "open");
    this.drawRoute();
  }

  escape() {
    if (document.activeElement?.matches("textarea, input")) document.activeElement.blur();
    else if (this.route.details) location.hash = this.threadHref();
    else if (this.route.id) location.hash = this.listHref();
  }

  // Reading

  async openRoute() {
    const { id } = this.route;
    this.state.closeConversation();
    this.watch();
    if (!id) return;
    this.center.setAttribute("aria-busy", "true");
    try {
      const detail = await api.conversation(id);
      if (this.route.id !== id) return;
      this.state.openConversation(detail);
      this.drawRoute();
      if (narrow.matches) this.thread.element.querySelector("h2")?.focus({ preventScroll: true });
    } catch (error) {
      if (this.route.id !== id) return;
      toastError(error);
      if (!error.passing) location.hash = this.listHref();
    } finally {
      if (this.route.id === id) this.center.removeAttribute("aria-busy");
    }
  }

  watch() {
    this.socket?.send({ type: "watch", conversations: this.route.id ? [this.route.id] : [] });
  }

  /** Something may have been missed: read what is shown again. */
  async reread() {
    this.watch();
    for (const view of VIEWS) if (this.state.lists[view].loaded || view !== "all") void this.readList(view);
    await this.rereadOpen();
  }

  async rereadOpen() {
    const { id } = this.route;
    if (!id) return;
    try {
      const detail = await api.conversation(id);
      if (this.route.id !== id) return;
      if (this.state.isOpen(id)) this.state.refreshOpen(detail);
      else this.state.openConversation(detail);
      this.drawRoute();
    } catch (error) {
      if (error.status === 403 || error.status === 404) location.hash = this.listHref();
    }
  }

  async readList(view) {
    try {
      this.state.keepList(view, await api.list(view));
    } catch (error) {
      if (!error.passing && error.status !== 401) toast(sentence(error), "error");
    }
  }

  async more() {
    const { view } = this.route;
    try {
      this.state.keepList(view, await api.list(view, this.state.lists[view].next), true);
    } catch (error) {
      toastError(error);
    }
  }

  async older() {
    const { id } = this.route;
    const first = this.state.messages()[0]?.seq ?? 0;
    const { messages } = await api.older(id, first);
    if (!this.state.isOpen(id)) return;
    this.state.addMessages(messages, { complete: messages.length === 0 || messages[0].seq <= 1 });
  }

  async rereadAgents() {
    try {
      const { agents, teams } = await api.agents();
      this.state.agents = new Map(agents.map((agent) => [agent.id, agent]));
      this.state.teams = teams;
      this.state.changed("agents");
    } catch {
      // Names stay as they were; the line will tell of worse.
    }
  }

  // Doing

  /** The head an action answered with: shown at once, before the live line brings it. */
  changed(conversation) {
    if (!this.state.isOpen(conversation.id)) return;
    this.state.open.conversation = conversation;
    const row = { ...this.state.open.row, ...pick(conversation, this.state.open.row) };
    this.state.open.row = row;
    this.state.rows.set(row.id, row);
    this.state.placeRow(row);
    this.state.changed("head", "thread", "lists", "counters");
    void this.rereadOpen();
  }

  why(message) {
    if (this.state.open) void showTrace(this.route.id, message, [...this.state.open.messages.values()]);
  }

  goTo(seq) {
    if (!wide.matches && this.route.details) location.hash = this.threadHref();
    void this.thread.goTo(seq);
  }

  typing(id, on) {
    if (id) this.socket.send({ type: "typing", conversation_id: id, on });
  }

  /** What is on the screen has been read. */
  seen() {
    const { open } = this.state;
    if (!open || document.hidden || !document.hasFocus() || !this.thread.pinned || !this.state.isMine(open.row)) return;
    const last = this.state.lastSeq();
    if (last <= open.conversation.marks.desk_read || last <= (this.marked?.[open.conversation.id] ?? 0)) return;
    this.marked = { ...this.marked, [open.conversation.id]: last };
    api.read(open.conversation.id, last).catch(() => (this.marked = {}));
  }

  async signOut() {
    try {
      await api.signOut();
    } catch (error) {
      if (error.status !== 401) return toastError(error);
    }
    session.clear();
    return this.onSignedOut({ asked: true });
  }

  close() {
    this.socket.stop();
    this.outbox.stop();
    this.lists.stop();
    for (const undo of this.undo) undo();
  }
}

function on(target, type, listener) {
  target.addEventListener(type, listener);
  return () => target.removeEventListener(type, listener);
}

function pick(from, like) {
  return Object.fromEntries(Object.keys(like).filter((key) => key in from).map((key) => [key, from[key]]));
}
