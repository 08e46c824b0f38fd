// One message of the thread.
import { h, unseen } from "./dom.js";
import { icon } from "./icons.js";
import { parts, wording } from "./parts.js";
import { t } from "./strings.js";
import { clock, language, moment } from "./words.js";
import { wordings } from "./wordings.js";

/** `how`: { pivot, spoken, reads, show, me, agentName, customerName, mark, first, last, onWhy }. */
export function bubble(message, how) {
  if (message.role === "system") return notice(message, how);
  if (message.visibility === "internal") return note(message, how);
  const side = message.role === "customer" ? "in" : "out";
  const kinds = ["bubble", side, message.role, message.withdrawn && "withdrawn", how.first && "first", how.last && "last", message.pending && "pending"];
  return h(
    "article",
    { class: kinds.filter(Boolean).join(" "), id: message.seq ? `m-${message.seq}` : null, data: { seq: message.seq }, "aria-label": author(message, how) },
    how.first ? h("div", { class: "who" }, face(message), author(message, how)) : null,
    h("div", { class: "said" }, quoted(message, how), wordingsOf(message, how)),
    reactions(message),
    undelivered(how.mark),
    message.withdrawn ? h("div", { class: "badge warn" }, t.thread.withdrawn) : null,
    foot(message, how),
  );
}

/** The message it answers; only how it begins, and only where the thread has it. */
function quoted(message, how) {
  if (!message.quotes) return null;
  const found = how.quoted?.(message.quotes);
  const text = found ? wording(wordings(found, how).main.parts).slice(0, 140) : t.thread.quotesEarlier;
  return h("blockquote", { class: "quoted", dir: "auto" }, found ? h("span", { class: "quiet" }, author(found, how)) : null, text);
}

function reactions(message) {
  const signs = Object.values(message.reactions ?? {});
  return signs.length ? h("div", { class: "reactions", "aria-label": t.thread.reactions }, signs.map((sign) => h("span", {}, sign))) : null;
}

/** Why it did not go out, in words, where there is something an agent can do about it. */
function undelivered(mark) {
  const words = mark?.reason ? t.thread.reasons[mark.reason]?.(mark.state) : "";
  return words ? h("div", { class: "badge warn" }, icon("alert"), words) : null;
}

function face(message) {
  return message.role === "bot" ? icon("bot") : null;
}

export function author(message, how) {
  if (message.role === "customer") return how.customerName;
  if (message.role === "bot") return message.author ? `${t.thread.bot} · ${message.author}` : t.thread.bot;
  if (message.role === "system") return t.thread.system;
  if (message.author === how.me) return t.thread.you;
  return how.agentName(message.author) || message.author;
}

function wordingsOf(message, how) {
  const { main, other, trouble } = wordings(message, how);
  const swapped = how.show === "original" && other;
  const first = swapped && message.role === "customer" && main.language === how.pivot ? other : main;
  const second = how.show === "both" ? other : null;
  return [
    h("div", { class: "main", lang: first.language || null }, parts(first.parts)),
    // A picture or a place twice would be noise: the second wording is words only.
    second
      ? h(
          "div",
          { class: "other", lang: second.language || null },
          h("span", { class: "tag", title: language(second.language) }, tag(message, second.language)),
          parts(second.parts.filter((part) => part.kind !== "media" && part.kind !== "location")),
        )
      : null,
    trouble ? h("div", { class: "badge warn" }, icon("translate"), trouble) : null,
  ];
}

function tag(message, code) {
  if (message.role === "customer") return language(code);
  return `${t.thread.customerRead} ${language(code)}`;
}

function foot(message, how) {
  const why = message.turn_id || message.role === "customer" ? whyButton(message, how) : null;
  return h(
    "footer",
    {},
    h("time", { datetime: message.at, title: moment(message.at) }, clock(message.at)),
    message.edited_at ? h("span", { title: moment(message.edited_at) }, t.thread.edited) : null,
    message.role === "customer" ? null : ticks(how.mark),
    message.pending?.state === "failed" ? failed(message, how) : null,
    message.pending ? null : why,
  );
}

function whyButton(message, how) {
  return h(
    "button",
    { type: "button", class: "link why", title: t.thread.whyLong, data: { focus: "why" }, on: { click: () => how.onWhy(message) } },
    t.thread.why,
  );
}

/** `mark` is { state, error }: sending, waiting, failed, unknown, sent, delivered or read. */
function ticks(mark) {
  if (!mark) return null;
  const { state, error = "" } = mark;
  const looks = { sending: "clock", waiting: "clock", unknown: "clock", failed: "alert", sent: "check", delivered: "checks", read: "checks" }[state];
  const words = { sending: t.thread.sending, waiting: t.thread.waitingNet, failed: t.thread.failed }[state] ?? t.thread[state];
  const title = error ? `${words}: ${error}` : words;
  return h("span", { class: `ticks ${state}`, title }, icon(looks), unseen(title));
}

function failed(message, how) {
  return h(
    "span",
    { class: "failed", role: "alert" },
    t.thread.notSent(message.pending.why),
    h("button", { type: "button", class: "link", on: { click: () => how.onRetry(message.pending) } }, t.thread.retry),
    h("button", { type: "button", class: "link", on: { click: () => how.onDiscard(message.pending) } }, t.thread.discard),
  );
}

function notice(message, how) {
  const { main } = wordings(message, how);
  return h(
    "div",
    { class: `notice${message.withdrawn ? " withdrawn" : ""}`, id: message.seq ? `m-${message.seq}` : null, data: { seq: message.seq } },
    h("div", { class: "notice-words" }, parts(main.parts)),
    h("time", { datetime: message.at, title: moment(message.at) }, clock(message.at)),
  );
}

function note(message, how) {
  const kinds = ["note", message.pending && "pending"];
  return h(
    "article",
    { class: kinds.filter(Boolean).join(" "), id: message.seq ? `m-${message.seq}` : null, data: { seq: message.seq } },
    h("div", { class: "who" }, icon("lock"), `${t.thread.note} · ${author(message, how)}`, unseen(`. ${t.thread.noteHint}`)),
    h("div", { class: "main" }, parts(message.parts)),
    h(
      "footer",
      {},
      h("time", { datetime: message.at, title: moment(message.at) }, clock(message.at)),
      message.pending ? ticks(how.mark) : null,
      message.pending?.state === "failed" ? failed(message, how) : null,
    ),
  );
}

/** How far an outgoing message has come, by the platform's word and by the customer's marks. */
export function markOf(message, { marks, deliveries }) {
  if (message.pending) return { state: message.pending.state, error: message.pending.why };
  if (message.role === "customer" || message.visibility === "internal" || message.withdrawn) return null;
  const known = deliveries.filter((one) => one.message_id === message.id);
  const failure = known.find((one) => one.state === "failed");
  if (failure) return { state: "failed", error: failure.error, reason: failure.reason };
  const special = known.find((one) => one.reason && one.state !== "delivered" && one.state !== "read");
  if (special) {
    const state = { pending: "waiting", unknown: "unknown" }[special.state] ?? "sent";
    return { state, error: state === "sent" ? "" : special.error, reason: special.reason };
  }
  if (marks.customer_read >= message.seq || known.some((one) => one.state === "read")) return { state: "read" };
  const arrived = marks.customer_delivered >= message.seq || known.some((one) => one.state === "delivered");
  return { state: arrived ? "delivered" : "sent" };
}
