"""When a platform takes free messages no more: the channel's template goes in their place, once."""

from dataclasses import dataclass
from datetime import timedelta

import structlog

from orchestrator.config import ChannelSettings
from orchestrator.copies import replace
from orchestrator.engine.app import Channel
from orchestrator.engine.hear import words
from orchestrator.ports import Clock, Records
from orchestrator.types import Outgoing, Template

DAY = 86_400.0
LONGEST_VALUE = 900
"""Characters of a placeholder: WhatsApp takes 1024 of the whole body."""

log = structlog.get_logger("parley.deliver")


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    records: Records
    clock: Clock

    async def closed(self, channel: Channel, row: Outgoing) -> Outgoing | None:
        """The row with the template in place of what has not gone out; None when it is dead as it is.

        A customer who does not answer a template gets no second one: while one of this conversation is younger than
        the window, had they answered, the window would be open.
        """
        settings = channel.settings
        if not (settings.window_template and channel.connector.limits.templates) or templated(row):
            return None
        since = self.clock.now() - timedelta(seconds=channel.connector.limits.window or DAY)
        for other in await self.records.deliveries(row.conversation_id):
            if templated(other) and other.state not in ("failed", "pending") and other.due_at > since:
                return None
        log.info("the window is closed, a template goes instead", channel_id=channel.id, outgoing_id=row.id)
        said = "\n".join(filter(None, (words(rendering.parts) for rendering in row.renderings[row.done :])))
        rendering = replace(row.renderings[-1], parts=(template(settings, said),))
        return replace(row, renderings=(*row.renderings[: row.done], rendering), reason="window_closed")


def templated(row: Outgoing) -> bool:
    """Whether the template stands in the message's place already."""
    last = row.renderings[-1].parts if row.renderings else ()
    return row.reason == "window_closed" and any(isinstance(part, Template) for part in last)


def template(settings: ChannelSettings, said: str) -> Template:
    """Placeholders take a line: platforms refuse line breaks in them."""
    line = " ".join(said.split())[:LONGEST_VALUE]
    values = {name: value.replace("{text}", line) for name, value in settings.window_values.items()}
    return Template(name=settings.window_template, language=settings.window_language, values=values, text=said)
