// The one script tag: <script src="https://chat.example/widget.js" data-channel="checkout" async></script>
// It defines window.Parley, fetches how the chat looks, and loads the rest as modules from its own server.
(() => {
  const tag = document.currentScript;
  if (!tag || window.Parley) return;
  const server = new URL(".", tag.src).href;
  const { channel = "web", theme, language } = tag.dataset;
  const languages = language || navigator.languages.join() || "en";
  const listeners = {};
  const waiting = [];
  let chat;
  let gone;

  const call = (name) => (given) => {
    if (chat) chat[name](given);
    else waiting.push([name, given]);
  };
  const emit = (name, detail) => {
    for (const listener of [...(listeners[name] || [])]) {
      try {
        listener(detail);
      } catch (error) {
        console.error(error); // A page's own mistake must not stop the chat.
      }
    }
  };

  window.Parley = Object.freeze({
    open: call("open"),
    close: call("close"),
    toggle: call("toggle"),
    identify: call("identify"),
    setContext: call("setContext"),
    startOver: call("startOver"),
    on: (name, listener) => void (listeners[name] ||= new Set()).add(listener),
    off: (name, listener) => void listeners[name]?.delete(listener),
    destroy() {
      gone = true;
      chat?.remove();
      delete window.Parley;
    },
  });

  // The tag is async: the page can't know when. What it calls from now on is done when the chat is there.
  dispatchEvent(new Event("parley:ready"));

  async function load() {
    const answer = await fetch(`${server}webchat/${encodeURIComponent(channel)}/config?lang=${languages}`, { credentials: "omit" });
    const config = await answer.json();
    if ([403, 404].includes(answer.status)) return console.error(`Parley: ${config.error.message}`);
    const modules = config.modules.map((name) => import(new URL(name, server).href));
    const { create } = await modules[0];
    if (gone) return;
    chat = await create({ server, channel, languages, theme, config, emit });
    if (gone) return chat.remove();
    waiting.forEach(([name, given]) => chat[name](given));
    emit("ready", {});
  }

  const start = (tries = 0) =>
    load().catch((error) => {
      console.warn("Parley: can't load the chat yet", error);
      if (!gone) setTimeout(start, Math.min(60, 2 ** tries) * 1000 * (0.5 + Math.random()), tries + 1);
    });

  if (document.body) start();
  else addEventListener("DOMContentLoaded", () => start());
})();
