// What outlives the page: the resume token and the messages that have not been accepted yet. Private windows and strict
// settings may refuse storage; then it all lives as long as the page.

export class Memory {
  constructor(channel) {
    this.prefix = `parley:${channel}:`;
    this.own = new Map();
    try {
      this.store = window.localStorage;
      this.store.getItem(this.prefix);
    } catch {
      this.store = null;
    }
  }

  get(name) {
    try {
      return JSON.parse((this.store?.getItem(this.prefix + name) ?? this.own.get(name)) || "null");
    } catch {
      return null;
    }
  }

  set(name, value) {
    const text = JSON.stringify(value);
    this.own.set(name, text);
    try {
      this.store?.setItem(this.prefix + name, text);
    } catch {
      // Full or forbidden: the copy in memory serves this page.
    }
  }

  remove(name) {
    this.own.delete(name);
    try {
      this.store?.removeItem(this.prefix + name);
    } catch {
      // As above.
    }
  }

  /** Messages waiting to be accepted, oldest first. One entry each, so that tabs don't overwrite each other's. */
  waiting() {
    const names = new Set(this.own.keys());
    for (let at = 0; at < (this.store?.length || 0); at += 1) {
      const key = this.store.key(at);
      if (key.startsWith(this.prefix)) names.add(key.slice(this.prefix.length));
    }
    const entries = [...names].filter((name) => name.startsWith("out:")).map((name) => this.get(name));
    return entries.filter((entry) => entry?.client_id).sort((one, other) => one.at - other.at);
  }

  keep(entry) {
    this.set(`out:${entry.client_id}`, entry);
  }

  done(clientId) {
    this.remove(`out:${clientId}`);
  }
}

export function newId() {
  const values = crypto.getRandomValues(new Uint8Array(12));
  return Date.now().toString(36) + [...values].map((value) => value.toString(16).padStart(2, "0")).join("");
}
