// One platform on this machine: the customer's screen, and what goes over the wire.
import { h } from "./dom.js";
import { nameOf, noteOf } from "./names.js";
import { draw } from "./parts.js";

const channel = decodeURIComponent(location.pathname.split("/").pop());
const at = (path) => `/simulate/${encodeURIComponent(channel)}/${path}`;
const one = (selector) => document.querySelector(selector);
const user = one("[name=user]");
const messages = one(".messages");
const wire = one(".wire");
const trouble = one(".trouble");
const habits = one(".switches");
const drawn = new Map();
let version = -1;
let looking = new AbortController();

async function ask(method, path, body) {
  const answer = await fetch(at(path), { method, headers: { "content-type": "application/json" }, body: body && JSON.stringify(body) });
  const told = await answer.json();
  if (!answer.ok) throw new Error(told.detail ?? told.title ?? answer.statusText);
  return told;
}

async function say(part) {
  try {
    await ask("POST", `say?user=${encodeURIComponent(user.value)}`, part);
    trouble.hidden = true;
  } catch (error) {
    trouble.textContent = error.message;
    trouble.hidden = false;
  }
}

async function look() {
  for (;;) {
    looking = new AbortController();
    try {
      const answer = await fetch(at(`screen?user=${encodeURIComponent(user.value)}&after=${version}`), { signal: looking.signal });
      if (!answer.ok) throw new Error(answer.statusText);
      show(await answer.json());
      trouble.hidden = trouble.dataset.kind === "line" ? true : trouble.hidden;
    } catch (error) {
      if (error.name === "AbortError") continue;
      trouble.dataset.kind = "line";
      trouble.textContent = "The server does not answer. Trying again…";
      trouble.hidden = false;
      await new Promise((go) => setTimeout(go, 1500));
    }
  }
}

function show(seen) {
  version = seen.version;
  document.body.dataset.kind = seen.kind;
  document.title = `${nameOf(seen.kind)} · Parley`;
  one(".platform").textContent = nameOf(seen.kind);
  one(".note").textContent = noteOf(seen.kind);
  showMessages(seen.messages);
  showWire(seen.wire);
  one(".faults output").textContent = seen.faults.length ? `waiting: ${seen.faults.join(", ")}` : "";
  for (const name of ["twice", "shuffled"]) habits.querySelector(`[name=${name}]`).checked = seen.habits[name];
  habits.querySelector("[name=late]").value = String(seen.habits.late);
}

/** What is on the screen stays as it is, with what was typed into its forms; only what is new or changed is drawn. */
function showMessages(list) {
  const known = new Set(list.map((message) => message.id));
  for (const [id, { element }] of drawn) if (!known.has(id)) drawn.delete(id), element.remove();
  list.forEach((message, index) => {
    const looks = JSON.stringify(message);
    const before = drawn.get(message.id);
    if (before?.looks === looks) return;
    const element = h("li", { class: message.mine ? "mine" : "theirs", "data-id": message.id }, message.parts.map((part) => draw(part, message, say)), message.mine ? h("small", { class: "state" }, message.state) : null);
    if (before) before.element.replaceWith(element);
    else messages.insertBefore(element, messages.children[index] ?? null);
    drawn.set(message.id, { looks, element });
  });
  follow();
}

/** Whoever reads the newest goes on reading the newest: when a message comes, a picture loads, or the phone is turned. */
let low = true;
const follow = () => low && (messages.scrollTop = messages.scrollHeight);
messages.addEventListener("scroll", () => (low = messages.scrollHeight - messages.scrollTop - messages.clientHeight < 80));
messages.addEventListener("load", follow, { capture: true });
new ResizeObserver(follow).observe(messages);

function showWire(list) {
  const open = new Set([...wire.querySelectorAll("details[open]")].map((each) => each.dataset.number));
  wire.replaceChildren(
    ...list.toReversed().map((sight) =>
      h(
        "li",
        {},
        h(
          "details",
          { "data-number": String(sight.number), open: open.has(String(sight.number)) },
          h("summary", {}, h("b", {}, sight.direction === "out" ? "→" : "←"), ` ${sight.method} `, h("code", {}, sight.path || "/"), sight.status ? h("span", { class: sight.status < 400 ? "ok" : "bad" }, String(sight.status)) : null),
          sight.body ? h("pre", { tabindex: 0 }, pretty(sight.body)) : null,
          sight.answer ? h("pre", { tabindex: 0, class: "answer" }, pretty(sight.answer)) : null,
        ),
      ),
    ),
  );
}

function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

one(".composer").addEventListener("submit", (event) => {
  event.preventDefault();
  const input = event.target.elements.text;
  const text = input.value.trim();
  if (!text) return;
  input.value = "";
  void say({ kind: "text", text });
});
const samples = {
  media: () => ({ kind: "media", url: `${location.origin}/simulate/static/photo.png`, media: "image", mime: "image/png", name: "photo.png" }),
  location: () => ({ kind: "location", latitude: 40.4168, longitude: -3.7038, name: "Puerta del Sol" }),
};
for (const button of document.querySelectorAll("[data-say]")) button.addEventListener("click", () => void say(samples[button.dataset.say]()));
for (const button of document.querySelectorAll("[data-fault]")) button.addEventListener("click", () => void ask("POST", `fault?kind=${button.dataset.fault}`).then(again));
habits.addEventListener("change", (event) => {
  if (event.target === user) return again();
  const [twice, shuffled] = ["twice", "shuffled"].map((name) => habits.querySelector(`[name=${name}]`).checked);
  void ask("PUT", "habits", { twice, shuffled, late: Number(habits.querySelector("[name=late]").value) });
});

function again() {
  version = -1;
  looking.abort();
}

void look();
