// Choices, cards and fields as lines of text, one each: quicker to write than forms of forms.
const slug = (title) => title.trim().toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-|-$/g, "") || "x";
const cells = (line) => line.split("|").map((cell) => cell.trim());
const lines = (text) => text.split("\n").filter((line) => line.trim());
const joined = (...found) => found.join(" | ").replace(/( \| )+$/, "");
const isPage = (target) => /^(https?:\/\/|mailto:|tel:|\/)/i.test(target);

export const buttons = {
  write: (found) => found.map((one) => joined(one.title, one.url || (one.payload === slug(one.title) ? "" : one.payload || ""))).join("\n"),
  read: (text) => lines(text).map((line) => buttonOf(line)),
};

function buttonOf(line) {
  const [title, target = ""] = cells(line);
  return isPage(target) ? { title, url: target } : { title, payload: target || slug(title) };
}

export const choices = {
  write: (found) => found.map((one) => joined(one.title, one.description || "", one.payload === slug(one.title) ? "" : one.payload)).join("\n"),
  read: (text) =>
    lines(text).map((line) => {
      const [title, description = "", payload = ""] = cells(line);
      return { title, description, payload: payload || slug(title) };
    }),
};

export const cards = {
  write: (found) => found.map((card) => [joined(card.title, card.subtitle || "", card.image || ""), ...buttons.write(card.buttons ?? []).split("\n").filter(Boolean).map((line) => `- ${line}`)].join("\n")).join("\n"),
  read: (text) => {
    const found = [];
    for (const line of lines(text)) {
      if (/^\s*-\s/.test(line) && found.length) found.at(-1).buttons.push(buttonOf(line.replace(/^\s*-\s/, "")));
      else {
        const [title, subtitle = "", image = ""] = cells(line);
        found.push({ title, subtitle, image, buttons: [] });
      }
    }
    return found;
  },
};

const TYPES = ["text", "email", "phone", "number", "date", "select"];

export const fields = {
  write: (found) =>
    found
      .map((one) => joined(one.label, [one.type && one.type !== "text" ? one.type : "", one.required === false ? "optional" : ""].filter(Boolean).join(" "), (one.options ?? []).map((option) => option.title).join(", ")))
      .join("\n"),
  read: (text) =>
    lines(text).map((line, place) => {
      const [label, about = "", options = ""] = cells(line);
      const marks = about.split(/\s+/);
      const titles = options.split(",").map((title) => title.trim()).filter(Boolean);
      return {
        name: `${slug(label)}-${place + 1}`,
        label,
        type: marks.find((mark) => TYPES.includes(mark)) ?? (titles.length ? "select" : "text"),
        required: !marks.includes("optional"),
        options: titles.map((title) => ({ title, payload: slug(title) })),
      };
    }),
};
