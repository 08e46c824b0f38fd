// Accept, transfer, return, resolve: the buttons, and the questions they ask first.
import { api } from "./api.js";
import { ask, toast, toastError } from "./dialog.js";
import { announce, h } from "./dom.js";
import { icon } from "./icons.js";
import { t } from "./strings.js";

/** What the agent may do to the open conversation now. */
export function possible(state) {
  const { open } = state;
  if (!open) return [];
  const { conversation, row } = open;
  if (state.isMine(row)) return ["transfer", "handBack", "resolve"];
  if (conversation.handoff?.state === "offered") return ["accept"];
  if (conversation.controller.kind === "bot") return ["takeOver"];
  return [];
}

const LOOKS = {
  accept: ["accept", t.actions.accept, "a", "primary"],
  takeOver: ["accept", t.actions.takeOver, "a", "primary"],
  transfer: ["transfer", t.actions.transfer, "t", ""],
  handBack: ["bot", t.actions.handBack, "b", ""],
  resolve: ["resolve", t.actions.resolve, "e", "primary soft"],
};

export function actionsBar(state, desk) {
  return h(
    "div",
    { class: "actions", role: "group", "aria-label": t.actions.label },
    possible(state).map((action) => {
      const [drawn, text, key, look] = LOOKS[action];
      return h(
        "button",
        { type: "button", class: `button ${look}`, title: `${text.replace("…", "")} (${key})`, data: { focus: action, action }, on: { click: () => act(action, state, desk) } },
        icon(drawn),
        h("span", {}, text),
      );
    }),
  );
}

/** Do it if it may be done; anything else a shortcut asked for is nothing. */
export function act(action, state, desk) {
  const all = possible(state);
  const wanted = action === "accept" && all.includes("takeOver") ? "takeOver" : action;
  if (!all.includes(wanted)) return;
  const id = state.open.conversation.id;
  if (wanted === "accept" || wanted === "takeOver") void accept(id, desk);
  else if (wanted === "transfer") transfer(id, state, desk);
  else end(wanted, id, desk);
}

async function accept(id, desk) {
  const buttons = document.querySelectorAll('[data-action="accept"], [data-action="takeOver"]');
  for (const button of buttons) button.disabled = true;
  try {
    const { conversation } = await api.accept(id);
    desk.changed(conversation);
    announce(t.actions.accepted);
    desk.follow("mine", id);
    desk.composer.focus("reply");
  } catch (error) {
    for (const button of buttons) button.disabled = false;
    toastError(error);
    desk.rereadOpen();
  }
}

function transfer(id, state, desk) {
  const current = state.open.conversation.handoff?.team ?? "";
  const teams = Object.entries(state.teams);
  const online = (team) => [...state.agents.values()].filter((one) => one.online && (!one.teams.length || one.teams.includes(team))).length;
  const first = teams.find(([team]) => team !== current)?.[0] ?? current;
  ask({
    title: t.actions.transferTitle,
    hint: t.actions.transferHint,
    submit: t.actions.transferGo,
    fields: [
      h(
        "fieldset",
        { class: "choices" },
        h("legend", { class: "unseen" }, t.side.team),
        teams.map(([team, label]) =>
          h(
            "label",
            { class: "choice" },
            h("input", { type: "radio", name: "team", value: team, checked: team === first, autofocus: team === first }),
            h("span", {}, label),
            h("span", { class: "quiet" }, team === current ? t.actions.here : t.actions.online(online(team))),
          ),
        ),
      ),
      noteField(t.actions.noteLabel),
    ],
    go: async (form) => {
      const { conversation } = await api.transfer(id, form.elements.team.value, form.elements.note.value);
      desk.changed(conversation);
      toast(t.actions.transferred(state.teamLabel(form.elements.team.value)));
    },
  });
  void desk.rereadAgents();
}

function end(action, id, desk) {
  const back = action === "handBack";
  ask({
    title: back ? t.actions.handBackTitle : t.actions.resolveTitle,
    hint: back ? t.actions.handBackHint : t.actions.resolveHint,
    submit: back ? t.actions.handBackGo : t.actions.resolveGo,
    fields: [noteField(back ? t.actions.handBackNote : t.actions.noteLabel, true)],
    go: async (form) => {
      const { conversation } = await (back ? api.handBack : api.resolve)(id, form.elements.note.value);
      desk.changed(conversation);
      toast(back ? t.actions.returned : t.actions.resolved);
    },
  });
}

function noteField(label, autofocus = false) {
  return h("label", { class: "labelled" }, h("span", {}, label), h("textarea", { name: "note", rows: 3, maxlength: 10000, autofocus, dir: "auto" }));
}
