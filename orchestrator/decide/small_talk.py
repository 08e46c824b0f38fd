"""What is said in any conversation, whatever its language: alone it switches nothing."""

import unicodedata

# Letters that Unicode does not take apart, as people write them on other keyboards.
PLAIN = str.maketrans({"’": "'", "ı": "i", "ł": "l", "ø": "o", "đ": "d"})


def folded(text: str) -> str:
    if text.isascii():
        return text.lower()
    plain = unicodedata.normalize("NFD", text.casefold().translate(PLAIN))
    return "".join(char for char in plain if not unicodedata.combining(char))


WORDS = """
    abend acuerdo adios afternoon alsjeblieft alstublieft arrivederci au aub beaucoup bedankt bene bien bitte boa
    bom bon bonjour bonne bonsoir buenas buenos buona buonasera buongiorno bye chao cheers ciao cool coucou czesc
    d'accord dag dank danke de dia dias doei dzieki dziekuje ederim evening favor favore genial goed goedemiddag
    goedemorgen goedenavond good goodbye gracias grazie gut guten hallo hasta hei hej hello hey hi hoi hola ja je
    journee luego merci merhaba mille moin morgen morning muchas muito nao nee nein night no noches noite non nope
    obrigada obrigado oi ok okay oke okey ola oui pardon parfait per perdon perfect perfecto perfekt perfetto pf
    plait please pls por privet revoir s'il salut salve schon scusa selam sera servus si sil sim sorry spasibo
    super svp tack tag tak takk tarde tardes tchau te tesekkur tesekkurler thank thanks thx tot tschuss u va vale
    vielen vous wel yeah yep yes you ziens sağol selamlar günaydın evet hayır tamam peki tabii iyi günler proszę
    dzięki tak cześć dobry dzień jasne snälla tusen varsågod hejsan hejdå привет здравствуйте здравствуй добрый
    день утро вечер спасибо пожалуйста да нет хорошо ок пока извините привіт вітаю дякую так ні добре будь ласка
    γεια σας ευχαριστώ ναι όχι παρακαλώ καλημέρα καλησπέρα مرحبا اهلا أهلا السلام عليكم صباح مساء الخير شكرا جزيلا
    نعم لا حسنا تمام عفوا مع السلامة من فضلك 你好 您好 谢谢 多谢 好的 好 是 是的 不 对 请 再见 对不起 不好意思
    早上好 嗨 こんにちは こんばんは おはよう おはようございます ありがとう ありがとうございます はい いいえ
    すみません 了解 了解です お願いします 안녕하세요 안녕 감사합니다 네 아니요
"""
SMALL_TALK = frozenset(map(folded, WORDS.split()))
