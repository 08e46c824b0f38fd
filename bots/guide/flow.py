"""Flows: questions one after another, each answer checked and kept in a slot. Where a flow stands is a slot as well."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bots.guide import file
from bots.guide.facts import Facts
from bots.guide.file import Fetch, Flow, Guide, Step
from bots.guide.sources import Got
from bots.guide.speak import say
from bots.guide.steps import declined, findable, options, plausible, read
from orchestrator.types import (
    Action,
    Choice,
    Form,
    FormField,
    ListPicker,
    Media,
    QuickReplies,
    Say,
    Text,
    Turn,
)

STANDING = "_guide_step"
"""The slot that holds where a flow stands: {"flow", "step", "tries", "at"}."""
STALE = timedelta(hours=2)
"""After so long nobody remembers what was asked."""
MOST_REPLIES = 5
"""More choices than this make a list."""


class Wanted(Exception):
    """A flow can't go on before this source was asked: the turn begins again with what it says."""

    def __init__(self, flow: Flow, fetch: Fetch, slots: Mapping[str, Any]) -> None:
        super().__init__(flow.name)
        self.flow = flow.name
        self.source = fetch.source
        self.slots = slots


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    flow: Flow
    step: Step
    tries: int = 0


class Flows:
    """The flows of one turn. `slots` are the conversation's as they will be, `changed` what to set.

    `fetched` is what sources said already, by flow.
    """

    def __init__(self, guide: Guide, turn: Turn, fetched: Mapping[str, Got]) -> None:
        self.guide = guide
        self.turn = turn
        self.fetched = fetched
        self.slots: dict[str, Any] = dict(turn.slots)
        self.changed: dict[str, Any] = {}
        self.flows = {flow.name: flow for flow in guide.flow}

    @property
    def facts(self) -> Facts:
        return Facts(guide=self.guide, turn=self.turn, slots=self.slots)

    def known(self, name: str) -> bool:
        return name in self.flows

    def standing(self) -> Standing | None:
        """Where a flow waits for an answer; None when none does, or the guide has changed since."""
        kept = self.slots.get(STANDING)
        if not isinstance(kept, Mapping) or self.stale(kept.get("at")):
            return None
        flow = self.flows.get(str(kept.get("flow")))
        step = next((step for step in flow.step if step.slot == kept.get("step")), None) if flow else None
        if flow is None or step is None:
            return None
        tries = kept.get("tries")
        return Standing(flow=flow, step=step, tries=tries if isinstance(tries, int) else 0)

    def stale(self, at: object) -> bool:
        try:
            return self.turn.now - datetime.fromisoformat(str(at)) > STALE
        except (ValueError, TypeError):
            return True

    def set(self, name: str, value: object) -> None:
        """None removes it."""
        self.changed[name] = value
        if value is None:
            self.slots.pop(name, None)
            if name not in self.turn.slots:
                del self.changed[name]
        else:
            self.slots[name] = value

    def stand(self, flow: Flow, step: Step, tries: int = 0) -> None:
        at = self.turn.now.isoformat()
        self.set(STANDING, {"flow": flow.name, "step": step.slot, "tries": tries, "at": at})

    def leave(self) -> None:
        self.set(STANDING, None)

    def start(self, name: str, text: str = "") -> Sequence[Action]:
        """From the first step; what the customer said already is not asked again."""
        flow = self.flows[name]
        for step in flow.step:
            self.set(step.slot, None)
        for step in flow.step:
            if text and findable(step) and (value := read(step, text, self.facts)):
                self.set(step.slot, value)
        return self.go_on(flow)

    def chosen(self, name: str, slot: str, value: str) -> Sequence[Action]:
        """A tap on a choice of this flow, or on what starts it with one answer given."""
        flow, standing = self.flows[name], self.standing()
        step = next((step for step in flow.step if step.slot == slot), None)
        if step is None:
            return self.start(name)
        if standing is None or standing.flow.name != name:
            self.start(name)
        if not value and step.optional:
            return self.keep(flow, step, "")
        found = plausible(step, value, self.facts)
        if found is None:
            self.stand(flow, step)
            return self.ask()
        return self.keep(flow, step, found)

    def answered(self, text: str) -> Sequence[Action] | None:
        """None when the text does not answer what was asked."""
        standing = self.standing()
        if standing is None:
            return None
        if standing.step.optional and declined(text):
            return self.keep(standing.flow, standing.step, "")
        value = read(standing.step, text, self.facts)
        return None if value is None else self.keep(standing.flow, standing.step, value)

    def attached(self, media: Media) -> Sequence[Action] | None:
        standing = self.standing()
        if standing is None or standing.step.type != "picture" or media.media not in ("image", "gif"):
            return None
        return self.keep(standing.flow, standing.step, media.url)

    def skip(self) -> Sequence[Action]:
        standing = self.standing()
        return self.keep(standing.flow, standing.step, "") if standing else ()

    def filled(self, name: str, values: Mapping[str, Any]) -> Sequence[Action] | None:
        """A form's values, whenever they come: it stays in the thread after its flow has gone on. None: given up."""
        flow, standing = self.flows[name], self.standing()
        tries = standing.tries if standing and standing.flow.name == name else 0
        for step in flow.step:
            self.set(step.slot, None)
        for step in in_form(flow):
            value = plausible(step, values.get(step.slot), self.facts)
            if value is None and not (step.optional and not values.get(step.slot)):
                self.stand(flow, step, tries)
                return self.wrong()
            self.set(step.slot, value or "")
        return self.go_on(flow)

    def keep(self, flow: Flow, step: Step, value: str) -> Sequence[Action]:
        self.set(step.slot, value)
        return self.go_on(flow)

    def go_on(self, flow: Flow) -> Sequence[Action]:
        """Ask for the first slot that is missing, or finish."""
        for step in flow.step:
            if step.slot not in self.slots:
                self.stand(flow, step)
                return self.ask()
        self.leave()
        facts = self.facts
        if flow.lookup:
            facts = facts.looked_up(flow.lookup.table, self.slots.get(flow.lookup.slot), flow.lookup.name)
        if flow.fetch:
            got = self.got(flow, flow.fetch)
            if got.state != "found":
                return self.lacking(flow.fetch, got)
            facts = facts.with_row(flow.fetch.name, got.value)
        said = say(flow.done, facts)
        return said or self.tell(self.guide.texts.missing)

    def got(self, flow: Flow, fetch: Fetch) -> Got:
        """Raises Wanted when nobody has asked yet."""
        if flow.name not in self.fetched:
            raise Wanted(flow, fetch, {step.slot: self.slots.get(step.slot, "") for step in flow.step})
        return self.fetched[flow.name]

    def lacking(self, fetch: Fetch, got: Got) -> Sequence[Action]:
        texts = self.guide.texts
        if got.state == "missing":
            return self.tell(fetch.missing or texts.missing)
        return self.tell(fetch.failed or texts.unreachable)

    def wrong(self) -> Sequence[Action] | None:
        """Say what is wanted and ask again; None when that was tried often enough, and the flow is left."""
        standing = self.standing()
        if standing is None or standing.tries + 1 >= self.guide.guide.tries:
            self.leave()
            return None
        self.stand(standing.flow, standing.step, standing.tries + 1)
        choice = standing.step.type == "choice"
        text = standing.step.invalid or (self.guide.texts.choose if choice else self.guide.texts.invalid)
        return self.ask(text)

    def tell(self, text: str) -> Sequence[Action]:
        filled = self.facts.fill(text)
        return [Say(parts=(Text(text=filled),))] if filled else []

    def ask(self, text: str = "") -> Sequence[Action]:
        """The question of the step the flow stands at, in the best form the channel can show."""
        standing = self.standing()
        if standing is None:
            return ()
        flow, step = standing.flow, standing.step
        if flow.form and self.turn.channel.limits.form and step in in_form(flow):
            return [Say(parts=(*self.words(text or flow.form.text), self.form(flow, flow.form)))]
        asked = self.facts.fill(text or step.ask) or self.facts.fill(self.guide.texts.invalid) or ""
        if step.type == "choice":
            return self.offer(flow, step, asked)
        if step.optional:
            skip = Choice(title=self.facts.fill(step.skip) or "", payload=f"flow:{flow.name}:{step.slot}=")
            return [Say(parts=(QuickReplies(text=asked, choices=(skip,)),))]
        return [Say(parts=(Text(text=asked),))]

    def words(self, text: str) -> tuple[Text, ...]:
        filled = self.facts.fill(text)
        return (Text(text=filled),) if filled else ()

    def offer(self, flow: Flow, step: Step, asked: str) -> Sequence[Action]:
        """Choices; without any (the page passed none) there is nothing to ask."""
        found = options(step, self.facts)
        if not found:
            self.leave()
            return self.tell(self.guide.texts.missing)
        choices = tuple(
            Choice(title=each.title, description=each.description, payload=f"flow:{flow.name}:{step.slot}={each.value}")
            for each in found
        )
        if len(choices) > MOST_REPLIES:
            return [Say(parts=(ListPicker(text=asked, choices=choices),))]
        return [Say(parts=(QuickReplies(text=asked, choices=choices),))]

    def form(self, flow: Flow, written: file.Form) -> Form:
        return Form(
            id=flow.name,
            title=self.facts.fill(written.title) or "",
            submit=self.facts.fill(written.submit) or "",
            fields=tuple(self.field(step) for step in in_form(flow)),
        )

    def field(self, step: Step) -> FormField:
        facts = self.facts
        found = tuple(Choice(title=each.title, payload=each.value) for each in options(step, facts))
        return FormField(
            name=step.slot,
            label=facts.fill(step.label) or "",
            type="select" if step.type == "choice" else step.type if step.type != "picture" else "text",
            required=not step.optional,
            placeholder=facts.fill(step.placeholder) or "",
            options=found,
        )


def in_form(flow: Flow) -> list[Step]:
    return [step for step in flow.step if step.type != "picture"]
