"""Reading mails: replies in many languages, charsets, and what strangers send to break it."""

import time
from datetime import UTC, datetime

import pytest

from connectors.email import mime
from connectors.email.imap import utf7
from connectors.email.inbound import Shelf, events
from connectors.email.markup import text_of
from connectors.email.reply import said
from connectors.email.settings import Settings
from connectors.email.threads import answering
from orchestrator.errors import Malformed, NotFound, Unavailable
from orchestrator.types import Fetched, Received, Unsupported

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
SETTINGS = Settings.model_validate(
    {"address": "help@shop.example", "provider": "raw", "hook_password": "p", "smtp": {"host": "h"}}
)

ATTRIBUTIONS = [
    "On Thu, Jan 1, 2026 at 10:00 AM Shop <help@shop.example> wrote:",
    "On Thu, Jan 1, 2026 at 10:00 AM Shop <\nhelp@shop.example> wrote:",
    "On 1 Jan 2026, at 10:00, Shop <help@shop.example> wrote:",
    "Am 01.01.26 um 10:00 schrieb Shop:",
    "Am Do., 1. Jan. 2026 um 10:00 Uhr schrieb Shop <help@shop.example>:",
    "Le jeu. 1 janv. 2026 à 10:00, Shop <help@shop.example> a écrit :",
    "El jue, 1 ene 2026 a las 10:00, Shop (<help@shop.example>) escribió:",
    "Il giorno gio 1 gen 2026 alle ore 10:00 Shop <help@shop.example> ha scritto:",
    "Em qui., 1 de jan. de 2026 às 10:00, Shop <help@shop.example> escreveu:",
    "Op do 1 jan 2026 om 10:00 schreef Shop <help@shop.example>:",
    "Den tors 1 jan. 2026 kl 10:00 skrev Shop <help@shop.example>:",
    "Den tor. 1. jan. 2026 kl. 10.00 skrev Shop <help@shop.example>:",
    "to 1. tammik. 2026 klo 10.00 Shop (help@shop.example) kirjoitti:",
    "czw., 1 sty 2026 o 10:00 Shop <help@shop.example> napisał(a):",
    "čt 1. 1. 2026 v 10:00 odesílatel Shop <help@shop.example> napsal:",
    "Shop <help@shop.example> ezt írta (időpont: 2026. jan. 1., Cs, 10:00):",
    "În joi, 1 ian. 2026 la 10:00, Shop <help@shop.example> a scris:",
    "чт, 1 янв. 2026 г. в 10:00, Shop <help@shop.example>:",
    "чт, 1 січ. 2026 р. о 10:00 Shop <help@shop.example> пише:",
    "Στις Πέμ 1 Ιαν 2026 στις 10:00 π.μ., ο χρήστης Shop <help@shop.example> έγραψε:",
    "Shop <help@shop.example>, 1 Oca 2026 Per, 10:00 tarihinde şunu yazdı:",
    "2026年1月1日(木) 10:00 Shop <help@shop.example>:",
    "Shop <help@shop.example> 于2026年1月1日周四 10:00写道：",
    "2026년 1월 1일 (목) 오전 10:00, Shop <help@shop.example>님이 작성:",
    "\u200fבתאריך יום ה׳, 1 בינו׳ 2026 ב-10:00 מאת Shop <help@shop.example>:",
    "في الخميس، 1 يناير 2026 في 10:00 ص تمت كتابة ما يلي بواسطة Shop <help@shop.example>:",
    "Vào Th 5, 1 thg 1, 2026 vào lúc 10:00 Shop <help@shop.example> đã viết:",
    "Pada Kam, 1 Jan 2026 pukul 10.00 Shop <help@shop.example> menulis:",
]
"""As mail programs write them."""

OUTLOOK = [
    ("From: Shop <help@shop.example>", "Sent: Thursday, January 1, 2026 10:00 AM", "To: Ann", "Subject: Re: x"),
    ("Von: Shop <help@shop.example>", "Gesendet: Donnerstag, 1. Januar 2026 10:00", "An: Ann", "Betreff: AW: x"),
    ("De : Shop <help@shop.example>", "Envoyé : jeudi 1 janvier 2026 10:00", "À : Ann", "Objet : RE: x"),
    ("De: Shop <help@shop.example>", "Enviado: jueves, 1 de enero de 2026", "Para: Ann", "Asunto: RE: x"),
    ("Da: Shop <help@shop.example>", "Inviato: giovedì 1 gennaio 2026 10:00", "A: Ann", "Oggetto: R: x"),
    ("Van: Shop <help@shop.example>", "Verzonden: donderdag 1 januari 2026", "Aan: Ann", "Onderwerp: RE: x"),
    ("Od: Shop <help@shop.example>", "Wysłano: czwartek, 1 stycznia 2026", "Do: Ann", "Temat: Odp: x"),
    ("От: Shop <help@shop.example>", "Отправлено: 1 января 2026 г. 10:00", "Кому: Ann", "Тема: Re: x"),
    ("发件人: Shop <help@shop.example>", "发送时间: 2026年1月1日 10:00", "收件人: Ann", "主题: 回复: x"),
    ("差出人: Shop <help@shop.example>", "送信日時: 2026年1月1日 10:00", "宛先: Ann", "件名: RE: x"),
    ("*From:* Shop <help@shop.example>", "*Sent:* Thursday", "*To:* Ann", "*Subject:* Re: x"),
]


