"""What a person wrote in a mail, without what their mail program put around it: the quoted mail, the signature.

Ours: `mail-parser-reply` 1.36 repeats `(.|\\s)*` on text of strangers, which takes exponential time, and must be told
the language first. The work here is linear in the lines.
"""

import re
from collections.abc import Sequence

from connectors.email.wording import CLOSING, FROM_LINE, ORIGINAL, OTHER_LINE, SENT_FROM, WROTE

DATE = re.compile(r"\b(?:19|20)\d\d\b|\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\d{1,2}[:h.]\d\d\b")
MAIL = re.compile(r"[^\s<>@]{1,64}@[^\s<>@]{1,253}")
QUOTED = re.compile(r"\s{0,3}>")
RULED = re.compile(r"[\s>*]*[-_=*—]{2,}\s*([^-_=*—].{0,80}?)\s*[-_=*—]{2,}\**\s*")
RULE = re.compile(r"\s*[_-]{10,}\s*")
SIGNED = re.compile(r"(?:--|—|__)\s?")
TRAILS = "\u00a0\u200b\u200e\u200f\u202a\u202c\ufeff \t\r"
LONGEST_ATTRIBUTION = 4
"""Lines; programs fold "On …, Ann <ann@example.org> wrote:" at some 76 characters."""
LONGEST_LINE = 300
LONGEST_SIGNATURE = 10
MOST_LINES = 20_000


def said(text: str, *, files: bool = False) -> str:
    """The reply alone. When nothing would be left, everything is; but with `files` the mail said something already."""
    lines = [line.strip(TRAILS) if not line.strip(TRAILS) else line.rstrip(TRAILS) for line in text.split("\n")]
    lines = lines[:MOST_LINES]
    found = unsigned(unquoted(lines))
    return "\n".join(found).strip() or ("" if files else "\n".join(lines).strip())


def unquoted(lines: Sequence[str]) -> list[str]:
    """Without the mails below, or between the lines."""
    kept: list[str] = []
    at = 0
    while at < len(lines):
        if written(kept) and starts_original(lines, at):
            break
        if QUOTED.match(lines[at]):
            at += 1
            continue
        end = attribution(lines, at)
        if end and (written(kept) or quoted_next(lines, end)):
            if not quoted_next(lines, end):
                break
            at = end
            continue
        kept.append(lines[at])
        at += 1
    return kept


def written(lines: Sequence[str]) -> bool:
    return any(line.strip() for line in lines)


def quoted_next(lines: Sequence[str], at: int) -> bool:
    """Whether a quotation comes next, but for blank lines."""
    for line in lines[at : at + 3]:
        if line.strip():
            return QUOTED.match(line) is not None
    return False


def attribution(lines: Sequence[str], at: int) -> int:
    """Where a line such as "On Monday, Ann wrote:" that begins here ends, in any language; 0 when none does."""
    if not lines[at].strip():
        return 0
    for end in range(at + 1, min(at + LONGEST_ATTRIBUTION, len(lines)) + 1):
        line = lines[end - 1].strip(TRAILS)
        if not line or len(line) > LONGEST_LINE:
            return 0
        if line.endswith((":", "：", "写道", "寫道")):
            return end if attributes(" ".join(lines[at:end]), quoted_next(lines, end)) else 0
    return 0


def attributes(words: str, before_quotation: bool) -> bool:
    """Before a quotation one sign is enough (a date, an address, the verb), else it takes an address and another:
    "On 12 May your colleague wrote:" may be a customer's own words."""
    signs = (DATE.search(words), WROTE.search(words))
    address = MAIL.search(words)
    return any((address, *signs)) if before_quotation else address is not None and any(signs)


def starts_original(lines: Sequence[str], at: int) -> bool:
    """Whether an earlier mail begins here that is not marked line by line, as Outlook puts it."""
    line = lines[at]
    if not line.strip() or len(line) > LONGEST_LINE:
        return False
    if (ruled := RULED.fullmatch(line)) and ORIGINAL.search(ruled[1]):
        return True
    if ORIGINAL.fullmatch(line.strip(" :*\t")) and headed(lines, at + 1):
        return True
    return (RULE.fullmatch(line) is not None and headed(lines, at + 1)) or headed(lines, at)


def headed(lines: Sequence[str], at: int) -> bool:
    """Whether a block of From, Sent, To, Subject begins within the next few lines.

    "From: Paris, To: Rome, Date: Friday" is a journey: without an address it takes three labels more.
    """
    block = [line[:LONGEST_LINE] for line in lines[at : at + 10] if line.strip()][:7]
    if not block or not FROM_LINE.match(block[0]):
        return False
    others = sum(OTHER_LINE.match(line) is not None for line in block[1:])
    return others >= (2 if MAIL.search(block[0]) else 3)


def unsigned(lines: Sequence[str]) -> list[str]:
    """Without "-- " and what follows, "Sent from my phone", and a closing formula with what stands below it."""
    kept = list(lines)
    for at, line in enumerate(kept):
        if SIGNED.fullmatch(line.strip()) and written(kept[:at]):
            kept = kept[:at]
            break
    while kept and (not kept[-1].strip() or (sent_from(kept[-1]) and written(kept[:-1]))):
        kept.pop()
    for at in range(max(len(kept) - LONGEST_SIGNATURE, 1), len(kept)):
        if CLOSING.fullmatch(kept[at].strip(" *\t")) and written(kept[:at]) and brief(kept[at + 1 :]):
            return kept[:at]
    return kept


def sent_from(line: str) -> bool:
    return len(line) <= 100 and SENT_FROM.match(line.strip(" *<[")) is not None


def brief(lines: Sequence[str]) -> bool:
    """Names and addresses, no sentences: what stands below a signature."""
    return all(len(line) <= 80 and not line.rstrip().endswith("?") for line in lines)
