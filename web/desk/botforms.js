// What is asked of an admin: a new bot, a new version, a trial with some customers, whether to insist.
import { botApi } from "./botapi.js";
import { words as t } from "./botwords.js";
import { ask } from "./dialog.js";
import { h } from "./dom.js";

function field(name, label, more = {}) {
  return h("label", { class: "field" }, h("span", {}, label), h("input", { name, autocomplete: "off", spellcheck: "false", ...more }));
}

const listed = (text) => text.split(",").map((one) => one.trim()).filter(Boolean);

function settings() {
  return [
    field("url", t.fields.url, { type: "url", required: true, placeholder: "https://bot.example.com/turns" }),
    field("secret", t.fields.secret, { type: "password", required: true }),
    field("deadline", t.fields.deadline, { type: "number", min: "0.1", max: "3600", step: "0.1", value: "10" }),
    field("note", t.fields.note, { maxlength: "500" }),
  ];
}

function given(form) {
  const value = (name) => form.elements.namedItem(name).value.trim();
  return {
    settings: { kind: "webhook", url: value("url"), secret: value("secret"), deadline: Number(value("deadline")) || 10 },
    note: value("note"),
  };
}

export function register(done) {
  ask({
    title: t.add,
    hint: t.addHint,
    fields: [field("name", t.fields.name, { required: true, pattern: "[a-z0-9][a-z0-9_\\-]*", maxlength: "63", autofocus: true }), settings()],
    submit: t.register,
    go: async (form) => {
      const name = form.elements.namedItem("name").value.trim();
      await botApi.add({ name, ...given(form) });
      done(name);
    },
  });
}

export function newVersion(bot, done) {
  ask({
    title: t.newVersion,
    hint: t.newVersionHint,
    fields: settings(),
    submit: t.addVersion,
    go: async (form) => {
      await botApi.version(bot.name, given(form));
      done();
    },
  });
}

export function canary(bot, version, done) {
  ask({
    title: t.canary,
    hint: t.canaryHint,
    fields: [field("share", t.share, { type: "number", min: "1", max: "99", step: "1", value: "10", required: true, autofocus: true })],
    submit: t.start,
    go: async (form) => {
      await botApi.trial(bot.name, { version, mode: "canary", share: Number(form.elements.namedItem("share").value) / 100 });
      done();
    },
  });
}

export function insist(bot, version, done) {
  ask({
    title: t.insist,
    hint: t.insistHint,
    danger: true,
    submit: t.insist,
    go: async () => {
      await botApi.enable(bot.name, version, true);
      done();
    },
  });
}

export function removing(bot, done) {
  ask({
    title: `${t.remove}: ${bot.name}`,
    hint: t.removeHint,
    danger: true,
    submit: t.remove,
    go: async () => {
      await botApi.remove(bot.name);
      done();
    },
  });
}

export function serving(bot, done) {
  const { channels = [], languages = [], intents = [], segment = "" } = bot.serves ?? {};
  ask({
    title: t.serves,
    hint: t.comma,
    fields: [
      field("channels", t.channels, { value: channels.join(", "), autofocus: true }),
      field("languages", t.languages, { value: languages.join(", ") }),
      field("intents", t.intents, { value: intents.join(", ") }),
      field("segment", t.segment, { value: segment, placeholder: 'customer.tier == "gold"' }),
    ],
    submit: t.save,
    go: async (form) => {
      const value = (name) => form.elements.namedItem(name).value;
      await botApi.serve(bot.name, { channels: listed(value("channels")), languages: listed(value("languages")), intents: listed(value("intents")), segment: value("segment") });
      done();
    },
  });
}
