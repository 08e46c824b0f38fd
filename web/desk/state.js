// All the desk knows, and who wants to hear when it changes. Frames of the live line are applied here.

/** Topics: lists, thread, head, typing, connection, counters, agents, stranger. */
export class State {
  constructor(me) {
    this.me = me;
    this.connection = "connecting";
    this.rows = new Map();
    this.lists = {
      queue: { ids: [], total: 0, loaded: false, next: null },
      mine: { ids: [], loaded: false, next: null },
      all: { ids: [], loaded: false, next: null },
    };
    this.agents = new Map();
    this.strangers = new Set();
    this.teams = me.app.teams;
    this.counts = { queue: 0, mine: 0 };
    this.typing = new Map();
    this.open = null;
    this.listeners = new Map();
    this.pending = new Set();
  }

  on(topic, listener) {
    if (!this.listeners.has(topic)) this.listeners.set(topic, new Set());
    this.listeners.get(topic).add(listener);
    return () => this.listeners.get(topic).delete(listener);
  }

  /** Tell listeners once, however often a topic changed before they get their turn. */
  changed(...topics) {
    if (this.pending.size === 0) queueMicrotask(() => this.flush());
    for (const topic of topics) this.pending.add(topic);
  }

  flush() {
    const topics = [...this.pending];
    this.pending.clear();
    for (const topic of topics) for (const listener of this.listeners.get(topic) ?? []) listener();
  }

  row(id) {
    return this.rows.get(id);
  }

  /** A colleague's name; "" while it is not known: whoever is new here is asked for once. */
  agentName(id) {
    const name = this.agents.get(id)?.name ?? (id === this.me.agent.id ? this.me.agent.name : "");
    if (!name && id && this.agents.size && !this.strangers.has(id)) {
      this.strangers.add(id);
      this.changed("stranger");
    }
    return name;
  }

  teamLabel(team) {
    return this.teams[team] ?? team;
  }

  /** A row as the server has it now; what only some answers carry (why it waits) is kept from before. */
  keepRow(row) {
    const before = this.rows.get(row.id);
    if (before && before.last_seq > row.last_seq && before.updated_at > row.updated_at) return before;
    const case_ = row.handoff ? row.case ?? (before?.handoff?.id === row.handoff.id ? before.case : null) : null;
    const kept = { ...row, case: case_ };
    this.rows.set(row.id, kept);
    return kept;
  }

  keepList(view, answer, more = false) {
    const list = this.lists[view];
    const ids = answer.items.map((row) => this.keepRow(row).id);
    list.ids = more ? [...new Set([...list.ids, ...ids])] : ids;
    list.next = answer.next;
    list.loaded = true;
    if (view === "queue") this.counts.queue = list.total = answer.total;
    this.changed("lists");
  }

  isMine(row) {
    return row.controller.kind === "desk" && row.controller.name === this.me.agent.id;
  }

  unread(row) {
    return this.isMine(row) && row.status === "open" ? Math.max(0, row.last_seq - row.marks.desk_read) : 0;
  }

  unreadMine() {
    return this.lists.mine.ids.filter((id) => this.rows.has(id) && this.unread(this.rows.get(id)) > 0).length;
  }

  /** Where a row belongs now: into the lists, or out of them. */
  placeRow(row) {
    this.place("queue", row, row.handoff?.state === "offered", "last");
    this.place("mine", row, this.isMine(row) && row.status === "open", "first");
    this.place("all", row, true, "first");
  }

  place(view, row, belongs, where) {
    const { ids } = this.lists[view];
    const at = ids.indexOf(row.id);
    if (belongs && at < 0) where === "first" ? ids.unshift(row.id) : ids.push(row.id);
    if (!belongs && at >= 0) ids.splice(at, 1);
    if (view !== "queue") ids.sort((a, b) => (this.rows.get(a).updated_at < this.rows.get(b).updated_at ? 1 : -1));
  }

  openConversation(detail) {
    const messages = new Map(detail.messages.map((message) => [message.id, message]));
    this.open = { ...detail, messages, complete: detail.messages.length === 0 || detail.messages[0].seq <= 1, extra: 0 };
    this.keepRow(detail.row);
    this.changed("thread", "head", "lists");
  }

  /** A newer reading of the open conversation; messages loaded from further up stay. */
  refreshOpen(detail) {
    if (this.open?.conversation.id !== detail.conversation.id) return;
    const messages = new Map(this.open.messages);
    for (const message of detail.messages) messages.set(message.id, message);
    const hole = detail.messages.length && detail.messages[0].seq > this.lastSeq() + 1;
    this.open = hole
      ? { ...detail, messages: new Map(detail.messages.map((one) => [one.id, one])), complete: detail.messages[0].seq <= 1 }
      : { ...this.open, ...detail, messages };
    this.keepRow(detail.row);
    this.changed("thread", "head", "lists");
  }

  addMessages(messages, more = {}) {
    for (const message of messages) this.open.messages.set(message.id, message);
    Object.assign(this.open, more);
    this.changed("thread");
  }