@pytest.mark.parametrize("line", ATTRIBUTIONS)
def test_a_quoted_mail_is_left_out_in_any_language(line: str) -> None:
    assert said(f"My answer\n\n{line}\n\n> the question\n> goes on\n") == "My answer"
    assert said(f"{line}\n> the question\n\nMy answer\n") == "My answer"


@pytest.mark.parametrize("line", [each for each in ATTRIBUTIONS if "@" in each and "\u200f" not in each])
def test_a_mail_below_without_marks_is_left_out_too(line: str) -> None:
    assert said(f"My answer\n\n{line}\n\nthe question\ngoes on\n") == "My answer"


@pytest.mark.parametrize("block", OUTLOOK)
def test_a_mail_below_its_headers_is_left_out(block: tuple[str, ...]) -> None:
    below = "\n".join(block)
    assert said(f"My answer\n\n{below}\n\nthe question\n") == "My answer"
    assert said(f"My answer\n________________________________\n{below}\n\nthe question\n") == "My answer"


@pytest.mark.parametrize(
    "rule",
    ["-----Original Message-----", "-----Ursprüngliche Nachricht-----", "---------- Forwarded message ----------"],
)
def test_a_mail_below_a_rule_is_left_out(rule: str) -> None:
    assert said(f"My answer\n\n{rule}\nthe question\n") == "My answer"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Hello\n\n-- \nAnn Example\nTel. 1234", "Hello"),
        ("Hello\n\nSent from my iPhone", "Hello"),
        ("Hallo\n\nVon meinem iPhone gesendet", "Hallo"),
        ("Bonjour\n\nEnvoyé de mon iPhone\n\n", "Bonjour"),
        ("Hola\nEnviado desde mi Samsung", "Hola"),
        ("Hello\n\nGet Outlook for iOS<https://aka.ms/o0ukef>", "Hello"),
        ("こんにちは\n\niPhoneから送信", "こんにちは"),
        ("Where is it?\n\nBest regards,\nAnn Example\nAccounts\n+44 1234", "Where is it?"),
        ("Wo ist es?\n\nMit freundlichen Grüßen\nAnn", "Wo ist es?"),
        ("Best regards are not what I want, I want my money.", "Best regards are not what I want, I want my money."),
        ("> all of it is\n> quoted", "> all of it is\n> quoted"),
        ("-- \nAnn", "--\nAnn"),
        (
            "Please write to me <ann@example.org> by Monday:\nthanks",
            "Please write to me <ann@example.org> by Monday:\nthanks",
        ),
        ("I want to go\nFrom: Paris\nTo: Rome\nDate: Friday\nby train", None),
        ("Hello,\n\nOn 12.05.2026 your colleague wrote:\nyou get it back.\nWhere is it?", None),
        ("These are my dates:\n- 1 May\n- 2 May", "These are my dates:\n- 1 May\n- 2 May"),
        ("a > b is what I meant\nand 3 > 2", "a > b is what I meant\nand 3 > 2"),
        ("> Which size?\nLarge\n> Which colour?\nRed", "Large\nRed"),
        ("", ""),
    ],
)
def test_signatures_and_what_only_looks_like_one(text: str, kept: str | None) -> None:
    assert said(text) == (text if kept is None else kept)


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>Hi</p><div class='gmail_quote'><div>On Thu wrote</div><blockquote>old</blockquote></div>", "Hi"),
        ("Hi<div id='appendonsend'></div><hr><div>From: x</div>old", "Hi"),
        ("Hi<div style='border:none;border-top:solid #E1E1E1 1.0pt'>From: x</div>old", "Hi"),
        ("<blockquote type='cite'>old</blockquote><p>Hi</p>", "Hi"),
        ("<div class=gmail_quote>forwarded without a word</div>", "forwarded without a word"),
        ("<ul><li>one<li>two</ul>", "• one\n• two"),
        ("a<br>b<br><br>c", "a\nb\n\nc"),
        ("<b>bold</b> and <i>it</i>", "bold and it"),
        ("<p style='display: none'>secret</p>seen", "seen"),
        ("<style>p{}</style><script>x</script><!-- y -->z", "z"),
        ("<pre>a\n  b</pre>", "a\nb"),
        ("<p>unclosed <blockquote type=cite>old <p>older", "unclosed"),
        ("&lt;b&gt; &amp;c &#x20AC;", "<b> &c €"),
    ],
)
def test_html(html: str, text: str) -> None:
    assert text_of(html) == text


def nested(depth: int) -> bytes:
    lines = ["From: ann@example.org", "Message-ID: <n@example.org>"]
    for level in range(depth):
        lines += [f"Content-Type: multipart/mixed; boundary=B{level}", "", f"--B{level}"]
    lines += ["Content-Type: text/plain", "", "deep down"]
    return "\r\n".join(lines).encode()


