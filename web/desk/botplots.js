// How the versions of a bot do, hour by hour: one small plot for each measure, one line for each version.
import { words } from "./botwords.js";
import { h, svg } from "./dom.js";

const BOX = { width: 300, height: 110, left: 44, right: 10, top: 10, bottom: 22 };
const MEASURES = [
  { name: "failed", low: 0, least: 0.05, text: words.percent },
  { name: "handoffs", low: 0, least: 0.05, text: words.percent },
  { name: "p95", low: 0, least: 100, text: words.seconds },
  { name: "sentiment", low: -1, least: 1, text: (value) => value.toFixed(1) },
];

export const seriesName = ({ version, arm }) => `${version || words.configured} ${words.arms[arm]}`;
const key = ({ version, arm }) => `${version} ${arm}`;

/** `hours`: as /bots/{name}/figures gives them. */
export function plots(hours) {
  const series = new Map();
  for (const { at, figures } of hours)
    for (const one of figures) {
      if (!series.has(key(one))) series.set(key(one), { name: seriesName(one), arm: one.arm, points: [] });
      series.get(key(one)).points.push({ at: Date.parse(at), figures: one });
    }
  const all = [...series.values()];
  return h(
    "div",
    { class: "bot-plots" },
    h(
      "ul",
      { class: "legend" },
      all.map((one, index) => h("li", {}, svg("svg", { viewBox: "0 0 24 8", width: 24, height: 8, class: `series s${index % 4}`, "aria-hidden": "true" }, svg("path", { d: "M0 4H24" })), one.name)),
    ),
    h("div", { class: "grid" }, MEASURES.map((measure) => plot(measure, all))),
  );
}

function plot(measure, all) {
  const valued = all.map((one) => ({ ...one, points: one.points.map((each) => ({ ...each, value: each.figures[measure.name] })).filter(({ value }) => value !== null) }));
  const values = valued.flatMap((one) => one.points.map(({ value }) => value));
  const moments = valued.flatMap((one) => one.points.map(({ at }) => at));
  const high = Math.max(measure.least, ...values);
  const [first, last] = [Math.min(...moments), Math.max(...moments)];
  const { width, height, left, right, top, bottom } = BOX;
  const x = (at) => (last > first ? left + ((at - first) / (last - first)) * (width - left - right) : (left + width - right) / 2);
  const y = (value) => top + ((high - value) / (high - measure.low)) * (height - top - bottom);
  const told = valued.filter((one) => one.points.length).map((one) => `${one.name} ${measure.text(one.points.at(-1).value)}`).join(", ");
  return h(
    "figure",
    { class: "bot-plot" },
    h("figcaption", {}, words.plots[measure.name]),
    svg(
      "svg",
      { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": words.plotted(words.plots[measure.name], told) },
      [measure.low, (measure.low + high) / 2, high].map((value) => [
        svg("line", { x1: left, x2: width - right, y1: y(value), y2: y(value), class: "axis" }),
        svg("text", { x: left - 6, y: y(value) + 4, "text-anchor": "end" }, measure.text(value)),
      ]),
      values.length ? ends(first, last, x, height) : null,
      valued.map((one, index) => [
        svg("path", { d: one.points.map(({ at, value }, place) => `${place ? "L" : "M"}${x(at).toFixed(1)} ${y(value).toFixed(1)}`).join(""), class: `series s${index % 4}` }),
        one.points.map(({ at, value }) => svg("circle", { cx: x(at), cy: y(value), r: 3, class: `series s${index % 4}` }, svg("title", {}, `${one.name}, ${hour(at)}: ${measure.text(value)}`))),
      ]),
    ),
  );
}

function ends(first, last, x, height) {
  const at = (moment, anchor) => svg("text", { x: x(moment), y: height - 6, "text-anchor": anchor }, hour(moment));
  return last > first ? [at(first, "start"), at(last, "end")] : [at(first, "middle")];
}

const hour = (at) => new Date(at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
