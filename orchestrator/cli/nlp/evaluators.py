"""Every evaluator there is, in the order they are told of: one more is a file beside this one and a line here."""

from orchestrator.cli.nlp import chats, chatwords, handoff, intents, langid, sentiment, speed, tricky
from orchestrator.cli.nlp.evaluator import Evaluator

EVALUATORS: tuple[Evaluator, ...] = (
    langid.EVALUATOR,
    chatwords.EVALUATOR,
    chats.EVALUATOR,
    tricky.EVALUATOR,
    intents.EVALUATOR,
    intents.SCOPE_EVALUATOR,
    handoff.EVALUATOR,
    handoff.FALSE_EVALUATOR,
    sentiment.EVALUATOR,
    speed.EVALUATOR,
)
