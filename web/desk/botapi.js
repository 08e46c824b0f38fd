// The registry, as the desk's server offers it to admins.
import { get, post, put, remove } from "./api.js";

const one = (name) => `/bots/${encodeURIComponent(name)}`;

export const botApi = {
  list: () => get("/bots"),
  file: (name) => get(one(name)),
  figures: (name, hours = 48) => get(`${one(name)}/figures?hours=${hours}`),
  add: (body) => post("/bots", body),
  version: (name, body) => post(`${one(name)}/versions`, body),
  check: (name, version) => post(`${one(name)}/check`, { version }),
  enable: (name, version, force = false) => post(`${one(name)}/enable`, { version, force }),
  disable: (name) => post(`${one(name)}/disable`),
  rollback: (name) => post(`${one(name)}/rollback`),
  serve: (name, serves) => put(`${one(name)}/serves`, serves),
  trial: (name, body) => put(`${one(name)}/trial`, body),
  endTrial: (name, promote) => post(`${one(name)}/trial/end`, { promote }),
  remove: (name) => remove(one(name)),
};
