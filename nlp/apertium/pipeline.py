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
    """The processes in order, the first one's input and the task that reads what the last one writes."""

    processes: tuple[subprocess.Popen[bytes], ...]
    writer: asyncio.WriteTransport
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
        self.starting = asyncio.Lock()
        self.running: Running | None = None
        self.asked = 0
        self.answered = 0

    async def translate(self, text: str) -> str:
        """Raises EngineFailed when the processes died or hung meanwhile, can't be started, or too many wait."""
        if len(self.waiting) >= BACKLOG:
            raise EngineFailed(f"apertium {self.mode.name!r}: {BACKLOG} texts are waiting already")
        async with self.starting:
            running = self.running = self.running or await self.start()
        self.asked += 1
        waiting = Waiting(f"[={self.asked:x}]", asyncio.get_running_loop().create_future())
        self.waiting.append(waiting)
        running.writer.write(f"{waiting.mark}{escape(text)}{FULL_STOP}\0".encode())
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
        output = asyncio.StreamReader(limit=ANSWER_LIMIT)
        writer, _ = await loop.connect_write_pipe(asyncio.BaseProtocol, given(processes[0].stdin))
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(output), given(processes[-1].stdout))
        reader = asyncio.create_task(self.read_answers(output), name=f"apertium {self.mode.name}")
        return Running(processes, writer, reader)

    async def read_answers(self, output: asyncio.StreamReader) -> None:
        """Until a stage ends (its pipe closes, and so do all behind it) or questions and answers come apart."""
        try:
            while True:
                stream = (await output.readuntil(b"\0"))[:-1].decode("utf-8", "replace")
                waiting = self.waiting.popleft()
                if waiting.mark not in stream:
                    waiting.answer.cancel()
                    break
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
        if running.reader is not asyncio.current_task():
            running.reader.cancel()
        running.writer.abort()
        await asyncio.to_thread(end, running.processes)


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
