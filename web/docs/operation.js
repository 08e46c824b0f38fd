// One operation: what it does, what it takes, what it answers, a command line for it, and a form to try it.

import { copyButton, h, inline, prose } from "./dom.js";
import { tryOut } from "./tryout.js";

export function operation(api, tools, item) {
  const { method, path, details } = item;
  const parameters = (details.parameters || []).map(tools.resolve);
  const body = details.requestBody && details.requestBody.content["application/json"].schema;
  return h(
    "section",
    { class: "operation", id: details.operationId, "aria-labelledby": `${details.operationId}-title` },
    h("h3", { id: `${details.operationId}-title` }, h("a", { href: `#${details.operationId}` }, details.summary)),
    h(
      "p",
      { class: "route" },
      h("span", { class: `method ${method}` }, method.toUpperCase()),
      h("code", {}, pathPieces(path)),
      details["x-scope"] && h("span", { class: "scope", title: "Scope the key needs" }, details["x-scope"]),
    ),
    prose(details.description),
    section("Parameters", parameters.length && h("ul", { class: "fields" }, parameters.map((one) => parameter(one, tools)))),
    section(details.requestBody && !details.requestBody.required ? "Body (may be left out)" : "Body", body && tools.tree(body)),
    answers(details, tools),
    sample(api, item, parameters, body, tools),
    tryOut(item, parameters, body, tools),
  );
}

function section(title, content) {
  return content ? [h("h4", {}, title), content] : [];
}

function pathPieces(path) {
  return path.split(/(\{[^}]+\})/).map((piece) => (piece.startsWith("{") ? h("i", {}, piece) : piece));
}

function parameter(one, tools) {
  const text = one.description || one.schema.description;
  return h(
    "li",
    {},
    h("span", { class: "name" }, one.name),
    h("span", { class: "type" }, `${tools.typeName(one.schema)}${one.in === "query" ? "" : ` in ${one.in}`}`),
    one.required && h("span", { class: "needed" }, "required"),
    tools.limits(one.schema) && h("span", { class: "limits" }, tools.limits(one.schema)),
    text && h("p", {}, inline(text)),
  );
}

// What comes back when it works, in full; what can go wrong, in a line each.
function answers(details, tools) {
  const entries = Object.entries(details.responses);
  const good = entries.find(([status]) => status.startsWith("2"));
  const schema = good && good[1].content && good[1].content["application/json"].schema;
  const wrong = entries.filter(([status]) => !status.startsWith("2"));
  return [
    h("h4", {}, "Answer"),
    h("p", {}, h("span", { class: "status good" }, good[0]), schema ? tools.typeName(schema) : "nothing"),
    schema && tools.tree(schema),
    h(
      "details",
      { class: "wrong" },
      h("summary", {}, "Errors"),
      h("ul", {}, wrong.map(([status, one]) => h("li", {}, h("span", { class: "status bad" }, status), inline(one.description)))),
    ),
  ];
}

function sample(api, item, parameters, body, tools) {
  const lines = [`curl ${item.method === "get" ? "" : `-X ${item.method.toUpperCase()} `}${location.origin}${item.path}`];
  lines.push(`  -H "Authorization: Bearer $PARLEY_KEY"`);
  for (const one of parameters) if (one.in === "header") lines.push(`  -H "${one.name}: $(uuidgen)"`);
  if (body) {
    lines.push(`  -H "Content-Type: application/json"`);
    lines.push(`  -d '${JSON.stringify(tools.example(body)).replaceAll("'", "'\\''")}'`);
  }
  const text = lines.join(" \\\n");
  return h("div", { class: "sample" }, copyButton(() => text), h("pre", { tabindex: "0", "aria-label": "Command line" }, text));
}
