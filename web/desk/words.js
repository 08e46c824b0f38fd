// Times, languages and numbers as people read them.

const LOCALE = "en";
const clockTime = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const fullTime = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const dayOfYear = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });
const shortDay = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const languages = new Intl.DisplayNames([LOCALE], { type: "language" });

export function language(code) {
  if (!code) return "";
  try {
    return languages.of(code) ?? code;
  } catch {
    return code;
  }
}

export function clock(iso) {
  return clockTime.format(new Date(iso));
}

export function moment(iso) {
  return fullTime.format(new Date(iso));
}

/** "now", "4 min", "2 h 5 min", "3 days". */
export function span(iso, now = Date.now()) {
  const minutes = Math.max(0, Math.floor((now - new Date(iso)) / 60_000));
  if (minutes < 1) return "now";
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return minutes % 60 && hours < 6 ? `${hours} h ${minutes % 60} min` : `${hours} h`;
  const days = Math.floor(hours / 24);
  return days === 1 ? "1 day" : `${days} days`;
}

/** For a list: the time today, the date before. */
export function stamp(iso, now = new Date()) {
  const date = new Date(iso);
  return sameDay(date, now) ? clockTime.format(date) : shortDay.format(date);
}

export function sameDay(a, b) {
  return a.toDateString() === b.toDateString();
}

export function day(iso, t, now = new Date()) {
  const date = new Date(iso);
  const yesterday = new Date(now);
  yesterday.setDate(now.getDate() - 1);
  if (sameDay(date, now)) return t.thread.today;
  if (sameDay(date, yesterday)) return t.thread.yesterday;
  return date.getFullYear() === now.getFullYear() ? dayOfYear.format(date) : fullTime.format(date).split(",").slice(0, 2).join(",");
}

export function milliseconds(ms) {
  if (ms >= 1000) return `${(ms / 1000).toFixed(2)} s`;
  return ms >= 10 ? `${Math.round(ms)} ms` : `${ms.toFixed(1)} ms`;
}

export function percent(share) {
  return `${Math.round(share * 100)} %`;
}

export function bytes(size) {
  if (!size) return "";
  if (size < 1024) return `${size} B`;
  if (size < 1024 * 1024) return `${Math.round(size / 1024)} KB`;
  return `${(size / 1024 / 1024).toFixed(1)} MB`;
}

export function money(amount, currency) {
  if (typeof amount !== "number") return String(amount);
  if (!currency) return amount.toFixed(2);
  try {
    return new Intl.NumberFormat(undefined, { style: "currency", currency }).format(amount);
  } catch {
    return `${amount.toFixed(2)} ${currency}`;
  }
}

/** "delivery_date" as a person reads it. */
export function label(key) {
  const words = String(key).replace(/([a-z])([A-Z])/g, "$1 $2").replace(/[_.-]+/g, " ").trim();
  return words ? words[0].toUpperCase() + words.slice(1).toLowerCase() : String(key);
}

/** A score of -1…1 as one of three words' keys. */
export function feeling(score) {
  if (score <= -0.2) return "negative";
  return score >= 0.2 ? "positive" : "neutral";
}

export function initials(name) {
  const words = name.trim().split(/\s+/).filter(Boolean);
  const letters = [words[0], words.length > 1 ? words[words.length - 1] : ""].map((word) => [...(word ?? "")][0] ?? "");
  return letters.join("").toUpperCase() || "?";
}

/** A hue of 0…359 that stays with a name. */
export function hue(name) {
  let sum = 0;
  for (const letter of name) sum = (sum * 31 + letter.codePointAt(0)) % 360;
  return sum;
}
