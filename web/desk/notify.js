// Telling somebody who looks elsewhere: the title, a desktop notification.
import { announce } from "./dom.js";
import { prefer, preferred } from "./prefs.js";
import { name } from "./row.js";
import { t } from "./strings.js";

export class Notify {
  constructor(state, desk) {
    this.state = state;
    this.desk = desk;
    for (const topic of ["lists", "counters"]) state.on(topic, () => this.title());
  }

  title() {
    const count = this.state.counts.queue + this.state.unreadMine();
    const wanted = count ? `(${count > 99 ? "99+" : count}) ${t.title}` : t.title;
    if (document.title !== wanted) document.title = wanted;
  }

  get possible() {
    return "Notification" in window;
  }

  get on() {
    return this.possible && Notification.permission === "granted" && preferred("notify", "off") === "on";
  }

  /** Asks the browser when it must be asked; returns whether they are on now. */
  async toggle() {
    if (this.on || !this.possible) {
      prefer("notify", "off");
      return false;
    }
    const granted = Notification.permission === "granted" || (await Notification.requestPermission()) === "granted";
    prefer("notify", granted ? "on" : "off");
    return granted;
  }

  newCase(row) {
    announce(t.notify.newCase(name(row)));
    this.tell(t.notify.newCase(name(row)), row.case?.reason ?? "", `#/queue/${row.id}`, row.id);
  }

  newMessage(row) {
    if (this.state.isOpen(row.id) && !document.hidden) return;
    this.tell(t.notify.message(name(row)), row.aggregates.last_text, `#/mine/${row.id}`, row.id);
  }

  tell(title, body, href, tag) {
    if (!this.on || (!document.hidden && document.hasFocus())) return;
    const shown = new Notification(title, { body: body.slice(0, 160), tag, icon: "/desk/icon.svg" });
    shown.addEventListener("click", () => {
      window.focus();
      location.hash = href;
      shown.close();
    });
  }
}
