// JSON Schema as OpenAPI 3.1 has it: shown as a tree, and turned into an example.

import { h, inline } from "./dom.js";

const DEEPEST = 6;

export function schemas(api) {
  const known = (api.components && api.components.schemas) || {};

  const resolve = (schema) => {
    let found = schema || {};
    while (found.$ref) found = { ...known[found.$ref.split("/").pop()], ...(found.description ? { description: found.description } : {}) };
    return found;
  };

  const variants = (schema) => (schema.oneOf || schema.anyOf || []).filter((one) => one.type !== "null");
  const nullable = (schema) => (schema.oneOf || schema.anyOf || []).some((one) => one.type === "null");

  // The schema behind "this, or null".
  const plain = (schema) => {
    const found = resolve(schema);
    const options = variants(found);
    return options.length === 1 ? { ...resolve(options[0]), ...(found.description ? { description: found.description } : {}) } : found;
  };

  const typeName = (schema) => {
    const found = plain(schema);
    const suffix = nullable(resolve(schema)) ? " or null" : "";
    if (found.const !== undefined) return JSON.stringify(found.const) + suffix;
    if (found.enum) return found.enum.map((value) => JSON.stringify(value)).join(" | ") + suffix;
    if (found.type === "array") return `list of ${found.items ? typeName(found.items) : "anything"}${suffix}`;
    if (variants(found).length > 1) return variants(found).map((one) => nameOf(one) || typeName(one)).join(" | ") + suffix;
    if (found.type === "object" && !found.properties) return `object${suffix}`;
    if (found.type === "object") return (found.title || "object") + suffix;
    if (found.format === "date-time") return `time${suffix}`;
    return (found.type || "anything") + suffix;
  };

  const nameOf = (schema) => (schema.$ref ? schema.$ref.split("/").pop() : "");

  const limits = (schema) => {
    const found = plain(schema);
    const said = [];
    const range = [found.minimum, found.maximum];
    if (range[0] !== undefined && range[1] !== undefined && range[1] < 2 ** 53) said.push(`${range[0]} to ${range[1]}`);
    else if (range[0] !== undefined) said.push(`${range[0]} or more`);
    if (found.maxLength !== undefined) said.push(`up to ${found.maxLength} characters`);
    if (found.maxItems !== undefined) said.push(`up to ${found.maxItems}`);
    const preset = resolve(schema).default;
    if (preset !== undefined && preset !== null && preset !== "") said.push(`default ${JSON.stringify(preset)}`);
    return said.join(" · ");
  };

  const example = (schema, depth = 0, name = "") => {
    const found = plain(schema);
    if (found.examples) return found.examples[0];
    if (found.const !== undefined) return found.const;
    if (found.default !== undefined && found.default !== "") return found.default;
    if (found.enum) return found.enum[0];
    if (variants(found).length) return example(variants(found)[0], depth, name);
    if (depth > DEEPEST) return {};
    switch (found.type) {
      case "object": {
        const entries = Object.entries(found.properties || {});
        return Object.fromEntries(entries.map(([key, value]) => [key, example(value, depth + 1, key)]));
      }
      case "array":
        return found.items && depth < 3 ? [example(found.items, depth + 1, name)] : [];
      case "integer":
        return found.minimum || 0;
      case "number":
        return 0;
      case "boolean":
        return false;
      case "string":
        return found.format === "date-time" ? "2026-11-01T12:00:00Z" : found.default ?? "";
      default:
        return null;
    }
  };

  // Rows of an object's fields; a field that holds objects opens on demand.
  const tree = (schema, depth = 0) => {
    const found = plain(schema);
    if (found.type === "array" && found.items) return tree(found.items, depth);
    const options = variants(found);
    if (options.length > 1) {
      return h("div", { class: "variants" }, options.map((one) => fold(`${nameOf(one) || typeName(one)}`, one, depth)));
    }
    const required = new Set(found.required || []);
    const rows = Object.entries(found.properties || {}).map(([name, value]) => field(name, value, required.has(name), depth));
    return rows.length ? h("ul", { class: "fields" }, rows) : null;
  };

  const field = (name, schema, needed, depth) =>
    h(
      "li",
      {},
      h("span", { class: "name" }, name),
      h("span", { class: "type" }, typeName(schema)),
      needed && h("span", { class: "needed" }, "required"),
      limits(schema) && h("span", { class: "limits" }, limits(schema)),
      resolve(schema).description && h("p", {}, inline(resolve(schema).description)),
      deep(schema) && depth < DEEPEST && fold("its fields", schema, depth + 1),
    );

  const deep = (schema) => {
    const found = plain(schema);
    if (found.type === "array") return found.items ? deep(found.items) : false;
    return variants(found).length > 1 ? variants(found).some((one) => deep(one)) : Boolean(found.properties);
  };

  // Drawn when it is opened: Carousel holds Card holds Button …
  const fold = (label, schema, depth) => {
    const details = h("details", {}, h("summary", {}, label));
    details.addEventListener(
      "toggle",
      () => details.append(...[describe(schema), tree(schema, depth)].flat().filter(Boolean)),
      { once: true },
    );
    return details;
  };

  const describe = (schema) => {
    const text = resolve(schema).description;
    return text ? [h("p", {}, inline(text))] : [];
  };

  return { resolve, tree, example, typeName, limits };
}
