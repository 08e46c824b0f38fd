// One line of a list.
import { sparkline } from "./chart.js";
import { h, unseen } from "./dom.js";
import { icon } from "./icons.js";
import { t } from "./strings.js";
import { feeling, hue, initials, language, span, stamp } from "./words.js";

export function name(row) {
  return row.customer.name || row.customer.email || t.lists.someone;
}

export function face(row) {
  const known = row.customer.name || row.customer.email || "";
  return h("span", { class: `face${known ? "" : " nobody"}`, "aria-hidden": "true", style: { "--hue": String(hue(row.customer_id)) } }, known ? initials(known) : icon("mine"));
}

export function priorityPill(priority) {
  return priority === "normal" ? null : h("span", { class: `pill ${priority}` }, t.priority[priority]);
}

/** Who has it, in a word. */
export function stateOf(row, state) {
  if (row.status === "closed") return { key: "closed", text: t.state.closed };
  if (row.handoff?.state === "offered") return { key: "queue", text: t.state.queue };
  if (row.controller.kind === "bot") return { key: "bot", text: t.state.bot };
  if (state.isMine(row)) return { key: "mine", text: t.state.mine };
  return { key: "desk", text: state.agentName(row.controller.name) || t.state.desk };
}

/** `place` is the row's number in its team's line, 0 outside the queue. */
export function rowItem(row, { state, href, current, place, typing }) {
  const unread = state.unread(row);
  const scores = row.aggregates.scores;
  return h(
    "li",
    {},
    h(
      "a",
      { class: `line${unread ? " unread" : ""}`, href, "aria-current": current ? "true" : null, data: { focus: "line", id: row.id } },
      face(row),
      h(
        "span",
        { class: "line-body" },
        h(
          "span",
          { class: "line-top" },
          h("bdi", { class: "line-name" }, name(row)),
          row.handoff ? priorityPill(row.handoff.priority) : null,
          h("span", { class: "grow" }),
          when(row, place),
        ),
        h("span", { class: "line-words", dir: "auto" }, typing ? h("em", {}, t.lists.typing) : preview(row, place)),
        h("span", { class: "line-foot" }, chips(row, state, place), h("span", { class: "grow" }), spark(scores), unread ? badge(unread) : null),
      ),
    ),
  );
}

function preview(row, place) {
  const reason = place ? row.case?.reason : "";
  return reason || row.aggregates.last_text || "\u00a0";
}

function when(row, place) {
  if (place && row.case) return h("span", { class: "waits", title: t.lists.waits(span(row.case.offered_at)) }, icon("clock"), span(row.case.offered_at));
  return h("span", { class: "quiet" }, stamp(row.updated_at));
}

function chips(row, state, place) {
  const holder = stateOf(row, state);
  const team = row.handoff ? state.teamLabel(row.handoff.team) : "";
  return [
    place ? h("span", { class: place === 1 ? "pill next" : "state plain" }, t.lists.place(place)) : h("span", { class: `state ${holder.key}` }, holder.text),
    team ? h("span", { class: "tag team", title: team }, team) : null,
    h("span", { class: "tag", title: language(row.language.code) }, row.language.code.toUpperCase(), unseen(` (${language(row.language.code)})`)),
  ];
}

function spark(scores) {
  if (scores.length < 2) return null;
  return h("span", { class: "spark", title: t.lists.sentiment(t.sentiment[feeling(scores.at(-1))]) }, sparkline(scores));
}

function badge(count) {
  return h("span", { class: "count", "aria-label": t.lists.unread(count) }, count > 99 ? "99+" : String(count));
}
