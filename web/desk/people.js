// A customer's addresses: where they can be answered, a code to go on elsewhere, and how addresses were linked.
import { api } from "./api.js";
import { sentence, sheet, toast, toastError } from "./dialog.js";
import { h, replace } from "./dom.js";
import { words as t } from "./peoplewords.js";
import { clock, moment } from "./words.js";

export async function elsewhere(conversation, desk) {
  const body = h("div", { class: "people", "aria-busy": "true" }, h("p", { class: "quiet" }, t.loading));
  const dialog = sheet({ title: t.title, id: "people-title", name: "drawer", close: t.close, body });
  const draw = async () => {
    try {
      replace(body, page(await api.addresses(conversation.id), conversation, again));
    } catch (error) {
      replace(body, h("p", { class: "problem", role: "alert" }, sentence(error)));
    }
    body.removeAttribute("aria-busy");
  };
  const again = async (moved) => {
    if (moved) {
      dialog.close();
      desk.rereadOpen();
      toast(t.moved(moved));
    } else await draw();
  };
  await draw();
}

function page({ addresses, links, channels }, conversation, again) {
  return [
    h("section", {}, h("h3", {}, t.known), h("ul", { class: "people-list" }, addresses.map((one) => address(one, conversation))), channels.map((one) => goOn(one, conversation, again))),
    h("section", {}, h("h3", {}, t.codeTitle), h("p", { class: "quiet" }, t.codeHint), code(conversation)),
    links.length ? h("section", {}, h("h3", {}, t.trail), h("ul", { class: "people-list" }, links.map((one) => link(one, again)))) : null,
  ];
}

function address(one, conversation) {
  const here = one.channel_id === conversation.channel_id && one.address === conversation.address;
  return h("li", {}, h("strong", {}, one.channel_id), " ", h("bdi", {}, one.address), here ? h("span", { class: "tag" }, t.here) : null);
}

function goOn(channel, conversation, again) {
  const button = h("button", { type: "button", class: "button" }, `${t.goOn}: ${channel.id}`);
  button.addEventListener("click", () =>
    trying(button, async () => {
      await api.goOn(conversation.id, channel.id);
      await again(channel.id);
    }),
  );
  return button;
}

function code(conversation) {
  const place = h("p", { class: "row" });
  const button = h("button", { type: "button", class: "button primary" }, t.codeMake);
  button.addEventListener("click", () =>
    trying(button, async () => {
      const made = await api.linkCode(conversation.id);
      const copy = h("button", { type: "button", class: "button" }, t.copy);
      copy.addEventListener("click", () => void navigator.clipboard?.writeText(made.code).then(() => toast(t.copied)));
      replace(place, h("code", { class: "people-code" }, made.code), copy, h("span", { class: "quiet" }, t.codeUntil(clock(made.expires_at))));
    }),
  );
  return replace(place, button) ?? place;
}

function link(one, again) {
  const button = h("button", { type: "button", class: "link" }, t.undo);
  button.addEventListener("click", () =>
    trying(button, async () => {
      await api.unlink(one.id);
      await again();
    }),
  );
  return h("li", {}, h("strong", {}, one.address.channel_id), " ", h("bdi", {}, one.address.address), h("span", { class: "quiet" }, ` · ${t.evidence[one.evidence]} · ${moment(one.at)} `), one.undone_at ? h("span", { class: "tag" }, t.undone) : button);
}

async function trying(button, work) {
  button.disabled = true;
  try {
    await work();
  } catch (error) {
    toastError(error);
  }
  button.disabled = false;
}
