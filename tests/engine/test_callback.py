"""Tickets for a bot's late answer: only ours, only in time, only unchanged."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from orchestrator.engine.callback import Ticket, Tickets
from orchestrator.errors import Unauthenticated

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
TICKET = Ticket(app_id="shop", conversation_id="c1", turn_id="c1.1-2", bot="guide", epoch=3, last_seq=2)
TICKETS = Tickets("s" * 40, timedelta(minutes=15))


def test_a_ticket_comes_back_as_it_went() -> None:
    assert TICKETS.read(TICKETS.sign(TICKET, NOW), NOW) == TICKET


def test_an_expired_one_is_refused() -> None:
    with pytest.raises(Unauthenticated, match="expired"):
        TICKETS.read(TICKETS.sign(TICKET, NOW), NOW + timedelta(minutes=15))


@pytest.mark.parametrize("token", ["", ".", "a.b", "ü.ü", "W10=.W10=", "x" * 10_000])
def test_rubbish_is_refused(token: str) -> None:
    with pytest.raises(Unauthenticated):
        TICKETS.read(token, NOW)


def test_another_servers_or_a_changed_one_is_refused() -> None:
    token = TICKETS.sign(TICKET, NOW)
    other = Tickets("t" * 40, timedelta(minutes=15)).sign(TICKET, NOW)
    claims = TICKETS.sign(replace(TICKET, epoch=4), NOW).partition(".")[0]
    for forged in (other, f"{claims}.{token.partition('.')[2]}"):
        with pytest.raises(Unauthenticated):
            TICKETS.read(forged, NOW)
