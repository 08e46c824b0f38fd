"""Settings of registered bots at rest."""

import pytest

from orchestrator.adapters.vault import AesVault
from orchestrator.errors import Misconfigured

OLD = "the-old-key-of-thirty-two-characters-or-more"
NEW = "a-new-key-of-thirty-two-characters-or-more!!"
PLACE = "bot 'helper' of app 'shop', version 1"


def vault(*keys: str) -> AesVault:
    return AesVault(lambda: keys)


def test_what_was_sealed_is_opened_and_looks_like_nothing() -> None:
    sealed = vault(OLD).seal("wachtwoord é", PLACE)
    assert "wachtwoord" not in sealed
    assert vault(OLD).open(sealed, PLACE) == "wachtwoord é"
    assert vault(OLD).seal("wachtwoord é", PLACE) != sealed, "nobody sees that two bots share a secret"


def test_a_key_is_changed_without_losing_anything() -> None:
    sealed = vault(OLD).seal("secret", PLACE)
    assert vault(NEW, OLD).open(sealed, PLACE) == "secret"
    assert vault(NEW).open(vault(NEW, OLD).seal("secret", PLACE), PLACE) == "secret"


@pytest.mark.parametrize("changed", ["", "v1.", "v1.????", "v1.AAAA", "v2.AAAA", "plain text", "v1.é"])
def test_rubbish_is_refused(changed: str) -> None:
    with pytest.raises(Misconfigured, match="can't be decrypted"):
        vault(OLD).open(changed, PLACE)


def test_a_forged_moved_or_foreign_text_is_refused() -> None:
    sealed = vault(OLD).seal("secret", PLACE)
    flipped = sealed[:20] + ("A" if sealed[20] != "A" else "B") + sealed[21:]
    for text, place, keys in (
        (flipped, PLACE, (OLD,)),
        (sealed, "bot 'helper' of app 'bank', version 1", (OLD,)),
        (sealed, PLACE, (NEW,)),
    ):
        with pytest.raises(Misconfigured) as caught:
            vault(*keys).open(text, place)
        assert "secret'" not in str(caught.value)


def test_no_key_is_asked_for_before_it_is_needed() -> None:
    asked: list[str] = []

    def keys() -> tuple[str, ...]:
        asked.append("now")
        return (OLD,)

    lazy = AesVault(keys)
    assert asked == []
    lazy.open(lazy.seal("x", PLACE), PLACE)
    assert asked == ["now"]
