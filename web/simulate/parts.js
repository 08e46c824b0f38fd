// A message as the user of the platform sees it. `say` is called with what a tap or a form means.
import { h, safe } from "./dom.js";

export function draw(part, message, say) {
  const drawer = drawers[part.kind];
  return drawer ? drawer(part, message, say) : h("p", { class: "odd" }, `[${part.kind}]`);
}

const tap = (one, message) => ({ kind: "tap", payload: one.payload, title: one.title, message_id: message.id });

const drawers = {
  text: (part) => h("p", { class: "words", dir: "auto" }, linked(part.text)),
  media: (part) => [picture(part), part.alt ? h("p", { class: "words", dir: "auto" }, part.alt) : null],
  location: (part) => h("a", { class: "place", href: `https://www.openstreetmap.org/?mlat=${part.latitude}&mlon=${part.longitude}`, target: "_blank", rel: "noreferrer" }, h("span", { "aria-hidden": "true" }, "⚲ "), part.name || part.address || `${part.latitude}, ${part.longitude}`),
  buttons: (part, message, say) => [worded(part.text), h("div", { class: "buttons" }, part.buttons.map((one) => button(one, message, say)))],
  quick_replies: (part, message, say) => [worded(part.text), h("div", { class: "chips" }, part.choices.map((one) => choice(one, message, say)))],
  list: (part, message, say) => [
    worded(part.text),
    part.choices.length === 1 ? h("div", { class: "chips" }, choice(part.choices[0], message, say)) : h("details", { class: "rows" }, h("summary", {}, part.button || "Choose…"), part.choices.map((one) => choice(one, message, say))),
  ],
  carousel: (part, message, say) =>
    h("div", { class: "cards", tabindex: 0 }, part.cards.map((card) => h("article", {}, card.image ? h("img", { src: safe(card.image), alt: card.alt || "", loading: "lazy" }) : null, h("strong", { dir: "auto" }, card.title), card.subtitle ? h("small", { dir: "auto" }, card.subtitle) : null, h("div", { class: "buttons" }, card.buttons.map((one) => button(one, message, say)))))),
  form: (part, message, say) =>
    h(
      "form",
      {
        class: "fields",
        on: {
          submit: (event) => {
            event.preventDefault();
            say({ kind: "form_answer", form_id: part.id, values: Object.fromEntries(new FormData(event.target)), message_id: message.id });
          },
        },
      },
      part.title ? h("strong", { dir: "auto" }, part.title) : null,
      part.fields.map((field) => h("label", {}, field.label || field.name, input(field))),
      h("button", {}, part.submit || "OK"),
    ),
  template: (part) => h("p", { class: "words", dir: "auto" }, part.text || part.name),
  tap: (part) => h("p", { class: "words", dir: "auto" }, part.title || part.payload),
  form_answer: (part) => h("dl", { class: "answers" }, Object.entries(part.values).map(([name, value]) => [h("dt", {}, name), h("dd", { dir: "auto" }, value)])),
  unsupported: (part) => h("p", { class: "odd" }, part.note || `[${part.what}]`),
};

function worded(text) {
  return text ? h("p", { class: "words", dir: "auto" }, linked(text)) : null;
}

function linked(text) {
  return text.split(/(https?:\/\/[^\s)]+)/).map((piece, index) => (index % 2 ? h("a", { href: safe(piece), target: "_blank", rel: "noreferrer" }, piece) : piece));
}

function picture(part) {
  if (["image", "gif"].includes(part.media)) return h("img", { class: "picture", src: safe(part.url), alt: part.alt || part.name || "" });
  if (part.media === "video") return h("video", { src: safe(part.url), controls: true });
  if (part.media === "audio") return h("audio", { src: safe(part.url), controls: true });
  return h("a", { class: "file", href: safe(part.url), target: "_blank", rel: "noreferrer" }, "⬇ ", part.name || part.mime || "file");
}

function button(one, message, say) {
  if (one.url) return h("a", { href: safe(one.url), target: "_blank", rel: "noreferrer" }, one.title, " ↗");
  return h("button", { type: "button", on: { click: () => say(tap(one, message)) } }, one.title);
}

function choice(one, message, say) {
  return h("button", { type: "button", on: { click: () => say(tap(one, message)) } }, h("span", {}, one.title), one.description ? h("small", {}, one.description) : null);
}

function input(field) {
  if (field.type === "select") return h("select", { name: field.name, required: field.required }, field.options.map((one) => h("option", { value: one.payload }, one.title)));
  const type = { email: "email", phone: "tel", number: "number", date: "date" }[field.type] ?? "text";
  return h("input", { name: field.name, type, required: field.required, placeholder: field.placeholder });
}
