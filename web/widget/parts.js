// Parts of messages as elements. Everything here comes from elsewhere: it is shown, never run.
import { bytes, h, icon, link, safe, tool } from "./dom.js";
import { form } from "./form.js";
import { markdown, plain } from "./markdown.js";

const EMOJI_ONLY = /^(?:\p{Extended_Pictographic}|\p{Emoji_Modifier}|\p{Regional_Indicator}|[\u200d\ufe0f\u20e3#*0-9]|\s){1,12}$/u;
const PAGES = new Set(["http:", "https:"]);

/** `chat` offers t, server, language, say(said), enlarge(url, alt). */
export function parts(message, chat) {
  return message.parts.map((part) => one(part, message, chat)).filter(Boolean);
}

function one(part, message, chat) {
  switch (part.kind) {
    case "text":
      return bubble(part.text, part.markdown);
    case "media":
      return media(part, chat);
    case "location":
      return place(part, chat);
    case "buttons":
      return h("div.options", null, part.text && bubble(part.text, true), options(part.buttons, message, chat));
    case "quick_replies":
      return part.text ? bubble(part.text, true) : null;
    case "list":
      return picker(part, message, chat);
    case "carousel":
      return carousel(part, message, chat);
    case "form":
      return form(part, message, chat);
    case "tap":
      return bubble(part.title || part.payload);
    case "form_answer":
      return answers(part, chat);
    default:
      return h("div.bubble.faint", null, part.note || chat.t("unsupported"));
  }
}

function bubble(text, rich) {
  if (rich) return h("div.bubble.rich", null, markdown(text));
  const big = EMOJI_ONLY.test(text) && /\p{Extended_Pictographic}|\p{Regional_Indicator}/u.test(text);
  return h(big ? "div.emoji" : "div.bubble", null, plain(text));
}

function answers(part, chat) {
  const values = Object.values(part.values || {}).filter(Boolean);
  return h(
    "div.bubble.answers",
    null,
    h("b", null, icon("check"), chat.t("submitted")),
    values.map((value) => h("span", null, value)),
  );
}

// --- media

function media(part, chat) {
  const url = safe(part.url, chat.server, PAGES);
  const name = part.name || chat.t(part.media === "audio" ? "sound" : part.media === "file" ? "file" : part.media === "video" ? "video" : "picture");
  if (!url) return h("div.bubble.faint", null, chat.t("unsupported"));
  if (part.media === "image" || part.media === "gif") return picture(url, part.alt || name, () => file(part, url, name, chat), chat);
  if (part.media === "audio" || part.media === "video") {
    return h(`${part.media}.player`, { src: url, controls: true, preload: "metadata", "aria-label": part.alt || name });
  }
  return file(part, url, name, chat);
}

function picture(url, alt, instead, chat) {
  const image = h("img", { src: url, alt, referrerpolicy: "no-referrer", onload: chat.settle });
  const button = h(
    "button.picture",
    { type: "button", title: chat.t("open_picture"), onclick: () => chat.enlarge(url, alt) },
    image,
  );
  image.addEventListener("error", () => button.replaceWith(instead()));
  return button;
}

function file(part, url, name, chat) {
  const size = part.size ? bytes(part.size, chat.language) : "";
  return h("div.bubble.file", null, link(url, icon("file"), h("span", null, h("b", null, name), h("small", null, size || chat.t("download")))));
}

// --- places

function place(part, chat) {
  const spot = `${part.latitude.toFixed(5)}, ${part.longitude.toFixed(5)}`;
  const query = `mlat=${part.latitude}&mlon=${part.longitude}#map=16/${part.latitude}/${part.longitude}`;
  return h(
    "div.card.place",
    null,
    h("div.map", null, icon("pin")),
    h("div.about", null, h("b", null, part.name || chat.t("location")), h("span", null, part.address || spot)),
    h("div.buttons", null, link(`https://www.openstreetmap.org/?${query}`, chat.t("open_map"), icon("link"))),
  );
}

// --- choices

function options(buttons, message, chat) {
  return h("div.buttons", null, buttons.map((button) => option(button, message, chat)));
}

function option(button, message, chat) {
  if (button.url) {
    const url = safe(button.url, chat.server);
    return url ? link(url, button.title, icon("link")) : null;
  }
  return h("button", { type: "button", onclick: () => tap(button, message, chat) }, button.title);
}

export function tap({ payload, title }, message, chat) {
  chat.say({ tap: { payload, title, message_id: message.id } });
}

function picker(part, message, chat) {
  const rows = part.choices.map((choice) => {
    const image = choice.image && safe(choice.image, chat.server, PAGES);
    return h(
      "button.row",
      { type: "button", onclick: () => tap(choice, message, chat) },
      image && h("img", { src: image, alt: "", loading: "lazy", referrerpolicy: "no-referrer" }),
      h("span", null, h("b", null, choice.title), choice.description && h("small", null, choice.description)),
      icon("right"),
    );
  });
  return h("div.options", null, part.text && bubble(part.text, true), h("div.card.rows", { role: "group", "aria-label": part.button || part.text || chat.t("choose") }, rows));
}

function carousel(part, message, chat) {
  const cards = part.cards.map((card) => {
    const image = card.image && safe(card.image, chat.server, PAGES);
    return h(
      "li.card",
      null,
      image && h("img", { src: image, alt: card.alt || "", loading: "lazy", referrerpolicy: "no-referrer" }),
      h("div.about", null, h("b", null, card.title), card.subtitle && h("span", null, card.subtitle)),
      card.buttons.length > 0 && options(card.buttons, message, chat),
    );
  });
  const track = h("ul.track", { tabindex: cards.length > 1 ? 0 : null, "aria-label": chat.t("choose") }, cards);
  if (cards.length < 2) return h("div.carousel", null, track);
  const move = (direction) => track.scrollBy({ left: direction * track.clientWidth * 0.8, behavior: "smooth" });
  const back = tool("left", chat.t("previous"), () => move(-1), { disabled: true });
  const on = tool("right", chat.t("next"), () => move(1));
  track.addEventListener("scroll", () => {
    back.disabled = Math.abs(track.scrollLeft) < 8;
    on.disabled = Math.abs(track.scrollLeft) > track.scrollWidth - track.clientWidth - 8;
  });
  return h("div.carousel", null, track, back, on);
}
