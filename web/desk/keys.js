// Keyboard shortcuts: single keys while nothing is being written and nothing is being asked.
import { act } from "./actions.js";
import { asking, sheet } from "./dialog.js";
import { h } from "./dom.js";
import { VIEWS } from "./lists.js";
import { preferred } from "./prefs.js";
import { t } from "./strings.js";

export function listen(desk) {
  const { state } = desk;
  const on = {
    1: () => desk.go(VIEWS[0]),
    2: () => desk.go(VIEWS[1]),
    3: () => desk.go(VIEWS[2]),
    j: () => desk.step(1),
    k: () => desk.step(-1),
    "/": () => desk.lists.focusSearch(),
    a: () => act("accept", state, desk),
    t: () => act("transfer", state, desk),
    b: () => act("handBack", state, desk),
    e: () => act("resolve", state, desk),
    r: () => desk.composer.focus("reply"),
    n: () => desk.composer.focus("note"),
    o: () => state.open && desk.thread.nextShow(),
    w: () => state.open && desk.why(null),
    d: () => state.open && desk.toggleDetails(),
    "?": () => help(),
  };
  function pressed(event) {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || asking()) return;
    if (event.key === "Escape") return void desk.escape();
    if (writing(event.target) || preferred("keys", "on") === "off") return;
    const action = on[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  }
  document.addEventListener("keydown", pressed);
  return () => document.removeEventListener("keydown", pressed);
}

function writing(element) {
  return element.isContentEditable || element.matches("textarea, select, input:not([type=radio]):not([type=checkbox])");
}

export function help() {
  const list = h("dl", { class: "keys" }, t.keys.list.map(([keys, what]) => [h("dt", {}, keys.split(" · ").map((key, index) => [index ? " " : "", h("kbd", {}, key)])), h("dd", {}, what)]));
  sheet({ title: t.keys.title, id: "keys-title", name: "help", close: t.keys.close, body: [h("p", { class: "quiet" }, t.keys.intro), list] });
}
