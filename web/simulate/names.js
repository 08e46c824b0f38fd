// What people call the platforms, what each is known for, and what to know when trying it here.
export const platforms = {
  apple: ["Apple Messages", "List pickers, forms, no receipts"],
  email: ["E-mail", "Threads, attachments, quoted replies"],
  instagram: ["Instagram", "Quick replies, stories, cards"],
  line: ["LINE", "Reply tokens, carousels", "LINE loads pictures by https only, so cards of a server without a certificate come without theirs."],
  messenger: ["Messenger", "Quick replies, templates, cards"],
  rasa: ["Rasa REST", "Front ends made for Rasa"],
  slack: ["Slack", "Blocks, threads, modals"],
  teams: ["Microsoft Teams", "Adaptive cards"],
  telegram: ["Telegram", "Keyboards, edits, groups"],
  twilio: ["SMS", "Numbered text, segments, STOP"],
  viber: ["Viber", "Keyboards, rich media"],
  webhook: ["Webhook", "Everything, as signed JSON"],
  wechat: ["WeChat", "Sealed XML, menus"],
  whatsapp: ["WhatsApp", "Buttons, lists, templates"],
  x: ["X", "Direct messages"],
};

export function noteOf(kind) {
  return platforms[kind]?.[2] ?? "";
}

export function nameOf(kind) {
  return platforms[kind]?.[0] ?? kind;
}
