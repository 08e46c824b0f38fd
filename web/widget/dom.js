// Making elements. Text only ever enters as text nodes, and addresses only when their scheme is harmless.

const SVG = "http://www.w3.org/2000/svg";

/** h("p.note", {lang: "es", onclick: f}, "text", child): null and false children are left out. */
export function h(selector, properties, ...children) {
  const [tag, ...classes] = selector.split(".");
  const element = document.createElement(tag);
  if (classes.length) element.className = classes.join(" ");
  for (const [name, value] of Object.entries(properties || {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

// Drawn on a 24 × 24 grid with a stroke of 1.75.
const ICONS = {
  chat: "M4.5 18.8 5.7 15A7.8 7.8 0 1 1 9 18.1l-4.5.7ZM8.5 10.6h7M8.5 13.7h4.4",
  down: "m6 9.5 6 6 6-6",
  close: "M6.5 6.5l11 11m0-11-11 11",
  send: "M12 19V5m-6 6 6-6 6 6",
  clip: "m19 11.6-7 7a4.6 4.6 0 0 1-6.5-6.5l7.2-7.2a3.1 3.1 0 0 1 4.4 4.3l-7.2 7.2a1.5 1.5 0 0 1-2.2-2.1l6.4-6.4",
  smile: "M12 20.5a8.5 8.5 0 1 0 0-17 8.5 8.5 0 0 0 0 17ZM8.4 14c.8 1.2 2.1 2 3.6 2s2.8-.8 3.6-2M9 9.6h.01M15 9.6h.01",
  more: "M12 5.5h.01M12 12h.01M12 18.5h.01",
  again: "M19.5 12a7.5 7.5 0 1 1-2.3-5.4l2.3 2.2m0-4.3v4.3h-4.3",
  file: "M13.5 3.5h-6a2 2 0 0 0-2 2v13a2 2 0 0 0 2 2h9a2 2 0 0 0 2-2V8.5l-5-5Zm0 0v5h5M9 13h6m-6 3.5h4",
  pin: "M12 21s7-5.6 7-11a7 7 0 1 0-14 0c0 5.4 7 11 7 11Zm0-8.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5Z",
  left: "m14.5 6-6 6 6 6",
  right: "m9.5 6 6 6-6 6",
  link: "M9 5.5H6.5a2 2 0 0 0-2 2v10a2 2 0 0 0 2 2h10a2 2 0 0 0 2-2V15M13 4.5h6.5V11M19 5l-8.5 8.5",
  check: "m5 12.5 4.5 4.5L19 7.5",
  checks: "m2.5 12.5 4 4 8-8.5m-3.2 7.7.8.8 8-8.5",
  clock: "M12 20.5a8.5 8.5 0 1 0 0-17 8.5 8.5 0 0 0 0 17ZM12 7.5V12l3 2",
  alert: "M12 20.5a8.5 8.5 0 1 0 0-17 8.5 8.5 0 0 0 0 17ZM12 8v4.5m0 3.2h.01",
  spark: "M12 4c.7 4.6 3.4 7.3 8 8-4.6.7-7.3 3.4-8 8-.7-4.6-3.4-7.3-8-8 4.6-.7 7.3-3.4 8-8Z",
};

export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  for (const [key, value] of [["viewBox", "0 0 24 24"], ["aria-hidden", "true"], ["class", `icon ${name}`]]) {
    svg.setAttribute(key, value);
  }
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

/** A round button that shows an icon and is called `label`. */
export function tool(name, label, onclick, properties) {
  return h("button.tool", { type: "button", "aria-label": label, title: label, onclick, ...properties }, icon(name));
}

const HARMLESS = new Set(["http:", "https:", "mailto:", "tel:"]);

/** The absolute address, or "" when it is none, or one that could run something. */
export function safe(address, base, schemes = HARMLESS) {
  try {
    const url = new URL(address, base);
    return schemes.has(url.protocol) ? url.href : "";
  } catch {
    return "";
  }
}

/** A link that leaves the page alone and tells the other side nothing. */
export function link(address, ...children) {
  return h("a", { href: address, target: "_blank", rel: "noopener noreferrer nofollow" }, ...children);
}

export function initials(name) {
  const words = name.trim().split(/\s+/).filter(Boolean);
  const letters = [words[0], words.length > 1 ? words[words.length - 1] : ""].map((word) => [...(word || "")][0] || "");
  return letters.join("").toUpperCase();
}

export function bytes(count, language) {
  const [size, unit] = count < 1e6 ? [Math.max(1, Math.round(count / 1e3)), "kilobyte"] : [count / 1e6, "megabyte"];
  return new Intl.NumberFormat(language, { style: "unit", unit, maximumFractionDigits: 1 }).format(size);
}
