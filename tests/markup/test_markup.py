import re
from collections.abc import Callable
from html.parser import HTMLParser
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.markup import plain, to_html, to_slack, to_telegram_html, to_whatsapp

CASES = [
    # (markdown, telegram, slack, whatsapp, plain)
    ("Hello", "Hello", "Hello", "Hello", "Hello"),
    ("**a** *b* _c_ __d__ ~~e~~", "<b>a</b> <i>b</i> <i>c</i> <b>d</b> <s>e</s>", "*a* _b_ _c_ *d* ~e~",
     "*a* _b_ _c_ *d* ~e~", "a b c d e"),
    ("***both***", "<i><b>both</b></i>", "_*both*_", "_*both*_", "both"),
    ("**a *b* c**", "<b>a <i>b</i> c</b>", "*a _b_ c*", "*a _b_ c*", "a b c"),
    ("`x < 1`", "<code>x &lt; 1</code>", "`x &lt; 1`", "```x < 1```", "x < 1"),
    ("```py\n*x*\n```", "<pre>*x*</pre>", "```\n*x*\n```", "```\n*x*\n```", "*x*"),
    ("[our **shop**](https://a.example/?a=1&b=2)",
     '<a href="https://a.example/?a=1&amp;b=2">our <b>shop</b></a>',
     "<https://a.example/?a=1&amp;b=2|our *shop*>", "our *shop* (https://a.example/?a=1&b=2)",
     "our shop (https://a.example/?a=1&b=2)"),
    ("[https://a.example](https://a.example)", '<a href="https://a.example">https://a.example</a>',
     "<https://a.example>", "https://a.example", "https://a.example"),
    ("**see https://a.example/x.**", '<b>see <a href="https://a.example/x">https://a.example/x</a>.</b>',
     "*see <https://a.example/x>.*", "*see https://a.example/x.*", "see https://a.example/x."),
    ("https://a.example/Tea_(drink)_x", '<a href="https://a.example/Tea_(drink)_x">https://a.example/Tea_(drink)_x</a>',
     "<https://a.example/Tea_(drink)_x>", "https://a.example/Tea_(drink)_x", "https://a.example/Tea_(drink)_x"),
    ("[run](javascript:alert(1))", "run (javascript:alert(1))", "run (javascript:alert(1))",
     "run (javascript:alert(1))", "run (javascript:alert(1))"),
    ("<b>no</b> & <!channel>", "&lt;b&gt;no&lt;/b&gt; &amp; &lt;!channel&gt;",
     "&lt;b&gt;no&lt;/b&gt; &amp; &lt;!channel&gt;", "<b>no</b> & <!channel>", "<b>no</b> & <!channel>"),
    ("# Big **day** #", "<b>Big day</b>", "*Big day*", "*Big day*", "Big day"),
    ("- one\n* two\n  + three\n3) four", "• one\n• two\n  • three\n3. four", "• one\n• two\n  • three\n3. four",
     "- one\n- two\n  - three\n3. four", "• one\n• two\n  • three\n3. four"),
    ("> said\n> twice", "<blockquote>said\ntwice</blockquote>", "> said\n> twice", "> said\n> twice", "said\ntwice"),
    ("**two\nlines**", "<b>two\nlines</b>", "*two*\n*lines*", "*two*\n*lines*", "two\nlines"),
    ("snake_case_word 2 * 3 * 4 ****", *["snake_case_word 2 * 3 * 4 ****"] * 4),
    (r"\*as it is\* \[x\]", *["*as it is* [x]"] * 4),
    ("in**side**rs", "in<b>side</b>rs", "in\u200b*side*\u200brs", "in\u200b*side*\u200brs", "insiders"),
    ("**never closed", *["**never closed"] * 4),
    ("a\n\n---\nb", "a\n\n———\nb", "a\n\n———\nb", "a\n\n———\nb", "a\n\n———\nb"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "telegram", "slack", "whatsapp", "words"), CASES)
def test_each_platform_reads_its_own(text: str, telegram: str, slack: str, whatsapp: str, words: str) -> None:
    assert to_telegram_html(text) == telegram
    assert to_slack(text) == slack
    assert to_whatsapp(text) == whatsapp
    assert plain(text) == words


def test_pages_get_paragraphs_lists_and_links() -> None:
    text = (
        "# Hi\nOne\ntwo\n\n- a\n- **b**\n\n4. c\n5. d\n\n> q\n\n```\n<x>\n```\n---\n![A cup](https://a.example/c.png)"
    )
    link = '<a href="https://a.example/c.png" rel="noopener noreferrer nofollow">A cup</a>'
    assert to_html(text) == (
        "<p><strong>Hi</strong></p><p>One<br>two</p><ul><li>a</li><li><strong>b</strong></li></ul>"
        '<ol start="4"><li>c</li><li>d</li></ol><blockquote>q</blockquote><pre><code>&lt;x&gt;</code></pre>'
        f"<hr><p>{link}</p>"
    )