  messages() {
    return this.open ? [...this.open.messages.values()].sort((a, b) => a.seq - b.seq) : [];
  }

  lastSeq() {
    let last = 0;
    for (const message of this.open?.messages.values() ?? []) last = Math.max(last, message.seq);
    return last;
  }

  closeConversation() {
    this.open = null;
    this.changed("thread", "head");
  }

  isOpen(id) {
    return this.open?.conversation.id === id;
  }
}

/** Applies one frame. `effects`: reread(), rereadOpen(), newCase(row), newMessage(row), gone(id). */
export function apply(state, frame, effects) {
  switch (frame.type) {
    case "hello":
    case "resync":
      effects.reread();
      break;
    case "message":
      if (state.isOpen(frame.conversation_id)) state.addMessages([frame.message]);
      if (frame.message.role === "customer") quiet(state, frame.conversation_id, "customer", "");
      break;
    case "typing":
      typing(state, frame);
      break;
    case "marks":
      marks(state, frame);
      break;
    case "delivery":
      delivery(state, frame);
      break;
    case "conversation":
      conversation(state, frame, effects);
      break;
    case "gone":
      state.rows.delete(frame.conversation_id);
      for (const list of Object.values(state.lists)) list.ids = list.ids.filter((id) => id !== frame.conversation_id);
      state.changed("lists", "counters");
      if (state.isOpen(frame.conversation_id)) effects.gone(frame.conversation_id);
      break;
    case "counters":
      counters(state, frame, effects);
      break;
    case "problem":
      effects.problem(frame.message);
      break;
    default:
      break;
  }
}

function conversation(state, frame, effects) {
  const before = state.row(frame.conversation_id);
  const row = state.keepRow(frame.row);
  state.placeRow(row);
  state.changed("lists", "counters");
  if (before && row.aggregates.customer_messages > before.aggregates.customer_messages) quiet(state, row.id, "customer", "");
  const waited = before?.handoff?.state === "offered";
  if (row.handoff?.state === "offered" && !waited && state.lists.queue.loaded) effects.newCase(row);
  else if (state.isMine(row) && before && row.aggregates.customer_messages > before.aggregates.customer_messages) {
    effects.newMessage(row);
  }
  if (!state.isOpen(row.id) || !frame.conversation) return;
  const overtaken = frame.conversation.epoch !== state.open.conversation.epoch;
  state.open.conversation = frame.conversation;
  state.open.queue = frame.queue;
  state.open.row = row;
  if (frame.handoff?.packet?.reason !== undefined && (frame.handoff.packet.rule || frame.handoff.packet.reason)) {
    state.open.handoff = frame.handoff;
  }
  state.changed("head", "thread");
  // With a new controller what had not gone out is withdrawn, and the case may be another one.
  if (overtaken) effects.rereadOpen();
}

function counters(state, frame, effects) {
  state.counts = { queue: frame.queue, mine: frame.mine };
  const known = frame.order.filter((id) => state.rows.has(id));
  state.lists.queue.ids = known;
  state.lists.queue.total = frame.queue;
  if (known.length < frame.order.length && state.lists.queue.loaded) effects.rereadQueue();
  state.changed("lists", "counters");
}

function marks(state, frame) {
  const row = state.row(frame.conversation_id);
  if (row) state.rows.set(row.id, { ...row, marks: frame.marks });
  if (state.isOpen(frame.conversation_id)) {
    state.open.conversation = { ...state.open.conversation, marks: frame.marks };
    state.changed("thread");
  }
  state.changed("lists", "counters");
}

/** A message did not go out as it should: the thread says so without being read again. */
function delivery(state, frame) {
  if (!state.isOpen(frame.conversation_id)) return;
  const { message_id, state: now, error, reason } = frame;
  const others = state.open.deliveries.filter((one) => one.message_id !== message_id);
  state.open.deliveries = [...others, { message_id, state: now, error, reason }];
  state.changed("thread");
}

const LASTS = 7_000;

function typing(state, frame) {
  if (!frame.on) return quiet(state, frame.conversation_id, frame.role, frame.author);
  const id = frame.conversation_id;
  const authors = state.typing.get(id) ?? new Map();
  const key = `${frame.role}:${frame.role === "customer" ? "" : frame.author}`;
  clearTimeout(authors.get(key)?.timer);
  const timer = setTimeout(() => quiet(state, id, frame.role, frame.author), LASTS);
  authors.set(key, { role: frame.role, author: frame.author, timer });
  state.typing.set(id, authors);
  state.changed("typing", "lists");
}

function quiet(state, id, role, author) {
  const authors = state.typing.get(id);
  const key = `${role}:${role === "customer" ? "" : author}`;
  if (!authors?.has(key)) return;
  clearTimeout(authors.get(key).timer);
  authors.delete(key);
  if (authors.size === 0) state.typing.delete(id);
  state.changed("typing", "lists");
}
