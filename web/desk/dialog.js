// Questions in a dialog, and short notices at the edge.
import { append, h } from "./dom.js";
import { icon } from "./icons.js";
import { t } from "./strings.js";

const STAYS = 6_000;

export function toast(text, kind = "info") {
  const shown = h("div", { class: `toast ${kind}`, role: kind === "error" ? "alert" : null }, text);
  document.getElementById("toasts").append(shown);
  setTimeout(() => shown.remove(), kind === "error" ? STAYS * 1.5 : STAYS);
}

/** A sentence for a person out of an error's. */
export function sentence(error) {
  const text = String(error?.message ?? error);
  return text ? text[0].toUpperCase() + text.slice(1) + (/[.!?…]$/.test(text) ? "" : ".") : text;
}

export function toastError(error) {
  toast(sentence(error), "error");
}

/** Whether a question is being asked, or a menu is open: shortcuts wait. */
export function asking() {
  return document.querySelector("dialog[open], :popover-open") !== null;
}

/**
 * A form in a dialog. `fields` are its elements; `go(form)` does the thing and may throw: then the reason is shown and the
 * dialog stays, with everything that was written.
 */
export function ask({ title, hint = "", fields = [], submit, danger = false, go }) {
  const problem = h("p", { class: "problem", role: "alert", hidden: true });
  const send = h("button", { type: "submit", class: danger ? "button danger" : "button primary" }, submit);
  const form = h(
    "form",
    { method: "dialog", class: "sheet" },
    h("h2", { id: "ask-title" }, title),
    hint ? h("p", { class: "quiet" }, hint) : null,
    fields,
    problem,
    h("div", { class: "row end" }, h("button", { type: "button", class: "button", on: { click: () => dialog.close() } }, t.actions.cancel), send),
  );
  const dialog = modal(form, "ask-title");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    send.disabled = true;
    try {
      await go(form);
      dialog.close();
    } catch (error) {
      problem.hidden = false;
      problem.textContent = sentence(error);
      send.disabled = false;
    }
  });
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });
  (form.querySelector("[autofocus]") ?? send).focus();
  return dialog;
}

export function modal(content, labelledBy, name = "") {
  const dialog = h("dialog", { class: `modal ${name}`.trim(), "aria-labelledby": labelledBy });
  append(dialog, [content]);
  // A click on the backdrop has the dialog itself as its target.
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

export function sheet({ title, id, name, close, body }) {
  const shut = h("button", { type: "button", class: "round", "aria-label": close, title: close }, icon("close"));
  const dialog = modal(h("div", { class: "sheet" }, h("header", { class: "row" }, h("h2", { id }, title), shut), body), id, name);
  shut.addEventListener("click", () => dialog.close());
  return dialog;
}
