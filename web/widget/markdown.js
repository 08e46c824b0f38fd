// The safe subset of Markdown, built as DOM: emphasis, code, links, lists, quotes, headings as bold, line breaks.
import { h, link, safe } from "./dom.js";

const ADDRESS = "https?://[^\\s<>\"']{1,2000}[^\\s<>\"'.,;:!?)\\]}]";
// Bounded everywhere: a long text must not make the search a long one.
const INLINE = new RegExp(
  [
    "`([^`\\n]{1,800})`",
    "(\\*\\*|(?<!\\w)__)(?=\\S)(.{1,800}?)(?<=\\S)\\2",
    "(?:\\*(?=[^\\s*])([^*\\n]{1,800}?)(?<=\\S)\\*|(?<!\\w)_(?=\\S)([^_\\n]{1,800}?)(?<=\\S)_(?!\\w))",
    "\\[([^\\]\\n]{1,500})\\]\\(([^\\s)]{1,2000})\\)",
    `(${ADDRESS})`,
  ].join("|"),
  "gsu",
);
const PLAIN = new RegExp(`(${ADDRESS})`, "gu");
const BULLET = /^\s*[-*+]\s+(?=\S)/;
const NUMBER = /^\s*\d{1,3}[.)]\s+(?=\S)/;
const QUOTE = /^>\s?/;
const HEADING = /^#{1,6}\s+(?=\S)/;
const FENCE = /^```/;

/** Plain text with its addresses made links; the style sheet keeps line breaks. */
export function plain(text) {
  return text.split(PLAIN).map((piece, at) => (at % 2 ? anchor(piece, piece) : piece));
}

function anchor(address, ...shown) {
  const target = safe(address, location.href);
  return target ? link(target, ...shown) : h("span", null, ...shown);
}

function inline(text, depth = 0) {
  const nodes = [];
  let from = 0;
  for (const found of depth < 6 ? text.matchAll(INLINE) : []) {
    const [whole, code, , strong, star, line, shown, target, address] = found;
    nodes.push(text.slice(from, found.index));
    from = found.index + whole.length;
    if (code) nodes.push(h("code", null, code));
    else if (address) nodes.push(anchor(address, address));
    else if (target) nodes.push(anchor(target, inline(shown, 6)));
    else nodes.push(h(strong ? "strong" : "em", null, inline(strong || star || line, depth + 1)));
  }
  nodes.push(text.slice(from));
  return nodes;
}

const broken = (lines) => lines.flatMap((line, at) => [at && h("br"), ...inline(line)]);
const list = (tag, mark, lines, start) =>
  h(tag, { start }, lines.map((line) => h("li", null, inline(line.replace(mark, "")))));

export function markdown(text) {
  const lines = text.replace(/\r\n?/g, "\n").split("\n");
  const special = (line) => [BULLET, NUMBER, QUOTE, HEADING, FENCE].find((mark) => mark.test(line));
  const take = (fits) => {
    const end = lines.findIndex((line) => !fits(line));
    return lines.splice(0, end < 0 ? lines.length : end);
  };
  const blocks = [];
  while (lines.length) {
    const mark = special(lines[0]);
    if (mark === FENCE) {
      lines.shift();
      blocks.push(h("pre", null, h("code", null, take((line) => !FENCE.test(line)).join("\n"))));
      lines.shift();
    } else if (mark === BULLET) blocks.push(list("ul", mark, take((line) => mark.test(line))));
    else if (mark === NUMBER) blocks.push(list("ol", mark, take((line) => mark.test(line)), parseInt(lines[0], 10)));
    else if (mark === QUOTE) blocks.push(h("blockquote", null, broken(take((line) => mark.test(line)).map((line) => line.replace(mark, "")))));
    else if (mark) blocks.push(h("p", null, h("strong", null, inline(lines.shift().replace(mark, "")))));
    else if (lines[0].trim()) blocks.push(h("p", null, broken(take((line) => line.trim() && !special(line)))));
    else lines.shift();
  }
  return blocks;
}
