// The words of a customer's addresses.

export const words = {
  title: "Where this customer can be reached",
  known: "Their addresses",
  here: "answered here",
  goOn: "Answer there",
  moved: (channel) => `From now on answers go to ${channel}.`,
  codeTitle: "Let them go on on another channel",
  codeHint: "They send this code from there, once and within a quarter of an hour. Everything said so far goes with them.",
  codeMake: "Make a code",
  codeUntil: (time) => `good until ${time}`,
  copy: "Copy",
  copied: "Copied",
  trail: "How addresses were linked",
  evidence: { code: "by a code they sent", known: "it was theirs", verified_email: "by their verified e-mail", verified_phone: "by their verified phone number", api: "by another system" },
  undo: "Take back",
  undone: "taken back",
  close: "Close",
  loading: "Looking…",
};
