// What people call the platforms, and what each is known for.
export const platforms = {
  apple: ["Apple Messages", "List pickers, forms, no receipts"],
  email: ["E-mail", "Threads, attachments, quoted replies"],
  instagram: ["Instagram", "Quick replies, stories, cards"],
  line: ["LINE", "Reply tokens, carousels"],
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

export function nameOf(kind) {
  return platforms[kind]?.[0] ?? kind;
}
