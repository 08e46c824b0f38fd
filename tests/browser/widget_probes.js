// What the tests of the widget look up in the page: one object, whose functions are called by name.
(() => {
  const root = () => document.querySelector("parley-chat").shadowRoot;

  // Colours as painted: a 1 × 1 canvas turns every notation into numbers.
  const paint = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const rgba = (color) => {
    paint.clearRect(0, 0, 1, 1);
    paint.fillStyle = color;
    paint.fillRect(0, 0, 1, 1);
    return [...paint.getImageData(0, 0, 1, 1).data];
  };
  const light = (color) => {
    const parts = rgba(color).slice(0, 3).map((part) => part / 255);
    const linear = parts.map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return linear[0] * 0.2126 + linear[1] * 0.7152 + linear[2] * 0.0722 + 0.05;
  };
  const ground = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const color = getComputedStyle(each).backgroundColor;
      if (rgba(color)[3] === 255) return color;
    }
    return "white";
  };
  const ratio = (selector, back) => {
    const element = root().querySelector(selector);
    const found = light(getComputedStyle(element).color) / light(back || ground(element));
    return Math.max(found, 1 / found);
  };

  return {
    globals: () => Object.getOwnPropertyNames(window).filter((name) => !before.includes(name) && !/^\d+$/.test(name)),

    styled: () => document.querySelectorAll("head style, body style, [style]:not(parley-chat)").length,

    bubble: () => {
      const style = getComputedStyle(root().querySelector(".bubble"));
      return [style.display, style.letterSpacing, style.borderTopWidth, style.fontSize, style.fontFamily.includes("fantasy")];
    },

    contrasts: () => ({
      header: ratio("h2", getComputedStyle(root().host).getPropertyValue("--brand")),
      own: ratio(".own .bubble"),
      other: ratio(".other .bubble"),
      link: ratio(".other a"),
      time: ratio("time"),
    }),

    /** What markup from outside may have become. */
    inert: () => {
      const all = [...root().querySelectorAll("*")];
      return {
        scripts: root().querySelectorAll("script, iframe, object, embed, style, link, base, meta").length,
        handlers: all.filter((each) => [...each.attributes].some(({ name }) => name.startsWith("on"))).length,
        addresses: all.map((each) => each.getAttribute("href") || each.getAttribute("src")).filter(Boolean),
        text: root().querySelector("[role=log]").textContent,
      };
    },

    /** Addresses that run something, were they ever to get past the server: gives what became of them. */
    async running(address) {
      const { parts } = await import(address);
      const chat = { t: (key) => key, server: location.origin, language: "en", settle() {}, enlarge() {}, say() {} };
      const runs = ["javascript:alert(1)", "JaVaScRiPt:alert(1)", " javascript:alert(1)", "java\nscript:alert(1)"];
      const found = [];
      for (const url of [...runs, "data:text/html,x", "vbscript:x", "blob:x", "file:///etc/passwd"]) {
        const button = { title: "x", payload: "", url };
        const shown = [
          ...["image", "file", "video"].map((media) => ({ kind: "media", media, url })),
          { kind: "text", text: `[x](${url}) ${url}`, markdown: true },
          { kind: "text", text: url },
          { kind: "buttons", text: "", buttons: [button] },
          { kind: "carousel", cards: [{ title: "x", image: url, buttons: [button] }] },
          { kind: "list", text: "", choices: [{ title: "x", payload: "x", image: url }] },
          { kind: "not known yet", note: url },
        ];
        for (const element of parts({ id: "m", parts: shown }, chat)) {
          const all = [element, ...element.querySelectorAll("*")];
          found.push(...all.map((each) => each.getAttribute("href") || each.getAttribute("src")).filter(Boolean));
        }
      }
      return found.filter((each) => !/^https?:/.test(each));
    },

    nameless: () => {
      const pressed = root().querySelectorAll("button, a, input:not([type=file]), select, textarea");
      const named = (each) => each.ariaLabel || each.textContent.trim() || each.labels?.length || each.querySelector("img[alt]");
      return [...pressed].filter((each) => !each.hidden && !named(each)).map((each) => each.outerHTML);
    },

    overflowing: () => [...root().querySelectorAll(".log, .panel")].filter((each) => each.scrollWidth > each.clientWidth).length,

    /** Hand a file over as a browser does when it is pasted or dropped. */
    hand: ([kind, target, bytes]) => {
      const data = new DataTransfer();
      data.items.add(new File([new Uint8Array(bytes)], `${kind}.png`, { type: "image/png" }));
      const how = { bubbles: true, cancelable: true };
      const event =
        kind === "paste" ? new ClipboardEvent(kind, { ...how, clipboardData: data }) : new DragEvent(kind, { ...how, dataTransfer: data });
      root().querySelector(target).dispatchEvent(event);
    },
  };
})()
