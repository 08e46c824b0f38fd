// A message drawn as one platform would: the same elements everywhere, dressed by css/platforms.css.
import { h } from "../dom.js";
import { icon } from "../icons.js";
import { markdown, plain } from "../markdown.js";
import { channelName, lossWords, t } from "./words.js";

export function device(shown) {
  const drawn = shown.parts.map((part) => message(part, shown));
  return h(
    "article",
    { class: "device", data: { kind: shown.kind }, "aria-label": channelName(shown.kind), id: `on-${shown.kind}` },
    head(shown),
    h("div", { class: "canvas", tabindex: "0", role: "group", "aria-label": channelName(shown.kind) }, h("div", { class: "day" }, shown.kind === "email" ? t.subject : t.today), drawn),
    foot(shown),
  );
}

function head(shown) {
  return h(
    "header",
    { class: "device-head" },
    h("span", { class: "sender-face", "aria-hidden": "true" }, "S"),
    h("div", { class: "sender" }, h("strong", {}, t.sender), h("span", {}, channelName(shown.kind))),
    shown.accounts.length ? h("span", { class: "mine", title: t.yours(shown.accounts) }, icon("check")) : null,
  );
}

function foot(shown) {
  const count = h("span", { class: "tag" }, t.messages(shown.parts.length));
  const paid = shown.segments ? h("span", { class: "tag" }, t.segments(shown.segments)) : null;
  if (!shown.losses.length) return h("footer", { class: "device-foot" }, h("span", { class: "as-it-is" }, icon("check"), t.asItIs), h("span", { class: "grow" }), paid, count);
  const losses = shown.losses.map((loss) => {
    const [what, became] = lossWords(loss);
    return h("li", { title: t.part(loss.part + 1) }, h("span", { class: "what" }, what), h("span", { "aria-hidden": "true" }, "→"), h("span", {}, became));
  });
  return h("footer", { class: "device-foot" }, h("ul", { class: "losses" }, losses), h("span", { class: "grow" }), paid, count);
}

function message(part, shown) {
  const draw = DRAW[part.kind];
  return h("div", { class: `msg ${part.kind}` }, draw ? draw(part, shown) : bubble([`[${part.kind}]`]));
}

function bubble(children, more = "") {
  return h("div", { class: `bubble ${more}`, dir: "auto" }, children);
}

function words(text) {
  return text ? bubble(plain(text)) : null;
}

const DRAW = {
  text: (part, shown) => bubble(part.markdown && shown.markup === "markdown" ? markdown(part.text) : plain(part.text)),
  buttons: (part) => [words(part.text), h("div", { class: "buttons" }, part.buttons.map(button))],
  quick_replies: (part) => [words(part.text), h("div", { class: "replies" }, part.choices.map((one) => h("span", { class: "reply", dir: "auto" }, one.title)))],
  list: (part) => [
    words(part.text),
    h("div", { class: "buttons" }, h("span", { class: "btn opener" }, "☰ ", part.button || t.choose)),
    h("ul", { class: "rows" }, part.choices.map((one) => h("li", { dir: "auto" }, h("span", {}, one.title), one.description ? h("small", {}, one.description) : null))),
  ],
  carousel: (part) => h("div", { class: "cards", tabindex: "0", role: "group" }, part.cards.map(card)),
  media: (part) => bubble([medium(part), part.alt ? h("div", { class: "caption" }, plain(part.alt)) : null], "with-media"),
  location: (part) =>
    bubble([h("div", { class: "map", "aria-hidden": "true" }, h("i")), h("div", { class: "caption" }, h("strong", {}, part.name || t.place), part.address ? h("div", { class: "soft" }, part.address) : null)], "with-media"),
  form: (part) =>
    bubble(
      [h("strong", {}, part.title), part.fields.map((field) => h("div", { class: "field" }, h("span", { class: "soft" }, field.label), h("span", { class: "blank" }, field.placeholder || "\u00a0"))), h("span", { class: "btn solid" }, part.submit || t.submit)],
      "as-form",
    ),
  template: (part) => bubble(plain(part.text || part.name)),
};

function button(one) {
  return h("span", { class: one.url ? "btn to-page" : "btn", dir: "auto" }, one.title, one.url ? icon("open") : null);
}

function card(one) {
  return h(
    "div",
    { class: "card" },
    one.image ? picture(one.image, one.alt) : null,
    h("div", { class: "card-words" }, h("strong", { dir: "auto" }, one.title), one.subtitle ? h("div", { class: "soft", dir: "auto" }, one.subtitle) : null),
    one.buttons.length ? h("div", { class: "buttons" }, one.buttons.map(button)) : null,
  );
}

function medium(part) {
  if (part.media === "image" || part.media === "gif") return picture(part.url, part.alt);
  return h("div", { class: "attached" }, icon("file"), h("span", {}, part.name || part.url.split("/").at(-1)));
}

function picture(url, alt) {
  const safe = /^(https:\/\/|\/(?![/\\]))/.test(url) ? url : "";
  return safe ? h("img", { src: safe, alt: alt || "", loading: "lazy", referrerpolicy: "no-referrer" }) : h("div", { class: "attached" }, icon("file"), h("span", {}, url));
}
