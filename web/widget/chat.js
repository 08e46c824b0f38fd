// <parley-chat>: the chat in a shadow root that takes no style from the page and gives it none.
import { Client, newId } from "./client.js";
import { Composer } from "./composer.js";
import { bytes, image, palette, safe } from "./dom.js";
import { Frame } from "./frame.js";
import { Thread } from "./thread.js";

const PHONE = "(max-width: 480px)";

export async function create(options) {
  const answer = await fetch(new URL("chat.css", import.meta.url), { credentials: "omit" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(await answer.text());
  if (!customElements.get("parley-chat")) customElements.define("parley-chat", ParleyChat);
  const chat = document.createElement("parley-chat");
  chat.build(options, sheet);
  document.body.append(chat);
  return chat;
}

class ParleyChat extends HTMLElement {
  build({ server, channel, languages, theme, config, emit }, sheet) {
    Object.assign(this, { server, emit, config, unread: 0, readTo: 0, state: {}, link: {} });
    this.t = (key, values = {}) => this.config.texts[key]?.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole) ?? "";
    this.settle = () => this.thread.settle();
    this.dataset.theme = theme || config.theme.scheme;
    this.dataset.position = config.theme.position;
    for (const [name, color] of palette(config.theme.color)) this.style.setProperty(name, color);
    this.thread = new Thread(this);
    this.composer = new Composer(this);
    this.frame = new Frame(this, this.thread.element, this.composer.element);
    const root = this.attachShadow({ mode: "open" });
    root.adoptedStyleSheets = [sheet];
    root.append(this.frame.panel, this.frame.launch, this.frame.large);
    this.client = new Client({ server, channel, languages, hear: (frame) => this.hear(frame) });
    for (const entry of this.client.waiting()) this.thread.wait(entry, entry.failed ? "failed" : "sending");
    this.speak(config);
    this.setContext({});
    this.looks = () => this.looked();
    document.addEventListener("visibilitychange", this.looks);
    if (this.client.returning) this.client.start();
  }

  disconnectedCallback() {
    this.client.end();
    this.thread.watch.disconnect();
    document.removeEventListener("visibilitychange", this.looks);
  }

  get language() {
    return this.config.language;
  }

  get closed() {
    return this.frame.panel.hidden;
  }

  logo() {
    const url = this.config.theme.logo && safe(this.config.theme.logo, this.server);
    return url && image(url);
  }

  // --- the page's side

  open(draft) {
    if (this.closed) {
      this.frame.reveal(true);
      this.frame.draw();
      this.client.start();
      this.greet();
      this.thread.bottom();
      this.emit("open", {});
    }
    if (typeof draft === "string") this.composer.write(draft);
    else this.composer.changed();
    // A phone's keyboard would cover what there is to read.
    (matchMedia(PHONE).matches && !draft ? this.frame.shut : this.composer.field).focus();
    this.looked();
  }

  close() {
    if (this.closed) return;
    const inside = this.shadowRoot.activeElement;
    this.frame.reveal(false);
    this.frame.draw();
    if (inside) this.frame.launch.focus();
    this.emit("close", {});
  }

  toggle() {
    if (this.closed) this.open();
    else this.close();
  }

  identify(jwt) {
    if (!jwt) this.thread.items.clear();
    this.thread.render();
    this.client.identify(jwt);
  }

  setContext(context) {
    // Without query and fragment: they may hold what is nobody's business.
    this.client.setContext({ page: { url: location.origin + location.pathname, title: document.title }, ...context });
  }

  startOver() {
    this.frame.menu(false);
    this.client.restart({ start_over: true });
    this.composer.field.focus();
  }

  // --- the customer's side

  say(said, shown) {
    this.thread.wait(this.client.send(said, shown || partsOf(said)), "sending");
    this.thread.render();
    this.thread.bottom();
    // What was tapped may be gone, and the keyboard's place with it.
    if (!this.shadowRoot.activeElement) this.thread.log.focus();
  }

  types(on) {
    this.client.pass({ type: "typing", on });
  }

  again(id, { file }) {
    const entry = this.client.waiting().find((each) => each.client_id === id);
    if (file) {
      this.discard(id);
      this.upload(file);
    } else if (entry) {
      this.thread.wait(entry, "sending");
      this.thread.render();
      this.client.again(entry);
    }
  }

  discard(id) {
    this.client.discard(id);
    this.thread.items.delete(id);
    this.thread.render();
  }

  files(files) {
    for (const file of files) this.upload(file);
  }

  upload(file) {
    const { name } = file;
    const { upload: limits } = this.config;
    const family = file.type.replace(/\/.*/, "/*");
    if (!limits.types.includes(file.type) && !limits.types.includes(family)) return this.composer.complain(this.t("file_wrong_type", { name }));
    if (file.size > limits.max_bytes) {
      return this.composer.complain(this.t("file_too_large", { name, max: bytes(limits.max_bytes, this.language) }));
    }
    const entry = { client_id: newId(), at: Date.now(), shown: [{ kind: "upload" }] };
    const id = entry.client_id;
    const progress = { name };
    const { done, abort } = this.client.upload(file, (share) => progress.progress(share));
    progress.cancel = () => {
      abort();
      this.discard(id);
    };
    this.thread.wait(entry, "sending", { upload: progress });
    this.thread.render();
    this.thread.bottom();
    done.then(
      ({ upload, part }) => {
        this.thread.items.delete(id);
        this.say({ parts: [{ kind: "media", upload }] }, [part]);
      },
      ({ code }) => {
        if (code === "aborted") return;
        this.composer.complain(this.t(code === "malformed" ? "file_wrong_type" : "upload_failed", { name }));
        this.thread.wait({ ...entry, shown: [{ kind: "text", text: name }] }, "failed", { file, upload: null });
        this.thread.render();
      },
    );
  }

  enlarge(url, alt) {
    this.frame.enlarge(url, alt);
  }

  async older(before) {
    const { messages, more } = await this.client.history(before);
    messages.forEach((message) => this.thread.show(message));
    this.thread.older.hidden = !more;
    this.thread.render();
  }

  // --- the server's side

  hear(frame) {
    this[`on_${frame.type}`]?.(frame);
    if (frame.type === "typing" || frame.type === "link") return;
    this.thread.render();
    this.count();
    this.looked();
  }

  on_ready({ fresh, messages, more, marks, state, conversation }) {
    if (fresh) {
      this.thread.reset();
      this.thread.older.hidden = !more;
      this.readTo = 0;
    }
    messages.forEach((message) => this.thread.show(message));
    const last = messages.findLast(({ role }) => role !== "customer");
    if (last && last.seq > marks.delivered) this.client.pass({ type: "delivered", seq: last.seq });
    this.on_marks(marks);
    this.on_state(state);
    this.thread.types({ on: state.busy, role: "bot" });
    if (!conversation) this.greet();
  }

  on_message(message) {
    this.thread.show(message);
    if (message.role === "customer") return;
    this.thread.types({});
    this.thread.newer.hidden = this.thread.stuck;
    if (this.closed) this.client.pass({ type: "delivered", seq: message.seq });
    this.emit("message", { role: message.role, author: message.author, parts: message.parts });
  }

  on_withdrawn({ seq }) {
    this.thread.withdraw(seq);
  }

  on_ack(frame) {
    if (frame.seq) this.thread.acknowledge(frame);
  }

  on_typing(frame) {
    this.thread.types(frame);
  }

  on_marks(marks) {
    this.thread.mark(marks);
    this.readTo = Math.max(this.readTo, marks.seen || 0);
  }

  on_state(state) {
    const before = this.state;
    this.state = state;
    if (state.language && state.language !== this.language) this.translate(state.language);
    if (JSON.stringify(before) === JSON.stringify(state)) return;
    if (before.controller !== state.controller || (before.busy && !state.busy)) this.thread.types({});
    this.frame.draw();
    this.emit("state", state);
  }

  on_link(link) {
    this.link = link;
    this.frame.draw();
  }

  on_error({ code, detail, text, client_id: id }) {
    this.emit("error", { code, detail });
    const failed = this.client.waiting().find((entry) => entry.client_id === id && entry.failed);
    if (failed) this.thread.wait(failed, "failed");
    if (code !== "unauthenticated") this.composer.complain(text || this.t(`error_${code}`));
  }

  greet() {
    if (this.config.bot_greets && !this.closed && !this.client.conversation) this.client.pass({ type: "start" });
  }

  /** The chat's own words follow the conversation's language. */
  async translate(language) {
    const answer = await fetch(`${this.client.base}config?lang=${language},${this.language}`, { credentials: "omit" });
    if (answer.ok) this.speak(await answer.json());
  }

  speak(config) {
    this.config = config;
    this.lang = config.language;
    this.thread.hello.message.parts = config.greeting && [{ kind: "text", text: config.greeting, markdown: true }];
    this.thread.older.textContent = this.t("older");
    this.thread.log.setAttribute("aria-label", this.t("log"));
    this.thread.newer.setAttribute("aria-label", this.t("newer"));
    this.composer.label();
    this.thread.render();
    this.frame.draw();
  }

  // --- read or not

  count() {
    const unread = [...this.thread.items.values()].filter(({ order, message }) => order > this.readTo && message.role !== "customer").length;
    if (unread === this.unread) return;
    this.unread = unread;
    this.frame.draw();
    this.emit("unread", { count: unread });
  }

  /** The customer has the end of the thread before their eyes. */
  looked() {
    const { last, stuck } = this.thread;
    if (this.closed || document.hidden || !stuck || last <= this.readTo) return;
    this.readTo = last;
    this.client.pass({ type: "read", seq: last });
    this.count();
  }
}

/** What a message of one's own looks like before the server has it. */
function partsOf({ text, tap, form_answer: answer }) {
  if (tap) return [{ kind: "tap", ...tap }];
  return [answer ? { kind: "form_answer", ...answer } : { kind: "text", text }];
}
