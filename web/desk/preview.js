// What the customer will read, shown while the agent writes: it can be checked, translated back, and put in better words.
import { api } from "./api.js";
import { sentence } from "./dialog.js";
import { h, replace } from "./dom.js";
import { icon } from "./icons.js";
import { prefer, preferred } from "./prefs.js";
import { t } from "./strings.js";
import { language } from "./words.js";

const PAUSE = 600;

export class Preview {
  /** `text()` is what stands in the composer now. */
  constructor(text) {
    this.text = text;
    this.on = preferred("preview", "off") === "on";
    this.timer = 0;
    this.id = "";
    this.reset();
    this.label = h("span", { id: "preview-label" });
    this.state = h("span", { class: "quiet small", role: "status" });
    this.area = h("textarea", { rows: 1, maxlength: 10_000, dir: "auto", "aria-labelledby": "preview-label" });
    this.area.addEventListener("input", () => this.edited());
    this.check = h("button", { type: "button", class: "link small", data: { focus: "back" }, on: { click: () => void this.back() } }, t.preview.back);
    this.again = h("button", { type: "button", class: "link small", on: { click: () => this.afresh() } }, t.preview.again);
    this.box = h("input", { type: "checkbox", checked: true });
    this.remember = h("label", { class: "row small remember" }, this.box, t.preview.remember);
    this.meaning = h("p", { class: "small meaning", dir: "auto", hidden: true });
    this.element = h(
      "section",
      { class: "preview", "aria-labelledby": "preview-label" },
      h("div", { class: "row preview-head" }, icon("translate"), this.label, h("span", { class: "grow" }), this.state),
      this.area,
      this.meaning,
      h("div", { class: "row preview-foot" }, this.check, this.again, h("span", { class: "grow" }), this.remember),
    );
    this.draw();
  }

  reset() {
    clearTimeout(this.timer);
    this.shown = null;
    this.mine = "";
    this.asked = 0;
  }

  /** The conversation and the language its customer reads; "" when nothing is translated here. */
  show(id, target, allowed) {
    if (id !== this.id || target !== this.target) this.reset();
    this.id = id;
    this.target = target;
    this.allowed = allowed;
    this.draw();
  }

  toggle() {
    this.on = !this.on;
    prefer("preview", this.on ? "on" : "off");
    this.draw();
    if (this.on) void this.ask();
  }

  get active() {
    return this.on && Boolean(this.allowed);
  }

  /** The agent wrote: what was shown is not what will be read any more. */
  wrote() {
    clearTimeout(this.timer);
    if (!this.active) return;
    if (!this.text()) return this.clear();
    this.timer = setTimeout(() => void this.ask(), PAUSE);
    this.draw();
  }

  clear() {
    this.reset();
    this.area.value = "";
    this.meaning.hidden = true;
    this.draw();
  }

  /** Whether what is shown belongs to what would be sent. */
  get fresh() {
    return !this.active || !this.text() || this.shown?.of === this.text();
  }

  async ask() {
    clearTimeout(this.timer);
    const text = this.text();
    if (!this.active || !text || this.shown?.of === text) return;
    const turn = (this.asked += 1);
    const id = this.id;
    this.busy(t.preview.translating);
    try {
      const found = await api.preview(id, text);
      if (turn !== this.asked || id !== this.id) return;
      this.shown = { of: text, ...found };
      this.mine = "";
      this.area.value = found.text;
      this.busy(found.text ? this.by(found) : t.preview.none);
    } catch (error) {
      if (turn !== this.asked || id !== this.id) return;
      // Sending goes on without a preview: the server translates in any case.
      this.shown = { of: text, text: "", failed: true };
      this.area.value = "";
      this.busy(sentence(error));
    }
    this.meaning.hidden = true;
    this.draw();
  }

  by({ engine }) {
    return engine === "memory" ? t.preview.reviewed : engine ? t.preview.by(engine) : "";
  }

  edited() {
    this.mine = this.area.value.trim() && this.area.value !== this.shown?.text ? this.area.value : "";
    this.meaning.hidden = true;
    this.busy(this.mine ? t.preview.mine : this.shown ? this.by(this.shown) : "");
    this.draw();
  }

  afresh() {
    this.shown = null;
    this.mine = "";
    void this.ask();
  }

  /** What the shown wording means, in the agent's own language again. */
  async back() {
    const wording = this.area.value.trim();
    if (!wording) return;
    const id = this.id;
    this.check.disabled = true;
    try {
      const found = await api.back(id, wording);
      if (id !== this.id || this.area.value.trim() !== wording) return;
      replace(this.meaning, h("span", { class: "quiet" }, `${t.preview.means} `), found.text || t.preview.noBack);
      this.meaning.hidden = false;
    } catch (error) {
      this.busy(sentence(error));
    } finally {
      this.check.disabled = false;
    }
  }

  /** What goes with the message: the agent's own wording, or nothing where the engine's will do. */
  taken() {
    const { shown, mine, target } = this;
    if (!this.active || !shown || !target) return {};
    const wording = (mine || shown.text || "").trim();
    const propose = mine && this.box.checked ? { source: shown.source, target, text: shown.of, translation: mine.trim() } : null;
    return wording ? { language: target, wording, propose } : {};
  }

  busy(text) {
    this.state.textContent = text;
  }

  draw() {
    this.element.hidden = !this.active || !this.text();
    if (this.target) this.label.textContent = t.preview.reads(language(this.target));
    this.area.setAttribute("lang", this.target || "");
    this.remember.hidden = !this.mine;
    this.again.hidden = !this.mine;
    this.check.hidden = !this.area.value.trim();
    this.element.classList.toggle("stale", !this.fresh);
    this.area.style.setProperty("height", "auto");
    if (!this.element.hidden) this.area.style.setProperty("height", `${this.area.scrollHeight}px`);
  }
}
