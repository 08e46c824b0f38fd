// The safe subset of Markdown that messages may use, built as elements: emphasis, code, links, lists, line breaks.
import { h } from "./dom.js";

const SAFE = /^(https?:\/\/|mailto:|tel:)/i;
const INLINE =
  /(?<code>`[^`\n]+`)|(?<strong>\*\*[^\n]+?\*\*)|(?<em>\*[^*\s][^*\n]*\*|\b_[^_\s][^_\n]*_\b)|\[(?<title>[^\]\n]{1,300})\]\((?<href>[^)\s]{1,2000})\)|(?<url>https?:\/\/[^\s<>"']+[^\s<>"'.,;:!?)\]])/g;
const LINKS = /(?<url>https?:\/\/[^\s<>"']+[^\s<>"'.,;:!?)\]])/g;
const BULLET = /^\s{0,3}[-*•]\s+/;
const NUMBER = /^\s{0,3}\d{1,3}[.)]\s+/;

/** Whether a link may be followed: web, mail, telephone. Everything else (javascript:, data: …) is only shown. */
export function safeHref(href) {
  return SAFE.test(href.trim()) ? href.trim() : "";
}

export function link(href, ...children) {
  const safe = safeHref(href);
  if (!safe) return children;
  return h("a", { href: safe, target: "_blank", rel: "noopener noreferrer nofollow" }, children);
}

/** Plain text: lines kept, web addresses clickable. */
export function plain(text) {
  return text.split("\n").flatMap((line, index) => [index ? h("br") : null, ...inline(line, LINKS)]);
}

export function markdown(text) {
  const blocks = [];
  let list = null;
  for (const line of text.split("\n")) {
    const kind = BULLET.test(line) ? "ul" : NUMBER.test(line) ? "ol" : null;
    if (kind) {
      if (list?.localName !== kind) blocks.push((list = h(kind)));
      list.append(h("li", {}, inline(line.replace(kind === "ul" ? BULLET : NUMBER, ""), INLINE)));
      continue;
    }
    list = null;
    if (blocks.length && blocks.at(-1).localName !== "ul" && blocks.at(-1).localName !== "ol") blocks.push(h("br"));
    blocks.push(h("span", {}, inline(line, INLINE)));
  }
  return blocks;
}

function inline(text, pattern) {
  const found = [];
  let at = 0;
  for (const match of text.matchAll(pattern)) {
    if (match.index > at) found.push(text.slice(at, match.index));
    found.push(mark(match));
    at = match.index + match[0].length;
  }
  if (at < text.length) found.push(text.slice(at));
  return found;
}

function mark({ 0: whole, groups }) {
  if (groups.url) return link(groups.url, groups.url);
  if (groups.code) return h("code", {}, whole.slice(1, -1));
  if (groups.strong) return h("strong", {}, inline(whole.slice(2, -2), INLINE));
  if (groups.em) return h("em", {}, inline(whole.slice(1, -1), INLINE));
  return safeHref(groups.href) ? link(groups.href, groups.title) : whole;
}
