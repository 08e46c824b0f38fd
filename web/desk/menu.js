// The bar at the top: whose desk this is, whether it is live, and what one person prefers.
import { showBots } from "./bots.js";
import { words as bots } from "./botwords.js";
import { h, replace } from "./dom.js";
import { icon, mark } from "./icons.js";
import { help } from "./keys.js";
import { prefer, preferred, setTheme, theme, themes } from "./prefs.js";
import { showReviews } from "./reviews.js";
import { t } from "./strings.js";
import { hue, initials } from "./words.js";

export class Bar {
  constructor(state, desk) {
    this.state = state;
    this.desk = desk;
    const { agent, app } = state.me;
    this.line = h("span", { class: "line-state", role: "status" });
    this.menu = h("div", { class: "menu", id: "menu", popover: "auto" });
    this.button = h(
      "button",
      { type: "button", class: "me", popovertarget: "menu", "aria-label": `${t.menu.label}: ${agent.name}` },
      h("span", { class: "face", style: { "--hue": String(hue(agent.id)) } }, initials(agent.name)),
      h("span", { class: "me-name" }, agent.name),
    );
    this.element = h(
      "header",
      { class: "bar" },
      h("a", { class: "brand", href: "#/queue" }, mark(), h("span", { class: "brand-name" }, "Parley"), h("span", { class: "brand-app" }, app.name)),
      h("span", { class: "grow" }),
      this.line,
      h("button", { type: "button", class: "round", title: `${t.menu.help} (?)`, "aria-label": t.menu.help, on: { click: help } }, icon("help")),
      this.button,
      this.menu,
    );
    state.on("connection", () => this.drawLine());
    this.drawLine();
    this.drawMenu();
  }

  drawLine() {
    const { connection } = this.state;
    this.line.className = `line-state ${connection}`;
    this.line.title = connection === "offline" ? t.connection.offlineLong : "";
    replace(this.line, h("i", { "aria-hidden": "true" }), h("span", {}, t.connection[connection]));
  }

  drawMenu() {
    const { agent } = this.state.me;
    const teams = agent.teams.length ? agent.teams.map((team) => this.state.teamLabel(team)).join(", ") : t.menu.allTeams;
    replace(
      this.menu,
      h("div", { class: "menu-who" }, h("strong", {}, h("bdi", {}, agent.name)), h("span", { class: "quiet" }, h("bdi", {}, agent.email)), h("span", { class: "quiet" }, `${t.menu.role[agent.role]} · ${teams}`)),
      h("div", { class: "menu-line" }, h("span", {}, t.menu.theme), this.themes()),
      this.toggle(t.menu.notify, this.desk.notify.on, async () => this.desk.notify.toggle(), this.blocked() ? t.menu.notifyBlocked : ""),
      this.toggle(t.menu.keys, preferred("keys", "on") === "on", () => prefer("keys", preferred("keys", "on") === "on" ? "off" : "on")),
      h("a", { class: "menu-item", href: "/desk/preview.html" }, icon("all"), t.menu.preview),
      agent.role === "admin" ? h("button", { type: "button", class: "menu-item", on: { click: () => this.reviews() } }, icon("translate"), t.reviews.open) : null,
      agent.role === "admin" ? h("button", { type: "button", class: "menu-item", on: { click: () => this.bots() } }, icon("bot"), bots.open) : null,
      h("button", { type: "button", class: "menu-item", on: { click: () => void this.desk.signOut() } }, icon("out"), t.menu.signOut),
    );
  }

  bots() {
    this.menu.hidePopover();
    showBots();
  }

  reviews() {
    this.menu.hidePopover();
    showReviews((id) => this.state.agentName(id));
  }

  blocked() {
    return this.desk.notify.possible && Notification.permission === "denied";
  }

  themes() {
    const icons = { auto: "auto", light: "sun", dark: "moon" };
    const chosen = theme();
    return h(
      "div",
      { class: "segments", role: "group", "aria-label": t.menu.theme },
      themes.map((one) =>
        h(
          "button",
          { type: "button", "aria-pressed": String(one === chosen), title: t.menu.themes[one], "aria-label": t.menu.themes[one], data: { theme: one }, on: { click: () => this.choose(one) } },
          icon(icons[one]),
        ),
      ),
    );
  }

  choose(one) {
    setTheme(one);
    this.drawMenu();
    this.menu.querySelector(`[data-theme="${one}"]`).focus();
  }

  toggle(text, on, change, hint = "") {
    const box = h("input", { type: "checkbox", role: "switch", checked: on, disabled: hint !== "" });
    box.addEventListener("change", async () => {
      await change();
      this.drawMenu();
    });
    return h("label", { class: "menu-line", title: hint }, h("span", {}, text, hint ? h("span", { class: "quiet" }, ` · ${hint}`) : null), box);
  }
}
