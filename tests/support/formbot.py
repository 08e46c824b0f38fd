"""A bot that asks with a form, and keeps what it is told."""

from orchestrator.types import Choice, Form, FormField, Part, Text, Turn

FORM = Form(
    id="delivery",
    title="Your delivery",
    fields=(
        FormField(name="name", label="Your name"),
        FormField(name="email", label="E-mail", type="email"),
        FormField(name="day", label="Which day?", type="date"),
        FormField(
            name="size",
            label="Size",
            type="select",
            options=(Choice(title="Small", payload="s"), Choice(title="Large", payload="l")),
        ),
        FormField(name="note", label="Anything else?", required=False),
    ),
)
turns: list[Turn] = []


async def reply(turn: Turn) -> tuple[Part, ...]:
    turns.append(turn)
    if turn.form:
        return (Text(text="thanks: " + ", ".join(f"{key}={value}" for key, value in turn.form.items())),)
    if turn.payload or "form" not in turn.text:
        return (Text(text=f"heard: {turn.text}"),)
    return (Text(text="Let's see."), FORM)
