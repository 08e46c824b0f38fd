"""One turn with a guide: what was said goes in, actions come out. Pure: the same turn gives the same answer.

Between turns a flow stands in the conversation's slots, under `STANDING`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from bots.guide.facts import Facts
from bots.guide.file import Faq, Guide, Intent, Piece
from bots.guide.flow import Flows, Standing
from bots.guide.hear import Attached, Event, Filled, Tapped, Typed, events
from bots.guide.match import Scorer, Scores, blended
from bots.guide.sources import Got
from bots.guide.speak import hand_off, say, title_of
from bots.guide.steps import declined
from bots.guide.words import plain, sentences
from orchestrator.types import Action, Choice, HandOff, Media, NotUnderstood, QuickReplies, Say, SetSlots, Text, Turn

MOST_EVENTS = 8
"""Taps, forms and runs of lines in one turn; of more, the last."""
MOST_PARTS = 12
"""Sentences of one turn that are looked at."""
LONGEST_PART = 400
MOST_ANSWERS = 3
MOST_GUESSES = 3
NOTHING: Mapping[str, Got] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Meant:
    """`sure` are to be answered, in the order they were said; `near` only to be asked about, best first."""

    sure: tuple[str, ...] = ()
    near: tuple[str, ...] = ()


class Book:
    """A guide with its intents at hand and its scorer trained."""

    def __init__(self, guide: Guide, scorer: Scorer) -> None:
        self.guide = guide
        self.scorer = scorer
        self.answers: dict[str, Intent | Faq] = {each.name: each for each in guide.intent}
        self.answers |= {f"faq:{each.name}": each for each in guide.faq}
        self.cancel = frozenset(map(plain, guide.matching.cancel))
        self.person = next((f"intent:{each.name}" for each in guide.intent if each.handoff and each.title), "")

    def substantial(self, name: str) -> bool:
        found = self.answers[name]
        return not (isinstance(found, Intent) and found.small_talk)

    def reference(self, name: str) -> str:
        return name if name.startswith("faq:") else f"intent:{name}"

    def title(self, name: str) -> str:
        return title_of(self.guide, self.reference(name))


def examples(guide: Guide) -> dict[str, Sequence[str]]:
    """What the scorer learns from, by name."""
    found: dict[str, Sequence[str]] = {each.name: each.examples for each in guide.intent}
    return found | {f"faq:{each.name}": (each.question, *each.also) for each in guide.faq}


def reply(book: Book, turn: Turn, fetched: Mapping[str, Got] = NOTHING) -> list[Action]:
    """`fetched` is what sources said, by flow. Raises Wanted when a flow needs one that was not asked yet."""
    return Talk(book, turn, fetched).run()


class Talk:
    """The state of one turn while it is answered."""

    def __init__(self, book: Book, turn: Turn, fetched: Mapping[str, Got]) -> None:
        self.book = book
        self.guide = book.guide
        self.turn = turn
        self.said: list[Action] = []
        self.answered: set[str] = set()
        self.puzzled = False
        self.flows = Flows(book.guide, turn, fetched)

    @property
    def facts(self) -> Facts:
        return Facts(guide=self.guide, turn=self.turn, slots=self.flows.slots)

    def run(self) -> list[Action]:
        if self.turn.returned:
            self.flows.leave()
            self.say(self.guide.returned)
        if not self.turn.messages and not self.turn.returned:
            self.say(self.guide.greeting)
        for event in list(events(self.turn))[-MOST_EVENTS:]:
            if not self.handed_off:
                self.hear(event)
        first: list[Action] = [SetSlots(slots=self.flows.changed)] if self.flows.changed else []
        last: list[Action] = [NotUnderstood()] if self.puzzled else []
        return [*first, *self.said, *last]

    @property
    def handed_off(self) -> bool:
        return any(isinstance(action, HandOff) for action in self.said)

    def say(self, answer: Sequence[Piece]) -> bool:
        """Whether there was anything to say."""
        actions = say(answer, self.facts)
        self.said.extend(actions)
        return bool(actions)

    def tell(self, text: str) -> None:
        if filled := self.facts.fill(text):
            self.said.append(Say(parts=(Text(text=filled),)))

    def hear(self, event: Event) -> None:
        match event:
            case Tapped(payload=payload, title=title):
                self.tapped(payload, title)
            case Filled(form=form, values=values):
                self.filled(form, values)
            case Typed(lines=lines):
                self.typed(lines)
            case Attached(media=media):
                self.attached(media)

    def tapped(self, payload: str, title: str) -> None:
        """`intent:name`, `faq:name`, `flow:name` or `flow:name:slot=value`; anything else is read by its title."""
        kind, _, rest = payload.partition(":")
        name = payload if kind == "faq" else rest
        if kind in ("intent", "faq") and name in self.book.answers:
            self.flows.leave()
            self.answer(name)
        elif kind == "flow" and self.flows.known(rest.partition(":")[0]):
            flow, _, given = rest.partition(":")
            slot, _, value = given.partition("=")
            self.said.extend(self.flows.chosen(flow, slot, value))
        elif title:
            self.typed((title,))
        else:
            self.tell(self.guide.texts.expired)

    def filled(self, form: str, values: Mapping[str, Any]) -> None:
        if not self.flows.known(form):
            self.tell(self.guide.texts.expired)
        elif (actions := self.flows.filled(form, values)) is not None:
            self.said.extend(actions)
        else:
            self.offer_person(self.guide.texts.give_up)

    def attached(self, media: Media) -> None:
        """A picture the flow waits for, or a file that a person must look at."""
        standing = self.flows.standing()
        if (actions := self.flows.attached(media)) is not None:
            self.said.extend(actions)
        elif not self.said:
            if not self.say(self.guide.attachment):
                self.not_understood(())
            self.resume(standing)

    def typed(self, lines: Sequence[str]) -> None:
        standing = self.flows.standing()
        if standing is not None:
            self.answer_all(self.meant(self.in_flow(standing, lines)).sure)
            return
        meant = self.meant(lines)
        if meant.sure and (not meant.near or any(map(self.book.substantial, meant.sure))):
            self.answer_all(meant.sure)
        else:
            self.not_understood(meant.near)

    def in_flow(self, standing: Standing, lines: Sequence[str]) -> Sequence[str]:
        """Answer the flow's question with one of the lines; returns those that may mean something besides."""
        if self.cancels(lines) and not (standing.step.optional and any(map(declined, lines))):
            self.flows.leave()
            self.tell(self.guide.texts.cancelled)
            return ()
        if standing.step.type == "text" and not standing.step.pattern:
            return self.free_text(lines)
        for line in lines:
            if (actions := self.flows.answered(line)) is not None:
                self.said.extend(actions)
                return tuple(other for other in lines if other is not line)
        self.aside(standing, lines)
        return ()

    def cancels(self, lines: Sequence[str]) -> bool:
        return any(plain(line).removesuffix("please").strip() in self.book.cancel for line in lines)

    def free_text(self, lines: Sequence[str]) -> Sequence[str]:
        """Anything answers an open question, except the wish for a person."""
        meant = self.meant(lines)
        wish = next((name for name in meant.sure if getattr(self.book.answers[name], "handoff", None)), "")
        if wish:
            self.flows.leave()
            self.answer(wish)
        else:
            self.said.extend(self.flows.answered("\n".join(lines)) or ())
        return ()

    def aside(self, standing: Standing, lines: Sequence[str]) -> None:
        """No line answers the flow's question. Another question is answered, and ours asked again."""
        meant = self.meant(lines)
        names = [name for name in meant.sure if getattr(self.book.answers[name], "flow", "") != standing.flow.name]
        if names:
            self.answer_all(names)
            self.resume(standing)
        elif meant.sure:
            self.said.extend(self.flows.ask())
        else:
            self.puzzled = True
            actions = self.flows.wrong()
            self.said.extend(actions or ())
            if actions is None:
                self.offer_person(self.guide.texts.give_up)

    def resume(self, before: Standing | None) -> None:
        """Ask the flow's question again after something else, unless that led away from it."""
        now = self.flows.standing()
        if before and now and now.flow.name == before.flow.name:
            self.tell(self.guide.texts.resume)
            self.said.extend(self.flows.ask())

    def meant(self, lines: Sequence[str]) -> Meant:
        """Each sentence may mean something; when none does, all of it together may."""
        parts = [part[:LONGEST_PART] for line in lines for part in sentences(line)][:MOST_PARTS]
        heard = [self.scores(part, whole=len(parts) == 1) for part in parts]
        sure = [scores[0][0] for scores in heard if self.certain(scores)]
        if not sure and len(parts) > 1:
            heard.append(self.scores(" ".join(parts)[:LONGEST_PART], whole=True))
            sure = [heard[-1][0][0]] if self.certain(heard[-1]) else []
        best: dict[str, float] = {}
        for name, score in (pair for scores in heard if not self.certain(scores) for pair in scores):
            best[name] = max(score, best.get(name, 0.0))
        near = [name for name in sorted(best, key=lambda name: -best[name]) if self.suggested(name, best[name])]
        return Meant(sure=tuple(dict.fromkeys(sure)), near=tuple(near[:MOST_GUESSES]))

    def scores(self, text: str, *, whole: bool) -> Scores:
        """The app's own intents are of all that was said, so they count where that is the text."""
        return blended(self.book.scorer.score(text), self.heard() if whole else {})

    def heard(self) -> dict[str, float]:
        """The app's intents that are the guide's as well, as sure as the message means one of them at all."""
        understood = self.turn.understanding
        if understood is None:
            return {}
        inside = 1 - understood.out_of_scope
        return {intent.name: intent.score * inside for intent in understood.intents if intent.name in self.book.answers}

    def certain(self, scores: Scores) -> bool:
        return bool(scores) and scores[0][1] >= self.guide.matching.answer

    def suggested(self, name: str, score: float) -> bool:
        return score >= self.guide.matching.suggest and self.book.substantial(name) and bool(self.book.title(name))

    def answer_all(self, names: Iterable[str]) -> None:
        """Greetings and thanks are passed over when there is something of substance to answer."""
        names = list(names)
        substance = list(filter(self.book.substantial, names))
        for name in substance or names[-1:]:
            self.answer(name)

    def answer(self, name: str) -> None:
        found = self.book.answers[name]
        if name in self.answered or (len(self.answered) >= MOST_ANSWERS and not getattr(found, "handoff", None)):
            return
        self.answered.add(name)
        said = self.say(found.answer)
        if isinstance(found, Intent):
            if found.handoff:
                self.flows.leave()
                self.said.append(hand_off(found.handoff, self.facts))
                return
            if found.flow:
                self.said.extend(self.flows.start(found.flow, self.turn.text))
                return
        if not said:
            self.offer_person(self.guide.texts.missing)

    def not_understood(self, near: Sequence[str]) -> None:
        self.puzzled = True
        if not near:
            self.say(self.guide.fallback)
            return
        choices = [Choice(title=self.book.title(name), payload=self.book.reference(name)) for name in near]
        self.offer(self.guide.texts.did_you_mean, choices)

    def offer_person(self, text: str) -> None:
        self.offer(text, [])

    def offer(self, text: str, choices: list[Choice]) -> None:
        """A text with quick replies; the last leads to a person, where the guide knows how to get one."""
        person = self.book.person
        if person and person not in {choice.payload for choice in choices}:
            choices = [*choices, Choice(title=title_of(self.guide, person), payload=person)]
        filled = [
            Choice(title=title, payload=choice.payload)
            for choice in choices
            if (title := self.facts.fill(choice.title))
        ]
        if words := self.facts.fill(text):
            part = QuickReplies(text=words, choices=tuple(filled)) if filled else Text(text=words)
            self.said.append(Say(parts=(part,)))
