// Where agents write: a reply the customer reads in their language, or a note for colleagues.
import { possible, act } from "./actions.js";
import { api } from "./api.js";
import { toast, toastError } from "./dialog.js";
import { h, replace } from "./dom.js";
import { icon } from "./icons.js";
import { session } from "./prefs.js";
import { Preview } from "./preview.js";
import { t } from "./strings.js";
import { SHOWS, showName } from "./thread.js";
import { bytes, language } from "./words.js";

const LONGEST = 10_000;
const MOST_FILES = 5;
const TYPING_EVERY = 3_000;
const RETRIES = [500, 1_000, 3_000, 8_000];
const ACCEPTS = "image/png,image/jpeg,image/gif,image/webp,image/avif,application/pdf,text/plain,text/csv,audio/*,video/*";

export class Composer {
  constructor(state, desk) {
    this.state = state;
    this.desk = desk;
    this.kind = "reply";
    this.files = [];
    this.id = "";
    this.typed = 0;
    this.area = h("textarea", { rows: 1, maxlength: LONGEST, dir: "auto", "aria-label": t.composer.label, "aria-describedby": "composer-hint", spellcheck: "true" });
    this.tabs = h("div", { class: "composer-tabs" });
    this.chips = h("div", { class: "attachments" });
    this.hint = h("p", { class: "quiet hint", id: "composer-hint" });
    this.send = h("button", { type: "submit", class: "button primary send" });
    this.picker = h("input", { type: "file", multiple: true, accept: ACCEPTS, class: "unseen", tabindex: -1, "aria-hidden": "true" });
    this.attach = h("button", { type: "button", class: "round", title: t.composer.attach, "aria-label": t.composer.attach, on: { click: () => this.picker.click() } }, icon("attach"));
    this.locked = h("div", { class: "locked" });
    this.preview = new Preview(() => (this.kind === "reply" ? this.area.value.trim() : ""));
    this.see = h("button", { type: "button", class: "button toggle", title: t.preview.toggleLong, data: { focus: "preview" }, on: { click: () => this.togglePreview() } }, t.preview.toggle);
    this.form = h("form", { class: "composer-form" }, this.chips, this.area, this.preview.element, h("div", { class: "composer-foot" }, this.attach, this.picker, this.hint, this.see, this.send));
    this.element = h("div", { class: "composer" }, this.tabs, this.locked, this.form);
    this.listen();
    state.on("head", () => this.draw());
    state.on("agents", () => this.draw());
  }

