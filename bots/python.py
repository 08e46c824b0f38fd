"""A bot written in Python, named by its import path: `bot = "my_package.bot:reply"`.

It may be an `async def`, a plain `def` (run in a thread of its own, never on the event loop), a generator of either
kind, or a class with a method `reply` and, if it likes, `open` and `close`. It takes the Turn and answers with None,
a str, a Part, an Action, or a list of these.
"""

import asyncio
import functools
import importlib
import inspect
import sys
import threading
import traceback
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import aclosing, suppress
from contextvars import copy_context
from itertools import islice
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from orchestrator import answers
from orchestrator.errors import BotFailed, BotLater, Malformed, Misconfigured
from orchestrator.ports import Bot, Clock, Files, Http
from orchestrator.types import Action, Partial, Turn, Typing


class Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    bot: str = Field(
        pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_][\w.]*$",
        description='Import path of the function or class, as "package.module:name".',
    )
    path: Path | None = Field(None, description="Folder to import from; relative: beside the configuration file.")
    language: str = Field("en", description="The language the bot is written in; empty: it answers in the customer's.")
    options: Mapping[str, Any] = Field(default_factory=dict, description="Keyword arguments for the class.")
    threads: int = Field(16, ge=1, le=256, description="Calls of a plain function that may run at once; more wait.")


def create(settings: Settings, *, clock: Clock, http: Http, files: Files) -> Bot:
    """Imports the code. Raises Misconfigured when there is nothing to call at the import path."""
    del clock, http, files
    return PythonBot(settings, load(settings))


class PythonBot:
    def __init__(self, settings: Settings, target: Any) -> None:
        self.name = settings.bot
        self.language = settings.language
        self.varies = bool(getattr(target, "varies", False))
        self.target = target
        self.function: Callable[[Turn], Any] = getattr(target, "reply", target)
        self.awaits = is_async(self.function)
        self.free = asyncio.Semaphore(settings.threads)

    async def open(self) -> None:
        await self.hook("open")

    async def close(self) -> None:
        await self.hook("close")

    async def hook(self, name: str) -> None:
        method = getattr(self.target, name, None)
        if self.function is self.target or not callable(method):
            return
        outcome = method() if is_async(method) else await asyncio.to_thread(method)
        if inspect.isawaitable(outcome):
            await outcome

    async def reply(self, turn: Turn) -> AsyncGenerator[Action, None]:
        try:
            async with aclosing(self.values(turn)) as values:
                async for value in values:
                    for action in answers.from_python(value):
                        yield action
        except (GeneratorExit, KeyboardInterrupt, asyncio.CancelledError, BotLater):
            raise
        except Malformed as error:
            raise BotFailed(f"bot {self.name!r}: {error}") from None
        except BaseException as error:
            raise BotFailed(f"bot {self.name!r} raised {where(error)}") from None

    async def values(self, turn: Turn) -> AsyncGenerator[object, None]:
        """What the function answered: one value, or each an async generator yields, up to the most a turn takes."""
        outcome = self.function(turn) if self.awaits else await self.in_thread(turn)
        if inspect.isasyncgen(outcome):
            async with aclosing(outcome) as stream:
                async for value in first_of(stream):
                    yield value
        else:
            yield await outcome if inspect.isawaitable(outcome) else outcome

    async def in_thread(self, turn: Turn) -> object:
        """Call the function in a daemon thread: one that hangs can't keep the process from stopping."""
        await self.free.acquire()
        loop = asyncio.get_running_loop()
        done: asyncio.Future[tuple[object, BaseException | None]] = loop.create_future()
        context = copy_context()

        def finish(value: object, error: BaseException | None) -> None:
            self.free.release()
            if not done.done():
                done.set_result((value, error))

        def work() -> None:
            try:
                outcome: tuple[object, BaseException | None] = context.run(drained, self.function, turn), None
            except BaseException as error:
                outcome = None, error
            with suppress(RuntimeError):  # the loop has closed: nobody waits any more
                loop.call_soon_threadsafe(finish, *outcome)

        threading.Thread(target=work, name=f"bot {self.name}", daemon=True).start()
        value, error = await done
        if error is not None:
            raise error
        return value


def drained(function: Callable[[Turn], Any], turn: Turn) -> object:
    """The function's answer; a generator's values as a list, cut just past the most a turn takes."""
    outcome = function(turn)
    return list(islice(outcome, answers.MOST_ACTIONS + 1)) if inspect.isgenerator(outcome) else outcome


async def first_of(stream: AsyncIterator[object]) -> AsyncIterator[object]:
    """Raises Malformed past the most a turn takes: a stream without end ends here."""
    count = 0
    async for value in stream:
        count += not isinstance(value, Partial | Typing)  # how many of these there may be, the engine knows
        if count > answers.MOST_ACTIONS:
            raise Malformed(f"answered with more than {answers.MOST_ACTIONS} actions")
        yield value


def load(settings: Settings) -> Any:
    """The function, or the object with a `reply`, at the import path. Raises Misconfigured."""
    found = find(settings)
    if inspect.isclass(found):
        try:
            found = found(**settings.options)
        except Exception as error:
            raise Misconfigured(f"bot {settings.bot!r}: making it raised {where(error)}: {error}") from error
    elif settings.options:
        raise Misconfigured(f"bot {settings.bot!r}: 'options' are for a class, and this is none")
    if not callable(getattr(found, "reply", found)):
        raise Misconfigured(f"bot {settings.bot!r} can't be called and has no method 'reply'")
    return found


def find(settings: Settings) -> Any:
    module_name, _, names = settings.bot.partition(":")
    if settings.path is not None:
        if not settings.path.is_dir():
            raise Misconfigured(f"bot {settings.bot!r}: path {str(settings.path)!r} is not a folder")
        folder = str(settings.path.resolve())
        if folder not in sys.path:
            sys.path.insert(0, folder)
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        raise Misconfigured(
            f"bot {settings.bot!r}: there is no module {error.name!r}; set 'path' to the folder it is in, or install it"
        ) from error
    except Exception as error:
        raise Misconfigured(f"bot {settings.bot!r}: importing it raised {where(error)}: {error}") from error
    try:
        return functools.reduce(getattr, names.split("."), module)
    except AttributeError:
        raise Misconfigured(f"bot {settings.bot!r}: module {module_name!r} has no {names!r}") from None


def is_async(function: Any) -> bool:
    while isinstance(function, functools.partial):
        function = function.func
    call = function if inspect.isroutine(function) else getattr(function, "__call__", function)  # noqa: B004
    return inspect.iscoroutinefunction(call) or inspect.isasyncgenfunction(call)


def where(error: BaseException) -> str:
    """Kind and place of an error; never its text, which may hold the customer's words."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename != __file__]
    place = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}, in {frames[-1].name!r}" if frames else ""
    return f"{type(error).__name__}{place}"
