"""The web chat's tokens, frames and view, without a network."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from pydantic import ValidationError

from connectors.webchat import Settings
from connectors.webchat.inbound import received, started
from connectors.webchat.settings import matches
from connectors.webchat.texts import built_in, chosen, texts
from connectors.webchat.tokens import Identity, Tokens, Visitor, new_visitor, read_identity, visitor_of
from connectors.webchat.wire import Send, read_frame
from orchestrator import codec
from orchestrator.errors import Forbidden, Malformed, ParleyError, TooLarge, Unauthenticated
from orchestrator.types import Media
from tests.support.clock import ManualClock

SECRET = "a server's secret of thirty-two characters"
KEY = "a shop's own key, thirty-two characters or more"
CASES: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[2] / "connectors" / "webchat" / "cases" / "frames.json").read_text(encoding="utf-8")
)
ANNE = Visitor(id="v-anne")
FILE = Media(url="/media/shop/x/photo.png", media="image", mime="image/png", name="photo.png", size=68)


def signer(clock: ManualClock | None = None, channel: str = "web", secret: str = SECRET) -> Tokens:
    return Tokens(secret, channel, clock or ManualClock())


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_frames(case: dict[str, Any]) -> None:
    def read() -> Any:
        frame = read_frame(case["body"])
        assert isinstance(frame, Send)
        return codec.parts.plain(received(frame, ANNE, signer(), ManualClock(), 4000).parts)

    if "parts" in case:
        assert read() == case["parts"]
        return
    with pytest.raises((Malformed, Unauthenticated)) as refusal:
        read()
    assert case["refused"] in str(refusal.value)


def test_a_message_keeps_its_id_for_its_visitor_alone() -> None:
    frame = Send(type="send", client_id="m-1", text="hello")
    clock = ManualClock()
    mine = received(frame, ANNE, signer(), clock, 4000)
    again = received(frame, ANNE, signer(), clock, 4000)
    other = received(frame, Visitor(id="v-bert"), signer(), clock, 4000)
    anew = received(frame, ANNE.started_over(), signer(), clock, 4000)
    assert mine.external_id == again.external_id
    assert len({mine.external_id, other.external_id, anew.external_id}) == 3


def test_opening_twice_is_one_event_and_no_client_id_can_pass_for_it() -> None:
    clock = ManualClock()
    assert started(ANNE, clock, "es-AR").external_id == started(ANNE, clock, "").external_id
    assert started(ANNE, clock, "es-AR").language == "es"
    with pytest.raises(ValidationError):
        Send(type="send", client_id=":start", text="hello")


def test_a_text_over_the_limit_is_too_large() -> None:
    with pytest.raises(TooLarge, match="101 characters"):
        received(Send(type="send", client_id="m", text="x" * 101), ANNE, signer(), ManualClock(), 100)


# --- visitor tokens


def test_tokens_bring_back_the_visitor() -> None:
    visitor = Visitor(id="v-1", generation=3, subject="customer-7", profile={"name": "Ana", "verified": True})
    tokens = signer()
    assert tokens.read_access(tokens.access(visitor))[0] == visitor
    assert tokens.read_resume(tokens.resume(visitor)) == visitor
    assert visitor.address == "v-1#3"
    assert new_visitor().id != new_visitor().id


def test_each_token_is_for_one_use_on_one_channel() -> None:
    tokens = signer()
    for wrong in (tokens.resume(ANNE), signer(channel="other").access(ANNE), signer(secret=SECRET + "!").access(ANNE)):
        with pytest.raises(Unauthenticated):
            tokens.read_access(wrong)
    with pytest.raises(Unauthenticated):
        tokens.read_resume(tokens.access(ANNE))


def test_an_access_token_expires_long_before_a_resume_token() -> None:
    clock = ManualClock()
    tokens = Tokens(SECRET, "web", clock, minutes=60, days=90)
    access, resume = tokens.access(ANNE), tokens.resume(ANNE)
    clock.advance(3599)
    tokens.read_access(access)
    clock.advance(1)
    with pytest.raises(Unauthenticated, match="expired"):
        tokens.read_access(access)
    tokens.read_resume(resume)
    clock.advance(90 * 86400)
    with pytest.raises(Unauthenticated, match="expired"):
        tokens.read_resume(resume)


@pytest.mark.parametrize("algorithm", ["none", "HS512"])
def test_another_algorithm_is_forgery(algorithm: str) -> None:
    tokens = signer()
    claims = {"sub": "v-anne", "exp": 4102444800, "aud": "access:web"}
    forged = jwt.encode(claims, None if algorithm == "none" else tokens.key * 2, algorithm=algorithm)
    with pytest.raises(Unauthenticated, match="forged"):
        tokens.read_access(forged)


@pytest.mark.parametrize(
    "token", ["", "x", "a.b.c", "é.é.é", "." * 9, "e30.e30.", "x" * 10_000, "eyJhbGciOiJIUzI1NiJ9.W10.AAAA"]
)
def test_rubbish_is_no_token(token: str) -> None:
    with pytest.raises(Unauthenticated):
        signer().read_access(token)


@pytest.mark.parametrize("exp", ["tomorrow", True, None, [1]])
def test_an_expiry_must_be_a_time(exp: Any) -> None:
    tokens = signer()
    forged = jwt.encode({"sub": "v-anne", "exp": 1, "aud": "access:web"}, tokens.key).split(".")
    odd = jwt.api_jws.encode(
        json.dumps({"sub": "v-anne", "exp": exp, "aud": "access:web"}).encode(), tokens.key, algorithm="HS256"
    )
    assert len(forged) == 3
    with pytest.raises(Unauthenticated):
        tokens.read_access(odd)


def test_an_upload_is_its_visitors_own() -> None:
    tokens = signer()
    token = tokens.upload(ANNE, FILE)
    assert tokens.read_upload(token, ANNE, "A photo") == Media(
        url=FILE.url, media="image", mime="image/png", name="photo.png", size=68, alt="A photo"
    )
    with pytest.raises(Unauthenticated, match="another visitor"):
        tokens.read_upload(token, Visitor(id="v-bert"))


# --- identify tokens


def signed(clock: ManualClock, key: str = KEY, **claims: Any) -> str:
    given = {"sub": "customer-7", "exp": clock.now() + timedelta(hours=1), **claims}
    return jwt.encode({name: value for name, value in given.items() if value is not None}, key, algorithm="HS256")


def test_an_identity_is_verified_and_holds_what_is_known() -> None:
    clock = ManualClock()
    found = read_identity(signed(clock, name="Ana\0 Ruiz", email="ana@example.com", tier=7, admin="yes"), KEY, clock)
    assert found == Identity(
        subject="customer-7", profile={"name": "Ana Ruiz", "email": "ana@example.com", "verified": True}
    )


@pytest.mark.parametrize(
    ("claims", "why"),
    [
        ({"exp": None}, "forged or damaged"),
        ({"sub": None}, "forged or damaged"),
        ({"sub": ""}, "1 to 200"),
        ({"sub": "x" * 201}, "1 to 200"),
        ({"exp": 1}, "expired"),
        ({"exp": 4102444800}, "longer than 24 hours"),
        ({"nbf": 4102444800}, "not valid yet"),
    ],
)
def test_identities_that_do_not_hold(claims: dict[str, Any], why: str) -> None:
    clock = ManualClock()
    with pytest.raises(Unauthenticated, match=why):
        read_identity(signed(clock, **claims), KEY, clock)


def test_an_identity_signed_by_somebody_else_or_wanted_by_nobody() -> None:
    clock = ManualClock()
    with pytest.raises(Unauthenticated, match="forged"):
        read_identity(signed(clock, key="x" * 32), KEY, clock)
    with pytest.raises(Unauthenticated, match="forged"):
        read_identity(jwt.encode({"sub": "a", "exp": 4102444800}, None, algorithm="none"), KEY, clock)
    with pytest.raises(Forbidden, match="identity_secret"):
        read_identity(signed(clock), "", clock)


def test_a_person_is_the_same_visitor_everywhere_without_giving_the_name_away() -> None:
    identity = Identity(subject="customer-7", profile={})
    assert visitor_of(identity, KEY) == visitor_of(identity, KEY)
    assert visitor_of(identity, KEY).id != visitor_of(Identity(subject="customer-8", profile={}), KEY).id
    assert "customer-7" not in visitor_of(identity, KEY).id


# --- settings and texts


@pytest.mark.parametrize(
    ("pattern", "origin", "fits"),
    [
        ("https://shop.example", "https://shop.example", True),
        ("https://Shop.Example", "https://shop.example", True),
        ("https://shop.example", "http://shop.example", False),
        ("https://shop.example", "https://shop.example:8443", False),
        ("https://shop.example", "https://shop.example.evil.test", False),
        ("https://shop.example", "https://evilshop.example", False),
        ("https://*.shop.example", "https://www.shop.example", True),
        ("https://*.shop.example", "https://shop.example", False),
        ("https://*.shop.example", "https://evilshop.example", False),
        ("https://*.shop.example", "http://www.shop.example", False),
        ("*", "null", True),
        ("https://shop.example", "null", False),
    ],
)
def test_origins(pattern: str, origin: str, fits: bool) -> None:
    assert matches(pattern, origin) is fits


@pytest.mark.parametrize(
    "wrong",
    [
        {"origins": ["shop.example"]},
        {"origins": ["https://shop.example/page"]},
        {"origins": ["https://*"]},
        {"color": "red"},
        {"color": "#fff;background:url(//x)"},
        {"logo": "javascript:alert(1)"},
        {"logo": "//evil.test/x.png"},
        {"identity_secret": "short"},
        {"greeting": {"english": "hi"}},
        {"colour": "#ffffff"},
    ],
)
def test_settings_that_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Settings.model_validate(wrong)


def test_secrets_do_not_show() -> None:
    settings = Settings.model_validate({"identity_secret": KEY, "token_secret": SECRET})
    assert KEY not in repr(settings)
    assert SECRET not in settings.model_dump_json()


def test_every_language_has_every_text_and_the_same_places_to_fill_in() -> None:
    english = built_in()["en"]
    for language, wording in built_in().items():
        assert wording.keys() == english.keys(), language
        for key, text in wording.items():
            assert places(text) == places(english[key]), (language, key)


def places(text: str) -> list[str]:
    return sorted(piece.split("}")[0] for piece in text.split("{")[1:])


def test_the_first_language_with_texts_that_the_app_speaks() -> None:
    offered = ("en", "es", "it", "de")
    assert chosen("pt-BR,es-419;q=0.8,en", offered, {}) == "es"
    assert chosen("de", offered, {}) == "en"
    assert chosen("de", offered, {"de": {"send": "Senden"}}) == "de"
    assert chosen("", ("it",), {}) == "it"
    own = texts("de", {"de": {"send": "Senden"}, "en": {"write": "Ask away…"}})
    assert (own["send"], own["write"], own["retry"]) == ("Senden", "Ask away…", "Try again")


def test_every_refusal_is_deliberate() -> None:
    for body in (b"\xff\xfe", b"null", b'"text"', b"1e999", b"{}" * 2, b"[" * 5000):
        with pytest.raises(ParleyError):
            read_frame(body)
