// A form that sends the request with the key of this tab and shows what came back.

import { h } from "./dom.js";

export function tryOut(item, parameters, body, tools) {
  const inputs = parameters.map((one) => [one, h("input", { name: one.name, required: one.required, autocomplete: "off" })]);
  const text = body && h("textarea", { name: "body", rows: "8", spellcheck: "false", "aria-label": "Body" });
  if (text) text.value = JSON.stringify(tools.example(body), null, 2);
  const output = h("div", { class: "output", "aria-live": "polite" });
  const send = h("button", { type: "submit" }, "Send");
  const form = h(
    "form",
    {},
    inputs.map(([one, input]) => h("label", {}, h("span", {}, one.name), input)),
    text && h("label", { class: "wide" }, h("span", {}, "Body"), text),
    send,
  );
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    send.disabled = true;
    output.replaceChildren(...(await ask(item, inputs, text)));
    send.disabled = false;
  });
  return h("details", { class: "try" }, h("summary", {}, "Try it"), form, output);
}

async function ask(item, inputs, text) {
  const headers = {};
  const key = document.getElementById("key").value.trim();
  if (key) headers.Authorization = `Bearer ${key}`;
  let path = item.path;
  const query = new URLSearchParams();
  for (const [one, input] of inputs) {
    const value = input.value.trim();
    if (one.in === "path") path = path.replace(`{${one.name}}`, encodeURIComponent(value));
    else if (value && one.in === "header") headers[one.name] = value;
    else if (value) query.append(one.name, value);
  }
  if (text) headers["Content-Type"] = "application/json";
  const url = query.size ? `${path}?${query}` : path;
  const began = performance.now();
  try {
    const options = { method: item.method.toUpperCase(), headers, credentials: "omit", body: text ? text.value : undefined };
    const response = await fetch(url, options);
    return shown(response, await response.text(), performance.now() - began);
  } catch (error) {
    return [h("p", { class: "failed" }, `No answer: ${error.message}`)];
  }
}

function shown(response, raw, ms) {
  let text = raw;
  try {
    text = JSON.stringify(JSON.parse(raw), null, 2);
  } catch {
    // Shown as it is.
  }
  const wait = response.headers.get("retry-after");
  return [
    h(
      "p",
      {},
      h("span", { class: `status ${response.ok ? "good" : "bad"}` }, String(response.status)),
      `${Math.round(ms)} ms`,
      wait && `, try again after ${wait} s`,
    ),
    text && h("pre", { tabindex: "0", "aria-label": "Answer" }, text),
  ];
}
