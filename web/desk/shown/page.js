// The Preview page: a message on the left, every channel on the right, drawn again with every key.
import { api, post, useSession } from "../api.js";
import { announce, h, replace } from "../dom.js";
import { icon, mark } from "../icons.js";
import { session, setTheme, theme, themes } from "../prefs.js";
import { device } from "./device.js";
import { Editor } from "./editor.js";
import { EXAMPLES } from "./examples.js";
import { ORDER, channelName, t } from "./words.js";

const PAUSE = 180;
const root = document.getElementById("app");
const leave = () => location.assign("/desk");

class Page {
  constructor(me) {
    this.channels = [];
    this.filter = "all";
    this.asked = 0;
    this.timer = 0;
    const draft = session.read("preview", null);
    this.editor = new Editor(draft ?? structuredClone(EXAMPLES[0].parts), (parts) => this.later(parts));
    this.examples = h("div", { class: "examples", role: "group", "aria-label": t.examples });
    this.filters = h("div", { class: "segments", role: "group", "aria-label": t.show });
    this.jumps = h("nav", { class: "jumps", "aria-label": t.title });
    this.wall = h("div", { class: "wall", "aria-busy": "true" });
    replace(
      root,
      h("div", { class: "preview" }, this.bar(me), h("div", { class: "hero" }, h("h1", {}, t.title), h("p", {}, t.lead), this.examples), h("div", { class: "studio" }, this.editor.element, h("main", { class: "shown" }, h("div", { class: "shown-bar" }, this.filters, this.jumps), this.wall))),
    );
    this.drawExamples();
    void this.ask(this.editor.parts);
  }

  bar(me) {
    const icons = { auto: "auto", light: "sun", dark: "moon" };
    const chooser = h("div", { class: "segments", role: "group", "aria-label": t.theme });
    const draw = () =>
      replace(
        chooser,
        themes.map((one) => h("button", { type: "button", "aria-pressed": String(one === theme()), title: t.themes[one], "aria-label": t.themes[one], on: { click: () => (setTheme(one), draw()) } }, icon(icons[one]))),
      );
    draw();
    return h("header", { class: "bar" }, h("a", { class: "brand", href: "/desk", title: t.back }, mark(), h("span", { class: "brand-name" }, "Parley"), h("span", { class: "brand-app" }, me.app.name)), h("span", { class: "grow" }), h("a", { class: "button small", href: "/desk" }, icon("back"), h("span", { class: "back-words" }, t.back)), chooser);
  }

  drawExamples() {
    const now = JSON.stringify(this.editor.parts);
    replace(
      this.examples,
      EXAMPLES.map((one) =>
        h("button", { type: "button", class: "example", "aria-pressed": String(JSON.stringify(one.parts) === now), on: { click: () => (this.editor.set(one.parts), this.drawExamples()) } }, h("strong", {}, one.name), h("span", {}, one.hint)),
      ),
    );
  }

  later(parts) {
    clearTimeout(this.timer);
    session.write("preview", parts);
    this.timer = setTimeout(() => void this.ask(parts), PAUSE);
  }

  async ask(parts) {
    const number = ++this.asked;
    this.wall.setAttribute("aria-busy", "true");
    try {
      const { channels } = await post("/preview", { parts });
      if (number !== this.asked) return;
      const place = (one) => ORDER.indexOf(one.kind) + 1 || ORDER.length + 1;
      this.channels = channels.sort((one, other) => place(one) - place(other));
      this.editor.complain("");
      this.draw();
      announce(t.messages(channels.reduce((sum, one) => sum + one.parts.length, 0)));
    } catch (error) {
      if (number === this.asked) this.editor.complain(`${t.unread} ${error.message}`);
    } finally {
      if (number === this.asked) this.wall.removeAttribute("aria-busy");
    }
    this.drawExamples();
  }

  draw() {
    const tests = { all: () => true, mine: (one) => one.accounts.length, lossless: (one) => !one.losses.length, losses: (one) => one.losses.length };
    const counted = Object.fromEntries(Object.entries(tests).map(([name, test]) => [name, this.channels.filter(test)]));
    replace(
      this.filters,
      Object.keys(tests).map((name) => h("button", { type: "button", "aria-pressed": String(name === this.filter), on: { click: () => ((this.filter = name), this.draw()) } }, t.filters[name], h("span", { class: "many" }, String(counted[name].length)))),
    );
    const shown = counted[this.filter];
    replace(this.jumps, shown.map((one) => h("button", { type: "button", data: { kind: one.kind }, on: { click: () => document.getElementById(`on-${one.kind}`).scrollIntoView({ block: "nearest", inline: "start", behavior: "smooth" }) } }, h("i", {}), channelName(one.kind))));
    replace(this.wall, shown.length ? shown.map(device) : h("p", { class: "quiet" }, t.nothing));
  }
}

async function start() {
  try {
    const me = await api.me();
    useSession(me.csrf, leave);
    new Page(me);
  } catch (error) {
    if (error.status === 401) leave();
    else setTimeout(start, 1_500);
  }
}

void start();
