"""What SMS can write cheaply: the seven-bit alphabet of GSM 03.38 (3GPP TS 23.038, section 6.2.1)."""

import re

BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENDED = frozenset("€[]{}\\~^|\f")
"""These take two septets each."""

# A segment holds 160 septets, or 70 UTF-16 units when a single sign of the text is not in the alphabet.
WIDE, NARROW = 16, 7
SEGMENT = {True: (160, 153), False: (70, 67)}
"""Septets, or UTF-16 units, in a message of one segment and in each segment of a longer one."""

SIGNS = {
    **dict.fromkeys("‘’‚‛′`´ʼ", "'"),
    **dict.fromkeys("“”„‟″«»", '"'),
    **dict.fromkeys("‐‑‒–—―−", "-"),
    **dict.fromkeys("•·●▪◦", "-"),
    **dict.fromkeys("\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u3000\t", " "),
    **dict.fromkeys("\u00ad\u200b\u2060\ufeff", ""),
    **{"…": "...", "→": "->", "←": "<-", "×": "x", "⁄": "/", "‹": "<", "›": ">", "\u2028": "\n", "\u2029": "\n"},
}
SIGN = re.compile("[" + "".join(SIGNS) + "]")


def plainer(text: str) -> str:
    """Quotes, dashes, bullets and spaces of typesetters as those of the alphabet: one of them would double the cost."""
    return SIGN.sub(lambda found: SIGNS[found[0]], text)


def septets(char: str) -> int:
    """0 when the alphabet does not have it."""
    return 1 if char in BASIC else 2 if char in EXTENDED else 0


def writable(text: str) -> bool:
    return all(map(septets, text))


def size(text: str) -> int:
    """Septets; of a text the alphabet can't write, 16/7 of its UTF-16 units: 70 of them fill the segment of 160."""
    if writable(text):
        return sum(map(septets, text))
    return wide(sum(1 + (char > "\uffff") for char in text))


def wide(units: int) -> int:
    return -(-units * WIDE // NARROW)


def reach(text: str, limit: int, start: int) -> int:
    """The furthest index such that `text[start:index]` is within the limit."""
    spent, units, narrow = 0, 0, True
    for index in range(start, len(text)):
        cost = septets(text[index])
        narrow = narrow and cost > 0
        spent += cost
        units += 1 + (text[index] > "\uffff")
        if (spent if narrow else wide(units)) > limit:
            return index
    return len(text)


def segments(text: str) -> int:
    """SMS that are paid for; an extended sign or a surrogate pair is not cut in two."""
    narrow = writable(text)
    costs = [septets(char) if narrow else 1 + (char > "\uffff") for char in text]
    single, each = SEGMENT[narrow]
    if sum(costs) <= single:
        return 1
    count, left = 1, each
    for cost in costs:
        if cost > left:
            count, left = count + 1, each
        left -= cost
    return count
