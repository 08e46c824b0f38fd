"""Media in a bucket: the signature by AWS's own examples, and what happens when the bucket is not as it should be."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from orchestrator.adapters.http_client import HttpClient
from orchestrator.adapters.media import files_of
from orchestrator.adapters.s3 import S3Files, shelf
from orchestrator.adapters.s3.sigv4 import Key, sign
from orchestrator.config import MediaSettings
from orchestrator.errors import Misconfigured, NotFound, Unavailable
from tests.support.bucket import Bucket, running_bucket
from tests.support.clock import ManualClock
from tests.support.samples import PNG

# docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html, "Examples: Signature Calculations"
EXAMPLE = Key(id="AKIAIOSFODNN7EXAMPLE", secret="wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", region="us-east-1")
AT = datetime(2013, 5, 24, tzinfo=UTC)
PLACE = "https://examplebucket.s3.amazonaws.com"
PUT_HEADERS = {"Date": "Fri, 24 May 2013 00:00:00 GMT", "x-amz-storage-class": "REDUCED_REDUNDANCY"}
EXAMPLES: list[tuple[str, str, dict[str, str], bytes, str]] = [
    (
        "GET",
        "/test.txt",
        {"Range": "bytes=0-9"},
        b"",
        "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
    ),
    (
        "PUT",
        "/test%24file.text",
        PUT_HEADERS,
        b"Welcome to Amazon S3.",
        "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
    ),
    ("GET", "/?lifecycle", {}, b"", "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"),
    ("GET", "/?max-keys=2&prefix=J", {}, b"", "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"),
]


@pytest.mark.parametrize(("method", "path", "headers", "body", "signature"), EXAMPLES)
def test_the_signature(method: str, path: str, headers: dict[str, str], body: bytes, signature: str) -> None:
    signed = sign(EXAMPLE, method, PLACE + path, headers, body, AT)
    assert signed["Authorization"].endswith(f"Signature={signature}")


@pytest.fixture
async def bucket() -> AsyncIterator[Bucket]:
    async with running_bucket() as running:
        yield running


@asynccontextmanager
async def kept(server: Bucket, folder: Path, **more: Any) -> AsyncIterator[S3Files]:
    http = HttpClient()
    await http.open()
    cache = {key: more.pop(key) for key in ("cache_bytes",) if key in more}
    files = S3Files(server.settings(**more), folder, http, ManualClock(), **cache)
    try:
        await files.open()
        yield files
    finally:
        await files.close()
        await http.close()


async def test_what_one_process_keeps_another_serves(bucket: Bucket, tmp_path: Path) -> None:
    async with (
        kept(bucket, tmp_path / "one", prefix="chat/") as one,
        kept(bucket, tmp_path / "two", prefix="chat/") as two,
    ):
        path = await one.put("shop", PNG, name="Foto del salón.png", mime="image/png")
        assert [key.split("/")[0] for key in bucket.objects] == ["chat"]
        stored = await two.locate(path)
        assert (stored.path.read_bytes(), stored.mime, stored.name) == (PNG, "image/png", "Foto del salón.png")
        before = len(bucket.asked)
        assert (await two.get(path))[0] == PNG
        assert len(bucket.asked) == before
        with pytest.raises(NotFound):
            await two.locate(path.replace("Foto", "Fato"))


async def test_a_bucket_that_stumbles_is_asked_again(bucket: Bucket, tmp_path: Path) -> None:
    async with kept(bucket, tmp_path) as files:
        bucket.broken = 1
        path = await files.put("shop", PNG, name="a.png", mime="image/png")
        bucket.broken = 1
        assert (await files.get(path))[0] == PNG
        bucket.broken = 10
        with pytest.raises(Unavailable):
            await files.put("shop", PNG, name="b.png", mime="image/png")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"secret": "s3cr3t"}, "refuses our key"),
        ({"key_id": "s3cr3t"}, "refuses our key"),
        ({"region": "mars-1"}, "refuses our key"),
        ({"bucket": "nobody"}, "there is no bucket 'nobody'"),
    ],
)
async def test_a_wrong_bucket_ends_the_start(bucket: Bucket, tmp_path: Path, wrong: dict[str, str], said: str) -> None:
    with pytest.raises(Misconfigured, match=said) as caught:
        async with kept(bucket, tmp_path, **wrong):
            raise AssertionError("it opened")
    assert "s3cr3t" not in str(caught.value)


async def test_a_bucket_that_is_away_does_not(bucket: Bucket, tmp_path: Path) -> None:
    bucket.broken = 3
    async with kept(bucket, tmp_path) as files:
        assert await files.put("shop", PNG, name="a.png", mime="image/png")


async def test_the_cache_stays_within_bounds(bucket: Bucket, tmp_path: Path) -> None:
    async with kept(bucket, tmp_path, cache_bytes=3 * len(PNG)) as files:
        paths = [await files.put("shop", PNG, name=f"{number}.png", mime="image/png") for number in range(6)]
        for path in paths:
            assert (await files.get(path))[0] == PNG
        held = sum(size for _, size, _ in shelf.files(tmp_path))
        assert held <= 3 * len(PNG)
        assert (await files.get(paths[0]))[0] == PNG


def test_what_is_missing_is_named() -> None:
    settings = MediaSettings(store="s3", url="https://s3.example.com", bucket="b")
    with pytest.raises(Misconfigured, match="media.key_id"):
        files_of(settings, Path("media"), HttpClient(), ManualClock())


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, "https://s3.example.com/media/shop/ab/abc"),
        ({"path_style": False}, "https://media.s3.example.com/shop/ab/abc"),
        ({"prefix": "x/"}, "https://s3.example.com/media/x/shop/ab/abc"),
    ],
)
def test_where_an_object_is(more: dict[str, Any], expected: str, tmp_path: Path) -> None:
    settings = MediaSettings(store="s3", url="https://s3.example.com", bucket="media", key_id="k", secret="s", **more)
    assert S3Files(settings, tmp_path, HttpClient(), ManualClock()).url("shop/ab/abc") == expected
