// What a page passed along: a cart with pictures, the page itself, and anything else by name.
import { h } from "./dom.js";
import { link } from "./markdown.js";
import { t } from "./strings.js";
import { label, money } from "./words.js";

const SHOWN = new Set(["cart", "page", "url", "title"]);
const DEEPEST = 4;

/** A cart as web shops describe it: items (or a plain list) with name, quantity, price, picture; totals beside them. */
export function cart(given, base) {
  const items = Array.isArray(given) ? given : Array.isArray(given?.items) ? given.items : [];
  const about = Array.isArray(given) || given === null || typeof given !== "object" ? {} : given;
  const currency = typeof about.currency === "string" ? about.currency : "";
  const totals = Object.entries(about).map(([key, value]) => total(key, value, currency)).filter(Boolean);
  return [
    h("ul", { class: "cart" }, items.map((item) => line(item, currency, base))),
    totals.length ? h("dl", { class: "totals" }, totals.map(([name, value]) => [h("dt", {}, h("bdi", {}, name)), h("dd", {}, h("bdi", {}, value))])) : null,
  ];
}

/** A line below the items: "Shipping · Standard" and its price, a total, a code; null for what says nothing. */
function total(key, value, currency) {
  if (key === "items" || key === "currency" || value === null || value === "" || value === undefined) return null;
  if (typeof value === "number") return [label(key), amount(key, value, currency)];
  if (typeof value !== "object") return [label(key), String(value)];
  const price = value.price ?? value.amount ?? value.total;
  if (price === undefined) return null;
  const name = value.label ?? value.name ?? value.method;
  return [name ? `${label(key)} · ${name}` : label(key), typeof price === "number" ? money(price, currency) : String(price)];
}

function amount(key, value, currency) {
  return /^(item_?)?(count|quantity|qty|items|number)$/i.test(key) ? String(value) : money(value, currency);
}

function line(item, currency, base) {
  if (item === null || typeof item !== "object") return h("li", {}, h("bdi", {}, String(item)));
  const name = item.name ?? item.title ?? item.sku ?? item.id ?? "";
  const many = item.quantity ?? item.qty ?? item.count ?? 1;
  const price = item.price ?? item.unit_price ?? item.total;
  const url = absolute(String(item.image ?? item.picture ?? item.image_url ?? ""), base);
  const more = [item.variant, item.size, item.color, item.colour].filter((one) => typeof one === "string" && one);
  return h(
    "li",
    {},
    url ? h("img", { src: url, alt: "", loading: "lazy", referrerpolicy: "no-referrer" }) : h("span", { class: "no-picture" }),
    h("span", { class: "cart-name" }, h("bdi", {}, String(name)), more.length ? h("span", { class: "quiet" }, h("bdi", {}, more.join(" · "))) : null),
    many !== 1 ? h("span", { class: "quiet" }, t.side.quantity(String(many))) : null,
    price === undefined ? null : h("span", { class: "price" }, typeof price === "number" ? money(price, item.currency ?? currency) : String(price)),
  );
}

/** A picture's address as the shop's page meant it; "" when there is none that may be loaded. */
function absolute(image, base) {
  if (!image || image.startsWith("/media/")) return image;
  try {
    const url = new URL(image, new URL(base || location.href, location.href));
    return url.protocol === "https:" || url.origin === location.origin ? url.href : "";
  } catch {
    return "";
  }
}

export function urlOf(context) {
  const page = context.page ?? {};
  return String((typeof page === "string" ? page : page?.url) ?? context.url ?? "");
}

export function pageOf(context) {
  const page = context.page ?? {};
  const url = urlOf(context);
  const title = String((typeof page === "object" ? page?.title : "") ?? context.title ?? "");
  if (!url && !title) return null;
  return h("bdi", {}, url ? link(url, title || url) : title);
}

/** Everything else as a tree; null when there is nothing. */
export function rest(context) {
  const entries = Object.entries(context).filter(([key]) => !SHOWN.has(key));
  return entries.length ? tree(Object.fromEntries(entries), 0) : null;
}

function tree(value, depth) {
  if (value === null || typeof value !== "object") return h("bdi", {}, String(value));
  if (depth >= DEEPEST) return h("code", {}, JSON.stringify(value).slice(0, 300));
  if (Array.isArray(value)) return h("ul", { class: "tree" }, value.map((one) => h("li", {}, tree(one, depth + 1))));
  return h("dl", { class: "facts-list" }, Object.entries(value).map(([key, one]) => [h("dt", {}, label(key)), h("dd", {}, tree(one, depth + 1))]));
}
