"""One direction's pipeline of processes, kept running: texts in, translations out, in order.

The `apertium` script starts every stage anew (150 ms and more a call); with -z each stage flushes at a NUL byte, and
one text takes 2 to 4 ms. Several texts may be under way at once: stages work side by side.
"""

import asyncio
import os
import subprocess
from collections import deque
from dataclasses import dataclass
from typing import IO

from nlp.apertium.modes import Mode
from nlp.apertium.stream import FULL_STOP, escape, unescape
from orchestrator.errors import EngineFailed

# What the final stage may write for one text; 5,000 characters give about 10 kB.
ANSWER_LIMIT = 1024 * 1024
# Texts waiting for one pipeline: at 3 ms each the last of them waits 3 s, longer than anybody's deadline.
BACKLOG = 1000


@dataclass(frozen=True, slots=True)
class Waiting:
    mark: str
    answer: asyncio.Future[str]


@dataclass(frozen=True, slots=True)
class Running:
    """The processes in order, the first one's input, the last one's output and the task that reads it."""

    processes: tuple[subprocess.Popen[bytes], ...]
    input: asyncio.WriteTransport
    output: asyncio.ReadTransport
    reader: asyncio.Task[None]


class Pipeline:
    """Starts when first asked, and again after any of its processes died or hung.

    Answers are matched to questions by their order, and by a mark that travels with each text as a superblank:
    should they ever come apart, all that wait fail and the processes are ended, so that nobody gets somebody
    else's text.
    """

    def __init__(self, mode: Mode, *, hang_seconds: float) -> None:
        self.mode = mode
        self.hang_seconds = hang_seconds
        self.waiting: deque[Waiting] = deque()
        self.running: asyncio.Task[Running] | None = None
        self.asked = 0
        self.answered = 0

    async def translate(self, text: str) -> str:
        """Raises EngineFailed when the processes died or hung meanwhile, can't be started, or too many wait."""
        if len(self.waiting) >= BACKLOG:
            raise EngineFailed(f"apertium {self.mode.name!r}: {BACKLOG} texts are waiting already")
        # A task of its own: who asked first may be gone before the processes have started.
        running = self.running = self.running or asyncio.create_task(self.start(), name=f"start {self.mode.name}")
        try:
            pipes = await asyncio.shield(running)
        except EngineFailed:
            self.running = None if self.running is running else self.running
            raise
        if self.running is not running:
            raise EngineFailed(f"apertium {self.mode.name!r}: ended meanwhile")
        self.asked += 1
        waiting = Waiting(f"[={self.asked:x}]", asyncio.get_running_loop().create_future())
        self.waiting.append(waiting)
        pipes.input.write(f"{waiting.mark}{escape(text)}{FULL_STOP}\0".encode("utf-8", "replace"))
        before = self.answered
        try:
            async with asyncio.timeout(self.hang_seconds):
                return await waiting.answer
        except TimeoutError:
            why = f"apertium {self.mode.name!r}: no answer within {self.hang_seconds:g} s"
            if self.answered == before and self.running is running:
                await self.close(why)
            raise EngineFailed(why) from None

    async def start(self) -> Running:
        """Join the stages by pipes. Raises EngineFailed when one can't be started."""
        try:
            processes = await asyncio.to_thread(spawn, self.mode.commands)
        except OSError as error:
            raise EngineFailed(f"apertium {self.mode.name!r}: can't start: {error.strerror}") from error
        loop = asyncio.get_running_loop()
        answers = asyncio.StreamReader(limit=ANSWER_LIMIT)
        first, last = given(processes[0].stdin), given(processes[-1].stdout)
        into, _ = await loop.connect_write_pipe(asyncio.BaseProtocol, first)
        out, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(answers), last)
        reader = asyncio.create_task(self.read_answers(answers), name=f"apertium {self.mode.name}")
        return Running(processes, into, out, reader)

    async def read_answers(self, output: asyncio.StreamReader) -> None:
        """Until a stage ends (its pipe closes, and so do all behind it) or questions and answers come apart."""
        try:
            while True:
                stream = (await output.readuntil(b"\0"))[:-1].decode("utf-8", "replace")
                waiting = self.waiting[0]
                if waiting.mark not in stream:
                    break
                self.waiting.popleft()
                self.answered += 1
                if not waiting.answer.done():
                    waiting.answer.set_result(unescape(stream.replace(waiting.mark, "", 1).replace(FULL_STOP, "")))
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, IndexError):
            pass
        await self.close(f"apertium {self.mode.name!r}: a stage ended; the next text starts it anew")

    async def close(self, why: str = "apertium is closed") -> None:
        """End the processes and fail whatever waits."""
        waiting, self.waiting = self.waiting, deque()
        running, self.running = self.running, None
        for one in waiting:
            if not one.answer.done():
                one.answer.set_exception(EngineFailed(why))
        if running is None:
            return
        try:
            pipes = await asyncio.shield(running)
        except EngineFailed:
            return
        if pipes.reader is not asyncio.current_task():
            pipes.reader.cancel()
        if not pipes.input.is_closing():
            pipes.input.abort()
        pipes.output.close()
        await asyncio.to_thread(end, pipes.processes)


def spawn(commands: tuple[tuple[str, ...], ...]) -> tuple[subprocess.Popen[bytes], ...]:
    """Each stage reads what the one before it writes. In a session of their own: Ctrl-C is for the server to handle.

    Plain Popen: before Python 3.12 asyncio's subprocesses keep a thread for each process.
    """
    processes: list[subprocess.Popen[bytes]] = []
    try:
        upstream: int | IO[bytes] | None = subprocess.PIPE
        for command in commands:
            process = subprocess.Popen(
                command,
                stdin=upstream,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
            processes.append(process)
            if len(processes) > 1:
                given(processes[-2].stdout).close()
            upstream = process.stdout
    except OSError:
        end(tuple(processes))
        raise
    os.set_blocking(given(processes[0].stdin).fileno(), False)
    return tuple(processes)


def end(processes: tuple[subprocess.Popen[bytes], ...]) -> None:
    for process in processes:
        process.kill()
    for process in processes:
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()


def given(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None
    return pipe
