// Every kind of Part, as an agent reads it: nothing here can be tapped on the customer's behalf.
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { link, markdown, plain, safeHref } from "./markdown.js";
import { picture } from "./lightbox.js";
import { t } from "./strings.js";
import { bytes, label } from "./words.js";

/** Elements for a message's parts, in order. */
export function parts(list) {
  return list.map((part) => (DRAW[part.kind] ?? unsupported)(part));
}

/** The words of a message in one line, for previews and notifications. */
export function wording(list) {
  return list.map(words).filter(Boolean).join(" ");
}

function words(part) {
  switch (part.kind) {
    case "text":
      return part.text;
    case "media":
      return part.alt || part.name || t.parts.picture;
    case "tap":
      return part.title || part.payload;
    case "form_answer":
      return Object.values(part.values).join(", ");
    case "location":
      return part.name || t.parts.place;
    case "carousel":
      return part.cards.map((card) => card.title).join(", ");
    case "form":
      return part.title;
    default:
      return part.text ?? "";
  }
}

const DRAW = {
  text: (part) => h("div", { class: "part text", dir: "auto" }, part.markdown ? markdown(part.text) : plain(part.text)),
  media,
  location: place,
  buttons: (part) => offered("buttons", part.text, part.buttons.map(button)),
  quick_replies: (part) => offered("quick", part.text, part.choices.map((one) => chip(one.title, one.image))),
  list: choices,
  carousel: (part) => h("div", { class: "part carousel", tabindex: 0, role: "group" }, part.cards.map(card)),
  form,
  tap: (part) =>
    h("div", { class: "part tap" }, h("span", { class: "quiet" }, t.parts.chose), " ", h("bdi", {}, part.title || part.payload)),
  form_answer: (part) =>
    h(
      "div",
      { class: "part filled" },
      h("div", { class: "quiet" }, t.parts.filled),
      h("dl", {}, Object.entries(part.values).map(([key, value]) => [h("dt", {}, label(key)), h("dd", { dir: "auto" }, value)])),
    ),
  template: (part) => h("div", { class: "part text", dir: "auto" }, plain(part.text || part.name)),
  unsupported: odd,
};

function odd(part) {
  if (part.what === "deleted") return h("div", { class: "part odd" }, t.parts.deleted);
  return h("div", { class: "part odd" }, t.parts.unsupported(part.what), part.note ? `: ${part.note}` : "");
}

function unsupported(part) {
  return h("div", { class: "part odd" }, t.parts.unsupported(part.kind));
}

/** Pictures come from this server or over https; anything else is not loaded. */
export function pictureUrl(url) {
  return url.startsWith("/media/") || /^(https?:|blob:)/i.test(url) ? url : "";
}

function media(part) {
  const url = pictureUrl(part.url);
  if (url && (part.media === "image" || part.media === "gif")) return picture(url, part.alt || part.name || t.parts.picture);
  if (url && part.media === "audio") return h("audio", { class: "part", controls: true, preload: "none", src: url });
  if (url && part.media === "video") return h("video", { class: "part", controls: true, preload: "none", src: url });
  const about = [h("bdi", { class: "file-name" }, part.name || part.url || t.parts.fetching), h("span", { class: "quiet" }, bytes(part.size))];
  if (!url) return h("div", { class: "part file" }, icon("file"), about);
  return h(
    "a",
    { class: "part file", href: url, target: "_blank", rel: "noopener noreferrer", download: part.name || true, title: t.parts.download },
    icon("file"),
    about,
  );
}

function place(part) {
  const where = `${part.latitude.toFixed(5)}, ${part.longitude.toFixed(5)}`;
  const map = `https://www.openstreetmap.org/?mlat=${part.latitude}&mlon=${part.longitude}#map=16/${part.latitude}/${part.longitude}`;
  return h(
    "div",
    { class: "part place" },
    icon("pin"),
    h(
      "div",
      {},
      h("div", { dir: "auto" }, part.name || t.parts.place),
      part.address ? h("div", { class: "quiet", dir: "auto" }, part.address) : null,
      h("div", { class: "quiet" }, link(map, `${where} · ${t.parts.map}`)),
    ),
  );
}

function offered(kind, text, children) {
  return h(
    "div",
    { class: `part offered ${kind}` },
    text ? h("div", { class: "text", dir: "auto" }, plain(text)) : null,
    h("div", { class: "chips" }, children),
  );
}

function chip(title, image = "") {
  return h("span", { class: "chip", dir: "auto" }, thumbnail(image, "chip-image"), title);
}

function button(one) {
  const title = one.title || one.url || one.payload;
  if (one.url && safeHref(one.url)) return h("span", { class: "chip" }, link(one.url, title, icon("open")));
  return chip(title);
}

function thumbnail(image, name) {
  const url = image && pictureUrl(image);
  return url ? h("img", { class: name, src: url, alt: "", loading: "lazy", referrerpolicy: "no-referrer" }) : null;
}

function choices(part) {
  return h(
    "div",
    { class: "part offered rows" },
    part.text ? h("div", { class: "text", dir: "auto" }, plain(part.text)) : null,
    h(
      "ul",
      { "aria-label": t.parts.list },
      part.choices.map((one) =>
        h(
          "li",
          {},
          thumbnail(one.image, "row-image"),
          h("div", {}, h("div", { dir: "auto" }, one.title), one.description ? h("div", { class: "quiet", dir: "auto" }, one.description) : null),
        ),
      ),
    ),
  );
}

function card(one) {
  const url = one.image && pictureUrl(one.image);
  return h(
    "article",
    { class: "card" },
    url ? h("img", { src: url, alt: one.alt || "", loading: "lazy", referrerpolicy: "no-referrer" }) : null,
    h("div", { class: "card-title", dir: "auto" }, one.title),
    one.subtitle ? h("div", { class: "quiet", dir: "auto" }, one.subtitle) : null,
    one.buttons.length ? h("div", { class: "chips" }, one.buttons.map(button)) : null,
  );
}

function form(part) {
  return h(
    "div",
    { class: "part form" },
    h("div", { class: "form-title", dir: "auto" }, part.title || t.parts.form),
    part.fields.map((field) =>
      h(
        "div",
        { class: "field" },
        h("div", {}, h("bdi", {}, field.label), field.required ? h("span", { class: "quiet" }, ` · ${t.parts.required}`) : null),
        field.options.length ? h("div", { class: "chips" }, field.options.map((one) => chip(one.title))) : h("div", { class: "blank", dir: "auto" }, field.placeholder || "\u00a0"),
      ),
    ),
  );
}
