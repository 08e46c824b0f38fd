"""One message on its way to a channel: what came out so far, what was lost, what may be chosen."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from orchestrator.fit import gsm
from orchestrator.fit.choices import Offer, open_choices
from orchestrator.fit.measure import SMALLEST, cut, fits
from orchestrator.fit.split import within
from orchestrator.types import Limits, Loss, OpenChoice, Part, Text, TextUnit


@dataclass(slots=True)
class Work:
    """`number` is the next one in numbered text, `part` the index of the part that is being shaped."""

    parts: tuple[Part, ...]
    limits: Limits
    message_id: str
    base_url: str
    number: int
    part: int = 0
    out: list[Part] = field(default_factory=list)
    losses: dict[Loss, None] = field(default_factory=dict)
    choices: list[OpenChoice] = field(default_factory=list)

    def lose(self, what: str, became: str) -> None:
        self.losses[Loss(part=self.part, what=what, became=became)] = None

    def say(self, text: str) -> None:
        for piece in within(self.typeset(text), self.limits.text, self.limits.unit):
            if piece.strip():
                self.out.append(Text(text=piece))

    def last_of(self, text: str, instead: str, longest: int = 0) -> str:
        """Say all of the text but its last piece, of at most `longest`, which is for the buttons to stand under.

        Buttons without a text take the line before them, else `instead`: platforms refuse buttons under nothing.
        """
        longest = min(longest, self.limits.text) or self.limits.text
        if text.strip():
            *before, last = within(self.typeset(text), longest, self.limits.unit)
            for piece in before:
                self.say(piece)
            return last
        if self.out and isinstance(line := self.out[-1], Text) and self.stands_over(line, longest):
            self.out.pop()
            return line.text
        return cut(instead, max(longest, SMALLEST), self.limits.unit)

    def stands_over(self, line: Text, longest: int) -> bool:
        return not line.markdown and fits(line.text, longest, self.limits.unit)

    def short(self, text: str, limit: int, what: str, unit: TextUnit | None = None) -> str:
        text = self.typeset(text)
        done = cut(text, limit, unit or self.limits.unit)
        if done != text:
            self.lose(what, "cut")
        return done

    @property
    def dash(self) -> str:
        return "-" if self.limits.unit == "gsm7" else "—"

    @property
    def bullet(self) -> str:
        return "-" if self.limits.unit == "gsm7" else "•"

    def typeset(self, text: str) -> str:
        """As it is sent: without the signs that would make an SMS cost twice."""
        if self.limits.unit != "gsm7" or (plain := gsm.plainer(text)) == text:
            return text
        self.lose("typography", "plain")
        return plain

    def opened(self, offers: Sequence[Offer], shown: Sequence[str]) -> None:
        """These may be chosen now, by these titles."""
        answering = [(offer, title) for offer, title in zip(offers, shown, strict=True) if not offer.url]
        if any(offer.title != title for offer, title in zip(offers, shown, strict=True)):
            self.lose("title", "cut")
        self.choices += open_choices(
            [offer for offer, _ in answering], [title for _, title in answering], self.message_id
        )

    def absolute(self, url: str) -> str:
        return self.base_url + url if url.startswith("/") else url
