"""Bots that show what a widget must cope with."""

from orchestrator.types import (
    Action,
    Button,
    Buttons,
    Card,
    Carousel,
    Choice,
    Form,
    FormField,
    ListPicker,
    Location,
    Media,
    QuickReplies,
    Say,
    Text,
    Turn,
)

EVIL = "<script>alert(1)</script><img src=x onerror=alert(2)>"
RUNS = "/media/x.png#<script>alert(3)</script>"


async def hostile(turn: Turn) -> list[Action]:
    """Markup in every text there is. Addresses that run something never get past the server."""
    choice = Choice(title=EVIL, payload=EVIL, description=EVIL, image=RUNS)
    buttons = (
        Button(title=EVIL, url=RUNS),
        Button(title=EVIL, url=RUNS),
        Button(title=EVIL, payload="x"),
    )
    lines = (
        f"# {EVIL}",
        f"[{EVIL}](javascript:alert(4)) **{EVIL}** `{EVIL}`",
        f"- {EVIL}",
        f"> {EVIL}",
        "<javascript:x>",
    )
    markdown = "\n".join(lines)
    options = (Choice(title=EVIL, payload=EVIL),)
    fields = (
        FormField(name="a", label=EVIL, placeholder=EVIL),
        FormField(name="b", label=EVIL, type="select", options=options),
    )
    return [
        Say(parts=(Text(text=EVIL), Text(text=markdown, markdown=True))),
        Say(
            parts=(
                Media(url=RUNS, media="image", alt=EVIL),
                Media(url=RUNS, media="file", name=EVIL),
                Media(url="/media/none.png", media="file", name=EVIL, alt=EVIL),
                Location(latitude=1.0, longitude=2.0, name=EVIL, address=EVIL),
                Buttons(text=EVIL, buttons=buttons),
                ListPicker(text=EVIL, button=EVIL, choices=(choice,)),
                Carousel(cards=(Card(title=EVIL, subtitle=EVIL, image=RUNS, alt=EVIL, buttons=buttons),) * 2),
                Form(id="f", title=EVIL, submit=EVIL, fields=fields),
                QuickReplies(text=EVIL, choices=(choice,)),
            )
        ),
    ]


async def asks(turn: Turn) -> list[Action]:
    """A form, and then what was filled in."""
    if turn.form:
        return [Say(parts=(Text(text=f"form: {turn.form['email']}"),))]
    sizes = (Choice(title="Small", payload="s"), Choice(title="Large", payload="l"))
    fields = (
        FormField(name="email", label="E-mail", type="email"),
        FormField(name="size", label="Size", type="select", required=False, options=sizes),
    )
    return [Say(parts=(Form(id="receipt", title="Your receipt", fields=fields),))]
