"""A bot in Python: every form it may take, and everything that may go wrong with it."""

import asyncio
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from textwrap import dedent
from typing import cast

import pytest

from bots import python
from orchestrator.errors import BotFailed, BotLater, Misconfigured
from orchestrator.ports import Bot, Files, Http
from orchestrator.types import Action, FormAnswer, HandOff, Media, Say, SetSlots, Tap, Text, Typing
from tests.support.clock import ManualClock
from tests.support.turns import asked, turn, words


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Path]:
    """A folder to import bots from, forgotten afterwards."""
    before, modules = list(sys.path), set(sys.modules)
    yield tmp_path
    sys.path[:] = before
    for name in set(sys.modules) - modules:
        if (getattr(sys.modules[name], "__file__", None) or "").startswith(str(tmp_path)):
            del sys.modules[name]


PREAMBLE = """
import asyncio, threading
from orchestrator.errors import BotFailed, BotLater
from orchestrator.types import *
"""


def make(folder: Path, code: str, bot: str = "shop_bot:reply", **more: object) -> Bot:
    (folder / "shop_bot.py").write_text(PREAMBLE + dedent(code), encoding="utf-8")
    settings = python.Settings.model_validate({"bot": bot, "path": folder, **more})
    return python.create(settings, clock=ManualClock(), http=cast(Http, None), files=cast(Files, None))


FORMS = {
    "a def": "def reply(turn): return 'You said ' + turn.text",
    "an async def": "async def reply(turn): return 'You said ' + turn.text",
    "an async generator": "async def reply(turn): yield 'You said ' + turn.text",
    "a generator": "def reply(turn): yield 'You said ' + turn.text",
    "a def that returns an awaitable": """
        async def later(turn): return 'You said ' + turn.text
        reply = lambda turn: later(turn)""",
    "a Part": "async def reply(turn): return Text(text='You said ' + turn.text)",
    "an Action": "async def reply(turn): return Say(parts=(Text(text='You said ' + turn.text),))",
    "a list": "async def reply(turn): return ['You said ' + turn.text]",
    "an instance that is called": """
        class Echo:
            async def __call__(self, turn): return 'You said ' + turn.text
        reply = Echo()""",
    "an instance with a reply": "class Echo:\n  def reply(self, turn): return 'You said ' + turn.text\nreply = Echo()",
    "a partial": """
        import functools
        async def say(word, turn): return word + turn.text
        reply = functools.partial(say, 'You said ')""",
}


@pytest.mark.parametrize("code", FORMS.values(), ids=FORMS.keys())
async def test_text_is_answered_in_every_form(shop: Path, code: str) -> None:
    bot = make(shop, code)
    assert await asked(bot, turn("hi")) == [Say(parts=(Text(text="You said hi"),))]


async def test_actions_keep_their_order_and_none_says_nothing(shop: Path) -> None:
    bot = make(
        shop,
        """
        async def reply(turn):
            yield Typing()
            yield ['One', SetSlots(slots={'n': 1})]
            yield None
            yield HandOff(reason='x')
        """,
    )
    assert await asked(bot, turn("hi")) == [
        Typing(),
        Say(parts=(Text(text="One"),)),
        SetSlots(slots={"n": 1}),
        HandOff(reason="x"),
    ]


async def test_media_tap_and_form_reach_the_bot(shop: Path) -> None:
    bot = make(
        shop,
        """
        def reply(turn):
            return f'{turn.payload} {dict(turn.form)} {[part.kind for said in turn.messages for part in said.parts]}'
        """,
    )
    picture = Media(url="/media/x.png", media="image")
    said = turn(picture, Tap(payload="buy", title="Buy"), FormAnswer(form_id="f", values={"email": "a@b.example"}))
    assert words(await asked(bot, said)) == ["buy {'email': 'a@b.example'} ['media', 'tap', 'form_answer']"]


async def test_the_same_turn_twice_has_the_same_id(shop: Path) -> None:
    bot = make(
        shop,
        """
        seen = {}
        async def reply(turn):
            seen[turn.id] = seen.get(turn.id, 0) + 1
            return f'{len(seen)} {seen[turn.id]}'
        """,
    )
    assert words(await asked(bot, turn("hi"))) == ["1 1"]
    assert words(await asked(bot, turn("hi"))) == ["1 2"]


