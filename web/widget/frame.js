// What stands around the thread: launcher, header with its menu, banner, picture viewer.
import { button, h, icon, image, initials, label, tool } from "./dom.js";

export class Frame {
  /** `chat` offers t, config, state, link, unread, logo(), toggle(), close(), startOver(), files(list). */
  constructor(chat, ...inside) {
    this.chat = chat;
    this.badge = h("span.badge");
    this.launch = button(".launcher", () => chat.toggle(), { "aria-expanded": "false" }, icon("chat"), icon("down"), this.badge);
    this.face = h("span.face", { "aria-hidden": "true" });
    this.heading = h("h2", { id: "title" });
    this.status = h("p.status");
    this.banner = h("div.banner", { role: "status" });
    this.over = button(".menu", () => chat.startOver(), null, icon("again"), h("span"));
    this.more = tool("more", () => this.menu(this.over.hidden), { "aria-expanded": "false" });
    this.shut = tool("close", () => chat.close());
    this.drop = h("div.drop", { "aria-hidden": "true" });
    this.over.hidden = this.drop.hidden = true;
    this.panel = h(
      "section.panel",
      {
        role: "dialog",
        "aria-labelledby": "title",
        onkeydown: (event) => this.key(event),
        ondragover: (event) => this.drag(event, true),
        ondragleave: (event) => this.panel.contains(event.relatedTarget) || this.drag(event, false),
        ondrop: (event) => this.drag(event, false) && chat.files(event.dataTransfer.files),
      },
      h("header", null, this.face, h("div.titles", null, this.heading, this.status), this.more, this.shut, this.over),
      this.banner,
      inside,
      this.drop,
    );
    this.panel.hidden = true;
    this.large = h("dialog.large", { onclick: () => this.large.close() });
    this.fit = () => {
      // On a phone the panel is what the keyboard leaves of the screen.
      const { height, offsetTop } = visualViewport;
      this.panel.style.setProperty("--height", `${height}px`);
      this.panel.style.setProperty("--top", `${offsetTop}px`);
    };
  }

  key(event) {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    if (this.over.hidden) return this.chat.close();
    this.menu(false);
    this.more.focus();
  }

  drag(event, over) {
    if (!this.chat.config.upload.enabled || !event.dataTransfer.types.includes("Files")) return false;
    event.preventDefault();
    this.drop.hidden = !over;
    return true;
  }

  menu(open) {
    this.over.hidden = !open;
    this.more.setAttribute("aria-expanded", open);
    if (open) this.over.focus();
  }

  reveal(open) {
    this.panel.hidden = !open;
    this.launch.setAttribute("aria-expanded", open);
    for (const event of ["resize", "scroll"]) window.visualViewport[`${open ? "add" : "remove"}EventListener`](event, this.fit);
    this.fit();
    this.menu(false);
  }

  enlarge(url, alt) {
    this.large.replaceChildren(image(url, alt), label(tool("close", () => this.large.close()), this.chat.t("close_picture")));
    this.large.setAttribute("aria-label", alt);
    this.large.showModal();
  }

  /** Everything that depends on language, state, connection and what is unread. */
  draw() {
    const { t, config, state, unread } = this.chat;
    const agent = state.controller === "agent" && state.agent?.name;
    const count = unread ? ` (${t("unread", { count: unread })})` : "";
    this.launch.setAttribute("aria-label", this.panel.hidden ? t("open_chat") + count : t("close_chat"));
    this.badge.textContent = unread > 9 ? "9+" : unread || "";
    this.badge.classList.toggle("on", unread > 0);
    label(this.more, t("menu")).hidden = Boolean(state.controller && state.controller !== "bot");
    label(this.shut, t("close_chat"));
    this.over.lastChild.textContent = t("start_over");
    this.drop.textContent = t("drop");
    this.heading.textContent = config.name || t("chat");
    const waits = state.controller === "queue" && (state.queue?.open === false ? "in_queue_closed" : "in_queue");
    this.status.textContent = agent ? t("with_agent", { name: agent }) : t(waits || "answers_at_once");
    this.face.classList.toggle("agent", Boolean(agent));
    this.face.replaceChildren(agent ? initials(agent) : this.chat.logo() || icon("spark"));
    this.announce(...this.news());
  }

  /** The connection when it is down, else the place in the queue: one line, its look and its icon. */
  news() {
    const { t, state: { queue }, link } = this.chat;
    const down = link.fatal ? "error_forbidden" : navigator.onLine ? !link.up && link.tries > 1 && "failed_connect" : "offline";
    if (down) return [t(down), "off", "alert"];
    if (queue) return [t(!queue.open ? "queue_closed" : queue.position > 1 ? "queue_place" : "queue_next", queue), "queue", "clock"];
    return ["", "", ""];
  }

  announce(text, look, sign) {
    if (this.banner.textContent === text) return;
    this.banner.className = `banner ${look}`;
    this.banner.replaceChildren(...(text ? [icon(sign), h("span", null, text)] : []));
  }
}
