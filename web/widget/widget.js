// The one script tag: <script src="https://chat.example/widget.js" data-channel="checkout" async></script>
// It defines window.Parley, fetches how the chat looks, and loads the rest as modules from its own server.
(() => {
  "use strict";
  const tag = document.currentScript;
  if (!tag || window.Parley) return;
  const server = new URL(".", tag.src).href;
  const options = {
    server,
    channel: tag.dataset.channel || "web",
    language: tag.dataset.language || "",
    theme: tag.dataset.theme || "",
  };
  const listeners = new Map();
  const waiting = [];
  let chat = null;
  let gone = false;

  const call = (name, ...given) => {
    if (gone) return;
    if (chat) chat[name](...given);
    else waiting.push([name, given]);
  };
  const emit = (name, detail) => {
    for (const listener of [...(listeners.get(name) || [])]) {
      try {
        listener(detail);
      } catch (error) {
        console.error(error); // A page's own mistake must not stop the chat.
      }
    }
  };

  window.Parley = Object.freeze({
    /** Open the chat; a `draft` is put into the composer, not sent. */
    open: (draft) => call("open", draft),
    close: () => call("close"),
    toggle: () => call("toggle"),
    /** A JWT your server signed for the person who is signed in; null when they sign out. */
    identify: (jwt) => call("identify", jwt),
    /** What the bot and the agents should know of the page: {cart: {…}, …}. */
    setContext: (context) => call("setContext", context),
    startOver: () => call("startOver"),
    /** Events: ready, open, close, message, unread, state, error. */
    on: (name, listener) => {
      if (!listeners.has(name)) listeners.set(name, new Set());
      listeners.get(name).add(listener);
    },
    off: (name, listener) => listeners.get(name)?.delete(listener),
    destroy: () => {
      gone = true;
      chat?.remove();
      chat = null;
      listeners.clear();
      delete window.Parley;
    },
  });

  const languages = () => options.language || navigator.languages?.join(",") || navigator.language || "en";

  async function load() {
    const address = `${server}webchat/${encodeURIComponent(options.channel)}/config?lang=${encodeURIComponent(languages())}`;
    const answer = await fetch(address, { credentials: "omit" });
    if (answer.status === 403 || answer.status === 404) {
      const problem = await answer.json().catch(() => null);
      console.error(`Parley: ${problem?.error?.message || answer.status}`);
      return;
    }
    if (!answer.ok) throw new Error(`config: ${answer.status}`);
    const config = await answer.json();
    const { create } = await import(new URL(config.assets.slice(1) + "chat.js", server).href);
    if (gone) return;
    chat = await create({ ...options, languages: languages(), config, emit });
    if (gone) return chat.remove();
    for (const [name, given] of waiting.splice(0)) chat[name](...given);
    emit("ready", {});
  }

  async function start(tries = 0) {
    try {
      await load();
    } catch (error) {
      if (!tries) console.warn("Parley: the chat can't be loaded yet", error);
      if (!gone) setTimeout(start, Math.min(60, 2 ** tries) * 1000 * (0.5 + Math.random()), tries + 1);
    }
  }

  if (document.body) start();
  else document.addEventListener("DOMContentLoaded", () => start());
})();
