"""The account behind a channel: connect it, look what is wrong with it, send a test. For the command line and /v1."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from orchestrator import fit
from orchestrator.engine import Channel
from orchestrator.ports import Clock, Listener, Managed
from orchestrator.types import Checked, Outgoing, SetupStep, Text

SAMPLE = "This is a test by Parley: the channel can send."


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A channel that is open. `public_url` is how the outside reaches this server."""

    app_id: str
    channel: Channel
    clock: Clock
    public_url: str

    @property
    def hook(self) -> str:
        """The public address platforms deliver to."""
        return f"{self.public_url}/hooks/{self.channel.id}"


async def setup(account: Account) -> Sequence[SetupStep]:
    """What was done, and what is left to do by hand. Raises SendFailed."""
    connector = account.channel.connector
    if isinstance(connector, Managed):
        return await connector.setup(account.hook)
    return [SetupStep(title="Tell the platform where to deliver", text=account.hook)]


async def findings(account: Account) -> AsyncIterator[Checked]:
    connector = account.channel.connector
    if connector.delivery == "push" and not isinstance(connector, Listener):
        yield reachable(account.hook)
    if isinstance(connector, Managed):
        for one in await connector.check(account.hook):
            yield one
    else:
        yield Checked(ok=True, what="the configuration is complete; this kind of channel has no account to look at")


def reachable(hook: str) -> Checked:
    """Whether a platform on the internet may deliver there at all."""
    parts = urlsplit(hook)
    local = parts.hostname in ("127.0.0.1", "localhost", "::1", "0.0.0.0")
    ok = parts.scheme == "https" and not local
    mend = "platforms deliver to https addresses on the internet: set server.public_url, or try 'parley simulate'"
    return Checked(ok=ok, what=f"events are to be delivered to {hook}", mend=mend)


async def send_test(account: Account, address: str, text: str) -> Sequence[str]:
    """One message past the outbox; the platform's ids of it. Raises SendFailed."""
    connector, clock = account.channel.connector, account.clock
    shaped = fit.shape((Text(text=text),), connector.limits, base_url=account.public_url)
    outgoing = Outgoing(
        id=clock.new_id(),
        app_id=account.app_id,
        conversation_id="",
        channel_id=account.channel.id,
        address=address,
        message_id="",
        seq=0,
        epoch=0,
        due_at=clock.now(),
        renderings=shaped.renderings,
    )
    sent = [(await connector.send(one, outgoing)).external_id for one in shaped.renderings]
    return [external_id for external_id in sent if external_id]
