"""Words that languages are told and asked by: small talk, names of languages, and ways to ask for one."""

import re
import unicodedata
from collections.abc import Sequence

CLAUSE = re.compile(r"[.,;:!?¡¿…\n()]+")


def folded(text: str) -> str:
    plain = unicodedata.normalize("NFD", text.casefold().replace("’", "'"))
    return "".join(char for char in plain if not unicodedata.combining(char))


# Said in any conversation, whatever its language: alone they switch nothing.
SMALL_TALK = frozenset(
    re.findall(
        r"\S+",
        """
        abend acuerdo adios afternoon alsjeblieft alstublieft arrivederci au aub beaucoup bedankt bene bien bitte
        boa bom bon bonjour bonne bonsoir buenas buenos buona buonasera buongiorno bye chao cheers ciao cool coucou
        czesc d'accord dag dank danke de dia dias doei dzieki dziekuje ederim evening favor favore genial goed
        goedemiddag goedemorgen goedenavond good goodbye gracias grazie gut guten hallo hasta hei hej hello hey hi
        hoi hola ja je journee luego merci merhaba mille moin morgen morning muchas muito nao nee nein night no
        noches noite non nope obrigada obrigado oi ok okay oke okey ola oui pardon parfait per perdon perfect
        perfecto perfekt perfetto pf plait please pls por privet revoir s'il salut salve schon scusa selam sera
        servus si sil sim sorry spasibo super svp tack tag tak takk tarde tardes tchau te tesekkur tesekkurler thank
        thanks thx tot tschuss u va vale vielen vous wel yeah yep yes you ziens
        """,
    )
)

