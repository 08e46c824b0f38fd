"""Words that languages are told and asked by: small talk, names of languages, and ways to ask for one."""

import re
from collections.abc import Mapping, Sequence

from orchestrator.decide.language_names import DENSE_NAMES, NAMES, OWN
from orchestrator.decide.small_talk import SMALL_TALK, folded

CLAUSE = re.compile(r"[.,;:!?¡¿…\n()。、，！？；：؟،]+")


def named(names: Mapping[str, str], split: str | None = None) -> str:
    """One group for each language: any of its names."""
    return "|".join(f"(?P<{code}>{'|'.join(map(folded, listed.split(split)))})" for code, listed in names.items())


ANY_NAME, DENSE_NAME = named(NAMES), named(DENSE_NAMES, "|")


def words(listed: str) -> str:
    """An alternative of words and phrases, as they look when folded; in a phrase blanks are underscores."""
    return "|".join(re.escape(folded(one.replace("_", " "))) for one in listed.split())


IN = (
    r"(?:(?:(?:"
    + words("in_het in_lingua into in to en em auf op het op_zn op_z'n al au ao a na на po på în la v ve στα σε по på_")
    + r")\s+|all'|по-|в)(?:(?:"
    + words("lingua języku språket языке")
    + r")\s+)?|"
    + words("ب")
    + r"(?:"
    + words("اللغة")
    + r"\s+)?)"
)
# Ukrainian, Finnish and Czech say "in English" with the ending alone.
INTO = rf"(?:{IN}|(?=\w+(?:ою|ksi|ky)(?!\w)))"
TONGUE = r"(?:" + words("language язык языке языком мовою мові dilinde") + r")"
PLEASE = (
    r"(?:s'?il (?:vous|te) plait|"
    + words(
        """please pls plz por_favor porfa per_favore per_piacere svp stp bitte gerne graag aub alsjeblieft alstublieft
            tack snälla proszę lütfen пожалуйста будь_ласка παρακαλώ prosím vă_rog te_rog si_us_plau sisplau takk tak
            kiitos venligst من_فضلك لو_سمحت"""
    )
    + ")"
)
THANKS = (
    r"(?:"
    + words(
        """thanks thank_you gracias grazie danke dank_u dank_je bedankt merci obrigado obrigada dziękuję dzięki
            teşekkürler спасибо дякую děkuji mulțumesc ευχαριστώ شكرا"""
    )
    + ")"
)
POSSIBLE = (
    r"(?:"
    + words(
        """possible posible possibile possível möglich mogelijk możliwe można möjligt går_det går_det_bra muligt mulig
            можно возможно можна olur_mu olabilir_mi mümkün_mü možné posibil γίνεται mahdollista ممكن"""
    )
    + ")"
)
TALK = (
    r"(?:speak|talk|write|chat|text|habl(?:ar|amos|emos|as|e|a|en|ame|arme)|escrib(?:ir|e|a|an|amos|eme|irme)|"
    r"convers(?:ar|a|emos)|"
    r"parl(?:are|iamo|a|i|er|ons|ez|armi|ami)|scriv(?:ere|i|iamo|a|imi|ermi)|schreib(?:en|e|t|st)|sprech(?:en|t)|sprich|"
    r"red(?:en|e)|praten|praat|schrijven|schrijf|spreken|spreek|ecri(?:re|vez|s|vons)|fal(?:ar|amos|a|e|em)|"
    r"escrev(?:er|e|a|am)|"
    + words(
        """mówić mów mówmy pisać pisz piszmy rozmawiać rozmawiajmy porozmawiać prata pratar skriva skriv tala talar
            snakke tale skrive konuşabilir konuşalım konuşmak konuş konuşun konuşur yazabilir yazalım yazmak yaz yazın
            yazar говорить говорите говори поговорить пишите писать пиши общаться напишите розмовляти говорити
            говоріть пишіть писати спілкуватися μιλήσουμε μιλήσετε μιλάτε γράψετε γράψτε mluvit mluvte psát pište
            vorbi vorbiți vorbim scrie scrieți puhua puhutaan kirjoittaa escriure parlar parlem التحدث تحدث تكلم
            الكتابة اكتب نتحدث نتكلم الكلام تتحدث"""
    )
    + ")"
)
GO_ON = (
    r"(?:continue|switch|change|answer|reply|respond|explain|help|go on|respond(?:er|e|a|an|eme|erme)|"
    r"contest(?:ar|arme|a|e|en|ame)|atend(?:er|erme|eme|e|a)|ayud(?:ar|arme|ame|a|e)|aiut(?:are|armi|ami)|aid(?:er|ez)|"
    r"helfen|helpen|ajud(?:ar|a|e)|"
    r"explic(?:ar|a|ame)|continu(?:ar|amos|a|er|are|o|iamo)|seguir|segu(?:imos|iamo)|cambi(?:ar|a|e|are|amo)|"
    r"pas(?:ar|a|emos|ser|sons|sare|siamo|sa)|rispond(?:ere|i|a|ete|imi|ermi)|spieg(?:are|a)|antwort(?:en|e|et)|"
    r"wechs(?:eln|el|le)|weiter|erklar(?:en|e)|antwoord(?:en)?|verder|overschakelen|repond(?:re|ez|s|s-moi|ez-moi)|"
    r"mud(?:ar|a|e)|"
    + words(
        """odpowiadać odpowiedz odpowiedzieć odpowiadaj kontynuować przejść przejdźmy svara byta byt fortsätta
            fortsätt svar cevap devam geçelim geçebilir ответьте ответить отвечайте перейдём перейти продолжить
            продолжим відповідайте відповісти перейдемо продовжити απαντήστε συνεχίσουμε odpovězte pokračovat
            răspundeți continuăm vastaa الرد أجب نكمل المتابعة"""
    )
    + ")"
)
OURSELVES = (
    r"(?:(?:can|could|may|shall) (?:we|i|you)|let's|lets|please|i(?:'d| would) (?:like|prefer|rather)|i want|"
    r"peut-on|on peut|"
    + words(
        """podemos puedo puedes puede podriamos podrias hablemos quiero quisiera possiamo posso puoi può potete
            potremmo parliamo vorrei können_wir könnten_wir kann_ich können_sie kannst_du lass_uns ich_möchte
            kunnen_we kan_ik kun_je kunt_u mag_ik laten_we ik_wil pouvons-nous puis-je pouvez-vous peux-tu parlons
            je_veux je_voudrais vamos quero pode czy_możemy możemy czy_mogę czy_możesz mogę chcę chciałbym chciałabym
            kan_vi kan_jag kan_du kan_ni jag_vill kan_jeg vi_kan miyiz mıyız musunuz misiniz mısınız misin mısın
            istiyorum можно можем можете могу давайте хочу мы_можем можна можемо можете хочу давайте μπορούμε μπορώ
            θέλω můžeme mohu chci putem pot vreau podem voinko voimmeko haluan هل_يمكن هل_يمكننا يمكننا أريد هل_يمكنك
            ممكن kan_dit kan_dit_ook kan_het kan_het_ook kan_dat kan_vi_ta_det kan_det_vara puede_ser se_puede
            può_essere si_può geht_das geht_das_auch geht_es es_posible è_possibile est-ce_possible c'est_possible
            é_possível dá_para is_it_possible is_this_possible można czy_można"""
    )
    + ")"
)
PREFER = (
    r"(?:"
    + words(
        """prefer prefiero preferiria preferisco preferirei prefere preferiria préfère préférerais prefiro liever
            lieber bevorzuge wolę wolałbym wolałabym föredrar hellre tercih предпочитаю лучше краще προτιμώ raději
            prefer mieluummin أفضل"""
    )
    + ")"
)
# "in English", "English please"; the name alone may be an answer to any other question.
ALONE = re.compile(
    rf"(?:{PLEASE}\s*|{OURSELVES}\s+)?{INTO}(?:{ANY_NAME})(?:\s+{TONGUE})?(?:\s*{PLEASE})?(?:\s+(?:{THANKS}|{POSSIBLE}))?"
)
ALONE_PLEASE = re.compile(rf"(?:{ANY_NAME})\s*{PLEASE}")
ASKED_IN = re.compile(rf"(?=.*\b(?:{TALK}|{GO_ON})\b).*\b{INTO}(?:{ANY_NAME})(?!\w)")
ASKED_TALK = re.compile(rf"(?=.*\b(?:{OURSELVES}|{PLEASE})\b).*\b{TALK}\s+(?:\w+\s+)?(?:{ANY_NAME})(?!\w)")
# "Almanca devam edelim": the ending says "let us".
ASKED_LET_US = re.compile(rf"(?:{ANY_NAME})\s+(?:{words('devam_edelim konuşalım yazalım yazışalım geçelim')})")
ASKED_TALK_LAST = re.compile(rf"(?=.*\b(?:{OURSELVES}|{PLEASE})\b).*\b(?:{ANY_NAME})\s+(?:\w+\s+)?{TALK}\b")
ASKED_PREFER = re.compile(rf"(?:.*\b)?{PREFER}\s+(?:\w+\s+){{0,2}}{IN}?(?:{ANY_NAME})(?!\w)")
ASKED_PREFER_LAST = re.compile(rf"(?:.*\s)?(?:{ANY_NAME})\s+(?:\w+\s+)?(?:{PREFER})\b")
# Chinese, Japanese, Korean: the whole clause is the wish, there are no blanks to find words by.
DENSE_ASKED = re.compile(
    r"(?:(?:"
    + words("请 请你 可以 可不可以 能 能不能 我们 我想 我要 你能 你可以 麻烦 我希望 咱们")
    + r")\s*)*(?:"
    + words("用 说 讲 换成 改成 切换到 改用 切换成 以")
    + rf")\s*(?:{DENSE_NAME})(?:"
    + words("说 讲 回复 回答 交流 沟通 聊 聊天 写 对话 谈 跟我 和我 话 吗 吧 好吗 可以吗 谢谢 服务")
    + r")*"
)
DENSE_ASKED_LAST = re.compile(
    rf"(?:(?:{words('すみません できれば じゃあ 저는 그럼')})\s*)?(?:{DENSE_NAME})(?:"
    + words("で に に変えて に切り替えて 로 으로 를 을")
    + r")\s*(?:"
    + words(
        """お願い お願いします お願いできますか 話して 話してください 話せますか 話したい 話しましょう
            話してもいいですか 書いて 書いてください 書いてもいいですか 答えて 答えてください 返事して
            返信してください 対応して 対応できますか いいですか 大丈夫ですか できますか 続けて してください して
            切り替えてください 변경해_주세요 해_주세요 해주세요 말해_주세요 말해주세요 말씀해_주세요 대화할_수_있나요
            이야기해요 가능한가요 가능할까요 부탁드려요 부탁합니다 답해_주세요 답변해_주세요 써_주세요 바꿔_주세요
            할까요 해도_될까요"""
    )
    + r")?"
)
WAYS_TO_ASK = (ASKED_IN, ASKED_TALK, ASKED_LET_US, ASKED_TALK_LAST, ASKED_PREFER, ASKED_PREFER_LAST)
OWN_NAMES = {folded(name): code for code, names in OWN.items() for name in names.split()}
DENSE_WAYS = (DENSE_ASKED, DENSE_ASKED_LAST)
# "Does anyone speak German?" is about a person, "I don't speak English" about what one can't.
NOT_ASKED = re.compile(
    r"\b(?:not|don't|dont|can't|cant|cannot|doesn't|never|no|non|nicht|kein|niet|geen|ne|pas|nao|nunca|mai|nie|nobody|"
    r"someone|somebody|anyone|anybody|alguien|qualcuno|jemand|iemand|quelqu'un|alguem|who|que habl\w+|che parl\w+|how|"
    r"como se|come si|wie sagt|hoe zeg|comment|"
    + words(
        """nie nigdy nikt ktoś kto inte aldrig nooit jamais någon vem ikke noen değil asla bilmiyorum kimse не никогда
            ніколи никто кто-нибудь кто хтось хто як δεν nikdo někdo nu_vorbesc cineva en_puhu joku لا ليس أحد"""
    )
    + r")\b"
)
FORMS = frozenset(folded(form) for listed in NAMES.values() for form in listed.split())
DENSE_FORM = re.compile("|".join(map(folded, "|".join(DENSE_NAMES.values()).split("|"))))
WORD = re.compile(r"\w+")
BEFORE_PLEASE = re.compile(rf",\s*(?={PLEASE}(?!\w))")
# A wish for a language is short.
LONGEST = 160


