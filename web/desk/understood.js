// What was understood of the customer's lines of a turn: language, mood, intents, and by which engine.
import { h } from "./dom.js";
import { wording } from "./parts.js";
import { t } from "./strings.js";
import { feeling, label, language, percent } from "./words.js";

const SURE_ENOUGH_TO_TELL = 0.05;

/** One block for each message of the customer that was read; lines of a burst are told apart by their words. */
export function understood(messages) {
  const read = messages.filter((message) => message.understanding);
  return read.map((message) => [
    read.length > 1 ? h("p", { class: "quiet" }, "“", h("bdi", {}, wording(message.parts)), "”") : null,
    h("ul", { class: "stages understood", data: { seq: message.seq } }, lines(message.understanding)),
  ]);
}

function lines(known) {
  const { language: spoken, sentiment, intents, signals } = known;
  return [
    line(t.trace.stage.language, language(spoken.code), spoken.confidence, [spoken.reason, spoken.engine]),
    sentiment ? line(t.trace.stage.sentiment, `${t.sentiment[feeling(sentiment.score)]} ${signed(sentiment.score)}`, sentiment.confidence, [sentiment.engine]) : null,
    intents.map((intent) => line(t.trace.stage.intent, label(intent.name), intent.score, [intent.engine])),
    known.out_of_scope >= SURE_ENOUGH_TO_TELL ? line(t.trace.outOfScope, "", known.out_of_scope, [t.trace.outOfScopeLong]) : null,
    known.wants_person >= SURE_ENOUGH_TO_TELL ? line(t.trace.stage.wish, "", known.wants_person, []) : null,
    signals.length ? h("li", { class: "skipped" }, h("span", { class: "stage-name" }, t.trace.signals), h("span", { class: "stage-about" }, signals.map((one) => h("span", { class: "tag" }, label(one))))) : null,
  ];
}

function line(name, what, share, about) {
  const told = about.filter(Boolean).join(" · ");
  return h(
    "li",
    {},
    h("span", { class: "stage-name" }, name, what ? [": ", h("bdi", {}, what)] : null),
    h("span", { class: "stage-time" }, percent(share)),
    h("span", { class: "bar" }, h("i", { style: { width: `${Math.round(Math.min(Math.max(share, 0), 1) * 100)}%` } })),
    told ? h("span", { class: "stage-about quiet" }, told) : null,
  );
}

function signed(score) {
  return `${score > 0 ? "+" : ""}${score.toFixed(2)}`;
}