@pytest.mark.parametrize("depth", [1, 30, 49])
def test_a_mail_of_many_nested_parts_is_read(depth: int) -> None:
    assert mime.read(nested(depth)).text == "deep down"


@pytest.mark.parametrize("depth", [60, 500, 5000])
def test_a_mail_nested_beyond_all_measure_says_so(depth: int) -> None:
    (event,) = events(mime.read(nested(depth)), SETTINGS, Shelf(), NOW)
    assert isinstance(event, Received)
    assert event.parts == (Unsupported(what="mail", note="nested too deeply"),)


def test_a_mail_of_a_thousand_parts_is_cut() -> None:
    body = "".join(f"--B\r\nContent-Type: text/plain; name=f{n}\r\n\r\nx\r\n" for n in range(1000))
    raw = f"From: a@example.org\r\nContent-Type: multipart/mixed; boundary=B\r\n\r\n{body}--B--\r\n".encode()
    (event,) = events(mime.read(raw), SETTINGS, Shelf(), NOW)
    assert isinstance(event, Received)
    assert len(event.parts) <= 25


@pytest.mark.parametrize(
    "hostile",
    [
        "On " * 50_000 + "wrote:",
        ("a" * 299 + ":\n") * 5_000,
        " " * 200_000 + "x",
        "-" * 200_000,
        "> " * 100_000,
        "From: x\n" * 20_000,
        "_" * 11 + "\n" + "\n" * 100_000,
        "Sent from my " * 20_000,
        "*" * 200_000,
        "**--" * 50_000,
        "<!--" * 100_000,
        "<a " * 100_000,
        "</" * 100_000,
        "<![" * 100_000,
        "<?" * 100_000,
        "&#" * 100_000,
    ],
)
def test_no_text_takes_long_to_read(hostile: str) -> None:
    began = time.perf_counter()
    said(hostile)
    text_of("<div>" * 20_000 + hostile)
    assert time.perf_counter() - began < 5


@pytest.mark.parametrize(
    "header",
    [
        "From: =?utf-8?b?====?= <ann@example.org>",
        "From: =?no-such?q?x?= <ann@example.org>",
        "From: =?idna?q?" + "x" * 5000 + "?= <ann@example.org>",
        'From: "' + "(" * 2000 + '" <ann@example.org>',
        "From: " + "a@b.c," * 5000 + "ann@example.org",
        "From: ann@example.org\r\nDate: Thu, 99 Foo 99999999999 99:99:99 +9999",
        "From: ann@example.org\r\nContent-Type: text/plain; charset*=x''%ff",
        "From: ann@example.org\r\nContent-Type: multipart/mixed",
        "From: ann@example.org\r\nContent-Transfer-Encoding: base64\r\n\r\n%%%not base64%%%",
        "From: ann@example.org\r\nReferences: " + "<x@y> " * 10_000,
    ],
)
def test_headers_of_strangers_break_nothing(header: str) -> None:
    mail = mime.read(f"{header}\r\n\r\nhello\r\n".encode())
    events(mail, SETTINGS, Shelf(), NOW)


def test_what_is_no_mail_is_malformed() -> None:
    for raw in (b"", b"\r\n\r\nbody", b"\xff\xfe\x00"):
        with pytest.raises(Malformed):
            mime.read(raw)


def test_files_waiting_to_be_fetched_have_a_bound() -> None:
    shelf = Shelf(most=10)
    shelf.put("a", Fetched(data=b"12345"))
    shelf.put("b", Fetched(data=b"12345"))
    shelf.put("c", Fetched(data=b"1"))
    assert shelf.get("c", 10).data == b"1"
    with pytest.raises(NotFound):
        shelf.get("a", 10)
    with pytest.raises(Unavailable):
        shelf.put("d", Fetched(data=b"x" * 11))


@pytest.mark.parametrize(
    ("subject", "answer"),
    [
        ("My order", "Re: My order"),
        ("Re: My order", "Re: My order"),
        ("RE: AW: Fwd: My order", "Re: My order"),
        ("Re[2]: My order", "Re: My order"),
        ("回复：我的订单", "Re: 我的订单"),
        ("Regarding: my order", "Re: Regarding: my order"),
        ("", ""),
    ],
)
def test_a_subject_is_answered_once(subject: str, answer: str) -> None:
    assert answering(subject) == answer


def test_folders_are_named_as_imap_has_it() -> None:
    assert utf7("INBOX") == "INBOX"
    assert utf7("Entwürfe & mehr") == "Entw&APw-rfe &- mehr"
    assert utf7("台北") == "&U,BTFw-"


def test_a_file_alone_says_enough() -> None:
    quoted = "\n\nOn Sun, 1 Nov 2026 at 12:00, Help <help@shop.example> wrote:\n> Which address is the receipt for?"
    assert said(quoted, files=True) == ""
    assert "help@shop.example" in said(quoted)
    assert said("Here it is." + quoted, files=True) == "Here it is."