  listen() {
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
    this.area.addEventListener("keydown", (event) => {
      // isComposing: Enter that ends an input method's word is not meant for us.
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
        event.preventDefault();
        this.submit();
      }
    });
    this.area.addEventListener("input", () => this.wrote());
    this.area.addEventListener("paste", (event) => this.take([...(event.clipboardData?.files ?? [])], event));
    this.picker.addEventListener("change", () => {
      this.take([...this.picker.files]);
      this.picker.value = "";
    });
    this.area.addEventListener("blur", () => this.stopTyping());
    for (const moved of ["pointerdown", "keydown"]) document.addEventListener(moved, () => (this.wanted = false), true);
    this.element.addEventListener("dragover", (event) => {
      event.preventDefault();
      this.element.classList.add("dropping");
    });
    this.element.addEventListener("dragleave", () => this.element.classList.remove("dropping"));
    this.element.addEventListener("drop", (event) => {
      this.element.classList.remove("dropping");
      this.take([...(event.dataTransfer?.files ?? [])], event);
    });
  }

  get mine() {
    return this.state.open ? this.state.isMine(this.state.open.row) : false;
  }

  draw() {
    const { open } = this.state;
    this.element.hidden = !open;
    if (!open) return this.leave();
    if (open.conversation.id !== this.id) this.enter(open.conversation.id);
    const note = this.kind === "note";
    const can = note || this.mine;
    this.element.classList.toggle("noting", note);
    this.drawTabs();
    this.form.hidden = !can;
    this.locked.hidden = can;
    if (!can) return this.drawLocked();
    const name = open.customer.profile.name || t.lists.someone;
    this.area.placeholder = note ? t.composer.noteFor : t.composer.replyTo(name);
    this.attach.hidden = note;
    replace(this.hint, note ? [icon("lock"), t.composer.onlyColleagues] : [icon("translate"), this.reads(open)]);
    replace(this.send, icon(note ? "note" : "send"), h("span", {}, note ? t.composer.addNote : t.composer.send));
    this.send.title = t.composer.keys;
    this.drawPreview(open, note);
    this.drawFiles();
    this.settleFocus();
    return undefined;
  }

  /** The cursor goes where it was wanted as soon as there is something to write in, and stays until the agent moves it. */
  settleFocus() {
    if (this.wanted && !this.form.hidden && document.activeElement !== this.area) this.area.focus();
  }

  reads(open) {
    const code = open.conversation.language.code;
    const own = this.state.me.agent.languages[0] ?? this.state.me.app.pivot;
    return code === own ? t.composer.same(language(code)) : t.composer.translatedFor(language(code));
  }

  /** Offered where the customer reads another language than the agent writes. */
  drawPreview(open, note) {
    const code = open.conversation.language.code;
    const own = this.state.me.agent.languages[0] ?? this.state.me.app.pivot;
    const allowed = !note && code !== own;
    this.see.hidden = !allowed;
    this.see.setAttribute("aria-pressed", String(this.preview.on));
    this.preview.show(open.conversation.id, code, allowed);
  }

  togglePreview() {
    this.preview.toggle();
    this.see.setAttribute("aria-pressed", String(this.preview.on));
  }

  drawTabs() {
    const tab = (kind, text) =>
      h("button", { type: "button", role: "tab", "aria-selected": String(this.kind === kind), data: { focus: kind }, on: { click: () => this.focus(kind) } }, icon(kind === "note" ? "note" : "send"), text);
    const focused = this.tabs.contains(document.activeElement) ? document.activeElement.dataset.focus : "";
    const kinds = h("div", { class: "kinds", role: "tablist" }, tab("reply", t.composer.reply), tab("note", t.composer.note));
    replace(this.tabs, kinds, h("span", { class: "grow" }), this.shows());
    if (focused) this.tabs.querySelector(`[data-focus="${focused}"]`)?.focus();
  }

  /** Which wording the thread shows. */
  shows() {
    const { thread } = this.desk;
    return h(
      "div",
      { class: "segments small", role: "group", "aria-label": t.thread.words },
      SHOWS.map((show) =>
        h(
          "button",
          { type: "button", "aria-pressed": String(thread.show === show), data: { focus: show }, on: { click: () => thread.choose(show) } },
          showName(show, this.state.me.app.pivot),
        ),
      ),
    );
  }

  drawLocked() {
    const { open } = this.state;
    const { conversation } = open;
    const [action] = possible(this.state);
    const words = t.composer.locked;
    const holder = this.state.agentName(conversation.controller.name) || t.state.desk;
    const why =
      conversation.handoff?.state === "offered" ? words.queue
      : conversation.status === "closed" ? words.closed
      : conversation.controller.kind === "bot" ? words.bot
      : words.other(holder);
    const button = action ? h("button", { type: "button", class: "button primary", data: { action }, on: { click: () => act("accept", this.state, this.desk) } }, t.actions[action]) : null;
    replace(this.locked, h("p", {}, why), button);
  }

  drawFiles() {
    this.chips.hidden = this.kind === "note" || this.files.length === 0;
    replace(
      this.chips,
      this.files.map((item) =>
        h(
          "span",
          { class: `attachment ${item.part ? "" : "busy"}` },
          item.preview ? h("img", { src: item.preview, alt: "" }) : icon("file"),
          h("span", {}, h("bdi", {}, item.file.name), h("span", { class: "quiet" }, item.part ? bytes(item.file.size) : t.composer.uploading)),
          h("button", { type: "button", class: "round small", "aria-label": t.composer.remove(item.file.name), on: { click: () => this.drop(item) } }, icon("close")),
        ),
      ),
    );
    this.send.disabled = this.kind === "reply" && this.files.some((item) => !item.part);
  }

  enter(id) {
    this.id = id;
    for (const item of [...this.files]) this.drop(item);
    this.kind = this.mine ? "reply" : this.kind;
    this.area.value = session.read(`draft-${this.kind}-${id}`, "");
    this.preview.clear();
    this.size();
  }

  leave() {
    this.id = "";
    this.wanted = false;
  }

  focus(kind) {
    if (!this.state.open) return;
    if (kind !== this.kind) {
      this.kind = kind;
      this.area.value = session.read(`draft-${kind}-${this.id}`, "");
      this.draw();
      this.size();
    }
    this.wanted = true;
    this.settleFocus();
  }

  wrote() {
    session.write(`draft-${this.kind}-${this.id}`, this.area.value || null);
    this.size();
    this.preview.wrote();
    if (this.kind !== "reply" || !this.mine) return;
    if (!this.area.value.trim()) this.stopTyping();
    else if (Date.now() - this.typed > TYPING_EVERY) {
      this.typed = Date.now();
      this.desk.typing(this.id, true);
    }
  }

  stopTyping() {
    if (!this.typed) return;
    this.typed = 0;
    this.desk.typing(this.id, false);
  }

  /** As high as its text, up to what CSS allows. */
  size() {
    this.area.style.setProperty("height", "auto");
    this.area.style.setProperty("height", `${this.area.scrollHeight}px`);
  }

  submit() {
    const text = this.area.value.trim();
    const note = this.kind === "note";
    const ready = note ? [] : this.files;
    if (this.send.disabled || (!text && ready.length === 0)) return;
    if (!note && !this.preview.fresh) return this.look();
    if (note) this.desk.outbox.add(this.id, "note", { text });
    else {
      const { propose = null, ...own } = text ? this.preview.taken() : {};
      this.desk.outbox.add(this.id, "say", { parts: [...(text ? [{ kind: "text", text }] : []), ...ready.map((item) => item.part)], own, propose });
    }
    if (!note) for (const item of [...this.files]) this.drop(item);
    this.area.value = "";
    session.write(`draft-${this.kind}-${this.id}`, null);
    this.size();
    this.preview.clear();
    this.stopTyping();
    this.desk.thread.toEnd();
    return undefined;
  }

  /** Sending waits for the translation the agent asked to see. */
  look() {
    toast(t.preview.wait);
    void this.preview.ask();
  }

  take(files, event) {
    if (!files.length || this.kind !== "reply" || !this.mine) return;
    event?.preventDefault();
    const room = MOST_FILES - this.files.length;
    if (files.length > room) toastError(t.composer.tooMany(MOST_FILES));
    for (const file of files.slice(0, room)) void this.upload(file);
  }

  async upload(file) {
    const preview = file.type.startsWith("image/") ? URL.createObjectURL(file) : "";
    const item = { file, preview, part: null };
    this.files.push(item);
    this.drawFiles();
    try {
      item.part = await this.uploaded(this.id, item);
    } catch (error) {
      this.drop(item);
      toastError(`${t.errors.upload(file.name)}: ${error.message}`);
    }
    this.drawFiles();
  }

  /** The part, however long the server can't be reached; undefined when the file was taken away meanwhile. */
  async uploaded(id, item) {
    for (let tries = 0; this.files.includes(item); tries += 1) {
      try {
        return (await api.upload(id, item.file)).part;
      } catch (error) {
        if (!error.passing) throw error;
        await new Promise((done) => setTimeout(done, RETRIES[Math.min(tries, RETRIES.length - 1)]));
      }
    }
    return undefined;
  }

  drop(item) {
    if (item.preview) URL.revokeObjectURL(item.preview);
    this.files = this.files.filter((one) => one !== item);
    this.drawFiles();
  }
}
