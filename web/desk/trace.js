// "Why?": the record of one turn, told so that an agent understands it.
import { api } from "./api.js";
import { words } from "./botwords.js";
import { sentence, sheet } from "./dialog.js";
import { h, replace } from "./dom.js";
import { icon } from "./icons.js";
import { wording } from "./parts.js";
import { facts, values } from "./side.js";
import { t } from "./strings.js";
import { understood } from "./understood.js";
import { label, milliseconds, moment } from "./words.js";

/** Opens the drawer for a message; without one, for the latest turn. */
export async function showTrace(conversationId, message, messages) {
  const body = h("div", { class: "trace", "aria-busy": "true" }, h("p", { class: "quiet" }, t.trace.loading));
  sheet({ title: t.trace.title, id: "trace-title", name: "drawer", close: t.trace.close, body });
  try {
    const { traces } = await api.traces(conversationId);
    const found = find(traces, message);
    const { trace, shadows = [] } = found ? await api.trace(conversationId, found.id) : {};
    replace(body, trace ? story(trace, messages.filter((one) => trace.seqs.includes(one.seq)), shadows) : h("p", { class: "quiet" }, t.trace.none));
  } catch (error) {
    replace(body, h("p", { class: "problem", role: "alert" }, sentence(error)));
  }
  body.removeAttribute("aria-busy");
}

function find(traces, message) {
  if (!message) return traces[0];
  if (message.turn_id) return traces.find((trace) => trace.turn_id === message.turn_id);
  return traces.find((trace) => trace.seqs.includes(message.seq));
}

function story(trace, messages, shadows) {
  const read = understood(messages);
  return [
    h(
      "p",
      { class: "trace-top" },
      h("span", { class: `outcome ${trace.outcome}` }, t.trace.outcome[trace.outcome] ?? trace.outcome),
      h("span", { class: "quiet" }, t.trace.took(milliseconds(trace.ms))),
    ),
    h("p", { class: "quiet" }, t.trace.of(moment(trace.at))),
    trace.outcome === "discarded" ? h("p", { class: "badge warn" }, t.trace.overtaken) : null,
    part(t.trace.understood, read.length, read),
    part(t.trace.stages, trace.stages.length, stages(trace)),
    trace.decisions.map((decision, index) => part(t.trace.decision(trace.decisions.length > 1 ? index + 1 : 1), true, verdict(decision))),
    part(t.trace.bots, trace.bots.length, bots(trace.bots)),
    part(t.trace.actions, trace.actions.length, h("ul", { class: "trace-actions" }, trace.actions.map(action))),
    part(words.unheard, shadows.length, shadows.map(shadow)),
    part(t.trace.losses, trace.losses.length, h("ul", {}, trace.losses.map((loss) => h("li", {}, t.trace.became(label(loss.what), loss.became))))),
    part(t.trace.notes, trace.notes.length, h("ul", {}, trace.notes.map((note) => h("li", {}, note)))),
    h("details", { class: "raw" }, h("summary", {}, t.trace.raw), h("pre", { tabindex: 0 }, JSON.stringify(trace, null, 2))),
  ];
}

/** What a candidate would have answered. */
function shadow(one) {
  return [
    h("p", { class: "quiet" }, words.wouldHave(one)),
    one.detail ? h("p", { class: "quiet" }, one.detail) : null,
    one.same ? null : h("ul", { class: "trace-actions" }, one.actions.map(action)),
  ];
}

function part(title, shown, ...content) {
  return shown ? h("section", {}, h("h3", {}, title), content) : null;
}

/** Bars as long as the stage took, against the longest of them. */
function stages(trace) {
  const longest = Math.max(...trace.stages.map((stage) => stage.ms), 0.1);
  return h(
    "ul",
    { class: "stages" },
    trace.stages.map((stage) =>
      h(
        "li",
        { class: stage.outcome },
        h("span", { class: "stage-name" }, t.trace.stage[stage.stage] ?? label(stage.stage)),
        h("span", { class: "stage-time" }, milliseconds(stage.ms)),
        h("span", { class: "bar" }, h("i", { style: { width: `${Math.max(1, (stage.ms / longest) * 100)}%` } })),
        h("span", { class: "stage-about quiet" }, [[stage.engine, stage.version].filter(Boolean).join(" "), stage.outcome === "ok" ? "" : t.trace.stageOutcome[stage.outcome], stage.detail].filter(Boolean).join(" · ")),
      ),
    ),
  );
}

function verdict(decision) {
  return [
    h("p", { class: "verdict" }, h("strong", {}, t.trace.route[decision.route] ?? decision.route), decision.rule ? [" · ", h("code", {}, decision.rule)] : null),
    decision.reason ? h("p", { class: "quiet", dir: "auto" }, decision.reason) : null,
    decision.checks.length ? h("h4", {}, t.trace.rules, h("span", { class: "quiet" }, decision.policy_version ? ` · ${t.trace.policy(decision.policy_version)}` : "")) : null,
    h("ul", { class: "checks" }, decision.checks.map(check)),
  ];
}

function check(one) {
  const state = one.error ? "broken" : one.held ? "held" : "not";
  const words = { broken: t.trace.ruleError, held: t.trace.held, not: t.trace.notHeld }[state];
  const known = Object.keys(one.values).length > 0;
  const line = [h("span", { class: "check-mark", "aria-hidden": "true" }, icon(state === "held" ? "check" : state === "broken" ? "alert" : "close")), h("code", {}, one.rule), h("span", { class: "quiet" }, words)];
  if (!known && !one.error) return h("li", { class: state }, h("div", { class: "check-line" }, line));
  return h("li", { class: state }, h("details", { open: one.held || Boolean(one.error) }, h("summary", { class: "check-line" }, line), one.error ? h("p", { class: "problem" }, one.error) : null, values(one.values)));
}

function bots(calls) {
  return h(
    "ul",
    { class: "stages" },
    calls.map((call) =>
      h(
        "li",
        { class: call.outcome === "ok" || call.outcome === "later" ? "ok" : "failed" },
        h("span", { class: "stage-name" }, icon("bot"), call.bot),
        h("span", { class: "stage-time" }, milliseconds(call.ms)),
        h("span", { class: "stage-about quiet" }, [t.trace.botOutcome[call.outcome] ?? call.outcome, call.detail].filter(Boolean).join(" · ")),
      ),
    ),
  );
}

function action(one) {
  return h("li", {}, h("span", { class: "action-kind" }, t.trace.action[one.kind] ?? label(one.kind)), h("div", { class: "action-what" }, what(one)));
}

function what(one) {
  switch (one.kind) {
    case "say":
      return h("bdi", {}, wording(one.parts) || one.parts.map((part) => label(part.kind)).join(", "));
    case "set_slots":
      return values(one.slots);
    case "set_profile":
      return values(one.profile);
    case "hand_off":
      return facts([
        [t.side.reason, one.reason],
        [t.side.team, one.team],
        [t.side.priority, one.priority],
        [t.side.summary, one.summary],
      ]);
    case "pass_to":
      return one.bot;
    default:
      return null;
  }
}
