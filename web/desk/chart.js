// Sentiment drawn as SVG: a spark for lists, a plot for the panel. Scores run from -1 to 1.
import { h, svg } from "./dom.js";
import { t } from "./strings.js";
import { feeling } from "./words.js";

const SPARK = { width: 54, height: 18, pad: 3 };
const PLOT = { width: 300, height: 112, left: 8, right: 12, top: 12, bottom: 12 };

function points(scores, { width, height, left, right, top, bottom }) {
  const step = scores.length > 1 ? (width - left - right) / (scores.length - 1) : 0;
  const middle = scores.length > 1 ? left : width / 2;
  return scores.map((score, index) => {
    const clamped = Math.max(-1, Math.min(1, score));
    return { x: middle + index * step, y: top + ((1 - clamped) / 2) * (height - top - bottom), score };
  });
}

const path = (all) => all.map(({ x, y }, index) => `${index ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");

/** A curve through all points that never overshoots them: control points lie level with their own point. */
function curve(all) {
  return all
    .map(({ x, y }, index) => {
      if (!index) return `M${x.toFixed(1)} ${y.toFixed(1)}`;
      const before = all[index - 1];
      const half = (before.x + x) / 2;
      return `C${half.toFixed(1)} ${before.y.toFixed(1)} ${half.toFixed(1)} ${y.toFixed(1)} ${x.toFixed(1)} ${y.toFixed(1)}`;
    })
    .join("");
}

export function sparkline(scores) {
  const { width, height, pad } = SPARK;
  const shown = scores.slice(-12);
  // So small a line needs its own scale: small changes still show, the middle stays the middle.
  const most = Math.max(0.4, ...shown.map(Math.abs));
  const all = points(shown.map((score) => score / most), { width, height, left: pad, right: pad, top: pad, bottom: pad });
  const last = all.at(-1);
  return svg(
    "svg",
    { viewBox: `0 0 ${width} ${height}`, width, height, class: `sparkline ${feeling(scores.at(-1))}`, "aria-hidden": "true" },
    svg("line", { x1: 0, x2: width, y1: height / 2, y2: height / 2, class: "zero" }),
    svg("path", { d: path(all), class: "trace-line" }),
    svg("circle", { cx: last.x, cy: last.y, r: 2.2 }),
  );
}

export function trendOf(scores) {
  if (scores.length < 2) return "steady";
  const half = Math.ceil(scores.length / 2);
  const mean = (list) => list.reduce((sum, one) => sum + one, 0) / list.length;
  const change = mean(scores.slice(-Math.min(3, half))) - mean(scores.slice(0, half));
  if (change <= -0.15) return "falling";
  return change >= 0.15 ? "rising" : "steady";
}

export function plot(scores) {
  const { width, height, left, right, top, bottom } = PLOT;
  const all = points(scores, PLOT);
  const label = t.sentiment[feeling(scores.at(-1))];
  const trend = t.sentiment[trendOf(scores)];
  const zero = top + (height - top - bottom) / 2;
  const last = all.at(-1);
  const area = `${curve(all)}L${last.x.toFixed(1)} ${zero}L${all[0].x.toFixed(1)} ${zero}Z`;
  return h(
    "figure",
    { class: "plot" },
    h("figcaption", {}, h("strong", { class: feeling(last.score) }, label), ` · ${trend}`, h("span", { class: "quiet" }, ` · ${t.side.sentimentOf(scores.length)}`)),
    svg(
      "svg",
      { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": t.sentiment.plot(label, trend, scores.length) },
      svg("rect", { x: 0, y: top, width, height: zero - top, class: "band above" }),
      svg("rect", { x: 0, y: zero, width, height: zero - top, class: "band below" }),
      svg("line", { x1: 0, x2: width, y1: zero, y2: zero, class: "zero" }),
      svg("path", { d: area, class: "area" }),
      svg("path", { d: curve(all), class: "trace-line" }),
      all.map(({ x, y, score }, index) =>
        svg("circle", { cx: x, cy: y, r: index === all.length - 1 ? 4.5 : 3, class: feeling(score) }, svg("title", {}, t.sentiment.point(index + 1, score.toFixed(2)))),
      ),
      svg("text", { x: 4, y: top + 10 }, t.sentiment.axis.top),
      svg("text", { x: 4, y: height - bottom - 4 }, t.sentiment.axis.bottom),
    ),
  );
}
