// For admins: which bots answer, registering more, and changing them while customers talk.
import { words as t } from "./botwords.js";
import { botApi } from "./botapi.js";
import { drawBot } from "./botfile.js";
import { register } from "./botforms.js";
import { sentence, sheet } from "./dialog.js";
import { h, replace } from "./dom.js";
import { icon } from "./icons.js";

export function showBots() {
  const body = h("div", { class: "reviews-body bots-body" });
  const dialog = sheet({ title: t.title, id: "bots-title", name: "wide bots", close: t.close, body });
  const page = {
    list: () => void drawList(page),
    file: (name) => void drawFile(page, name),
    show: (...content) => replace(body, ...content),
    fail: (error) => body.prepend(h("p", { class: "problem", role: "alert" }, sentence(error))),
  };
  page.list();
  return dialog;
}

async function drawList(page) {
  try {
    const { data } = await botApi.list();
    page.show(
      data.length === 0
        ? h("p", { class: "quiet" }, t.nothing)
        : h("div", { class: "engines" }, h("table", { class: "plain" }, h("thead", {}, h("tr", {}, t.columns.map((one) => h("th", { scope: "col" }, one)))), h("tbody", {}, data.map((bot) => row(bot, page))))),
      h("div", { class: "row" }, h("button", { type: "button", class: "button primary", on: { click: () => register((name) => page.file(name)) } }, icon("bot"), t.add)),
    );
  } catch (error) {
    page.fail(error);
  }
}

async function drawFile(page, name) {
  try {
    const [bot, { data: hours }] = await Promise.all([botApi.file(name), botApi.figures(name)]);
    page.show(...drawBot(bot, hours, page));
  } catch (error) {
    page.list();
    page.fail(error);
  }
}

function row(bot, page) {
  const trial = bot.trial?.state === "running" ? h("span", { class: "quiet small trouble" }, t.trialOf(bot.trial, t.modes)) : null;
  return h(
    "tr",
    {},
    h("th", { scope: "row" }, h("button", { type: "button", class: "link", on: { click: () => page.file(bot.name) } }, bot.name), h("span", { class: "quiet small" }, ` · ${bot.kind}`)),
    h("td", {}, state(bot), bot.trouble ? h("span", { class: "quiet small trouble" }, bot.trouble) : null),
    h("td", {}, bot.registered ? String(bot.version || "–") : t.configured, trial),
    h("td", {}, bot.level === null ? "–" : String(bot.level)),
    h("td", {}, whom(bot)),
  );
}

export function state(bot) {
  const good = bot.health === "ok";
  return h("span", { class: `badge ${good ? "good" : "warn"}` }, icon(good ? "check" : "alert"), t.health[bot.health]);
}

export function whom(bot) {
  const { channels = [], languages = [], intents = [], segment = "" } = bot.serves ?? {};
  const told = [...channels, ...languages, ...intents, segment].filter(Boolean).join(", ");
  return told || (bot.default ? t.main : t.anybody);
}
