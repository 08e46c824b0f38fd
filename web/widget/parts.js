// Parts of messages as elements. Everything here comes from elsewhere: it is shown, never run.
import { button, bytes, h, icon, image, label, link, safe, tool } from "./dom.js";
import { markdown, plain } from "./markdown.js";

const EMOJI_ONLY = /^(?=.*[\p{Extended_Pictographic}\p{Regional_Indicator}])[\p{Extended_Pictographic}\p{Emoji_Modifier}\p{Regional_Indicator}\u200d\ufe0f\s]{1,12}$/u;
const NAMES = { audio: "sound", file: "file", video: "video" };

/** `chat` offers t, server, language, settle(), say(said), enlarge(url, alt). */
export function parts(message, chat) {
  return message.parts.map((part) => (SHOWN[part.kind] || unknown)(part, chat, message)).filter(Boolean);
}

const SHOWN = {
  text: ({ text, markdown: rich }) => bubble(text, rich),
  media,
  location: place,
  buttons: (part, chat, message) => h("div.options", null, asked(part), options(part.buttons, message, chat)),
  quick_replies: asked,
  list: picker,
  carousel,
  form,
  tap: ({ title, payload }) => bubble(title || payload),
  form_answer: ({ values, message_id: id }) => {
    const titled = ([name, value]) => titleOf(forms[id]?.fields.find((field) => field.name === name), value);
    return h("div.bubble", null, Object.entries(values).map(titled).join("\n"));
  },
};

function unknown(part, chat) {
  return h("div.bubble.faint", null, part.note || chat.t("unsupported"));
}

function bubble(text, rich) {
  if (rich) return h("div.bubble.rich", null, markdown(text));
  return h(EMOJI_ONLY.test(text) ? "div.emoji" : "div.bubble", null, plain(text));
}

function asked({ text }) {
  return text && bubble(text, true);
}

// --- media and places

function media(part, chat) {
  const url = safe(part.url, chat.server);
  const name = part.name || chat.t(NAMES[part.media] || "picture");
  const said = part.alt || name;
  const file = () =>
    h("div.bubble.file", null, link(url, icon("file"), h("span", null, h("b", null, name), h("small", null, part.size ? bytes(part.size, chat.language) : chat.t("download")))));
  if (!url) return unknown(part, chat);
  if (part.media === "file") return file();
  if (NAMES[part.media]) return h(`${part.media}.player`, { src: url, controls: true, preload: "metadata", "aria-label": said });
  const picture = button(".picture", () => chat.enlarge(url, said), { title: chat.t("open_picture") }, image(url, said, { onload: chat.settle }));
  picture.firstChild.addEventListener("error", () => picture.replaceWith(file()));
  return picture;
}

function place({ latitude, longitude, name, address }, chat) {
  const map = `https://www.openstreetmap.org/?mlat=${latitude}&mlon=${longitude}#map=16/${latitude}/${longitude}`;
  return h(
    "div.card.place",
    null,
    h("div.map", null, icon("pin")),
    h("div.about", null, h("b", null, name || chat.t("location")), h("span", null, address || `${latitude}, ${longitude}`)),
    h("div.buttons", null, link(map, chat.t("open_map"), icon("link"))),
  );
}

// --- choices

export function tap({ payload, title }, message, chat) {
  chat.say({ tap: { payload, title, message_id: message.id } });
}

function options(buttons, message, chat) {
  const option = (each) => {
    if (!each.url) return button("", () => tap(each, message, chat), null, each.title);
    const url = safe(each.url, chat.server);
    return url && link(url, each.title, icon("link"));
  };
  return buttons.length > 0 && h("div.buttons", null, buttons.map(option));
}

function thumbnail(address, alt, chat) {
  const url = address && safe(address, chat.server);
  return url && image(url, alt, { loading: "lazy" });
}

function picker(part, chat, message) {
  const rows = part.choices.map((choice) =>
    button(
      ".row",
      () => tap(choice, message, chat),
      null,
      thumbnail(choice.image, "", chat),
      h("span", null, h("b", null, choice.title), choice.description && h("small", null, choice.description)),
      icon("right"),
    ),
  );
  return h("div.options", null, asked(part), h("div.card", { role: "group", "aria-label": part.button || chat.t("choose") }, rows));
}

