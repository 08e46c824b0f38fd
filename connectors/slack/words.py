"""Slack's own writing, read: escaped characters, `<…>` entities, emoji by name."""

import re

ENTITY = re.compile(r"<([^<>]*)>")
SHORTCODE = re.compile(r":([a-z0-9_+-]{1,60})(?:::skin-tone-[2-6])?:")

EMOJI = {
    "+1": "👍",
    "-1": "👎",
    "100": "💯",
    "angry": "😠",
    "astonished": "😲",
    "blush": "😊",
    "broken_heart": "💔",
    "bug": "🐛",
    "clap": "👏",
    "confused": "😕",
    "cry": "😢",
    "disappointed": "😞",
    "exclamation": "❗",
    "expressionless": "😑",
    "eyes": "👀",
    "fire": "🔥",
    "frowning": "😦",
    "grin": "😁",
    "grinning": "😀",
    "hand": "✋",
    "heart": "❤️",
    "heart_eyes": "😍",
    "heavy_check_mark": "✔️",
    "hourglass": "⌛",
    "hugging_face": "🤗",
    "innocent": "😇",
    "joy": "😂",
    "kissing_heart": "😘",
    "laughing": "😆",
    "muscle": "💪",
    "neutral_face": "😐",
    "no_entry": "⛔",
    "ok": "🆗",
    "ok_hand": "👌",
    "open_mouth": "😮",
    "partying_face": "🥳",
    "pensive": "😔",
    "point_up": "☝️",
    "pray": "🙏",
    "question": "❓",
    "rage": "😡",
    "raised_hands": "🙌",
    "rocket": "🚀",
    "rolling_on_the_floor_laughing": "🤣",
    "slightly_frowning_face": "🙁",
    "slightly_smiling_face": "🙂",
    "smile": "😄",
    "smiley": "😃",
    "smirk": "😏",
    "sob": "😭",
    "sparkles": "✨",
    "star": "⭐",
    "stuck_out_tongue": "😛",
    "sunglasses": "😎",
    "sweat_smile": "😅",
    "tada": "🎉",
    "thinking_face": "🤔",
    "thumbsdown": "👎",
    "thumbsup": "👍",
    "unamused": "😒",
    "upside_down_face": "🙃",
    "warning": "⚠️",
    "wave": "👋",
    "weary": "😩",
    "white_check_mark": "✅",
    "wink": "😉",
    "worried": "😟",
    "x": "❌",
    "yum": "😋",
    "zap": "⚡",
}
"""Those people use most, by Slack's names of them; a workspace's own have no character at all."""


def read(text: str, own: str = "") -> str:
    """Plain text of what a person wrote. A mention of `own`, the bot, is address and not content: it is left out."""
    if own:
        text = re.sub(rf"[ \t]*<@{re.escape(own)}(?:\|[^<>]*)?>[,:]?", "", text)
    text = ENTITY.sub(entity, text)
    text = SHORTCODE.sub(lambda found: EMOJI.get(found[1], found[0]), text)
    return unescaped(text).replace("\0", "").strip()


def entity(found: re.Match[str]) -> str:
    """`<@U1|bob>`, `<#C1|general>`, `<!here>`, `<!date^…|fallback>`, `<https://…|label>`: as a reader would see it."""
    target, _, label = found[1].partition("|")
    match target[:1]:
        case "@" | "#":
            return f"{target[0]}{label.lstrip('@#')}" if label else target
        case "!":
            return label or f"@{target[1:].partition('^')[0]}"
    shown = target.removeprefix("mailto:").removeprefix("tel:")
    if not label or label in shown:
        return label or shown
    return f"{label} ({shown})"


def unescaped(text: str) -> str:
    """The only three characters Slack escapes (docs.slack.dev/messaging/formatting-message-text#escaping)."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def emoji(name: str) -> str:
    """The character of a reaction, without its skin tone; `:name:` for a workspace's own."""
    plain = name.partition("::")[0]
    return EMOJI.get(plain, f":{plain}:")