# Names of languages, in the languages customers use for them; compared without accents.
NAMES = {
    "ar": "arabic|arabe|arabo|arabisch|العربية|عربي",
    "ca": "catalan|catala|catalano|catalaans|katalanisch",
    "cs": "czech|checo|ceco|tsjechisch|tschechisch|tcheque|tcheco|cesky|cestina",
    "da": "danish|danes|danese|deens|danisch|danois|dinamarques|dansk",
    "de": "german|aleman|tedesco|duits|deutsch|allemand|alemao|niemiecku|tyska|almanca|немецком|німецькою",
    "el": "greek|griego|greco|grieks|griechisch|grec|grego|ελληνικα",
    "en": "english|ingles|inglese|engels|englisch|anglais|angielsku|engelska|ingilizce|английском|англійською",
    "es": "spanish|espanol|castellano|spagnolo|spaans|spanisch|espagnol|espanhol|hiszpansku|spanska|ispanyolca",
    "fi": "finnish|fines|finlandese|fins|finnisch|finnois|finlandes|suomeksi|suomea",
    "fr": "french|frances|francese|frans|franzosisch|francais|francusku|franska|fransizca|французском",
    "it": "italian|italiano|italiaans|italienisch|italien|wlosku|italienska|italyanca|итальянском",
    "ja": "japanese|japones|giapponese|japans|japanisch|japonais|日本語",
    "ko": "korean|coreano|koreaans|koreanisch|coreen|한국어",
    "nl": "dutch|holandes|neerlandes|olandese|nederlands|hollands|niederlandisch|hollandisch|neerlandais|hollandais",
    "no": "norwegian|noruego|norvegese|noors|norwegisch|norvegien|noruegues|norsk",
    "pl": "polish|polaco|polacco|pools|polnisch|polonais|polones|polsku|polski",
    "pt": "portuguese|portugues|portoghese|portugees|portugiesisch|portugais|brazilian",
    "ro": "romanian|rumano|rumeno|roemeens|rumanisch|roumain|romeno|romana",
    "ru": "russian|ruso|russo|russisch|russe|russku|ryska|rusca|русский|русском|по-русски|російською",
    "sv": "swedish|sueco|svedese|zweeds|schwedisch|suedois|svenska",
    "tr": "turkish|turco|turks|turkisch|turc|turkce",
    "uk": "ukrainian|ucraniano|ucraino|oekraiens|ukrainisch|ukrainien|українською|українська|украинском|по-українськи",
    "zh": "chinese|chino|cinese|chinees|chinesisch|chinois|chines|mandarin|中文|普通话",
}
ANY_NAME = "|".join(f"(?P<{code}>{folded(names)})" for code, names in NAMES.items())
IN = r"(?:(?:in het|in lingua|into|in|to|en|em|auf|op|het|op zn|op z'n|al|au|ao|a|na|po|pa)\s+|all'|用)"
PLEASE = (
    r"(?:please|pls|plz|por favor|porfa|per favore|per piacere|s'?il (?:vous|te) plait|svp|stp|bitte|gerne|graag|aub|"
    r"alsjeblieft|alstublieft|tack|prosze|lutfen|" + folded("пожалуйста|будь ласка|お願いします|请") + ")"
)
TALK = (
    r"(?:speak|talk|write|chat|text|habl(?:ar|amos|emos|as|e|a|en)|escrib(?:ir|e|a|an|amos)|convers(?:ar|a|emos)|"
    r"parl(?:are|iamo|a|i|er|ons|ez)|scriv(?:ere|i|iamo|a)|schreib(?:en|e|t|st)|sprech(?:en|t)|sprich|red(?:en|e)|"
    r"praten|praat|schrijven|schrijf|spreken|spreek|ecri(?:re|vez|s|vons)|fal(?:ar|amos|a|e|em)|escrev(?:er|e|a|am))"
)
GO_ON = (
    r"(?:continue|switch|change|answer|reply|respond|explain|help|go on|respond(?:er|e|a|an)|contest(?:ar|a|e|en)|"
    r"explic(?:ar|a|ame)|continu(?:ar|amos|a|er|are|o|iamo)|seguir|segu(?:imos|iamo)|cambi(?:ar|a|e|are|amo)|"
    r"pas(?:ar|a|emos|ser|sons|sare|siamo|sa)|rispond(?:ere|i|a|ete)|spieg(?:are|a)|antwort(?:en|e|et)|wechs(?:eln|el|le)|"
    r"weiter|erklar(?:en|e)|antwoord(?:en)?|verder|overschakelen|repond(?:re|ez|s)|mud(?:ar|a|e))"
)
OURSELVES = (
    r"(?:(?:can|could|may|shall) (?:we|i|you)|let's|lets|please|i(?:'d| would) (?:like|prefer|rather)|i want|"
    r"podemos|puedo|podriamos|hablemos|quiero|quisiera|possiamo|posso|potremmo|parliamo|vorrei|"
    r"konnen wir|konnten wir|kann ich|lass uns|ich mochte|kunnen we|kan ik|mag ik|laten we|ik wil|"
    r"peut-on|on peut|pouvons-nous|puis-je|parlons|je veux|je voudrais|vamos|quero)"
)
PREFER = r"(?:prefer|prefiero|preferiria|preferisco|preferirei|prefere|prefererais|prefiro|liever|lieber|bevorzuge)"
# "in English", "English please"; the name alone may be an answer to any other question.
ALONE = re.compile(rf"(?:{PLEASE}\s*)?{IN}(?:{ANY_NAME})(?:\s*{PLEASE})?")
ALONE_PLEASE = re.compile(rf"(?:{ANY_NAME})\s*{PLEASE}")
ASKED_IN = re.compile(rf"(?=.*\b(?:{TALK}|{GO_ON})\b).*\b{IN}(?:{ANY_NAME})(?!\w)")
ASKED_TALK = re.compile(rf"(?=.*\b{OURSELVES}\b).*\b{TALK}\s+(?:\w+\s+)?(?:{ANY_NAME})(?!\w)")
ASKED_TALK_LAST = re.compile(rf"(?=.*\b{OURSELVES}\b).*\b(?:{ANY_NAME})\s+(?:\w+\s+)?{TALK}\b")
ASKED_PREFER = re.compile(rf".*\b{PREFER}\s+(?:\w+\s+){{0,2}}(?:{ANY_NAME})(?!\w)")
WAYS_TO_ASK = (ASKED_IN, ASKED_TALK, ASKED_TALK_LAST, ASKED_PREFER)
# "Does anyone speak German?" is about a person, "I don't speak English" about what one can't.
NOT_ASKED = re.compile(
    r"\b(?:not|don't|dont|can't|cant|cannot|doesn't|never|no|non|nicht|kein|niet|geen|ne|pas|nao|nunca|mai|nie|nobody|"
    r"someone|somebody|anyone|anybody|alguien|qualcuno|jemand|iemand|quelqu'un|alguem|who|que habl\w+|che parl\w+|how|"
    r"como se|come si|wie sagt|hoe zeg|comment)\b"
)
ANY = re.compile("|".join(folded(names) for names in NAMES.values()))
BEFORE_PLEASE = re.compile(rf",\s*(?={PLEASE}(?!\w))")
# A wish for a language is short.
LONGEST = 160


def asked_for(text: str, candidates: Sequence[str]) -> str:
    """The language the customer explicitly asks to be spoken to in; "" when none, or none the app offers."""
    said = folded(text[:2000])
    if not ANY.search(said):
        return ""
    for clause in CLAUSE.split(BEFORE_PLEASE.sub(" ", said)):
        words = clause.split()
        if not words or len(clause) > LONGEST or NOT_ASKED.search(clause):
            continue
        code = wished(" ".join(words)) or wished(" ".join(without_greeting(words)))
        if code and (found := offered(code, candidates)):
            return found
    return ""


def wished(clause: str) -> str:
    found = ALONE.fullmatch(clause) or ALONE_PLEASE.fullmatch(clause)
    for way in WAYS_TO_ASK:
        found = found or way.match(clause)
    return str(found.lastgroup) if found else ""


def without_greeting(words: list[str]) -> list[str]:
    first = next((index for index, word in enumerate(words) if word not in SMALL_TALK), len(words))
    return words[first:]


def offered(code: str, candidates: Sequence[str]) -> str:
    """`es-MX` is `es`; "" when the app does not offer it."""
    short = re.split(r"[-_]", code.lower(), maxsplit=1)[0]
    return short if short and (not candidates or short in candidates) else ""
