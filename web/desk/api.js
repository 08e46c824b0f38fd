// Talking to /desk/api: JSON, the session's cookie, and its CSRF token in a header of every change.
import { t } from "./strings.js";

const ROOT = "/desk/api";
let csrf = "";
let signedOut = () => {};

/** What a request was answered with, or why it was not: `status` 0 means nobody answered. */
export class Refused extends Error {
  constructor(status, code, message, more = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.more = more;
  }

  /** Whether the same request may well succeed later. */
  get passing() {
    return this.status === 0 || this.status === 429 || this.status >= 502;
  }
}

export function useSession(token, onSignedOut) {
  csrf = token;
  signedOut = onSignedOut;
}

async function ask(method, path, { body, json, headers = {} } = {}) {
  const sent = json === undefined ? body : JSON.stringify(json);
  const type = json === undefined ? {} : { "Content-Type": "application/json" };
  let response;
  try {
    response = await fetch(ROOT + path, {
      method,
      body: sent,
      credentials: "same-origin",
      cache: "no-store",
      headers: { Accept: "application/json", ...type, ...(method === "GET" ? {} : { "X-Parley-CSRF": csrf }), ...headers },
    });
  } catch {
    throw new Refused(0, "unreachable", t.errors.unreachable);
  }
  const answer = await response.json().catch(() => null);
  if (response.status === 204 || (response.ok && answer !== null)) return answer;
  const { code = "internal", message = t.errors.internal, ...more } = answer?.error ?? {};
  if (response.status === 401 && path !== "/login") signedOut();
  throw new Refused(response.status, code, message, more);
}

export const get = (path) => ask("GET", path);
export const post = (path, json = {}) => ask("POST", path, { json });
export const put = (path, json) => ask("PUT", path, { json });
export const remove = (path) => ask("DELETE", path);

const one = (id) => `/conversations/${encodeURIComponent(id)}`;

export const api = {
  me: () => get("/me"),
  signIn: (email, password, app) => post("/login", { email, password, app }),
  signOut: () => post("/logout"),
  agents: () => get("/agents"),
  list: (view, before) => get(`/conversations?view=${view}${before ? `&before=${encodeURIComponent(before)}` : ""}`),
  conversation: (id) => get(one(id)),
  older: (id, before) => get(`${one(id)}/messages?before=${before}`),
  traces: (id) => get(`${one(id)}/traces`),
  trace: (id, trace) => get(`${one(id)}/traces/${encodeURIComponent(trace)}`),
  accept: (id) => post(`${one(id)}/accept`),
  say: (id, parts, client_id, own = {}) => post(`${one(id)}/say`, { parts, client_id, ...own }),
  preview: (id, text) => post(`${one(id)}/preview`, { text }),
  back: (id, text) => post(`${one(id)}/back`, { text }),
  propose: (given) => post("/translations", given),
  translations: (state) => get(`/translations?state=${encodeURIComponent(state)}`),
  decide: (id, state, translation) => post(`/translations/${encodeURIComponent(id)}`, { state, translation }),
  engines: () => get("/engines"),
  note: (id, text, client_id) => post(`${one(id)}/note`, { text, client_id }),
  transfer: (id, team, note) => post(`${one(id)}/transfer`, { team, note }),
  handBack: (id, note) => post(`${one(id)}/return`, { note }),
  resolve: (id, note) => post(`${one(id)}/resolve`, { note }),
  speak: (id, language) => post(`${one(id)}/language`, { language }),
  addresses: (id) => get(`${one(id)}/addresses`),
  linkCode: (id) => post(`${one(id)}/code`),
  goOn: (id, channel_id) => post(`${one(id)}/continue`, { channel_id }),
  unlink: (link) => post(`/links/${encodeURIComponent(link)}/undo`),
  read: (id, seq) => post(`${one(id)}/read`, { seq }),
  upload: (id, file) =>
    ask("POST", `${one(id)}/upload?name=${encodeURIComponent(file.name || "picture.png")}`, {
      body: file,
      headers: { "Content-Type": file.type || "application/octet-stream" },
    }),
};
