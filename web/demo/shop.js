// The demo shop's cart. What matters to Parley is at the end: the page tells the chat what is in the cart.

const PRODUCTS = {
  "mug-01": { name: "Stoneware mug", note: "Dishwasher safe, 350 ml", price: 18 },
  "lamp-02": { name: "Desk lamp", note: "Warm light, dimmable", price: 79 },
  "throw-03": { name: "Wool throw", note: "130 × 180 cm", price: 64 },
  "kettle-04": { name: "Enamel kettle", note: "1.8 litres, all hobs", price: 49 },
  "board-05": { name: "Oak cutting board", note: "45 × 28 cm, oiled", price: 38 },
};
const SHIPPING = [
  { id: "standard", label: "Standard", price: 4.95, days: "3 to 5 working days" },
  { id: "express", label: "Express", price: 9.95, days: "1 to 2 working days" },
  { id: "pickup", label: "Pick-up point", price: 0, days: "3 to 5 working days" },
];
const CODES = { WELCOME10: 0.1 };
const FIRST = { quantities: { "mug-01": 2, "lamp-02": 1, "throw-03": 1 }, shipping: "standard", code: "" };
const MOST = 20;
const KEY = "demo-shop-cart";

const $ = (selector) => document.querySelector(selector);
const money = new Intl.NumberFormat("en-IE", { style: "currency", currency: "EUR" });
const cents = (amount) => Math.round(amount * 100) / 100;
const image = (sku) => `/demo/img/${sku}.png`;

let cart = restore();

function restore() {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY));
    const known = kept && Object.keys(kept.quantities).every((sku) => sku in PRODUCTS) && SHIPPING.some(({ id }) => id === kept.shipping);
    return known ? kept : structuredClone(FIRST);
  } catch {
    return structuredClone(FIRST);
  }
}

function h(tag, properties, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties || {})) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children);
  return element;
}

// --- what it costs

function reckon() {
  const items = Object.entries(cart.quantities)
    .filter(([, quantity]) => quantity > 0)
    .map(([sku, quantity]) => ({ sku, name: PRODUCTS[sku].name, quantity, price: PRODUCTS[sku].price, image: image(sku) }));
  const subtotal = cents(items.reduce((sum, item) => sum + item.quantity * item.price, 0));
  const discount = cents(subtotal * (CODES[cart.code] || 0));
  const { id: method, label, price } = SHIPPING.find(({ id }) => id === cart.shipping);
  const total = items.length ? cents(subtotal - discount + price) : 0;
  return { currency: "EUR", items, subtotal, discount, code: cart.code, shipping: { method, label, price }, total };
}

function change(edit) {
  edit();
  try {
    localStorage.setItem(KEY, JSON.stringify(cart));
  } catch {
    // Without storage the cart lives as long as the page.
  }
  draw();
  tellChat();
}

// --- what it looks like

function draw() {
  const now = reckon();
  $(".items").replaceChildren(...now.items.map(row));
  $(".empty").hidden = now.items.length > 0;
  const lines = [["Subtotal", now.subtotal]];
  if (now.discount) lines.push([`Promo ${now.code}`, -now.discount]);
  lines.push([`Shipping, ${now.shipping.label.toLowerCase()}`, now.shipping.price], ["Total", now.total]);
  $(".sums").replaceChildren(
    ...lines.map(([name, amount]) =>
      h("div", null, h("dt", null, name), h("dd", null, amount === 0 && name.startsWith("Shipping") ? "free" : money.format(amount))),
    ),
  );
  $(".pay").textContent = `Pay ${money.format(now.total)}`;
  $(".pay").disabled = !now.items.length;
}

function row(item) {
  const step = (by, sign, label) =>
    h("button", { type: "button", "aria-label": `${label} ${item.name}`, disabled: item.quantity + by > MOST, onclick: () => change(() => (cart.quantities[item.sku] += by)) }, sign);
  return h(
    "li",
    null,
    h("img", { src: item.image, alt: "", width: 84, height: 63 }),
    h("div", { class: "what" }, h("b", null, item.name), h("span", null, PRODUCTS[item.sku].note)),
    h("div", { class: "quantity", role: "group", "aria-label": `Quantity of ${item.name}` }, step(-1, "−", "One less"), h("output", null, String(item.quantity)), step(1, "+", "One more")),
    h("span", { class: "price" }, money.format(item.quantity * item.price)),
  );
}

function drawShipping() {
  $(".choices").replaceChildren(
    ...SHIPPING.map(({ id, label, price, days }) =>
      h(
        "label",
        null,
        h("input", { type: "radio", name: "shipping", value: id, checked: id === cart.shipping, onchange: () => change(() => (cart.shipping = id)) }),
        h("span", null, h("b", null, label), h("small", null, days)),
        h("span", { class: "price" }, price ? money.format(price) : "free"),
      ),
    ),
  );
}

$(".promo").addEventListener("submit", (event) => {
  event.preventDefault();
  const code = event.target.code.value.trim().toUpperCase();
  const status = $(".promo [role=status]");
  if (code in CODES) change(() => (cart.code = code));
  status.textContent = code in CODES ? "10 % off, enjoy." : code ? `“${code}” is not a code we know.` : "";
  status.className = code in CODES ? "good" : "bad";
});
$(".refill").addEventListener("click", () => change(() => (cart = structuredClone(FIRST))));
$(".pay").addEventListener("click", () => ($(".small").textContent = "That was all: this shop sells nothing. Try the chat in the corner."));
$(".details").addEventListener("submit", (event) => event.preventDefault());

drawShipping();
draw();

// --- what the chat is told

function tellChat() {
  window.Parley?.setContext({ cart: reckon(), shipping_options: SHIPPING });
}

// The widget's tag is async: it may have run already, or not yet.
$("script[data-channel]").addEventListener("load", tellChat);
tellChat();

for (const button of document.querySelectorAll("[data-say]")) {
  button.addEventListener("click", () => window.Parley?.open(button.dataset.say));
}
