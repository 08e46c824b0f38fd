"""A pytest plugin for bot developers; docs/conformance.md shows it in use.

    @pytest.fixture
    def parley_bot():
        return "shop_bot:reply"          # or an address, or {"kind": "guide", "file": "guide.toml"}

    def test_it_behaves(parley_check):   # one test for each check of the suite
        parley_check()

    def test_it_knows_the_price(parley_talk):
        assert "4.95" in parley_talk("How much is the shipping?")

Loaded into every pytest on this machine, so it imports nothing until it is used.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

Bot = str | Mapping[str, Any]


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("parley", "conformance of Parley bots")
    group.addoption("--parley-bot", default="", help="The bot that parley_check looks at: module:name or an address.")
    group.addoption("--parley-level", type=int, default=3, help="Run the checks up to this level.")
    group.addoption("--parley-deadline", type=float, default=10.0, help="Seconds a turn may take.")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "parley(level): run the conformance checks up to this level only")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "parley_check" not in metafunc.fixturenames:
        return
    from orchestrator.conformance import CHECKS

    marker = metafunc.definition.get_closest_marker("parley")
    level = marker.kwargs.get("level", 3) if marker else metafunc.config.getoption("--parley-level")
    names = [check.name for check in CHECKS if check.level <= level]
    metafunc.parametrize("parley_check", names, indirect=True, ids=names)


@pytest.fixture
def parley_bot(request: pytest.FixtureRequest) -> Bot:
    """What is looked at: override it, or name it with --parley-bot."""
    named = str(request.config.getoption("--parley-bot"))
    if not named:
        pytest.fail("name the bot: a fixture 'parley_bot' that returns 'module:name', or --parley-bot", pytrace=False)
    return named


@pytest.fixture
def parley_check(request: pytest.FixtureRequest, parley_bot: Bot) -> Callable[[], None]:
    """Runs one check; fails with what was seen and what to do, skips where there is nothing to see."""
    import asyncio

    from orchestrator import conformance

    (check,) = (one for one in conformance.CHECKS if one.name == request.param)

    async def looked() -> "conformance.Verdict":
        from orchestrator.conformance.target import subject

        async with subject(target_of(request, parley_bot)) as found:
            return await conformance.examine(found, check)

    def run() -> None:
        verdict = asyncio.run(looked())
        if verdict.outcome == "skipped":
            pytest.skip(verdict.detail)
        if verdict.outcome == "failed":
            pytest.fail(f"{verdict.detail}\n{verdict.fix}\nSee {verdict.link}", pytrace=False)

    return run


class Talk:
    """One customer's conversation with the bot; slots and history go along from turn to turn."""

    def __init__(self, run: Callable[[Any], Any], customer: Any) -> None:
        self.run = run
        self.customer = customer
        self.actions: tuple[Any, ...] = ()

    def __call__(self, *said: Any, **changes: Any) -> str:
        """Everything the bot says, as one text; `actions` has it all. `changes` are fields of the Turn."""
        from orchestrator.conformance.reading import text_of

        self.actions = self.run(self.customer.says(*said, **changes))
        return text_of(self.actions)

    @property
    def slots(self) -> Mapping[str, Any]:
        return dict(self.customer.slots)


@pytest.fixture
def parley_talk(request: pytest.FixtureRequest, parley_bot: Bot) -> Iterator[Talk]:
    """Call it with what the customer says; without anything the chat is just opened."""
    import asyncio
    from contextlib import AsyncExitStack

    from orchestrator.conformance.target import subject
    from orchestrator.conformance.turns import Customer

    stack = AsyncExitStack()
    with asyncio.Runner() as runner:
        found = runner.run(stack.enter_async_context(subject(target_of(request, parley_bot))))
        try:
            yield Talk(runner.run, Customer(found))
        finally:
            runner.run(stack.aclose())


def target_of(request: pytest.FixtureRequest, bot: Bot) -> Any:
    from orchestrator.conformance.target import Target, named

    deadline = float(request.config.getoption("--parley-deadline"))
    base = request.config.rootpath
    if isinstance(bot, Mapping):
        raw = {key: value for key, value in bot.items() if key != "kind"}
        return Target(name=str(bot["kind"]), kind=str(bot["kind"]), raw=raw, base=base, deadline=deadline)
    found = named(bot, base=base)
    if found is None:
        pytest.fail(f"parley_bot is {bot!r}: 'module:name', an address, or a table with 'kind'", pytrace=False)
    return Target(name=found.name, kind=found.kind, raw=found.raw, base=base, deadline=deadline)
