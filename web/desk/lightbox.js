// Pictures: small in the thread, whole in a dialog.
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { t } from "./strings.js";

export function picture(url, alt) {
  const image = h("img", { src: url, alt, loading: "lazy", referrerpolicy: "no-referrer" });
  const open = h("button", { type: "button", class: "part picture", title: t.parts.openPicture, on: { click: () => show(url, alt) } }, image);
  image.addEventListener("error", () => open.classList.add("broken"), { once: true });
  return open;
}

function show(url, alt) {
  const close = h("button", { type: "button", class: "round", title: t.parts.closePicture, "aria-label": t.parts.closePicture }, icon("close"));
  const dialog = h(
    "dialog",
    { class: "lightbox", "aria-label": alt },
    h("img", { src: url, alt, referrerpolicy: "no-referrer" }),
    close,
  );
  dialog.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}
