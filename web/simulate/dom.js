// Elements without markup: text is always text.
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [key, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (key === "on") for (const [name, does] of Object.entries(value)) element.addEventListener(name, does);
    else if (key === "class") element.className = value;
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** Only addresses a page may open; anything else leads nowhere. */
export function safe(url) {
  try {
    const parsed = new URL(url, location.href);
    return ["http:", "https:", "tel:", "mailto:"].includes(parsed.protocol) ? parsed.href : "";
  } catch {
    return "";
  }
}
