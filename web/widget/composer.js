// Where the customer writes: a growing text field, emoji, and files by button or paste.
import { button, h, icon, label, tool } from "./dom.js";

const EMOJI = "😀😄😅😂🙂😉😊😍🤔😐🙄😢😭😡👍👎🙏👏👋❤🎉🔥✨📦";
const TYPING_EVERY_MS = 3000;
const TYPING_ENDS_MS = 5000;
const COMPLAINT_MS = 9000;

export class Composer {
  /** `chat` offers t, config, say(said), files(list), types(on). */
  constructor(chat) {
    this.chat = chat;
    this.field = h("textarea", {
      rows: 1,
      enterkeyhint: "send",
      oninput: () => this.changed(),
      onkeydown: (event) => {
        // An Enter that ends an input method's composition is not meant for us.
        if (event.key === "Enter" && !event.shiftKey && !event.isComposing && event.keyCode !== 229) this.submit(event);
      },
      onpaste: (event) => {
        if (!event.clipboardData.files.length) return;
        event.preventDefault();
        chat.files(event.clipboardData.files);
      },
    });
    this.picker = h("input", { type: "file", multiple: true, onchange: () => this.picked() });
    this.clip = tool("clip", () => this.picker.click());
    this.smile = tool("smile", () => this.smileys(this.emoji.hidden), { "aria-expanded": "false" });
    this.emoji = h("div.emojis", { role: "group", onkeydown: (event) => this.escape(event) });
    this.go = h("button.go", null, icon("send"));
    this.note = h("p.note", { role: "alert" });
    this.picker.hidden = this.emoji.hidden = true;
    this.element = h(
      "form.composer",
      { onsubmit: (event) => this.submit(event) },
      this.note,
      this.emoji,
      h("div.field", null, this.clip, this.field, this.smile, this.go, this.picker),
    );
  }

  /** Names, in the language of now, and what the channel accepts. */
  label() {
    const { t, config } = this.chat;
    this.field.placeholder = t("write");
    this.field.setAttribute("aria-label", t("message"));
    label(this.clip, t("attach"));
    label(this.smile, t("emoji"));
    label(this.go, t("send"));
    this.emoji.setAttribute("aria-label", t("emoji"));
    this.clip.hidden = !config.upload.enabled;
    this.picker.accept = config.upload.types.join();
  }

  write(text) {
    this.field.value = text;
    this.changed();
  }

  changed() {
    const there = Boolean(this.field.value.trim());
    this.go.disabled = !there;
    this.field.style.height = "";
    this.field.style.height = `${Math.max(38, this.field.scrollHeight)}px`;
    this.typing(there);
  }

  typing(on) {
    clearTimeout(this.pause);
    if (on) this.pause = setTimeout(() => this.typing(false), TYPING_ENDS_MS);
    const due = on ? Date.now() - (this.told || 0) > TYPING_EVERY_MS : this.told;
    if (!due) return;
    this.told = on && Date.now();
    this.chat.types(on);
  }

  submit(event) {
    event.preventDefault();
    const text = this.field.value.trim();
    const max = this.chat.config.text_max;
    if (!text) return;
    if ([...text].length > max) return this.complain(this.chat.t("text_too_long", { max }));
    this.told = 0;
    this.write("");
    this.emoji.hidden = true;
    this.complain("");
    this.chat.say({ text });
    this.field.focus();
  }

  complain(text) {
    clearTimeout(this.complaint);
    this.note.textContent = text;
    this.complaint = setTimeout(() => this.complain(""), COMPLAINT_MS);
  }

  picked() {
    this.chat.files(this.picker.files);
    this.picker.value = "";
  }

  smileys(open) {
    if (!this.emoji.firstChild) this.emoji.append(...[...EMOJI].map((each) => button("", () => this.insert(each), null, each)));
    this.emoji.hidden = !open;
    this.smile.setAttribute("aria-expanded", open);
    (open ? this.emoji.firstChild : this.smile).focus();
  }

  escape(event) {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    this.smileys(false);
  }

  insert(text) {
    this.field.setRangeText(text, this.field.selectionStart, this.field.selectionEnd, "end");
    this.smileys(false);
    this.field.focus();
    this.changed();
  }
}
