// The right pane: why a person is needed, and everything known that helps.
import { api } from "./api.js";
import { plot } from "./chart.js";
import { toast, toastError } from "./dialog.js";
import { h, replace } from "./dom.js";
import { elsewhere } from "./people.js";
import { icon } from "./icons.js";
import { cart, pageOf, rest, urlOf } from "./shop.js";
import { wording } from "./parts.js";
import { priorityPill, stateOf } from "./row.js";
import { t } from "./strings.js";
import { label, language, moment, percent, span } from "./words.js";

export class Side {
  constructor(state, desk) {
    this.state = state;
    this.desk = desk;
    this.body = h("div", { class: "side-body" });
    this.element = h(
      "aside",
      { class: "side", "aria-label": t.side.label },
      h("header", { class: "side-head" }, h("h2", {}, t.thread.details), h("a", { class: "round", href: "#", "aria-label": t.side.close, title: t.side.close, data: { close: "" } }, icon("close"))),
      this.body,
    );
    this.shut = new Set();
    state.on("head", () => this.draw());
    state.on("agents", () => this.draw());
  }

  draw() {
    const { open } = this.state;
    this.element.querySelector("[data-close]").href = this.desk.threadHref();
    if (!open) return replace(this.body);
    const top = this.body.scrollTop;
    const { conversation, customer, handoff } = open;
    const packet = handoff?.packet;
    const live = conversation.handoff !== null;
    const context = Object.keys(conversation.context).length ? conversation.context : (packet?.context ?? {});
    replace(
      this.body,
      handoff ? this.section("why", live ? t.side.why : t.side.whyEnded, this.why(handoff, live)) : null,
      packet?.summary ? this.section("summary", t.side.summary, h("p", { dir: "auto" }, packet.summary)) : null,
      conversation.aggregates.scores.length ? this.section("sentiment", t.side.sentiment, plot(conversation.aggregates.scores)) : null,
      this.section("profile", t.side.profile, this.profile(customer)),
      context.cart ? this.section("cart", t.side.cart, cart(context.cart, urlOf(context))) : null,
      this.known(conversation, packet),
      this.section("conversation", t.side.conversation, this.conversation(conversation, context)),
      rest(context) ? this.section("context", t.side.context, rest(context)) : null,
    );
    this.body.scrollTop = top;
    return undefined;
  }

  section(name, title, ...content) {
    const details = h("details", { class: `section about-${name}`, open: !this.shut.has(name) }, h("summary", {}, h("h3", {}, title)), h("div", { class: "section-body" }, content));
    details.addEventListener("toggle", () => (details.open ? this.shut.delete(name) : this.shut.add(name)));
    return details;
  }

  why(handoff, live) {
    const { packet } = handoff;
    return [
      h("p", { class: "reason", dir: "auto" }, handoff.reason || packet.reason || t.side.noRule),
      h("p", { class: "facts" }, priorityPill(handoff.priority), h("span", { class: "tag" }, this.state.teamLabel(handoff.team)), live ? null : h("span", { class: "tag" }, label(handoff.state))),
      facts([
        [t.side.rule, packet.rule && h("code", {}, packet.rule)],
        [t.side.since, when(handoff.offered_at)],
        [t.side.accepted, handoff.accepted_at && [when(handoff.accepted_at), this.state.agentName(handoff.agent_id) ? ` · ${this.state.agentName(handoff.agent_id)}` : ""]],
        [t.side.ended, handoff.ended_at && when(handoff.ended_at)],
        [t.side.position, this.position()],
      ]),
      packet.evidence.length ? h("p", { class: "evidence" }, h("span", { class: "quiet" }, t.side.evidence), packet.evidence.map((seq) => this.evidence(seq))) : null,
      Object.keys(packet.values).length ? [h("h4", {}, t.side.values), values(packet.values)] : null,
    ];
  }

  position() {
    const { queue } = this.state.open;
    return queue ? `${t.side.positionOf(queue.position, queue.waiting)}${queue.open ? "" : ` · ${t.side.shut}`}` : null;
  }

  evidence(seq) {
    const said = this.state.messages().find((one) => one.seq === seq);
    const pivot = this.state.me.app.pivot;
    const words = said ? wording(said.translations[pivot] ?? said.parts).trim() : "";
    return h("button", { type: "button", class: "quote", title: t.side.evidenceTo(seq), on: { click: () => this.desk.goTo(seq) } }, h("bdi", {}, words ? `“${words.slice(0, 90)}${words.length > 90 ? "…" : ""}”` : `№ ${seq}`));
  }