function carousel(part, chat, message) {
  const cards = part.cards.map((card) =>
    h(
      "li.card",
      null,
      thumbnail(card.image, card.alt, chat),
      h("div.about", null, h("b", null, card.title), card.subtitle && h("span", null, card.subtitle)),
      options(card.buttons, message, chat),
    ),
  );
  const track = h("ul.track", { tabindex: 0, "aria-label": chat.t("choose"), onscroll: () => ends() }, cards);
  const move = (direction) => () => track.scrollBy({ left: direction * track.clientWidth * 0.8, behavior: "smooth" });
  const back = label(tool("left", move(-1), { disabled: true }), chat.t("previous"));
  const on = label(tool("right", move(1)), chat.t("next"));
  const ends = () => {
    back.disabled = track.scrollLeft < 8;
    on.disabled = track.scrollLeft > track.scrollWidth - track.clientWidth - 8;
  };
  return h("div.carousel", null, track, cards.length > 1 && [back, on]);
}

// --- forms: checked when sent, a summary once answered

const CHECKS = {
  email: /^[^\s@]+@[^\s@]+\.[^\s@.]{2,}$/u,
  phone: /^\+?[\d\s().\/-]{5,24}$/,
  number: /^[+-]?\d+([.,]\d+)?$/,
  date: /^\d{4}-\d{2}-\d{2}$/,
};
const INPUTS = { email: "email", phone: "tel", date: "date" };
const forms = {};
let count = 0;

/** What the customer chose, in the words they chose it by. */
function titleOf(field, value) {
  return field?.options.find(({ payload }) => payload === value)?.title ?? value;
}

function form(part, chat, message) {
  forms[message.id] = part;
  const title = part.title && h("b.title", null, part.title);
  const fields = part.fields.map((field) => input(field, chat));
  const submit = (event) => {
    event.preventDefault();
    const wrong = fields.filter((field) => !field.check());
    if (wrong.length) return wrong[0].input.focus();
    const values = Object.fromEntries(fields.map(({ name, input: { value } }) => [name, value.trim()]).filter(([, value]) => value));
    chat.say({ form_answer: { form_id: part.id, values, message_id: message.id } });
  };
  const element = h(
    "form.card.form",
    { novalidate: true, "aria-label": part.title || chat.t("message"), onsubmit: submit },
    title,
    fields.map((field) => field.element),
    h("div.buttons", null, h("button.primary", null, part.submit || chat.t("submit"))),
  );
  /** Called while an answer to this form is in the thread. */
  element.settle = (values) => {
    const given = part.fields.filter(({ name }) => values[name]);
    const lines = given.flatMap((field) => [h("dt", null, field.label), h("dd", null, titleOf(field, values[field.name]))]);
    element.replaceChildren(title, h("dl", null, lines), h("p.done", null, icon("check"), chat.t("submitted")));
    element.settle = null;
  };
  return element;
}

function input(field, chat) {
  const id = `field-${(count += 1)}`;
  const note = h("small.wrong", { id: `${id}-note`, role: "alert" });
  const shared = { id, "aria-describedby": note.id, "aria-required": field.required && "true", oninput: () => note.textContent && check() };
  const type = INPUTS[field.type] || "text";
  const option = ({ payload, title }) => h("option", { value: payload }, title);
  const element =
    field.type === "select"
      ? h("select", shared, option({ payload: "", title: field.placeholder || chat.t("choose_one") }), field.options.map(option))
      : h("input", { ...shared, type, autocomplete: type === "text" ? "off" : type, placeholder: field.placeholder, maxlength: 500 });
  const check = () => {
    const value = element.value.trim();
    const known = CHECKS[field.type];
    const wrong = value ? known && !known.test(value) && `need_${field.type}` : field.required && "need_value";
    note.textContent = wrong ? chat.t(wrong) : "";
    element.setAttribute("aria-invalid", Boolean(wrong));
    return !wrong;
  };
  const optional = !field.required && h("small", null, ` (${chat.t("optional")})`);
  return { name: field.name, input: element, check, element: h("div.field", null, h("label", { for: id }, field.label, optional), element, note) };
}
