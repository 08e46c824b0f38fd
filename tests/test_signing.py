import base64
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from orchestrator import signing
from orchestrator.errors import Misconfigured, Unauthenticated

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = "whsec_" + base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()
NOW = datetime(2025, 10, 9, 8, 53, 20, tzinfo=UTC)
# From the specification's own example: github.com/standard-webhooks, "test_vector" of its libraries.
VECTOR = {
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": "1614265330",
    "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
}
VECTOR_BODY = b'{"test": 2432232314}'
VECTOR_NOW = datetime.fromtimestamp(1614265330, UTC)


def check(
    headers: dict[str, str], body: bytes = VECTOR_BODY, now: datetime = VECTOR_NOW, keys: tuple[str, ...] = (SECRET,)
) -> None:
    signing.verify([signing.key(each) for each in keys], headers, body, now)


def test_the_specifications_vector_holds() -> None:
    check(VECTOR)
    assert signing.sign([signing.key(SECRET)], VECTOR["webhook-id"], VECTOR_NOW, VECTOR_BODY) == VECTOR


@given(st.text(st.characters(codec="utf-8"), max_size=200), st.text(st.characters(codec="ascii"), min_size=1))
def test_agrees_with_the_reference_package(text: str, message_id: str) -> None:
    ours = signing.sign([signing.key(OTHER)], message_id, NOW, text.encode())["webhook-signature"]
    assert ours == Webhook(OTHER).sign(message_id, NOW, text)


def test_bytes_that_are_not_text_are_signed_as_they_are() -> None:
    body = b"\xff\xfe\x00"
    check(signing.sign([signing.key(SECRET)], "m", NOW, body), body, NOW)


def test_rotation_accepts_old_and_new_and_signs_with_both() -> None:
    both = [signing.key(OTHER), signing.key(SECRET)]
    signed = signing.sign(both, "m", NOW, b"x")
    check(signed, b"x", NOW, (SECRET,))
    check(signed, b"x", NOW, (OTHER,))
    check(signing.sign([signing.key(SECRET)], "m", NOW, b"x"), b"x", NOW, (OTHER, SECRET))


@pytest.mark.parametrize(
    "change",
    [
        {"webhook-signature": ""},
        {"webhook-id": ""},
        {"webhook-timestamp": ""},
        {"webhook-id": "another"},
        {"webhook-timestamp": "1614265331"},
        {"webhook-timestamp": "1614265330.5"},
        {"webhook-timestamp": "١٦١٤٢٦٥٣٣٠"},
        {"webhook-timestamp": "9" * 400},
        {"webhook-timestamp": "-1614265330"},
        {"webhook-signature": "v1"},
        {"webhook-signature": "v1,"},
        {"webhook-signature": "v1,a,b,c"},
        {"webhook-signature": "v1,%%%"},
        {"webhook-signature": "v2,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="},
        {"webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OF="},
        {"webhook-signature": "v1,\xe9"},
        {"webhook-signature": "x " * 16 + VECTOR["webhook-signature"]},
    ],
)
def test_what_is_forged_is_refused(change: dict[str, str]) -> None:
    with pytest.raises(Unauthenticated):
        check(VECTOR | change)


def test_one_good_signature_among_several_is_enough() -> None:
    check(VECTOR | {"webhook-signature": "v1a,zzz " + VECTOR["webhook-signature"] + " v1,AAAA"})


@pytest.mark.parametrize("altered", [VECTOR_BODY + b" ", VECTOR_BODY.replace(b"2", b"3", 1), b""])
def test_an_altered_body_is_refused(altered: bytes) -> None:
    with pytest.raises(Unauthenticated):
        check(VECTOR, altered)


@pytest.mark.parametrize(("seconds", "good"), [(300, True), (301, False), (-300, True), (-301, False)])
def test_five_minutes_either_way(seconds: int, good: bool) -> None:
    now = VECTOR_NOW + timedelta(seconds=seconds)
    if good:
        check(VECTOR, now=now)
    else:
        with pytest.raises(Unauthenticated, match="clock"):
            check(VECTOR, now=now)


def test_without_keys_nothing_is_good() -> None:
    with pytest.raises(Unauthenticated):
        check(VECTOR, keys=())


@pytest.mark.parametrize(
    "secret", ["", "whsec_", "short", "whsec_AAAA", "not base64 at all, but long enough!!", "A" * 200]
)
def test_a_weak_or_unreadable_secret_is_refused_without_showing_it(secret: str) -> None:
    with pytest.raises(Misconfigured) as caught:
        signing.key(secret, "channels.shop.secret")
    assert "channels.shop.secret" in str(caught.value)
    assert len(secret) <= len("whsec_") or secret not in str(caught.value)


def test_a_secret_may_come_without_prefix_or_padding() -> None:
    plain = base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()
    assert signing.key(plain) == signing.key(plain.rstrip("=")) == signing.key("whsec_" + plain)