  profile(customer) {
    const { name, email, tier, verified, language: spoken, ...more } = customer.profile;
    return [
      h("p", { class: "person" }, h("strong", {}, h("bdi", {}, name || t.lists.someone)), tier ? h("span", { class: "pill tier" }, String(tier)) : null),
      facts([
        [t.signIn.email, email && h("bdi", {}, String(email))],
        [t.side.language, spoken && language(String(spoken))],
        [t.side.verified, verified === true ? "✓" : name || email ? h("span", { class: "quiet" }, t.side.unverified) : null],
        ...Object.entries(more).map(([key, value]) => [label(key), value === null ? null : h("bdi", {}, String(value))]),
        [t.side.since_customer, when(customer.created_at)],
      ]),
      h("button", { type: "button", class: "link", on: { click: () => void elsewhere(this.state.open.conversation, this.desk) } }, t.side.elsewhere),
    ];
  }

  known(conversation, packet) {
    const kept = Object.keys(conversation.slots).length ? conversation.slots : (packet?.slots ?? {});
    // A name that begins with "_" is a bot's own bookkeeping.
    const slots = Object.fromEntries(Object.entries(kept).filter(([name]) => !name.startsWith("_")));
    const intents = conversation.aggregates.intents.length ? conversation.aggregates.intents : (packet?.intents ?? []);
    // Bots by name; intents have a section of their own.
    const tried = (packet?.tried ?? []).filter((one) => !one.startsWith("intent:")).map((one) => one.replace(/^bot:/, ""));
    return [
      intents.length ? this.section("intents", t.side.intents, h("p", { class: "facts" }, intents.map((one) => h("span", { class: "tag" }, label(one))))) : null,
      Object.keys(slots).length ? this.section("slots", t.side.slots, values(slots)) : null,
      tried.length ? this.section("tried", t.side.tried, h("p", { class: "facts" }, tried.map((one) => h("span", { class: "tag" }, h("bdi", {}, one))))) : null,
    ];
  }

  /** Which language the customer is spoken to in: as the conversation finds it, or one the agent pins. */
  speaking(id, spoken) {
    const codes = this.state.me.app.languages;
    const itself = spoken.by_agent ? t.side.itself : found(spoken);
    const pin = async (event) => {
      const code = event.target.value;
      event.target.disabled = true;
      try {
        const { conversation } = await api.speak(id, code);
        this.desk.changed(conversation);
        toast(code ? t.side.spoken(language(code)) : t.side.letGo);
      } catch (error) {
        toastError(error);
        this.draw();
      }
    };
    return h(
      "select",
      { class: "speaking", "aria-label": t.side.speak, title: t.side.speak, data: { focus: "speaking" }, on: { change: pin } },
      h("option", { value: "", selected: !spoken.by_agent }, itself),
      codes.map((code) => h("option", { value: code, selected: spoken.by_agent && spoken.code === code }, t.side.always(language(code)))),
    );
  }

  conversation(conversation, context) {
    const { aggregates: sums, language: spoken } = conversation;
    const kind = this.state.me.app.channels[conversation.channel_id];
    return facts([
      [t.side.state, stateOf(this.state.open.row, this.state).text],
      [t.side.channel, h("bdi", {}, kind && kind !== conversation.channel_id ? `${conversation.channel_id} (${kind})` : conversation.channel_id)],
      [t.side.page, pageOf(context)],
      [t.side.language, this.speaking(conversation.id, spoken)],
      [t.thread.bot, conversation.bot],
      [t.side.turns, t.side.turnsText(sums.customer_messages, sums.bot_messages, sums.agent_messages)],
      [t.side.handoffs, sums.handoffs || null],
      [t.side.began, when(conversation.created_at)],
    ]);
  }
}

/** How the language came about, for the choice that leaves it to the conversation. */
function found(spoken) {
  const sure = spoken.confidence ? t.side.languageSure(percent(spoken.confidence)) : "";
  return t.side.found(language(spoken.code), spoken.pinned ? t.side.pinned : sure);
}

function when(iso) {
  return h("time", { datetime: iso, title: moment(iso) }, span(iso) === "now" ? span(iso) : `${span(iso)} ago`);
}

/** Names and values; what is not known is left out. */
export function facts(pairs) {
  const known = pairs.filter(([, value]) => value !== null && value !== undefined && value !== "" && value !== false);
  return known.length ? h("dl", { class: "facts-list" }, known.map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)])) : null;
}

/** Any JSON as a small table; what is nested is shown as text. */
export function values(object) {
  return facts(Object.entries(object).map(([key, value]) => [h("span", { title: key }, label(key)), shown(value)]));
}

export function shown(value) {
  if (typeof value === "number") return h("code", {}, Number.isInteger(value) ? String(value) : value.toFixed(2));
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (value === null) return "–";
  if (Array.isArray(value) && value.every((one) => typeof one !== "object")) return h("bdi", {}, value.join(", ") || "–");
  if (typeof value !== "object") return h("bdi", {}, String(value));
  const nested = Object.values(value).some((one) => one !== null && typeof one === "object");
  return h("bdi", {}, nested ? JSON.stringify(value) : Object.entries(value).map(([key, one]) => `${label(key)}: ${one}`).join(" · "));
}
