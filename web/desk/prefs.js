// What one person prefers on one machine. Storage may be switched off: then it lasts as long as the page.

const memory = new Map();

function storage() {
  try {
    return window.localStorage;
  } catch {
    return null;
  }
}

export function preferred(name, otherwise) {
  try {
    return storage()?.getItem(`parley-desk-${name}`) ?? memory.get(name) ?? otherwise;
  } catch {
    return memory.get(name) ?? otherwise;
  }
}

export function prefer(name, value) {
  memory.set(name, value);
  try {
    if (value === null) storage()?.removeItem(`parley-desk-${name}`);
    else storage()?.setItem(`parley-desk-${name}`, value);
  } catch {
    // Full or forbidden: `memory` has it.
  }
}

/** Kept until the tab closes: drafts, and messages that have not gone out yet. */
export const session = {
  read(name, otherwise) {
    try {
      return JSON.parse(window.sessionStorage.getItem(`parley-desk-${name}`)) ?? otherwise;
    } catch {
      return otherwise;
    }
  },
  write(name, value) {
    try {
      if (value === null) window.sessionStorage.removeItem(`parley-desk-${name}`);
      else window.sessionStorage.setItem(`parley-desk-${name}`, JSON.stringify(value));
    } catch {
      // The page still holds it.
    }
  },
  /** Whatever another agent left in this tab is theirs: it goes. */
  belongTo(agentId) {
    if (this.read("who", agentId) !== agentId) this.clear();
    this.write("who", agentId);
  },
  clear() {
    try {
      for (const key of Object.keys(window.sessionStorage)) {
        if (key.startsWith("parley-desk-")) window.sessionStorage.removeItem(key);
      }
    } catch {
      // Nothing was kept.
    }
  },
};

export const themes = ["auto", "light", "dark"];

export function setTheme(theme) {
  prefer("theme", theme === "auto" ? null : theme);
  if (theme === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}

export function theme() {
  return document.documentElement.dataset.theme ?? "auto";
}