async def test_a_class_is_made_once_opened_and_closed(shop: Path) -> None:
    bot = make(
        shop,
        """
        class Bot:
            def __init__(self, word): self.word, self.log = word, []
            async def open(self): self.log.append("open")
            def close(self): self.log.append("close")
            async def reply(self, turn): return f"{self.word} {self.log}"
        """,
        bot="shop_bot:Bot",
        options={"word": "Hi"},
    )
    await bot.open()
    assert words(await asked(bot, turn("x"))) == ["Hi ['open']"]
    await bot.close()
    assert cast(python.PythonBot, bot).target.log == ["open", "close"]


async def test_a_plain_function_never_runs_on_the_event_loop(shop: Path) -> None:
    bot = make(shop, "import threading\ndef reply(turn): return threading.current_thread().name")
    (name,) = words(await asked(bot, turn("x")))
    assert name != threading.current_thread().name


async def test_more_calls_than_threads_wait_their_turn(shop: Path) -> None:
    bot = make(
        shop,
        """
        import threading
        lock, running, most = threading.Lock(), 0, 0
        gate = threading.Barrier(2)
        def reply(turn):
            global running, most
            with lock:
                running += 1
                most = max(most, running)
            gate.wait(10)
            with lock: running -= 1
            return str(most)
        """,
        threads=2,
    )
    answered = await asyncio.gather(*(asked(bot, turn(str(n))) for n in range(8)))
    assert {words(each)[0] for each in answered} == {"2"}


async def test_a_function_that_hangs_blocks_nobody_else(shop: Path) -> None:
    bot = make(
        shop,
        "import threading\nhung, go = threading.Event(), threading.Event()\n"
        "def reply(turn):\n  if turn.text == 'hang':\n    hung.set()\n    go.wait(30)\n  return turn.text",
        threads=2,
    )
    module = sys.modules["shop_bot"]
    hanging = asyncio.ensure_future(asked(bot, turn("hang")))
    await asyncio.to_thread(module.hung.wait, 10)
    assert words(await asked(bot, turn("quick"))) == ["quick"]
    hanging.cancel()
    with pytest.raises(asyncio.CancelledError):
        await hanging
    module.go.set()
    assert words(await asked(bot, turn("again"))) == ["again"]


async def test_a_slow_coroutine_is_cancelled_at_its_deadline(shop: Path) -> None:
    bot = make(
        shop,
        """
        import asyncio
        ended = []
        async def reply(turn):
            try:
                yield 'first'
                await asyncio.Event().wait()
            finally:
                ended.append(1)
        """,
    )
    got: list[Action] = []

    async def collect() -> None:
        async for action in bot.reply(turn("x")):
            got.append(action)

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(collect(), 0.05)
    assert words(got) == ["first"]
    assert sys.modules["shop_bot"].ended == [1]


@pytest.mark.parametrize(
    "code",
    [
        "async def reply(turn):\n  while True: yield 'and on'",
        "def reply(turn):\n  while True: yield 'and on'",
        "async def reply(turn):\n  return ['and on'] * 1000",
        "async def reply(turn):\n  while True: yield None",
    ],
    ids=["async generator", "generator", "list", "nothing for ever"],
)
async def test_an_endless_answer_ends(shop: Path, code: str) -> None:
    with pytest.raises(BotFailed, match="50"):
        await asked(make(shop, code), turn("x"))


async def test_a_generator_left_early_is_closed(shop: Path) -> None:
    bot = make(
        shop,
        "ended = []\nasync def reply(turn):\n  try:\n    yield 'a'\n    yield 'b'\n  finally:\n    ended.append(1)",
    )
    stream = cast("AsyncIterator[Action]", bot.reply(turn("x")))
    assert await anext(stream) == Say(parts=(Text(text="a"),))
    await stream.aclose()  # type: ignore[attr-defined]
    assert sys.modules["shop_bot"].ended == [1]


