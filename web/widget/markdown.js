// The safe subset of Markdown, built as DOM: emphasis, code, links, lists, quotes, headings as bold, line breaks.
import { h, link, safe } from "./dom.js";

const INLINE = new RegExp(
  [
    "`([^`\\n]{1,800})`",
    "\\*\\*(?=\\S)(.{1,800}?)(?<=\\S)\\*\\*",
    "(?<![\\p{L}\\p{N}_])__(?=\\S)(.{1,800}?)(?<=\\S)__(?![\\p{L}\\p{N}_])",
    "\\*(?=[^\\s*])([^*\\n]{1,800}?)(?<=\\S)\\*",
    "(?<![\\p{L}\\p{N}_])_(?=\\S)([^_\\n]{1,800}?)(?<=\\S)_(?![\\p{L}\\p{N}_])",
    "~~(?=\\S)(.{1,800}?)(?<=\\S)~~",
    "\\[([^\\]\\n]{1,500})\\]\\(((?:https?:|mailto:|tel:|/)[^\\s)]{1,2000})\\)",
    "(https?://[^\\s<>\"']{1,2000}[^\\s<>\"'.,;:!?)\\]}])",
    "([\\w.+-]{1,64}@[\\w-]{1,63}(?:\\.[\\w-]{1,63})+)",
  ].join("|"),
  "gsu",
);
const PLAIN = /(https?:\/\/[^\s<>"']{1,2000}[^\s<>"'.,;:!?)\]}])/gu;
const DEEPEST = 6;

/** Plain text with its addresses made links, and line breaks kept by the style sheet. */
export function plain(text) {
  return [...text.split(PLAIN)].map((piece, at) => (at % 2 ? anchor(piece, piece) : piece)).filter(Boolean);
}

function anchor(address, ...shown) {
  const target = safe(address, undefined);
  return target ? link(target, ...shown) : h("span", null, ...shown);
}

function inline(text, depth = 0) {
  if (depth > DEEPEST) return [text];
  const nodes = [];
  let from = 0;
  for (const found of text.matchAll(INLINE)) {
    const [whole, code, strong, strong2, em, em2, struck, label, target, address, mail] = found;
    if (found.index > from) nodes.push(text.slice(from, found.index));
    from = found.index + whole.length;
    const within = (value) => inline(value, depth + 1);
    if (code) nodes.push(h("code", null, code));
    else if (strong || strong2) nodes.push(h("strong", null, within(strong || strong2)));
    else if (em || em2) nodes.push(h("em", null, within(em || em2)));
    else if (struck) nodes.push(h("s", null, within(struck)));
    else if (target) nodes.push(anchor(target.startsWith("/") ? new URL(target, location.href).href : target, label));
    else if (address) nodes.push(anchor(address, address));
    else nodes.push(anchor(`mailto:${mail}`, mail));
  }
  if (from < text.length) nodes.push(text.slice(from));
  return nodes;
}

/** Blocks: fenced code, lists, quotes, paragraphs. */
export function markdown(text) {
  const blocks = [];
  const lines = text.replace(/\r\n?/g, "\n").split("\n");
  for (let at = 0; at < lines.length; ) {
    const line = lines[at];
    const take = (fits) => {
      const taken = [];
      while (at < lines.length && fits(lines[at])) taken.push(lines[at++]);
      return taken;
    };
    if (/^```/.test(line)) {
      at += 1;
      blocks.push(h("pre", null, h("code", null, take((each) => !/^```/.test(each)).join("\n"))));
      at += 1;
    } else if (/^\s*[-*+]\s+\S/.test(line)) {
      blocks.push(list("ul", take((each) => /^\s*[-*+]\s+\S/.test(each)), /^\s*[-*+]\s+/));
    } else if (/^\s*\d{1,3}[.)]\s+\S/.test(line)) {
      const start = parseInt(line, 10);
      blocks.push(list("ol", take((each) => /^\s*\d{1,3}[.)]\s+\S/.test(each)), /^\s*\d{1,3}[.)]\s+/, start));
    } else if (/^>\s?/.test(line)) {
      blocks.push(h("blockquote", null, broken(take((each) => /^>\s?/.test(each)).map((each) => each.replace(/^>\s?/, "")))));
    } else if (/^#{1,6}\s+\S/.test(line)) {
      at += 1;
      blocks.push(h("p", null, h("strong", null, inline(line.replace(/^#{1,6}\s+/, "")))));
    } else if (line.trim()) {
      const special = /^(```|\s*[-*+]\s+\S|\s*\d{1,3}[.)]\s+\S|>\s?|#{1,6}\s+\S)/;
      let first = true;
      blocks.push(h("p", null, broken(take((each) => each.trim() && (first ? !(first = false) : !special.test(each))))));
    } else at += 1;
  }
  return blocks;
}

function broken(lines) {
  return lines.flatMap((line, at) => (at ? [h("br"), ...inline(line)] : inline(line)));
}

function list(tag, lines, mark, start) {
  return h(tag, start > 1 ? { start } : null, lines.map((line) => h("li", null, inline(line.replace(mark, "")))));
}