def asked_for(text: str, candidates: Sequence[str]) -> str:
    """The language the customer explicitly asks to be spoken to in; "" when none, or none the app offers."""
    said = folded(text[:2000])
    if not names_one(said):
        return ""
    for clause in CLAUSE.split(BEFORE_PLEASE.sub(" ", said)):
        words = clause.split()
        if not words or len(clause) > LONGEST or NOT_ASKED.search(clause):
            continue
        code = wished(" ".join(words)) or wished(" ".join(without_greeting(words)))
        if code and (found := offered(code, candidates)):
            return found
    return ""


def names_one(said: str) -> bool:
    """Whether a language is named at all: most messages end here. In Arabic "in" is a letter before the name."""
    if any(word in FORMS or word.removeprefix("ب") in FORMS for word in WORD.findall(said)):
        return True
    return not said.isascii() and bool(DENSE_FORM.search(said))


def wished(clause: str) -> str:
    if own := OWN_NAMES.get(clause):
        return own
    found = ALONE.fullmatch(clause) or ALONE_PLEASE.fullmatch(clause)
    for way in WAYS_TO_ASK:
        found = found or way.match(clause)
    for way in DENSE_WAYS:
        found = found or way.fullmatch(clause)
    return str(found.lastgroup) if found else ""


def without_greeting(words: list[str]) -> list[str]:
    first = next((index for index, word in enumerate(words) if word not in SMALL_TALK), len(words))
    return words[first:]


def offered(code: str, candidates: Sequence[str]) -> str:
    """`es-MX` is `es`; "" when the app does not offer it."""
    short = code.lower().replace("_", "-").partition("-")[0]
    return short if short and (not candidates or short in candidates) else ""
