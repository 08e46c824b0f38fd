// Messages to begin with: each shows another thing that channels do differently.
const picture = (name) => `/desk/shown/img/${name}.svg`;

export const EXAMPLES = [
  {
    name: "Pick a size",
    hint: "Quick replies",
    parts: [
      { kind: "text", text: "Good choice! The **Harbour mug** is back in stock.", markdown: true },
      {
        kind: "quick_replies",
        text: "Which size would you like?",
        choices: [
          { title: "Small", payload: "small" },
          { title: "Medium", payload: "medium" },
          { title: "Large", payload: "large" },
        ],
      },
    ],
  },
  {
    name: "Show products",
    hint: "Carousel",
    parts: [
      { kind: "text", text: "Three things for a slow morning:" },
      {
        kind: "carousel",
        cards: [
          { title: "Harbour mug", subtitle: "Stoneware, 30 cl · 18 €", image: picture("mug"), alt: "A mug", buttons: [{ title: "Add to cart", payload: "add:mug" }, { title: "Details", url: "https://shop.example/mug" }] },
          { title: "Dune lamp", subtitle: "Oak and linen · 74 €", image: picture("lamp"), alt: "A lamp", buttons: [{ title: "Add to cart", payload: "add:lamp" }, { title: "Details", url: "https://shop.example/lamp" }] },
          { title: "Cove kettle", subtitle: "Enamel, 1.2 l · 42 €", image: picture("kettle"), alt: "A kettle", buttons: [{ title: "Add to cart", payload: "add:kettle" }, { title: "Details", url: "https://shop.example/kettle" }] },
        ],
      },
    ],
  },
  {
    name: "Where is my order?",
    hint: "Formatting, links, buttons",
    parts: [
      { kind: "text", text: "Your order **#1042** is on its way.\n\n- Packed on *Monday*\n- Arrives **tomorrow before 14:00**\n\n[Follow your parcel](https://shop.example/track/1042)", markdown: true },
      { kind: "buttons", text: "Is there anything you want to change?", buttons: [{ title: "New address", payload: "new-address" }, { title: "Another day", payload: "another-day" }, { title: "Cancel order", payload: "cancel-order" }, { title: "Our terms", url: "https://shop.example/terms" }] },
    ],
  },
  {
    name: "Book a delivery",
    hint: "Form",
    parts: [
      {
        kind: "form",
        id: "delivery",
        title: "Book your delivery",
        submit: "Book it",
        fields: [
          { name: "name", label: "Your name" },
          { name: "email", label: "E-mail", type: "email", placeholder: "you@example.org" },
          { name: "day", label: "Which day?", type: "date" },
          { name: "floor", label: "Is there a lift?", type: "select", options: [{ title: "Yes", payload: "yes" }, { title: "No", payload: "no" }] },
          { name: "note", label: "A note for the driver", required: false },
        ],
      },
    ],
  },
  {
    name: "Many topics",
    hint: "List of twelve",
    parts: [
      {
        kind: "list",
        text: "What can we help you with?",
        button: "Topics",
        choices: ["Track an order", "Return something", "Change an address", "Payment", "Invoices", "Gift cards", "Opening hours", "Careers", "Press", "Wholesale", "Repairs", "Something else"].map((title, place) => ({
          title,
          payload: title.toLowerCase().replaceAll(" ", "-"),
          description: ["Where it is now", "Within 30 days", "Before it ships", "Cards and refunds"][place] ?? "",
        })),
      },
    ],
  },
  {
    name: "Come and see us",
    hint: "Place and picture",
    parts: [
      { kind: "media", url: picture("lamp"), media: "image", alt: "The Dune lamp, now in the window of our shop." },
      { kind: "location", latitude: 43.4623, longitude: -3.81, name: "Our shop", address: "12 Harbour Street" },
      { kind: "text", text: "We’re open until 20:00 — “just ring”…" },
    ],
  },
];

export const BLANK = {
  text: { kind: "text", text: "" },
  buttons: { kind: "buttons", text: "", buttons: [{ title: "Yes", payload: "yes" }, { title: "No", payload: "no" }] },
  quick_replies: { kind: "quick_replies", text: "", choices: [{ title: "Yes", payload: "yes" }, { title: "No", payload: "no" }] },
  list: { kind: "list", text: "", button: "Choose", choices: [{ title: "First", payload: "1", description: "" }, { title: "Second", payload: "2", description: "" }] },
  media: { kind: "media", url: picture("mug"), media: "image", alt: "" },
  carousel: { kind: "carousel", cards: [{ title: "A card", subtitle: "Its subtitle", image: picture("kettle"), buttons: [{ title: "Take it", payload: "take" }] }] },
  location: { kind: "location", latitude: 52.3731, longitude: 4.8926, name: "Meeting point", address: "" },
  form: { kind: "form", id: "form", title: "A few details", fields: [{ name: "name", label: "Your name" }, { name: "email", label: "E-mail", type: "email" }] },
  template: { kind: "template", name: "order_update", text: "Your order has been sent." },
};
