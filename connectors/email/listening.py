"""An address whose mail comes from a mailbox."""

from connectors.email.connector import EmailChannel
from connectors.email.mailbox import FIRST_PAUSE, Watch
from connectors.email.settings import Mailbox, Settings
from orchestrator.ports import Clock, Files, Hear, Http


class ListeningEmail(EmailChannel):
    """Apart, because whoever has `listen` is given a mailbox's lease and watched over."""

    def __init__(
        self,
        settings: Settings,
        box: Mailbox,
        *,
        clock: Clock,
        http: Http,
        files: Files,
        first_pause: float = FIRST_PAUSE,
    ) -> None:
        super().__init__(settings, clock=clock, http=http, files=files)
        self.watch = Watch(box, settings.address, self.read, clock, seconds=settings.timeout, first_pause=first_pause)

    async def listen(self, hear: Hear) -> None:
        await self.watch.run(hear)
