"""The desk's own files: served under a policy that runs nothing else, and written so that they can live with it."""

import re
from pathlib import Path

import pytest
from yarl import URL

from tests.support.desk import WEB, desk_house

SCRIPTS = sorted(WEB.glob("*.js"))
IMPORT = re.compile(r'from "(\./[^"]+)"')
PARSES_TEXT = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|createContextualFragment|\beval\(|new Function|"
    r"srcdoc|setTimeout\(\s*[\"'`]|javascript:"
)


async def test_the_page_runs_nothing_but_its_own_files(tmp_path: Path) -> None:
    async with desk_house(tmp_path) as desk, desk.browser().http as http:
        for path in ("/desk", "/desk/", "/desk/main.js", "/desk/css/base.css", "/desk/icon.svg"):
            async with http.get(desk.url + path) as response:
                assert response.status == 200
                policy = dict(part.split(" ", 1) for part in response.headers["Content-Security-Policy"].split("; "))
                assert policy["script-src"] == policy["style-src"] == "'self'"
                assert policy["default-src"] == policy["frame-ancestors"] == "'none'"
                assert policy["require-trusted-types-for"] == "'script'"
                assert response.headers["X-Content-Type-Options"] == "nosniff"
                assert response.headers["Cache-Control"] == "no-cache"
                assert response.headers["ETag"]
        async with http.get(desk.url + "/desk/main.js") as response:
            assert response.content_type == "text/javascript"


@pytest.mark.parametrize(
    "path", ["/desk/nothing.js", "/desk/../widget/widget.js", "/desk/%2e%2e/README.md", "/desk/css"]
)
async def test_nothing_else_is_served(tmp_path: Path, path: str) -> None:
    async with desk_house(tmp_path) as desk:
        response = await desk.browser().http.get(URL(desk.url + path, encoded=True))
        assert response.status == 404
        assert (await response.json())["error"]["code"] == "not_found"


def test_the_page_holds_no_inline_script_or_style() -> None:
    page = (WEB / "index.html").read_text()
    assert not re.search(r"<style|\sstyle=|\son\w+=", page)
    assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", page))
    for name in re.findall(r'(?:src|href)="/desk/([^"]+)"', page):
        assert (WEB / name).is_file()


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_a_script_imports_what_is_there_and_parses_no_text_as_html(script: Path) -> None:
    source = script.read_text()
    code = re.sub(r"^\s*(//|\*|/\*).*$", "", source, flags=re.MULTILINE)
    assert not PARSES_TEXT.search(code)
    for name in IMPORT.findall(source):
        assert (WEB / name).is_file()
    assert len(source.splitlines()) <= 400


def test_no_script_is_left_over() -> None:
    imported = {name.removeprefix("./") for script in SCRIPTS for name in IMPORT.findall(script.read_text())}
    assert {script.name for script in SCRIPTS} == imported | {"main.js", "theme.js"}


def test_every_text_that_is_used_is_written() -> None:
    """`t.group.name` in any script names something in strings.js, or in the words it imports instead."""
    for script in SCRIPTS:
        text = script.read_text()
        own = re.search(r'import \{ words as t \} from "\./(\w+\.js)"', text)
        strings = (WEB / (own[1] if own else "strings.js")).read_text()
        # Lists and functions (`t.columns.map`, `t.moved(…)`) have no names in them.
        for group, name in re.findall(r"\bt\.(\w+)\.(\w+)", text):
            found = re.search(rf"^  {group}: \{{(?:[^\n]*\}},$|.*?^  \}},$)", strings, re.MULTILINE | re.DOTALL)
            if own and not found and name in ("map", "length"):
                continue
            assert found, f"{script.name}: t.{group}"
            assert re.search(rf"\b{name}:", found[0]), f"{script.name}: t.{group}.{name}"
