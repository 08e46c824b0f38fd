// What the Preview page says, and the names of channels, parts and what becomes of them.

export const t = {
  title: "Preview",
  lead: "One message, as every channel will show it.",
  back: "Back to the desk",
  examples: "Start from an example",
  message: "Your message",
  add: "Add",
  remove: "Remove this part",
  up: "Move up",
  down: "Move down",
  form: "Form",
  json: "JSON",
  mode: "How to edit",
  jsonLabel: "The message as JSON",
  notJson: "This is not JSON yet",
  notAList: "A message is a list of parts: [ … ]",
  show: "Show",
  filters: { all: "All channels", mine: "Yours", lossless: "As it is", losses: "Changed" },
  nothing: "No channel to show here.",
  asItIs: "Shown as it is",
  changes: (count) => `${count} ${count === 1 ? "change" : "changes"}`,
  messages: (count) => `${count} ${count === 1 ? "message" : "messages"}`,
  segments: (count) => `${count} SMS`,
  yours: (accounts) => `Set up: ${accounts.join(", ")}`,
  part: (number) => `Part ${number}`,
  sender: "Your shop",
  today: "Today",
  unread: "The message can't be shown:",
  choose: "Choose",
  submit: "Send",
  place: "Location",
  subject: "Re: your question",
  theme: "Theme",
  themes: { auto: "Like the system", light: "Light", dark: "Dark" },
};

export const CHANNELS = {
  webchat: "Web chat",
  whatsapp: "WhatsApp",
  messenger: "Messenger",
  instagram: "Instagram",
  telegram: "Telegram",
  twilio: "SMS",
  sms: "SMS",
  line: "LINE",
  viber: "Viber",
  email: "E-mail",
  slack: "Slack",
  teams: "Microsoft Teams",
  wechat: "WeChat",
  apple: "Apple Messages",
  x: "X",
  rasa: "Rasa front end",
  webhook: "Webhook",
};

export const ORDER = Object.keys(CHANNELS);

export const KINDS = {
  text: "Text",
  buttons: "Buttons",
  quick_replies: "Quick replies",
  list: "List",
  media: "Picture or file",
  carousel: "Carousel",
  location: "Location",
  form: "Form",
  template: "Template",
};

const WHAT = {
  ...KINDS,
  image: "Picture",
  gif: "GIF",
  audio: "Audio",
  video: "Video",
  file: "File",
  title: "Titles",
  markdown: "Formatting",
  caption: "Caption",
  description: "Descriptions",
  card_title: "Card titles",
  card_subtitle: "Card subtitles",
  card_image: "Card pictures",
  choice_image: "Pictures of choices",
  link_button: "Link buttons",
  list_button: "The list's button",
  typography: "Typographic signs",
};

const BECAME = {
  numbered_text: "numbered text",
  quick_replies: "quick replies",
  buttons: "buttons",
  list: "a list",
  several_list: "several lists",
  several_buttons: "several messages",
  cards: "one card after the other",
  link: "a link",
  text: "plain text",
  file: "a file",
  cut: "cut to fit",
  nothing: "left out",
  questions: "asked one by one",
  plain: "plain signs",
};

const plainly = (name) => name.replaceAll("_", " ");

export const channelName = (kind) => CHANNELS[kind] ?? plainly(kind).replace(/^./, (first) => first.toUpperCase());
export const lossWords = ({ what, became }) => [WHAT[what] ?? plainly(what), BECAME[became] ?? plainly(became)];
