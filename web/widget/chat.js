// <parley-chat>: the launcher and the panel, in a shadow root that takes no style from the page and gives it none.
import { Client } from "./client.js";
import { palette } from "./color.js";
import { Composer } from "./composer.js";
import { bytes, h, icon, initials, safe, tool } from "./dom.js";
import { newId } from "./memory.js";
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
    this.server = server;
    this.emit = emit;
    this.adopt(config);
    this.scheme = theme || config.theme.scheme;
    this.dataset.theme = this.scheme;
    this.dataset.position = config.theme.position;
    this.unread = 0;
    this.state = {};
    this.link = { up: false };
    this.page = null;
    this.client = new Client({ server, channel, languages, hear: (frame) => this.hear(frame) });
    this.draw(sheet);
    this.label();
    for (const entry of this.client.memory.waiting()) this.thread.wait(entry, entry.failed ? "failed" : "sending");
    this.thread.render();
    this.setContext({});
    this.seen = () => this.looked();
    document.addEventListener("visibilitychange", this.seen);
    if (this.client.returning) this.client.start();
  }

  draw(sheet) {
    const root = this.attachShadow({ mode: "open" });
    root.adoptedStyleSheets = [sheet];
    for (const [name, value] of Object.entries(palette(this.config.theme.color))) this.style.setProperty(name, value);
    this.thread = new Thread(this.services());
    this.composer = new Composer(this.services());
    this.badge = h("span.badge", { "aria-hidden": "true" });
    this.launch = h("button.launch", { type: "button", "aria-expanded": "false", onclick: () => this.toggle() }, icon("chat"), icon("down"), this.badge);
    this.face = h("span.face", { "aria-hidden": "true" });
    this.heading = h("h2", { id: "title" });
    this.status = h("p.status");
    this.banner = h("div.banner", { role: "status" });
    this.banner.hidden = true;
    this.over = h("button.menu", { type: "button", onclick: () => this.startOver() }, icon("again"), h("span"));
    this.over.hidden = true;
    this.moreTool = tool("more", "", () => this.menu(this.over.hidden), { "aria-expanded": "false" });
    this.closeTool = tool("close", "", () => this.close());
    this.drop = h("div.drop", { "aria-hidden": "true" });
    this.drop.hidden = true;
    this.panel = h(
      "section.panel",
      { role: "dialog", "aria-labelledby": "title", onkeydown: (event) => this.key(event) },
      h("header", null, this.face, h("div.titles", null, this.heading, this.status), this.moreTool, this.closeTool, this.over),
      this.banner,
      this.thread.element,
      this.composer.element,
      this.drop,
    );
    this.panel.hidden = true;
    this.large = h("dialog.large", { onclick: () => this.large.close() });
    this.watchDrops();
    root.append(this.panel, this.launch, this.large);
  }

  /** What thread and composer may ask for. */
  services() {
    const chat = this;
    return {
      t: (key, values) => chat.t(key, values),
      get language() {
        return chat.config.language;
      },
      server: this.server,
      limits: () => this.config,
      logo: () => this.logo(),
      settle: () => this.thread.settle(),
      looked: () => this.looked(),
      say: (said) => this.say(said),
      files: (files) => files.forEach((file) => this.sendFile(file)),
      types: (on) => this.client.pass({ type: "typing", on }),
      enlarge: (url, alt) => this.enlarge(url, alt),
      again: (id, item) => this.again(id, item),
      discard: (id) => this.discard(id),
      older: () => this.older(),
    };
  }

  t(key, values = {}) {
    return (this.config.texts[key] || key).replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
  }

  adopt(config) {
    this.config = config;
    this.lang = config.language;
  }

  logo() {
    const url = this.config.theme.logo && safe(this.config.theme.logo, this.server);
    return url ? h("img", { src: url, alt: "" }) : null;
  }

  // --- the page's side

  open(draft) {
    if (this.panel.hidden) {
      this.panel.hidden = false;
      this.launch.setAttribute("aria-expanded", "true");
      this.fit();
      window.visualViewport?.addEventListener("resize", this.fitted);
      window.visualViewport?.addEventListener("scroll", this.fitted);
      this.client.start();
      if (this.config.bot_greets) this.client.pass({ type: "start" });
      this.thread.bottom();
      this.label();
      this.emit("open", {});
    }
    if (typeof draft === "string") this.composer.write(draft);
    // A phone's keyboard would cover what there is to read.
    if (!matchMedia(PHONE).matches || draft) this.composer.field.focus();
    else this.closeTool.focus();
    this.looked();
  }

  close() {
    if (this.panel.hidden) return;
    const inside = this.shadowRoot.activeElement;
    this.panel.hidden = true;
    this.launch.setAttribute("aria-expanded", "false");
    window.visualViewport?.removeEventListener("resize", this.fitted);
    window.visualViewport?.removeEventListener("scroll", this.fitted);
    this.menu(false);
    this.label();
    if (inside) this.launch.focus();
    this.emit("close", {});
  }

  toggle() {
    if (this.panel.hidden) this.open();
    else this.close();
  }

  identify(jwt) {
    if (!jwt) {
      this.thread.items.clear();
      this.thread.render();
    }
    this.client.identify(jwt);
  }

  setContext(context) {
    // Without query and fragment: they may hold what is nobody's business.
    const page = { url: location.origin + location.pathname, title: document.title };
    this.client.setContext({ page, ...context });
  }

  startOver() {
    this.menu(false);
    if (this.state.controller && this.state.controller !== "bot") return this.composer.complain(this.t("start_over_with_agent"));
    this.client.startOver();
    this.composer.field.focus();
  }

  disconnectedCallback() {
    this.client.end();
    this.thread.watch.disconnect();
    document.removeEventListener("visibilitychange", this.seen);
  }

  // --- the customer's side

  say(said, shown) {
    const entry = this.client.send(said, shown || partsOf(said));
    this.thread.wait(entry);
    this.thread.render();
    this.thread.bottom(true);
  }

  again(id, item) {
    if (item.file) {
      this.discard(id);
      this.sendFile(item.file);
      return;
    }
    const entry = this.client.again(id);
    if (entry) this.thread.wait(entry);
    this.thread.render();
  }

  discard(id) {
    this.client.discard(id);
    this.thread.drop(`c:${id}`);
    this.thread.render();
  }

  sendFile(file) {
    const { upload, language } = this.config;
    const name = file.name || this.t("picture");
    const fits = upload.types.some((type) => type === file.type || (type.endsWith("/*") && file.type.startsWith(type.slice(0, -1))));
    if (!upload.enabled || !fits) return this.composer.complain(this.t("file_wrong_type", { name }));
    if (file.size > upload.max_bytes) {
      return this.composer.complain(this.t("file_too_large", { name, max: bytes(upload.max_bytes, language) }));
    }
    const entry = { client_id: newId(), at: Date.now(), shown: [{ kind: "upload" }] };
    let running;
    const cancel = () => {
      running?.abort();
      this.discard(entry.client_id);
    };
    const progress = { name, cancel };
    this.thread.wait(entry, "sending", { upload: progress });
    this.thread.render();
    this.thread.bottom(true);
    running = this.client.upload(file, (share) => progress.progress?.(share));
    running.done.then(
      ({ upload: token, part }) => {
        this.thread.drop(`c:${entry.client_id}`);
        this.say({ parts: [{ kind: "media", upload: token }] }, [part]);
      },
      (problem) => {
        if (problem.code === "aborted") return;
        this.composer.complain(problem.code === "malformed" ? this.t("file_wrong_type", { name }) : this.t("upload_failed", { name }));
        this.thread.wait({ ...entry, shown: [{ kind: "text", text: name }] }, "failed", { file });
        this.thread.render();
      },
    );
  }

  enlarge(url, alt) {
    const close = tool("close", this.t("close_picture"), () => this.large.close());
    this.large.replaceChildren(h("img", { src: url, alt, referrerpolicy: "no-referrer" }), close);
    this.large.setAttribute("aria-label", alt || this.t("picture"));
    this.large.showModal();
  }

  async older() {
    const { messages, more } = await this.client.history(this.thread.first);
    for (const message of messages) this.thread.show(message);
    this.thread.mayHaveMore(more);
    this.thread.render();
  }

  key(event) {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    if (!this.over.hidden) {
      this.menu(false);
      this.moreTool.focus();
    } else this.close();
  }

  menu(open) {
    this.over.hidden = !open;
    this.moreTool.setAttribute("aria-expanded", String(open));
    if (open) this.over.focus();
  }

  watchDrops() {
    const carries = (event) => this.config.upload.enabled && [...(event.dataTransfer?.types || [])].includes("Files");
    this.panel.addEventListener("dragover", (event) => {
      if (!carries(event)) return;
      event.preventDefault();
      this.drop.textContent = this.t("drop");
      this.drop.hidden = false;
    });
    this.panel.addEventListener("dragleave", (event) => {
      if (!this.panel.contains(event.relatedTarget)) this.drop.hidden = true;
    });
    this.panel.addEventListener("drop", (event) => {
      if (!carries(event)) return;
      event.preventDefault();
      this.drop.hidden = true;
      for (const file of event.dataTransfer.files) this.sendFile(file);
    });
  }

  /** On a phone the panel is what the keyboard leaves of the screen. */
  fit() {
    const view = window.visualViewport;
    if (!view) return;
    this.style.setProperty("--view-height", `${view.height}px`);
    this.style.setProperty("--view-top", `${view.offsetTop}px`);
  }

  fitted = () => this.fit();

  // --- the server's side

  hear(frame) {
    switch (frame.type) {
      case "ready":
        if (frame.fresh) this.thread.reset();
        for (const message of frame.messages) this.thread.show(message);
        if (frame.fresh) this.thread.mayHaveMore(frame.more);
        this.thread.mark({ delivered: 0, read: 0, ...frame.marks });
        this.readTo = frame.marks.seen || 0;
        this.become(frame.state);
        this.thread.types({ on: Boolean(frame.state.busy), role: "bot" });
        if (this.config.bot_greets && !frame.conversation && !this.panel.hidden) this.client.pass({ type: "start" });
        break;
      case "message":
        this.thread.show(frame);
        if (frame.role !== "customer") this.came(frame);
        break;
      case "withdrawn":
        this.thread.withdraw(frame.seq);
        break;
      case "ack":
        this.thread.acknowledge(frame);
        break;
      case "typing":
        return this.thread.types(frame);
      case "marks":
        this.thread.mark(frame);
        this.readTo = Math.max(this.readTo || 0, frame.seen);
        break;
      case "state":
        this.become(frame);
        break;
      case "link":
        this.link = frame;
        this.announce();
        return;
      case "error":
        this.complain(frame);
        break;
      default:
        return;
    }
    this.thread.render();
    this.count();
    this.looked();
  }

  came(message) {
    this.thread.types({ on: false });
    this.thread.arrived();
    this.client.pass({ type: "delivered", seq: message.seq });
    this.emit("message", { role: message.role, author: message.author, parts: message.parts });
  }

  complain(frame) {
    this.emit("error", { code: frame.code, detail: frame.detail });
    const failed = this.client.memory.waiting().find((entry) => entry.client_id === frame.client_id && entry.failed);
    if (failed) this.thread.wait(failed, "failed");
    const text = frame.text || this.t(`error_${frame.code}`);
    if (text && frame.code !== "unauthenticated") this.composer.complain(text);
  }

  become(state) {
    const before = this.state;
    this.state = state;
    if (state.language && state.language !== this.config.language) this.speak(state.language);
    if (JSON.stringify(before) === JSON.stringify(state)) return;
    if (state.controller === "agent" || (before.busy && !state.busy)) this.thread.types({ on: false });
    this.emit("state", { controller: state.controller, status: state.status, queue: state.queue, agent: state.agent });
    this.announce();
    this.head();
  }

  /** The chat's own words follow the conversation's language. */
  async speak(language) {
    try {
      const answer = await fetch(`${this.client.base}config?lang=${language},${this.config.language}`, { credentials: "omit" });
      if (answer.ok) this.adopt(await answer.json());
    } catch {
      return; // The words stay as they are.
    }
    this.label();
    this.thread.render();
  }

  label() {
    const { t } = this.services();
    const open = !this.panel.hidden;
    this.launch.setAttribute("aria-label", t(open ? "close_chat" : "open_chat") + (this.unread ? ` (${t("unread", { count: this.unread })})` : ""));
    for (const [button, text] of [[this.moreTool, "menu"], [this.closeTool, "close_chat"]]) {
      button.setAttribute("aria-label", t(text));
      button.title = t(text);
    }
    this.over.lastChild.textContent = t("start_over");
    this.thread.log.setAttribute("aria-label", t("log"));
    this.thread.newer.setAttribute("aria-label", t("newer"));
    this.thread.greeting = this.config.greeting;
    this.thread.mayHaveMore(this.thread.hasOlder || false);
    this.composer.label();
    this.head();
    this.announce();
  }

  head() {
    const { agent, controller } = this.state;
    const name = controller === "agent" ? agent?.name : "";
    this.heading.textContent = this.config.name || this.t("chat");
    this.status.textContent = name ? this.t("with_agent", { name }) : this.t(controller === "queue" ? "in_queue" : "answers_at_once");
    this.face.className = name ? "face agent" : "face";
    this.face.replaceChildren(name ? initials(name) : this.logo() || icon("spark"));
    this.over.disabled = Boolean(controller && controller !== "bot");
  }

  /** One line above the thread: the connection when it is down, else the place in the queue. */
  announce() {
    const { queue, status } = this.state;
    const { fatal, offline, up, tries } = this.link;
    let text = "";
    if (fatal) text = this.t("error_forbidden");
    else if (offline) text = this.t("offline");
    else if (!up && tries > 1) text = this.t("failed_connect");
    else if (queue && !queue.open) text = this.t("queue_closed");
    else if (queue) text = queue.position > 1 ? this.t("queue_place", { position: queue.position }) : this.t("queue_next");
    else if (status === "closed") text = this.t("ended");
    if (this.banner.textContent === text) return;
    this.banner.hidden = !text;
    this.banner.className = fatal || offline || (!up && tries > 1) ? "banner off" : queue ? "banner queue" : "banner";
    this.banner.replaceChildren(...(text ? [icon(queue && up ? "clock" : "alert"), h("span", null, text)] : []));
  }

  // --- read or not

  count() {
    const messages = [...this.thread.items.values()].filter((item) => item.order > (this.readTo || 0) && item.message.role !== "customer");
    if (messages.length === this.unread) return;
    this.unread = messages.length;
    this.badge.textContent = this.unread > 9 ? "9+" : this.unread || "";
    this.badge.classList.toggle("on", this.unread > 0);
    this.label();
    this.emit("unread", { count: this.unread });
  }

  /** The customer has the end of the thread before their eyes. */
  looked() {
    const { last } = this.thread;
    if (this.panel.hidden || document.hidden || !this.thread.stuck || last <= (this.readTo || 0)) return;
    this.readTo = last;
    this.client.pass({ type: "read", seq: last });
    this.count();
  }
}

/** What a message of one's own looks like before the server has it. */
function partsOf({ text, tap, form_answer: answer }) {
  if (text !== undefined) return [{ kind: "text", text }];
  return tap ? [{ kind: "tap", ...tap }] : [{ kind: "form_answer", ...answer }];
}
