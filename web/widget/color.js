// The brand colour, made readable: WCAG 2 contrast (w3.org/TR/WCAG22/#dfn-contrast-ratio).

const WHITE = [255, 255, 255];
const INK = [17, 20, 24];
const ENOUGH = 4.5;

const parse = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
const format = (color) => `#${color.map((part) => Math.round(part).toString(16).padStart(2, "0")).join("")}`;
const mix = (one, other, share) => one.map((part, at) => part + (other[at] - part) * share);

function luminance(color) {
  const [r, g, b] = color.map((part) => {
    const value = part / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

export function contrast(one, other) {
  const [high, low] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (high + 0.05) / (low + 0.05);
}

/** The colour, moved towards `towards` until it can be read on `ground`. */
function readable(color, ground, towards) {
  for (let share = 0; share < 1; share += 0.05) {
    const tried = mix(color, towards, share);
    if (contrast(tried, ground) >= ENOUGH) return tried;
  }
  return towards;
}

/** Custom properties for the style sheet. */
export function palette(hex) {
  const brand = parse(hex);
  const on = contrast(brand, WHITE) >= ENOUGH - 1 ? WHITE : INK;
  const fill = readable(brand, on, on === WHITE ? INK : WHITE);
  return {
    "--brand": format(fill),
    "--brand-deep": format(mix(fill, on === WHITE ? INK : fill, 0.18)),
    "--on-brand": format(on),
    "--brand-ink-light": format(readable(brand, [255, 255, 255], INK)),
    "--brand-ink-dark": format(readable(brand, [34, 38, 44], WHITE)),
  };
}
