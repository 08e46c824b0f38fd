// Where the customer writes: a growing text field, emoji, and files by button, paste or drop.
import { h, icon, tool } from "./dom.js";

const EMOJI = "😀 😄 😅 😂 🙂 😉 😊 😍 😘 🤔 😐 🙄 😴 😢 😭 😡 👍 👎 👌 🙏 👏 💪 👋 🤝 ❤️ 🎉 🔥 ✨ ✅ ❌ ⭐ 🎁 📦 🚚 💳 🛒".split(" ");
const TYPING_EVERY_MS = 3000;
const TYPING_ENDS_MS = 5000;

export class Composer {
  /** `chat` offers t, say(said), files(list), types(on), limits(). */
  constructor(chat) {
    this.chat = chat;
    this.field = h("textarea", {
      rows: 1,
      enterkeyhint: "send",
      autocomplete: "off",
      oninput: () => this.changed(),
      onkeydown: (event) => this.key(event),
      onpaste: (event) => this.paste(event),
    });
    this.picker = h("input", { type: "file", multiple: true, tabindex: "-1", "aria-hidden": "true", onchange: () => this.picked() });
    this.picker.hidden = true;
    this.clip = tool("clip", "", () => this.picker.click());
    this.smile = tool("smile", "", () => this.smileys(this.emoji.hidden), { "aria-expanded": "false" });
    this.emoji = h("div.emojis", { role: "group", onkeydown: (event) => this.leaveEmoji(event) });
    this.emoji.hidden = true;
    this.go = h("button.go", { type: "submit" }, icon("send"));
    this.note = h("p.note", { role: "alert" });
    this.note.hidden = true;
    this.element = h(
      "form.composer",
      { onsubmit: (event) => this.submit(event) },
      this.note,
      this.emoji,
      h("div.field", null, this.clip, this.field, this.smile, this.go, this.picker),
    );
    this.changed();
  }

  /** Labels, in the language of now, and what the channel accepts. */
  label() {
    const { t } = this.chat;
    const { upload } = this.chat.limits();
    this.field.placeholder = t("write");
    this.field.setAttribute("aria-label", t("message"));
    for (const [button, text] of [[this.clip, "attach"], [this.smile, "emoji"], [this.go, "send"]]) {
      button.setAttribute("aria-label", t(text));
      button.title = t(text);
    }
    this.clip.hidden = !upload.enabled;
    this.picker.accept = upload.types.join(",");
    this.emoji.setAttribute("aria-label", t("emoji"));
  }

  get text() {
    return this.field.value.trim();
  }

  write(text) {
    this.field.value = text;
    this.changed();
    this.field.setSelectionRange(text.length, text.length);
  }

  changed() {
    this.go.disabled = !this.text;
    this.element.classList.toggle("filled", Boolean(this.text));
    this.field.style.height = "auto";
    this.field.style.height = `${Math.min(this.field.scrollHeight, 132)}px`;
    this.typing(Boolean(this.text));
  }

  typing(on) {
    clearTimeout(this.pause);
    const now = Date.now();
    if (on) {
      if (now - (this.told || 0) > TYPING_EVERY_MS) {
        this.told = now;
        this.chat.types(true);
      }
      this.pause = setTimeout(() => this.typing(false), TYPING_ENDS_MS);
    } else if (this.told) {
      this.told = 0;
      this.chat.types(false);
    }
  }

  key(event) {
    // An Enter that ends an input method's composition is not meant for us.
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing && event.keyCode !== 229) this.submit(event);
  }

  submit(event) {
    event.preventDefault();
    const { text } = this;
    const most = this.chat.limits().text_max;
    if (!text) return;
    if ([...text].length > most) return this.complain(this.chat.t("text_too_long", { max: most }));
    this.field.value = "";
    this.told = 0;
    clearTimeout(this.pause);
    this.changed();
    this.smileys(false);
    this.complain("");
    this.chat.say({ text });
    this.field.focus();
  }

  complain(text) {
    clearTimeout(this.complaint);
    this.note.hidden = !text;
    this.note.textContent = text;
    if (text) this.complaint = setTimeout(() => this.complain(""), 9000);
  }

  picked() {
    this.chat.files([...this.picker.files]);
    this.picker.value = "";
  }

  paste(event) {
    const files = [...(event.clipboardData?.files || [])];
    if (!files.length) return;
    event.preventDefault();
    this.chat.files(files);
  }

  smileys(open) {
    if (open && !this.emoji.childElementCount) {
      this.emoji.append(...EMOJI.map((each) => h("button", { type: "button", onclick: () => this.insert(each) }, each)));
    }
    this.emoji.hidden = !open;
    this.smile.setAttribute("aria-expanded", String(open));
    if (open) this.emoji.firstChild.focus();
  }

  leaveEmoji(event) {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    this.smileys(false);
    this.smile.focus();
  }

  insert(text) {
    const { selectionStart: from, selectionEnd: to } = this.field;
    this.field.setRangeText(text, from, to, "end");
    this.smileys(false);
    this.field.focus();
    this.changed();
  }
}
