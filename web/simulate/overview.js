// The channels that can be tried.
import { h } from "./dom.js";
import { nameOf, platforms } from "./names.js";

const list = document.querySelector(".platforms");
const answer = await fetch("/simulate/platforms.json");
const { platforms: played } = await answer.json();
list.replaceChildren(
  ...played.map(({ channel, kind }) =>
    h("li", {}, h("a", { href: `/simulate/${encodeURIComponent(channel)}`, "data-kind": kind }, h("span", { class: "face", "aria-hidden": "true" }, nameOf(kind)[0]), h("span", {}, h("strong", {}, nameOf(kind)), h("small", {}, platforms[kind]?.[1] ?? channel)))),
  ),
);
list.removeAttribute("aria-busy");
