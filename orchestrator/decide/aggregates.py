"""Running sums of a conversation, updated in constant time: no turn reads history to know how it is going."""

from orchestrator.copies import replace
from orchestrator.types import Aggregates, Understanding

WEIGHT = 0.4
"""Of the newest score in the moving average: two clearly unhappy messages in a row move it most of the way."""

LOW = -0.3
"""A score at or below counts as a low. VADER gives a bare "no" -0.296: an answer, not a complaint."""

KEPT = 12
LAST_TEXT = 500


def after_customer(sums: Aggregates, understanding: Understanding | None, text: str) -> Aggregates:
    """Count one customer message. Without a sentiment (a tap, a picture, an engine down) the mood stays as it was."""
    sums = replace(sums, customer_messages=sums.customer_messages + 1, last_text=text[:LAST_TEXT] or sums.last_text)
    if understanding is None:
        return sums
    if understanding.intents:
        sums = replace(sums, intents=(*sums.intents, understanding.intents[0].name)[-KEPT:])
    if understanding.sentiment is None:
        return sums
    return with_score(sums, understanding.sentiment.score)


def with_score(sums: Aggregates, score: float) -> Aggregates:
    """The average starts neutral at 0, so that one angry first line is not yet a trend of its full height."""
    score = max(-1.0, min(1.0, score)) if score == score else 0.0
    average = sums.sentiment + WEIGHT * (score - sums.sentiment)
    return replace(
        sums,
        sentiment=round(average, 4),
        trend=round(average - sums.sentiment, 4),
        lows=sums.lows + 1 if score <= LOW else 0,
        scores=(*sums.scores, round(score, 4))[-KEPT:],
    )


def after_turn(sums: Aggregates) -> Aggregates:
    """Count one pass over what the customer said, whoever answers it."""
    return replace(sums, turns=sums.turns + 1)


def after_bot(sums: Aggregates, *, said: int = 0, misunderstood: bool = False, failed: bool = False) -> Aggregates:
    """Count one answer of a bot: `said` messages. A failure neither ends nor lengthens the misunderstanding streak."""
    streak = sums.misunderstood if failed else sums.misunderstood + 1 if misunderstood else 0
    return replace(
        sums,
        bot_messages=sums.bot_messages + said,
        misunderstood=streak,
        bot_failures=sums.bot_failures + 1 if failed else 0,
    )


def after_agent(sums: Aggregates) -> Aggregates:
    return replace(sums, agent_messages=sums.agent_messages + 1)


def after_offer(sums: Aggregates) -> Aggregates:
    """A person was asked for: the streaks that led there have done their work and start anew."""
    return replace(sums, handoffs=sums.handoffs + 1, misunderstood=0, bot_failures=0, lows=0)


def after_return(sums: Aggregates) -> Aggregates:
    """The bot has the conversation again: old anger must not hand it straight back. What was heard stays on record."""
    return replace(sums, sentiment=0.0, trend=0.0, lows=0, misunderstood=0, bot_failures=0)
