// Draws /openapi.json.

import { h, prose } from "./dom.js";
import { operation } from "./operation.js";
import { schemas } from "./schema.js";

const $ = (id) => document.getElementById(id);

function listed(api) {
  return Object.entries(api.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, details]) => ({ path, method, details })),
  );
}

function byTag(items) {
  const groups = new Map();
  for (const item of items) {
    const tag = (item.details.tags || ["Other"])[0];
    groups.set(tag, [...(groups.get(tag) || []), item]);
  }
  return groups;
}

function contents(groups) {
  return [...groups].map(([tag, items]) =>
    h(
      "section",
      { class: "group" },
      h("h2", {}, tag),
      h(
        "ul",
        {},
        items.map(({ path, method, details }) =>
          h(
            "li",
            { "data-words": `${tag} ${details.summary} ${method} ${path}`.toLowerCase() },
            h("a", { href: `#${details.operationId}` }, h("span", { class: `method ${method}` }, method), details.summary),
          ),
        ),
      ),
    ),
  );
}

function draw(api) {
  const tools = schemas(api);
  const groups = byTag(listed(api));
  document.title = `${api.info.title} ${api.info.version}`;
  $("version").textContent = api.info.version;
  $("contents").replaceChildren(...contents(groups));
  $("main").replaceChildren(
    h("section", { class: "about", id: "top" }, h("h1", {}, api.info.title), prose(api.info.description)),
    ...[...groups].flatMap(([tag, items]) => [
      h("h2", { class: "tag" }, tag),
      ...items.map((item) => operation(api, tools, item)),
    ]),
  );
  if (location.hash) document.getElementById(location.hash.slice(1))?.scrollIntoView();
}

function filter() {
  const words = $("filter").value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const item of $("contents").querySelectorAll("li")) {
    item.hidden = !words.every((word) => item.dataset.words.includes(word));
  }
  for (const group of $("contents").querySelectorAll(".group")) {
    group.hidden = !group.querySelector("li:not([hidden])");
  }
}

function menu(open) {
  document.body.classList.toggle("open", open);
  $("menu").setAttribute("aria-expanded", String(open));
}

// The entry of what is being read is marked.
function follow() {
  const links = new Map([...$("contents").querySelectorAll("a")].map((link) => [link.hash.slice(1), link]));
  const seen = new IntersectionObserver(
    (entries) => {
      for (const entry of entries) {
        if (!entry.isIntersecting) continue;
        for (const link of links.values()) link.removeAttribute("aria-current");
        links.get(entry.target.id)?.setAttribute("aria-current", "true");
      }
    },
    { rootMargin: "-15% 0px -75% 0px" },
  );
  for (const section of document.querySelectorAll(".operation")) seen.observe(section);
}

$("filter").addEventListener("input", filter);
$("menu").addEventListener("click", () => menu(!document.body.classList.contains("open")));
$("nav").addEventListener("click", (event) => event.target.closest("a") && menu(false));

try {
  const answer = await fetch("/openapi.json", { credentials: "omit" });
  if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
  draw(await answer.json());
  follow();
} catch (error) {
  $("main").replaceChildren(h("p", { class: "failed", role: "alert" }, `The description can't be read: ${error.message}`));
}
