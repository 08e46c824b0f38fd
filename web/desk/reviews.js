// For admins: how the translation engines are doing, and the wordings agents propose for the translation memory.
import { api } from "./api.js";
import { sentence, sheet, toastError } from "./dialog.js";
import { h, replace } from "./dom.js";
import { icon } from "./icons.js";
import { t } from "./strings.js";
import { language, moment } from "./words.js";

const STATES = ["proposed", "approved", "rejected"];

export function showReviews(agentName) {
  const engines = h("section", { class: "engines", "aria-labelledby": "engines-title" });
  const list = h("div", { class: "reviews" });
  const tabs = h("div", { class: "segments small", role: "group", "aria-label": t.reviews.which });
  const dialog = sheet({
    title: t.reviews.title,
    id: "reviews-title",
    name: "wide",
    close: t.reviews.close,
    body: h("div", { class: "reviews-body" }, engines, h("h3", {}, t.reviews.memory), tabs, list),
  });
  let state = "proposed";
  const look = async () => {
    replace(
      tabs,
      STATES.map((one) => h("button", { type: "button", "aria-pressed": String(one === state), on: { click: () => void choose(one) } }, t.reviews.states[one])),
    );
    try {
      const wanted = state;
      const { items } = await api.translations(wanted);
      if (wanted === state) replace(list, items.length ? items.map((item) => entry(item, agentName, look)) : h("p", { class: "quiet" }, t.reviews.nothing[state]));
    } catch (error) {
      replace(list, h("p", { class: "problem", role: "alert" }, sentence(error)));
    }
  };
  const choose = (one) => {
    state = one;
    return look();
  };
  void look();
  void drawEngines(engines);
  return dialog;
}

async function drawEngines(section) {
  replace(section, h("h3", { id: "engines-title" }, t.reviews.engines));
  try {
    const { engines } = await api.engines();
    section.append(
      engines.length === 0
        ? h("p", { class: "quiet" }, t.reviews.noEngine)
        : h(
            "table",
            { class: "plain" },
            h("thead", {}, h("tr", {}, t.reviews.columns.map((one) => h("th", { scope: "col" }, one)))),
            h("tbody", {}, engines.map(engine)),
          ),
    );
  } catch (error) {
    section.append(h("p", { class: "problem", role: "alert" }, sentence(error)));
  }
}

function engine(one) {
  const number = (value) => value.toLocaleString();
  return h(
    "tr",
    {},
    h("th", { scope: "row" }, one.name, one.third_party ? h("span", { class: "quiet small" }, ` · ${t.reviews.outside}`) : null),
    h("td", {}, h("span", { class: `badge ${one.up ? "good" : "warn"}` }, icon(one.up ? "check" : "alert"), one.up ? t.reviews.up : t.reviews.down), one.trouble ? h("span", { class: "quiet small trouble" }, one.trouble) : null),
    h("td", { class: "number" }, number(one.characters_today)),
    h("td", { class: "number" }, number(one.characters_month)),
  );
}

function entry(item, agentName, done) {
  const wording = h("textarea", { rows: 2, maxlength: 10_000, dir: "auto", lang: item.target, "aria-label": t.reviews.wording(language(item.target)) });
  wording.value = item.translation;
  const decide = async (state) => {
    try {
      await api.decide(item.id, state, wording.value.trim());
      await done();
    } catch (error) {
      toastError(error);
    }
  };
  const approve = h("button", { type: "button", class: "button primary", on: { click: () => void decide("approved") } }, t.reviews.approve);
  const reject = h("button", { type: "button", class: "button", on: { click: () => void decide("rejected") } }, t.reviews.reject);
  return h(
    "article",
    { class: "review" },
    h("p", { class: "quiet small" }, `${language(item.source)} → ${language(item.target)} · ${agentName(item.author) || t.reviews.somebody} · ${moment(item.created_at)}`),
    h("p", { lang: item.source, dir: "auto" }, item.text),
    wording,
    h("div", { class: "row end" }, item.state === "rejected" ? null : reject, approve),
  );
}
