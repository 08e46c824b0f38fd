// The left pane: queue, mine, all; with search and filters.
import { h, keyed, replace } from "./dom.js";
import { icon } from "./icons.js";
import { name, rowItem, stateOf } from "./row.js";
import { t } from "./strings.js";
import { language } from "./words.js";

export const VIEWS = ["queue", "mine", "all"];
const AGAIN = 20_000;

export class Lists {
  constructor(state, desk) {
    this.state = state;
    this.desk = desk;
    this.view = "queue";
    this.words = "";
    this.team = "";
    this.status = "";
    this.tabs = h("nav", { class: "tabs", "aria-label": t.lists.label });
    this.search = h("input", { type: "search", placeholder: t.lists.search, "aria-label": t.lists.search, autocomplete: "off", on: { input: () => this.filter() } });
    this.teams = h("select", { "aria-label": t.lists.team, on: { change: () => this.filter() } });
    this.states = h(
      "select",
      { "aria-label": t.lists.status, on: { change: () => this.filter() } },
      [["", t.lists.everyStatus], ["bot", t.lists.withBot], ["queue", t.lists.waiting], ["desk", t.lists.withAgent], ["closed", t.lists.closed]].map(([value, text]) => h("option", { value }, text)),
    );
    this.filters = h("div", { class: "filters" }, this.teams, this.states);
    this.items = h("ul", { class: "lines" });
    this.more = h("button", { type: "button", class: "button small more", hidden: true, on: { click: () => void this.desk.more() } }, t.lists.more);
    this.beyond = h("p", { class: "quiet beyond", hidden: true });
    this.empty = h("div", { class: "nothing", hidden: true });
    this.scroll = h("div", { class: "lines-frame" }, this.items, this.more, this.beyond, this.empty);
    this.element = h("section", { class: "lists", "aria-label": t.lists.label }, this.tabs, h("div", { class: "find" }, h("label", { class: "search" }, icon("search"), this.search), this.filters), this.scroll);
    for (const topic of ["lists", "counters", "agents", "typing"]) state.on(topic, () => this.draw());
    this.timer = setInterval(() => this.draw(true), AGAIN);
    this.drawTeams();
  }

  drawTeams() {
    replace(this.teams, h("option", { value: "" }, t.lists.everyTeam), Object.entries(this.state.teams).map(([team, text]) => h("option", { value: team }, text)));
  }

  stop() {
    clearInterval(this.timer);
  }

  show(view) {
    this.view = view;
    this.draw();
  }

  filter() {
    this.words = this.search.value.trim().toLowerCase();
    this.team = this.teams.value;
    this.status = this.states.value;
    this.draw();
  }

  focusSearch() {
    this.search.focus();
    this.search.select();
  }

  rows() {
    return this.state.lists[this.view].ids.map((id) => this.state.row(id)).filter(Boolean);
  }

  matches(row) {
    if (this.team && row.handoff?.team !== this.team) return false;
    const kind = stateOf(row, this.state).key;
    if (this.status && this.view === "all" && (kind === "mine" ? "desk" : kind) !== this.status) return false;
    if (!this.words) return true;
    const team = row.handoff ? this.state.teamLabel(row.handoff.team) : "";
    const hay = [name(row), row.customer.email, row.aggregates.last_text, row.case?.reason, team, language(row.language.code), row.language.code, row.channel_id, row.aggregates.intents.join(" ")];
    return this.words.split(/\s+/).every((word) => hay.some((one) => one && String(one).toLowerCase().includes(word)));
  }

  /** `aged`: only time has passed. */
  draw(aged = false) {
    const { state, view } = this;
    this.drawTabs();
    this.filters.hidden = view !== "all" && Object.keys(state.teams).length < 2;
    this.states.hidden = view !== "all";
    const all = this.rows();
    const rows = all.filter((row) => this.matches(row));
    const places = this.places();
    const now = Math.floor(Date.now() / AGAIN);
    keyed(this.items, rows, {
      key: (row) => row.id,
      sign: (row) => JSON.stringify([row, this.place(places, row), this.current(row), this.writing(row), state.agentName(row.controller.name), view === "queue" ? now : 0]),
      make: (row) => rowItem(row, { state, href: this.desk.hrefOf(row.id), current: this.current(row), place: this.place(places, row), typing: this.writing(row) }),
    });
    if (!aged) this.drawRest(all, rows);
  }

  /** As the customers are told it: each team has a line of its own. */
  places() {
    const { state } = this;
    const lines = new Map();
    return new Map(
      state.lists.queue.ids.map((id) => {
        const team = state.row(id)?.handoff?.team;
        lines.set(team, (lines.get(team) ?? 0) + 1);
        return [id, lines.get(team)];
      }),
    );
  }

  place(places, row) {
    return this.view === "queue" ? (places.get(row.id) ?? 0) : 0;
  }

  current(row) {
    return row.id === this.desk.route.id;
  }

  writing(row) {
    return [...(this.state.typing.get(row.id)?.values() ?? [])].some((one) => one.role === "customer");
  }

  drawRest(all, rows) {
    const list = this.state.lists[this.view];
    this.more.hidden = !list.next;
    const behind = this.view === "queue" ? list.total - all.length : 0;
    this.beyond.hidden = behind <= 0 || this.words !== "";
    this.beyond.textContent = t.lists.beyond(behind);
    this.empty.hidden = rows.length > 0 || !list.loaded;
    const [head, hint] = all.length
      ? [t.lists.noMatch, t.lists.noMatchHint]
      : { queue: [t.lists.emptyQueue, t.lists.emptyQueueHint], mine: [t.lists.emptyMine, t.lists.emptyMineHint], all: [t.lists.emptyAll, t.lists.emptyAllHint] }[this.view];
    replace(this.empty, icon(all.length ? "search" : this.view), h("p", {}, head), h("p", { class: "quiet" }, hint));
  }

  drawTabs() {
    const { counts } = this.state;
    const unread = this.state.unreadMine();
    keyed(this.tabs, VIEWS, {
      key: (view) => view,
      sign: (view) => `${view === this.view} ${counts.queue} ${counts.mine} ${unread}`,
      make: (view) => {
        const count = { queue: counts.queue, mine: counts.mine, all: 0 }[view];
        const loud = view === "queue" ? count > 0 : view === "mine" && unread > 0;
        return h(
          "a",
          { href: `#/${view}`, class: "tab", "aria-current": view === this.view ? "page" : null, data: { focus: view, view } },
          icon(view),
          h("span", {}, t.lists[view]),
          count ? h("span", { class: `count${loud ? "" : " still"}` }, String(count)) : null,
        );
      },
    });
  }

  /** The conversation `step` lines from the open one. */
  neighbour(step) {
    const ids = this.rows().filter((row) => this.matches(row)).map((row) => row.id);
    const at = ids.indexOf(this.desk.route.id);
    return at < 0 ? ids[step > 0 ? 0 : ids.length - 1] : ids[Math.max(0, Math.min(ids.length - 1, at + step))];
  }
}
