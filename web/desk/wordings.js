// Which wording of a message is whose: what was said, what the agent reads, what the customer reads.
import { language } from "./words.js";
import { t } from "./strings.js";

/** Kinds of parts that hold words somebody could translate. */
const WORDY = new Set(["text", "buttons", "quick_replies", "list", "carousel", "form"]);

function wordy(parts) {
  return parts.some((part) => WORDY.has(part.kind));
}

/**
 * `main` is shown first, `other` is the second wording or null; each `{ parts, language }`. `trouble` says when a reader
 * gets words in a language not theirs. `side` is "in" for the customer's words, "out" for what they get.
 */
export function wordings(message, { pivot, spoken, reads }) {
  return message.role === "customer" ? incoming(message, pivot, reads) : outgoing(message, pivot, spoken);
}

function incoming(message, pivot, reads) {
  const said = message.language ?? "";
  const original = { parts: message.parts, language: said };
  const understood = translated(message, pivot);
  if (understood) {
    const translation = { parts: understood, language: pivot };
    const fluent = said !== pivot && reads.includes(said);
    return { main: fluent ? original : translation, other: fluent ? translation : original, trouble: "" };
  }
  const lacking = said && said !== pivot && !reads.includes(said) && wordy(message.parts);
  return { main: original, other: null, trouble: lacking ? t.thread.untranslatedIn(language(said)) : "" };
}

/** A tap's title is translated in its place; other parts without words of the customer's own stay as they are. */
function translated(message, pivot) {
  const parts = message.translations[pivot];
  if (!parts || wordy(message.parts)) return parts;
  const words = parts.find((part) => part.kind === "text")?.text ?? "";
  if (message.parts.length !== 1 || message.parts[0].kind !== "tap" || !words) return undefined;
  return [{ ...message.parts[0], title: words }];
}

function outgoing(message, pivot, spoken) {
  const said = message.language ?? pivot;
  const original = { parts: message.parts, language: said };
  if (message.visibility === "internal" || !wordy(message.parts)) return { main: original, other: null, trouble: "" };
  const main = said === pivot ? original : { parts: message.translations[pivot] ?? message.parts, language: message.translations[pivot] ? pivot : said };
  const theirs = reading(message, spoken, pivot);
  if (theirs && theirs !== main.language) {
    const parts = theirs === said ? message.parts : message.translations[theirs];
    return { main, other: { parts, language: theirs }, trouble: "" };
  }
  const lacking = !theirs && said !== spoken;
  return { main, other: null, trouble: lacking ? t.thread.untranslatedOut(language(said)) : "" };
}

/** The language the customer was sent it in: the one spoken then, which later turns may have changed. */
function reading(message, spoken, pivot) {
  if (message.language === spoken || message.translations[spoken]) return spoken;
  const others = Object.keys(message.translations).filter((code) => code !== pivot);
  return others.length === 1 ? others[0] : "";
}
