// Everything there is on one bot: what answers, its versions, a trial beside it, how they do, what went wrong.
import { botApi } from "./botapi.js";
import { canary, insist, newVersion, removing, serving } from "./botforms.js";
import { plots, seriesName } from "./botplots.js";
import { state, whom } from "./bots.js";
import { words as t } from "./botwords.js";
import { toast, toastError } from "./dialog.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { moment } from "./words.js";

export function drawBot(bot, hours, page) {
  const again = () => page.file(bot.name);
  return [
    h("button", { type: "button", class: "link", on: { click: () => page.list() } }, icon("back"), t.back),
    head(bot, page, again),
    bot.trial ? trialOf(bot, again) : null,
    h("h3", {}, t.figures, h("span", { class: "quiet small" }, ` · ${bot.trial ? t.figuresTrial : t.figuresDay}`)),
    ...(bot.figures.length ? [figures(bot), plots(hours)] : [h("p", { class: "quiet" }, t.noFigures)]),
    ...(bot.registered ? [h("h3", {}, t.versions), versions(bot, again)] : []),
    h("h3", {}, t.errors),
    errors(bot),
  ].filter(Boolean);
}

function action(text, work, again, { kind = "button", busy = "" } = {}) {
  const button = h("button", { type: "button", class: kind }, text);
  button.addEventListener("click", async () => {
    button.disabled = true;
    if (busy) button.textContent = busy;
    try {
      await work();
      again();
    } catch (error) {
      toastError(error);
      button.disabled = false;
      button.textContent = text;
    }
  });
  return button;
}

const plain = (text, go, kind = "button") => h("button", { type: "button", class: kind, on: { click: go } }, text);

function head(bot, page, again) {
  const answers = bot.registered ? (bot.version ? `${t.versionColumns[0]} ${bot.version}` : t.health.off) : t.configured;
  return h(
    "section",
    { class: "bot-head" },
    h("div", { class: "row" }, h("h3", {}, bot.name), state(bot), h("span", { class: "quiet" }, `${bot.kind} · ${answers}`)),
    bot.trouble ? h("p", { class: "problem" }, bot.trouble) : null,
    h("p", { class: "quiet" }, `${t.serves}: ${whom(bot)}`),
    bot.registered
      ? h(
          "div",
          { class: "row wrap" },
          plain(t.newVersion, () => newVersion(bot, again)),
          plain(t.serves, () => serving(bot, again)),
          bot.version > 1 ? action(t.rollback, () => botApi.rollback(bot.name), again) : null,
          bot.enabled ? action(t.disable, () => botApi.disable(bot.name), again) : null,
          plain(t.remove, () => removing(bot, () => page.list()), "button danger"),
        )
      : null,
  );
}

function trialOf(bot, again) {
  const { trial } = bot;
  const running = trial.state === "running";
  return h(
    "section",
    { class: `bot-trial ${trial.state}` },
    h("div", { class: "row" }, h("h3", {}, t.trial), h("span", { class: `badge ${trial.state === "rolled_back" ? "warn" : "good"}` }, t.states[trial.state])),
    h("p", {}, t.trialOf(trial, t.modes)),
    trial.reason ? h("p", { class: "problem" }, trial.reason) : null,
    running ? h("div", { class: "row wrap" }, action(t.promote, () => botApi.endTrial(bot.name, true), again, { kind: "button primary" }), action(t.stop, () => botApi.endTrial(bot.name, false), again)) : null,
  );
}

function figures(bot) {
  return h(
    "div",
    { class: "engines" },
    h(
      "table",
      { class: "plain figures" },
      h("thead", {}, h("tr", {}, t.figureColumns.map((one) => h("th", { scope: "col" }, one)))),
      h(
        "tbody",
        {},
        bot.figures.map((one) =>
          h(
            "tr",
            {},
            h("th", { scope: "row" }, seriesName(one)),
            h("td", {}, one.turns.toLocaleString()),
            [one.failed, one.handoffs].map((share) => h("td", {}, t.percent(share))),
            [one.p50, one.p95].map((ms) => h("td", {}, t.seconds(ms))),
            h("td", {}, one.sentiment === null ? "–" : one.sentiment.toFixed(2)),
            h("td", {}, one.same === null ? "–" : t.percent(one.same)),
          ),
        ),
      ),
    ),
  );
}

function versions(bot, again) {
  return h(
    "div",
    { class: "engines" },
    h("table", { class: "plain versions" }, h("thead", {}, h("tr", {}, t.versionColumns.map((one) => h("th", { scope: "col" }, one)))), h("tbody", {}, bot.versions.map((one) => version(bot, one, again)))),
  );
}

function version(bot, one, again) {
  const active = one.version === bot.version;
  const grade = one.grade ? t.level(one.grade.level) : t.unchecked;
  const check = async () => toast(t.checked((await botApi.check(bot.name, one.version)).level));
  const enable = async () => {
    try {
      await botApi.enable(bot.name, one.version);
      again();
    } catch (error) {
      if (error.status === 409) insist(bot, one.version, again);
      else toastError(error);
    }
  };
  const comparable = bot.enabled && bot.version && !active;
  return h(
    "tr",
    {},
    h("th", { scope: "row" }, String(one.version), active && bot.enabled ? h("span", { class: "badge good" }, t.active) : null, one.note ? h("span", { class: "quiet small trouble" }, one.note) : null),
    h("td", {}, grade, one.grade?.failed.length ? h("span", { class: "quiet small trouble" }, t.failed(one.grade.failed)) : null),
    h("td", {}, moment(one.created_at)),
    h("td", {}, one.author),
    h(
      "td",
      {},
      h(
        "div",
        { class: "row wrap end" },
        action(t.check, check, again, { busy: t.checking }),
        active && bot.enabled ? null : plain(t.enable, () => void enable()),
        comparable ? action(t.shadow, () => botApi.trial(bot.name, { version: one.version, mode: "shadow" }), again) : null,
        comparable ? plain(t.canary, () => canary(bot, one.version, again)) : null,
      ),
    ),
  );
}

function errors(bot) {
  if (!bot.errors.length) return h("p", { class: "quiet" }, t.noErrors);
  return h(
    "ul",
    { class: "bot-errors" },
    bot.errors.map((one) => h("li", {}, h("span", { class: "quiet small" }, `${moment(one.at)} · ${seriesName({ version: one.version, arm: "live" })} · ${one.outcome}`), h("span", {}, one.detail))),
  );
}
