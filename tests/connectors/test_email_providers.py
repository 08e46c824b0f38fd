"""Providers' signatures, made as they make them."""

import base64
import hmac
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from connectors.email import Settings
from connectors.email.connector import EmailChannel
from orchestrator.adapters.http_client import HttpClient
from orchestrator.errors import Malformed, Unauthenticated
from orchestrator.types import RawRequest, StatusChanged
from tests.support.clock import ManualClock

NOW = int(ManualClock().now().timestamp())
NOTHING: Any = None


def channel(**more: Any) -> EmailChannel:
    settings = {"address": "help@shop.example", "smtp": {"host": "h"}, **more}
    return EmailChannel(Settings.model_validate(settings), clock=ManualClock(), http=HttpClient(), files=NOTHING)


def mailgun(token: str, timestamp: int = NOW, key: str = "key-1", **fields: str) -> RawRequest:
    signature = hmac.digest(key.encode(), f"{timestamp}{token}".encode(), "sha256").hex()
    signed = {"timestamp": str(timestamp), "token": token, "signature": signature, "from": "ann@example.org", **fields}
    headers = {"content-type": "application/x-www-form-urlencoded"}
    return RawRequest(method="POST", path="/", headers=headers, body=urlencode(signed).encode())


async def test_a_token_of_mailguns_is_good_for_one_body() -> None:
    connector = channel(provider="mailgun", signing_key="key-1")
    first = mailgun("t1", **{"body-plain": "hello"})
    await connector.verify(first)
    await connector.verify(first)
    with pytest.raises(Unauthenticated, match="another delivery"):
        await connector.verify(mailgun("t1", **{"body-plain": "forged"}))
    await connector.verify(mailgun("t2", **{"body-plain": "forged"}))


@pytest.mark.parametrize("off", [-301, 301, 10**9])
async def test_old_and_future_timestamps_are_refused(off: int) -> None:
    with pytest.raises(Unauthenticated, match="seconds off"):
        await channel(provider="mailgun", signing_key="key-1").verify(mailgun("t1", NOW + off))


async def test_another_key_is_forgery() -> None:
    with pytest.raises(Unauthenticated, match="signing_key"):
        await channel(provider="mailgun", signing_key="key-1").verify(mailgun("t1", key="key-2"))


async def test_sendgrids_signature_is_over_the_very_bytes() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    connector = channel(provider="sendgrid", signing_key=base64.b64encode(public).decode())
    body = b'[{"event":"delivered","smtp-id":"<con.msg.0@shop.example>"}]\r\n'
    signature = base64.b64encode(key.sign(str(NOW).encode() + body, ec.ECDSA(hashes.SHA256()))).decode()
    headers = {
        "content-type": "application/json",
        "x-twilio-email-event-webhook-signature": signature,
        "x-twilio-email-event-webhook-timestamp": str(NOW),
    }
    request = RawRequest(method="POST", path="/", headers=headers, body=body)
    await connector.verify(request)
    (event,) = connector.parse(request)
    assert isinstance(event, StatusChanged)
    assert event.external_id == "con.msg.0@shop.example"
    for changed in (
        replace(request, body=body.rstrip()),
        replace(request, headers={**headers, "x-twilio-email-event-webhook-timestamp": str(NOW + 1)}),
        replace(request, headers={**headers, "x-twilio-email-event-webhook-signature": "AAAA"}),
        replace(request, headers={"content-type": "application/json"}),
    ):
        with pytest.raises(Unauthenticated):
            await connector.verify(changed)


async def test_a_thousand_events_at_once_and_too_many() -> None:
    connector = channel(provider="sendgrid", hook_password="p")
    event = b'{"event":"delivered","smtp-id":"<a.b.0@shop.example>"}'
    headers = {"content-type": "application/json"}
    request = RawRequest(method="POST", path="/", headers=headers, body=b"[" + b",".join([event] * 1000) + b"]")
    assert len(connector.parse(request)) == 1000
    with pytest.raises(Malformed):
        connector.parse(replace(request, body=b"[" + b",".join([event] * 2001) + b"]"))


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("text/plain", b"x"),
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=B", b"--C\r\n"),
        ("multipart/form-data; boundary=B", b"--B\r\n" * 5000),
        ("application/x-www-form-urlencoded", b"a=1&" * 5000),
        ("application/json", b"{"),
    ],
)
def test_forms_of_strangers_are_refused(kind: str, body: bytes) -> None:
    connector = channel(provider="sendgrid", hook_password="p")
    request = RawRequest(method="POST", path="/", headers={"content-type": kind}, body=body)
    with pytest.raises(Malformed):
        connector.parse(request)
