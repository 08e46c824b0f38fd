"""The rules that follow an app's own, unless it says `defaults = false`. A rule of the same name replaces one."""

from orchestrator.config import Rule

DEFAULTS: tuple[Rule, ...] = (
    Rule(name="explicit-wish", when="wish >= 0.7", priority="high", reason="The customer asked for a person."),
    Rule(name="bot-request", when="bot.asked", reason="The bot asked for a person."),
    Rule(name="bot-failure", when="bot.failed", priority="high", reason="The bot failed and nothing could stand in."),
    Rule(
        name="misunderstood",
        when="bot.misunderstood >= 2",
        reason="The bot did not understand the customer several times in a row.",
    ),
    Rule(
        name="falling-sentiment",
        # Two clearly unhappy lines in a row, or a furious one; the very first line is always the bot's to answer.
        when="conversation.messages >= 2 && (sentiment.lows >= 2 && sentiment.average <= -0.35"
        " || sentiment.score <= -0.8 && sentiment.trend <= -0.25)",
        priority="high",
        reason="The customer is getting unhappy.",
    ),
)
