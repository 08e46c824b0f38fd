"""Languages that are close: whom a detector takes for whom, and the words and letters that tell neighbours apart."""

import re
from collections.abc import Collection, Mapping

# What fastText, which knows 176 languages, also says of messages in one of the app's.
RELATIVES = {
    "ar": ("arz", "azb", "ckb"),
    "cs": ("sk",),
    "da": ("no", "nn"),
    "de": ("als", "bar", "lb", "nds", "pfl"),
    "es": ("an", "ast", "ext"),
    "fr": ("frp", "oc", "wa"),
    "hr": ("bs", "sh", "sr"),
    "id": ("jv", "min", "ms", "su"),
    "it": ("co", "lmo", "nap", "pms", "sc", "scn", "vec"),
    "nl": ("af", "fy", "li", "vls", "zea"),
    "no": ("da", "nn"),
    "pt": ("mwl",),
    "sr": ("bs", "hr", "mk", "sh"),
    "tr": ("az",),
    "uk": ("be", "rue"),
    "zh": ("wuu", "yue"),
}
# fastText hardly tells these apart, py3langid does.
TWINS = dict.fromkeys(("da", "nb", "nn", "no"), ("da", "no", "nn"))
# What a letter or word that only one of two neighbours has is worth, in log-odds.
OWN_LETTER, OWN_WORD = 5.0, 2.5

LETTERS = {
    "da": "æø",
    "no": "æø",
    "sv": "äö",
    "ru": "ыэъё",
    "uk": "іїєґ",
    "es": "ñ¿¡",
    "pt": "ãõ",
}
WORDS = {
    "da": """af blev bliver dig efter hvad hvornår kun mig nogen noget nogle nu op
        sagde sig spørgsmål tak uden meget været""",
    "no": "av ble blir deg etter hva meg mye noen noe opp seg spørsmål takk uten vært",
    "sv": """av och blev blir bara dig efter vad hur mig mycket mina någon något några nu
        upp sig själv utan vara varit jag inte""",
    "ru": """мы вы он она они и или что чего где как есть был была было были нет еще уже меня тебя его ее их мне тебе
        нам вам если когда почему очень только сейчас с со от под мой моя мое мои это в""",
    "uk": """ми ви він вона вони й або чи що чого де як є був була було були немає ще вже мене тебе його її їх мені
        тобі нам вам якщо коли чому дуже тільки зараз з зі від під мій моя моє мої це цей ця в""",
    "es": """y el los las un una sí qué cómo cuándo dónde son están muy más pero con
        sin del yo tú mi usted hay hasta ahora""",
    "pt": "e ou os um uma não sim quando onde são muito mais com sem meu minha você vocês há foi até agora também",
}
NEIGHBOURS = (("da", "no", "sv"), ("ru", "uk"), ("es", "pt"))
WORD = re.compile(r"[^\W\d_]+")


def owned() -> Mapping[tuple[str, str], tuple[frozenset[str], frozenset[str]]]:
    """For each pair of neighbours the letters and words that the first has and the second has not."""
    return {
        (one, other): (
            frozenset(LETTERS[one]) - frozenset(LETTERS[other]),
            frozenset(WORDS[one].split()) - frozenset(WORDS[other].split()),
        )
        for group in NEIGHBOURS
        for one in group
        for other in group
        if one != other
    }


OWNED = owned()


def telling(text: str, candidates: Collection[str]) -> Mapping[str, float]:
    """Log-odds by candidate, from letters and words that its neighbours among the candidates do not have."""
    pairs = [pair for pair in OWNED if pair[0] in candidates and pair[1] in candidates]
    if not pairs:
        return {}
    said = text.lower()
    letters, words = frozenset(said), frozenset(WORD.findall(said))
    found: dict[str, float] = {}
    for one, other in pairs:
        own_letters, own_words = OWNED[one, other]
        worth = OWN_LETTER * bool(letters & own_letters) + OWN_WORD * min(2, len(words & own_words))
        found[other] = found.get(other, 0.0) - worth
    return found


def share(named: Mapping[str, float], code: str) -> float:
    """What fastText gives a language."""
    return max(named.get(twin, 0.0) for twin in TWINS.get(code, (code,)))


def any_share(named: Mapping[str, float], candidates: Collection[str]) -> float:
    """What it gives all candidates together, and their relatives: how likely it is one of them at all."""
    kin = {one for code in candidates for one in (code, *RELATIVES.get(code, ()))}
    return sum(named.get(code, 0.0) for code in kin)
