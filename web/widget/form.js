// A form in the thread: labelled fields, checked when it is sent, and a summary once it has been.
import { h, icon } from "./dom.js";

const CHECKS = {
  email: [/^[^\s@]+@[^\s@]+\.[^\s@.]{2,}$/u, "need_email"],
  phone: [/^\+?[\d\s().\/-]{5,24}$/, "need_phone"],
  number: [/^[+-]?\d+([.,]\d+)?$/, "need_number"],
  date: [/^\d{4}-\d{2}-\d{2}$/, "need_date"],
};
const INPUTS = {
  email: { type: "email", autocomplete: "email", inputmode: "email" },
  phone: { type: "tel", autocomplete: "tel", inputmode: "tel" },
  number: { type: "text", inputmode: "decimal" },
  date: { type: "date" },
  text: { type: "text" },
};
let count = 0;

export function form(part, message, chat) {
  const fields = part.fields.map((field) => build(field, chat));
  const element = h(
    "form.card.form",
    { novalidate: true, "aria-label": part.title || chat.t("message"), onsubmit: (event) => submit(event) },
    part.title && h("b.title", null, part.title),
    fields.map((field) => field.element),
    h("div.buttons", null, h("button.primary", { type: "submit" }, part.submit || chat.t("submit"))),
  );

  function submit(event) {
    event.preventDefault();
    const wrong = fields.filter((field) => !field.check());
    if (wrong.length) return wrong[0].input.focus();
    const values = Object.fromEntries(fields.map((field) => [field.name, field.input.value.trim()]).filter(([, value]) => value));
    chat.say({ form_answer: { form_id: part.id, values, message_id: message.id } });
  }

  /** Called when an answer to this form is in the thread. */
  element.settle = (values) => {
    if (element.settled) return;
    element.settled = true;
    const lines = part.fields.filter((field) => values[field.name]).map((field) => {
      const chosen = field.options.find((each) => each.payload === values[field.name]);
      return [h("dt", null, field.label), h("dd", null, chosen ? chosen.title : values[field.name])];
    });
    const done = h("p.done", null, icon("check"), chat.t("submitted"));
    element.replaceChildren(...[part.title && h("b.title", null, part.title), h("dl", null, lines), done].filter(Boolean));
  };
  return element;
}

function build(field, chat) {
  const id = `field-${(count += 1)}`;
  const note = h("small.wrong", { id: `${id}-note`, role: "alert" });
  const shared = { id, name: field.name, "aria-describedby": `${id}-note`, "aria-required": field.required ? "true" : null };
  const input =
    field.type === "select"
      ? h("select", shared, h("option", { value: "" }, field.placeholder || chat.t("choose_one")), field.options.map((each) => h("option", { value: each.payload }, each.title)))
      : h("input", { ...shared, ...(INPUTS[field.type] || INPUTS.text), placeholder: field.placeholder || null, maxlength: 500 });

  function check() {
    const value = input.value.trim();
    const [pattern, problem] = CHECKS[field.type] || [];
    const wrong = !value ? (field.required ? "need_value" : "") : pattern && !pattern.test(value) ? problem : "";
    note.textContent = wrong ? chat.t(wrong) : "";
    if (wrong) input.setAttribute("aria-invalid", "true");
    else input.removeAttribute("aria-invalid");
    return !wrong;
  }
  input.addEventListener("change", () => input.hasAttribute("aria-invalid") && check());

  const optional = field.required ? null : h("small", null, ` (${chat.t("optional")})`);
  return { name: field.name, input, check, element: h("div.field", null, h("label", { for: id }, field.label, optional), input, note) };
}
