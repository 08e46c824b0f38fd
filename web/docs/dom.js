// Building elements. Text is always set as text: nothing of a description is ever read as markup.

export function h(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children.flat(Infinity).filter((child) => child != null && child !== false && child !== ""));
  return element;
}

// Paragraphs at blank lines; `code` between backticks.
export function prose(text) {
  return (text || "")
    .split(/\n\s*\n/)
    .filter((block) => block.trim())
    .map((block) => h("p", {}, inline(block.replace(/\s*\n\s*/g, " "))));
}

export function inline(text) {
  return text.split(/(`[^`]+`)/).map((piece) => (piece.startsWith("`") ? h("code", {}, piece.slice(1, -1)) : piece));
}

// Copies `read()` and says so for a moment.
export function copyButton(read) {
  const button = h("button", { type: "button", class: "copy" }, "Copy");
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(read());
      button.textContent = "Copied";
    } catch {
      button.textContent = "Can't copy";
    }
    setTimeout(() => (button.textContent = "Copy"), 1500);
  });
  return button;
}
