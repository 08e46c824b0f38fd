// Making elements. Text only ever enters as text nodes, and addresses only when their scheme is harmless.

const SVG = "http://www.w3.org/2000/svg";

/** h("p.note", {lang: "es", onclick: f}, "text", child): null, "" and false children are left out. */
export function h(selector, properties, ...children) {
  const [tag, ...classes] = selector.split(".");
  const element = document.createElement(tag);
  if (classes.length) element.className = classes.join(" ");
  for (const [name, value] of Object.entries(properties || {})) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if ((value ?? false) !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter(Boolean));
  return element;
}

export function button(selector, onclick, properties, ...children) {
  return h(`button${selector}`, { type: "button", onclick, ...properties }, ...children);
}

// Drawn on a 24 × 24 grid.
const CLOCK = "M12 20.5a8.5 8.5 0 1 0 0-17 8.5 8.5 0 0 0 0 17Z";
const ICONS = {
  chat: "M4.5 18.8 5.7 15A7.8 7.8 0 1 1 9 18.1l-4.5.7ZM8.5 10.6h7M8.5 13.7h4.4",
  down: "m6 9.5 6 6 6-6",
  close: "m6.5 6.5 11 11m0-11-11 11",
  send: "M12 19V5m-6 6 6-6 6 6",
  clip: "m19 11.6-7 7a4.6 4.6 0 0 1-6.5-6.5l7.2-7.2a3.1 3.1 0 0 1 4.4 4.3l-7.2 7.2a1.5 1.5 0 0 1-2.2-2.1l6.4-6.4",
  smile: `${CLOCK}M8.4 14c1.5 2.6 5.7 2.6 7.2 0M9 9.6h0M15 9.6h0`,
  more: "M12 5.5h0M12 12h0M12 18.5h0",
  again: "M19.5 12a7.5 7.5 0 1 1-2.3-5.4l2.3 2.2m0-4.3v4.3h-4.3",
  file: "M13.5 3.5h-6a2 2 0 0 0-2 2v13a2 2 0 0 0 2 2h9a2 2 0 0 0 2-2V8.5l-5-5Zm0 0v5h5",
  pin: "M12 21s7-5.6 7-11a7 7 0 1 0-14 0c0 5.4 7 11 7 11Zm0-8.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5Z",
  left: "m14.5 6-6 6 6 6",
  right: "m9.5 6 6 6-6 6",
  link: "M9 5.5H6.5a2 2 0 0 0-2 2v10a2 2 0 0 0 2 2h10a2 2 0 0 0 2-2V15M13 4.5h6.5V11M19 5l-8.5 8.5",
  check: "m5 12.5 4.5 4.5L19 7.5",
  checks: "m2.5 12.5 4 4 8-8.5m-3.2 7.7.8.8 8-8.5",
  clock: `${CLOCK}M12 7.5V12l3 2`,
  alert: `${CLOCK}M12 8v4.5m0 3.2h0`,
  spark: "M12 4c.7 4.6 3.4 7.3 8 8-4.6.7-7.3 3.4-8 8-.7-4.6-3.4-7.3-8-8 4.6-.7 7.3-3.4 8-8Z",
};

export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  const path = document.createElementNS(SVG, "path");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", `icon ${name}`);
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

/** A round button that shows an icon; `label` says what it does. */
export function tool(name, onclick, properties) {
  return button(".tool", onclick, properties, icon(name));
}

export function label(element, text) {
  element.setAttribute("aria-label", text);
  element.title = text;
  return element;
}

const HARMLESS = /^(https?|mailto|tel):/;

/** The absolute address, or "" when it is none, or one that could run something. */
export function safe(address, base) {
  try {
    const { href } = new URL(address, base);
    return HARMLESS.test(href) ? href : "";
  } catch {
    return "";
  }
}

/** A link that leaves the page alone and tells the other side nothing: noreferrer implies noopener. */
export function link(address, ...children) {
  return h("a", { href: address, target: "_blank", rel: "noreferrer nofollow" }, ...children);
}

/** A foreign picture; it is not told which page it is on. */
export function image(src, alt = "", properties) {
  return h("img", { src, alt, referrerpolicy: "no-referrer", ...properties });
}

export function initials(name) {
  const words = name.trim().split(/\s+/);
  return [words[0], words.length > 1 ? words.at(-1) : ""].map((word) => [...word][0] || "").join("").toUpperCase();
}

export function bytes(count, language) {
  const [size, unit] = count < 1e6 ? [Math.ceil(count / 1e3), "kilobyte"] : [count / 1e6, "megabyte"];
  return new Intl.NumberFormat(language, { style: "unit", unit, maximumFractionDigits: 1 }).format(size);
}

// --- the brand colour, made readable: WCAG 2 contrast (w3.org/TR/WCAG22/#dfn-contrast-ratio)

const WHITE = [255, 255, 255];
const INK = [17, 20, 24];
const mix = (one, other, share) => one.map((part, at) => part + (other[at] - part) * share);

function luminance(color) {
  const [r, g, b] = color.map((part) => (part / 255 <= 0.04045 ? part / 3294.6 : ((part / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05;
}

function contrast(one, other) {
  const ratio = luminance(one) / luminance(other);
  return Math.max(ratio, 1 / ratio);
}

/** The colour, moved towards `towards` until it can be read on `ground`. */
function readable(color, ground, towards, enough = 4.5) {
  let share = 0;
  while (share < 1 && contrast(mix(color, towards, share), ground) < enough) share += 0.05;
  return mix(color, towards, Math.min(1, share));
}

/** Custom properties for the style sheet. */
export function palette(hex) {
  const brand = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
  const [on, away] = contrast(brand, WHITE) >= 3 ? [WHITE, INK] : [INK, WHITE];
  const fill = readable(brand, on, away);
  const colors = {
    brand: fill,
    "brand-deep": mix(fill, away, 0.16),
    "on-brand": on,
    "ink-on-light": readable(brand, WHITE, INK, 5.2),
    "ink-on-dark": readable(brand, [34, 38, 44], WHITE, 6),
  };
  return Object.entries(colors).map(([name, color]) => [`--${name}`, `rgb(${color.map(Math.round).join(" ")})`]);
}