@pytest.mark.parametrize(
    "href", ["javascript:alert(1)", "JavaScript:x", "data:text/html,x", "vbscript:x", "//a.example"]
)
def test_a_link_goes_to_the_web_to_mail_or_to_a_telephone_only(href: str) -> None:
    for form in (to_html, to_telegram_html):
        assert "<a" not in form(f"[x]({href}) ![x]({href})")


class Strict(HTMLParser):
    """Fails on any tag or attribute that is not allowed, and on any that is not closed in its place."""

    def __init__(self, allowed: set[str]) -> None:
        super().__init__(convert_charrefs=True)
        self.allowed, self.open, self.words = allowed, list[str](), ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in self.allowed, tag
        assert {name for name, _ in attrs} <= {"a": {"href", "rel"}, "ol": {"start"}}.get(tag, set())
        for name, value in attrs:
            assert name != "href" or re.match(r"(?i)https?://|mailto:|tel:", value or "")
        if tag not in ("br", "hr"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)

    handle_decl = handle_pi = unknown_decl = handle_comment


TELEGRAM = {"b", "i", "s", "code", "pre", "a", "blockquote"}
PAGE = {"p", "strong", "em", "del", "code", "pre", "a", "blockquote", "ul", "ol", "li", "br", "hr"}
PIECES = ["*", "**", "***", "_", "__", "~~", "`", "```", "\n", "\n\n", "[", "](", ")", "!", "https://a.example/",
          "<", ">", "&", "&amp;", "<b>", "</b>", "<a href='x'>", "\\", "- ", "1. ", "# ", "> ", " ", "a", "b c",
          "é", "👩‍👧", '"',
          "'", "javascript:", "[x](https://a.example)", "<!--", "]]>", "|"]  # fmt: skip
MARKDOWN = st.lists(st.sampled_from(PIECES), max_size=40).map("".join) | st.text(max_size=80)


def parsed(page: str, allowed: set[str]) -> Strict:
    found = Strict(allowed)
    found.feed(page)
    found.close()
    assert not found.open
    return found


@given(MARKDOWN)
def test_telegram_never_gets_a_tag_it_does_not_know_nor_one_left_open(text: str) -> None:
    written = to_telegram_html(text)
    parsed(written, TELEGRAM)
    assert bool(written.strip()) is bool(text.strip())


@given(MARKDOWN)
def test_pages_never_get_a_tag_that_is_not_ours(text: str) -> None:
    parsed(to_html(text), PAGE)


@given(MARKDOWN)
def test_slack_never_gets_a_mention_or_an_unescaped_sign(text: str) -> None:
    written = re.sub(r"(?m)^> ", "", to_slack(text))
    for found in re.findall(r"<[^>]*>?|>", written):
        assert re.fullmatch(r"(?i)<(?:https?://|mailto:|tel:)[^<>|]+(?:\|[^<>|]*)?>", found), found
    assert not re.search(r"&(?!amp;|lt;|gt;)", written)


@given(MARKDOWN)
def test_no_word_is_lost_on_the_way(text: str) -> None:
    words = "".join(char for char in plain(text) if char.isalnum())
    for form in (to_whatsapp, to_slack):
        assert set(words) <= set(form(text)), form


@given(
    st.text(
        st.characters(blacklist_characters="*_`[]()#>-+~\\<•&!.\r:", blacklist_categories=["Nd", "Cs"]), max_size=80
    )
)
def test_words_without_signs_stay_as_they_are(text: str) -> None:
    for form in (plain, to_whatsapp, to_slack, to_telegram_html):
        assert form(text) == text


NOISE = ["*a ", "**a", "_a *b ", "***", "`", "` ", "``` ", "[", "[x](", "![", "<http://", "https://", "~~a", "\\", "> ",
         "- ", "*a **b ", "a* ", "*a*", "**a *b* c** ", "\n```\n", "[a](b", "_", "&"]  # fmt: skip


@pytest.mark.parametrize("noise", NOISE)
@pytest.mark.parametrize("form", [plain, to_html, to_telegram_html, to_slack, to_whatsapp])
def test_hostile_text_costs_no_more_than_any_other(form: Callable[[str], str], noise: str) -> None:
    began = process_time()
    assert form("Hi\n" + noise * (40_000 // len(noise)))
    assert process_time() - began < 2
