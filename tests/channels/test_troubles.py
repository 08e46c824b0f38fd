"""Where a channel in trouble is seen: the API, what machines ask, the dead letters."""

from pathlib import Path

from orchestrator.errors import SendFailed
from tests.support.channel import api, channel, reached
from tests.support.probe import Side


async def test_a_paused_channel_is_told_of_everywhere(tmp_path: Path, side: Side) -> None:
    side.refusals.append(SendFailed("the token expired; make another", retryable=False, reason="token_expired"))
    async with channel(tmp_path, probe={"listens": True}) as parley:
        await parley.hear("hello")
        await side.until(lambda: side.listening and not side.refusals)
        async with api(parley) as front:
            while not (shown := (await front.get("/v1/channels")).json["data"][0])["troubles"]:
                pass
            assert shown["troubles"] == ["the token expired; make another"]
            assert shown["listening"] is True
            ready = await front.get("/readyz")
            assert ready.status == 200
            assert ready.json["checks"]["channel line"] == "degraded: the token expired; make another"
            metrics = (await front.get("/metrics")).body.decode()
            assert 'parley_channel_up{app="shop",channel="line",side="sending"} 0.0' in metrics


async def test_a_dead_letter_says_why(tmp_path: Path, side: Side) -> None:
    side.refusals.append(SendFailed("closed since noon", retryable=False, reason="window_closed"))
    async with channel(tmp_path) as parley:
        await parley.hear("hello")
        await reached(parley, "failed")
        async with api(parley) as front:
            (letter,) = (await front.get("/v1/dead-letters")).json["data"]
            assert (letter["reason"], letter["error"]) == ("window_closed", "closed since noon")
            (shown,) = (await front.get("/v1/channels")).json["data"]
            assert (shown["listening"], shown["troubles"]) == (None, [])
