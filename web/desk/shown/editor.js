// Writing the message: a few fields for each part, or the JSON of all of them.
import { h, replace } from "../dom.js";
import { icon } from "../icons.js";
import { BLANK } from "./examples.js";
import { buttons, cards, choices, fields } from "./lines.js";
import { KINDS, t } from "./words.js";

const FIELDS = {
  text: [area("text", "Text", 4), box("markdown", "Markdown: **bold**, *italic*, [link](https://…)")],
  buttons: [area("text", "Text", 2), lined("buttons", "One button a line: title | payload or address", buttons)],
  quick_replies: [area("text", "Text", 2), lined("choices", "One choice a line: title | description", choices)],
  list: [area("text", "Text", 2), line("button", "Title of the button that opens it"), lined("choices", "One row a line: title | description", choices)],
  media: [pick("media", "What it is", ["image", "gif", "audio", "video", "file"]), line("url", "Address"), line("alt", "Caption")],
  carousel: [lined("cards", "A card a line: title | subtitle | picture; its buttons below it: - title | payload or address", cards, 7)],
  location: [line("name", "Name"), line("address", "Address"), line("latitude", "Latitude", Number), line("longitude", "Longitude", Number)],
  form: [line("title", "Title"), lined("fields", "A field a line: label | email, phone, number, date or optional | options, with commas", fields, 5)],
  template: [line("name", "Name of the template"), area("text", "What it says, where there are no templates", 3)],
};

export class Editor {
  /** `changed` is told of every sound state of the message. */
  constructor(parts, changed) {
    this.parts = parts;
    this.changed = changed;
    this.mode = "form";
    this.problem = h("p", { class: "problem", role: "alert", hidden: true });
    this.modes = h("div", { class: "segments small", role: "group", "aria-label": t.mode });
    this.body = h("div", { class: "parts-editor" });
    this.element = h("section", { class: "editor", "aria-label": t.message }, h("header", {}, h("h2", {}, t.message), h("span", { class: "grow" }), this.modes), this.problem, this.body);
    this.draw();
  }

  set(parts) {
    this.parts = structuredClone(parts);
    this.complain("");
    this.draw();
    this.changed(this.parts);
  }

  complain(message) {
    this.problem.hidden = !message;
    this.problem.textContent = message;
  }

  draw() {
    replace(this.modes, ["form", "json"].map((mode) => h("button", { type: "button", "aria-pressed": String(mode === this.mode), on: { click: () => this.turn(mode) } }, t[mode])));
    replace(this.body, this.mode === "json" ? this.json() : [this.parts.map((part, place) => this.part(part, place)), this.adder()]);
  }

  turn(mode) {
    this.mode = mode;
    this.complain("");
    this.draw();
    this.modes.querySelector('[aria-pressed="true"]').focus();
  }

  json() {
    const text = h("textarea", { class: "code", rows: "22", spellcheck: "false", "aria-label": t.jsonLabel, value: JSON.stringify(this.parts, null, 2) });
    text.addEventListener("input", () => {
      try {
        const found = JSON.parse(text.value);
        if (!Array.isArray(found) || !found.every((part) => part && typeof part === "object")) return this.complain(t.notAList);
        this.parts = found;
        this.complain("");
        this.changed(this.parts);
      } catch {
        this.complain(t.notJson);
      }
    });
    return text;
  }

  part(part, place) {
    const asked = FIELDS[part.kind] ?? [];
    return h(
      "fieldset",
      { class: "part-editor" },
      h("legend", { class: "unseen" }, `${t.part(place + 1)}: ${KINDS[part.kind] ?? part.kind}`),
      h(
        "header",
        { class: "row" },
        h("span", { class: "tag" }, String(place + 1)),
        h("strong", {}, KINDS[part.kind] ?? part.kind),
        h("span", { class: "grow" }),
        this.tool("up", t.up, place > 0, () => this.move(place, place - 1)),
        this.tool("down", t.down, place < this.parts.length - 1, () => this.move(place, place + 1)),
        this.tool("close", t.remove, this.parts.length > 1, () => this.set(this.parts.filter((_, other) => other !== place))),
      ),
      asked.map((make) => make(part, () => this.changed(this.parts))),
    );
  }

  tool(name, title, possible, go) {
    return h("button", { type: "button", class: `round small tool-${name}`, title, "aria-label": title, disabled: !possible, on: { click: go } }, icon(name === "up" ? "down" : name));
  }

  move(from, to) {
    const parts = [...this.parts];
    parts.splice(to, 0, ...parts.splice(from, 1));
    this.set(parts);
  }

  adder() {
    return h(
      "div",
      { class: "adder" },
      Object.keys(BLANK).map((kind) => h("button", { type: "button", class: "chip-button", on: { click: () => this.set([...this.parts, BLANK[kind]]) } }, `+ ${KINDS[kind]}`)),
    );
  }
}

function labelled(label, control) {
  return h("label", { class: "labelled" }, h("span", {}, label), control);
}

function area(key, label, rows) {
  return (part, changed) => labelled(label, watched(h("textarea", { rows: String(rows), dir: "auto", value: part[key] ?? "" }), (value) => (part[key] = value), changed));
}

function line(key, label, as = String) {
  return (part, changed) => labelled(label, watched(h("input", { type: "text", dir: "auto", value: String(part[key] ?? "") }), (value) => (part[key] = as(value)), changed));
}

function lined(key, label, kind, rows = 4) {
  return (part, changed) =>
    labelled(label, watched(h("textarea", { class: "lined", rows: String(Math.min(10, Math.max(rows, (part[key] ?? []).length))), dir: "auto", value: kind.write(part[key] ?? []) }), (value) => (part[key] = kind.read(value)), changed));
}

function box(key, label) {
  return (part, changed) => {
    const found = h("input", { type: "checkbox", checked: Boolean(part[key]) });
    found.addEventListener("change", () => {
      part[key] = found.checked;
      changed();
    });
    return h("label", { class: "row small" }, found, label);
  };
}

function pick(key, label, values) {
  return (part, changed) => labelled(label, watched(h("select", {}, values.map((one) => h("option", { value: one, selected: part[key] === one }, one))), (value) => (part[key] = value), changed));
}

function watched(control, set, changed) {
  control.addEventListener("input", () => {
    set(control.value);
    changed();
  });
  return control;
}
