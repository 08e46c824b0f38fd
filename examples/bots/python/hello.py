"""The smallest useful bot: answers, offers choices, gets a person. See docs/bots.md."""

from orchestrator.types import Action, Choice, HandOff, QuickReplies, Turn

HELP = (Choice(title="Opening hours", payload="hours"), Choice(title="A person", payload="person"))


async def reply(turn: Turn) -> str | QuickReplies | list[str | Action]:
    match turn.payload:
        case "hours":
            return "We are open Monday to Saturday from 10 to 6."
        case "person":
            return ["I'll get a colleague.", HandOff(reason="asked for a person")]
    name = turn.profile.get("name") or "there"
    return QuickReplies(text=f"Hello {name}! You said: {turn.text}", choices=HELP)
