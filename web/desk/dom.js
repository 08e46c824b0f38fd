// Building the page by hand. Text only ever becomes text nodes: nothing here, or anywhere in the desk, parses HTML.

const SVG = "http://www.w3.org/2000/svg";

/** An element. `props`: attributes; `on`: listeners; `data`: dataset; `style`: CSS properties, set through CSSOM. */
export function h(tag, props = {}, ...children) {
  return fill(document.createElement(tag), props, children);
}

export function svg(tag, props = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), props, children);
}

function fill(element, props, children) {
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "on") for (const [type, listener] of Object.entries(value)) element.addEventListener(type, listener);
    else if (name === "data") Object.assign(element.dataset, value);
    else if (name === "style") for (const [key, one] of Object.entries(value)) element.style.setProperty(key, one);
    else if (name === "value") element.value = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  append(element, children);
  return element;
}

export function append(element, children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false || child === "") continue;
    element.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
}

export function replace(element, ...children) {
  element.replaceChildren();
  append(element, children);
  return element;
}

const made = new WeakMap();

/**
 * Make `parent`'s children those of `items`, touching only what changed. `key` names an item, `sign` is anything that
 * changes when its element must be built again, `make` builds it. Focus inside a rebuilt element is given back to the
 * descendant with the same data-focus.
 */
export function keyed(parent, items, { key, sign, make }) {
  const before = made.get(parent) ?? new Map();
  const after = new Map();
  for (const item of items) {
    const name = key(item);
    const signature = sign(item);
    const known = before.get(name);
    if (known && known.signature === signature) after.set(name, known);
    else after.set(name, { signature, element: rebuilt(known?.element, () => make(item)) });
  }
  made.set(parent, after);
  for (const [name, known] of before) if (after.get(name)?.element !== known.element) known.element.remove();
  let next = parent.firstChild;
  for (const { element } of after.values()) {
    if (element === next) next = next.nextSibling;
    else parent.insertBefore(element, next);
    if (element.dataset.refocus !== undefined) refocus(element);
  }
}

function rebuilt(old, make) {
  const element = make();
  const active = old?.contains(document.activeElement) ? document.activeElement : null;
  const name = active?.closest("[data-focus]")?.dataset.focus;
  if (name) element.dataset.refocus = name;
  return element;
}

function refocus(element) {
  const name = element.dataset.refocus;
  delete element.dataset.refocus;
  const target = element.dataset.focus === name ? element : element.querySelector(`[data-focus="${CSS.escape(name)}"]`);
  target?.focus({ preventScroll: true });
}

/** Words for a screen reader only. */
export function unseen(text) {
  return h("span", { class: "unseen" }, text);
}

export function announce(text) {
  const region = document.getElementById("announcer");
  region.textContent = "";
  // An empty region first, so that the same words twice are read twice.
  requestAnimationFrame(() => (region.textContent = text));
}