@pytest.mark.parametrize(
    ("code", "complaint"),
    [
        ("async def reply(turn): return 5", "'int'"),
        ("async def reply(turn): return {'text': 'x'}", "'dict'"),
        ("async def reply(turn): return [object()]", "'object'"),
        ("async def reply(turn): return reply", "'function'"),
        ("async def reply(turn): return Text(text=5)", "valid string"),
        ("async def reply(turn): yield 'fine'; yield b'not'", "'bytes'"),
        ("async def reply(turn): return Media(url='javascript:alert(1)')", "'javascript'"),
        ("async def reply(turn): return SetSlots(slots={'x': object()})", "'object'"),
        ("async def reply(turn): return Tap(payload='forged')", "only a customer"),
    ],
)
async def test_rubbish_is_named(shop: Path, code: str, complaint: str) -> None:
    with pytest.raises(BotFailed, match=complaint):
        await asked(make(shop, code), turn("my secret words"))


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("async def reply(turn): raise ValueError(turn.text)", "ValueError at shop_bot.py"),
        ("def reply(turn): raise KeyError(turn.text)", "KeyError at shop_bot.py"),
        ("def reply(turn): raise SystemExit(turn.text)", "SystemExit at shop_bot.py"),
        ("def reply(turn): raise StopIteration(turn.text)", "StopIteration|RuntimeError"),
        ("async def reply(turn):\n  yield 'x'\n  raise LookupError(turn.text)", "LookupError at shop_bot.py"),
        ("def reply(turn): raise BotFailed(turn.text)", "BotFailed at shop_bot.py"),
        ("async def reply(): return 'x'", "TypeError"),
    ],
)
async def test_an_exception_becomes_bot_failed_without_the_words(shop: Path, code: str, kind: str) -> None:
    with pytest.raises(BotFailed, match=kind) as caught:
        await asked(make(shop, code), turn("my secret words"))
    assert "secret" not in str(caught.value)
    assert caught.value.__suppress_context__


async def test_a_bot_may_answer_later(shop: Path) -> None:
    bot = make(shop, "async def reply(turn): raise BotLater('asking the warehouse', until=60)")
    with pytest.raises(BotLater) as caught:
        await asked(bot, turn("x"))
    assert caught.value.until == 60


@pytest.mark.parametrize(
    ("settings", "code", "complaint"),
    [
        ({"bot": "no_such_module_here:reply"}, "", "'no_such_module_here'"),
        ({"bot": "shop_bot:missing"}, "reply = 1", "no 'missing'"),
        ({"bot": "shop_bot:reply"}, "reply = 1", "can't be called"),
        ({"bot": "shop_bot:reply"}, "import json\njson.loads('{')", "JSONDecodeError"),
        ({"bot": "shop_bot:reply"}, "def reply(:", "SyntaxError"),
        ({"bot": "shop_bot:reply"}, "import not_there_at_all", "'not_there_at_all'"),
        ({"bot": "shop_bot:Bot"}, "class Bot:\n  def __init__(self): raise OSError('no key')", "OSError.*no key"),
        ({"bot": "shop_bot:Bot"}, "class Bot: pass", "no method 'reply'"),
        ({"bot": "shop_bot:reply", "options": {"a": 1}}, "def reply(turn): pass", "'options'"),
        ({"bot": "shop_bot:reply", "path": "no/such/folder"}, "", "not a folder"),
    ],
)
def test_a_wrong_configuration_is_named(shop: Path, settings: dict[str, object], code: str, complaint: str) -> None:
    with pytest.raises(Misconfigured, match=complaint):
        make(shop, code, **settings)  # type: ignore[arg-type]


@pytest.mark.parametrize("bot", ["", "module", "module:", ":name", "a b:c", "a/b:c"])
def test_an_import_path_has_two_halves(bot: str) -> None:
    with pytest.raises(ValueError, match="bot"):
        python.Settings.model_validate({"bot": bot})


def test_a_typing_mistake_is_no_setting() -> None:
    with pytest.raises(ValueError, match="pth"):
        python.Settings.model_validate({"bot": "a:b", "pth": "x"})
