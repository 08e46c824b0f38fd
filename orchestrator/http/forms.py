"""`/forms/{token}`: a form as a page of ours, for channels that have none. No script, no account, one answer."""

from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Protocol

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from orchestrator import texts
from orchestrator.engine.web_forms import OpenForm
from orchestrator.errors import Conflict, NotFound, Unauthenticated
from orchestrator.fit.fields import value
from orchestrator.types import FormField

MAX_BODY = 262_144
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex",
    "Cache-Control": "no-store",
}
INPUTS: Mapping[str, str] = {
    "text": 'type="text"',
    "email": 'type="email" autocomplete="email"',
    "phone": 'type="tel" autocomplete="tel"',
    "number": 'type="text" inputmode="decimal"',
    "date": 'type="date"',
}


class Forms(Protocol):
    """What the engine is to this page. Both raise Conflict where there is nothing to answer any more."""

    async def open(self, token: str) -> OpenForm: ...
    async def answer(self, asked: OpenForm, values: Mapping[str, str]) -> None: ...


def routes(forms: Forms, folder: Path) -> list[BaseRoute]:
    """`folder` holds form.css."""

    async def style(_: Request) -> Response:
        return Response(
            (folder / "form.css").read_bytes(), media_type="text/css", headers={"Cache-Control": "no-cache"}
        )

    async def page(request: Request) -> Response:
        language = "en"
        try:
            asked = await forms.open(request.path_params["token"])
            language = asked.language
            if request.method != "POST":
                return answered(200, language, asked.form.title, filled_in(asked, {}, {}))
            sent = {key: said for key, said in (await request.form()).items() if isinstance(said, str)}
            values, wrong = read(asked, sent)
            if wrong:
                return answered(422, language, asked.form.title, filled_in(asked, sent, wrong))
            await forms.answer(asked, values)
        except (Conflict, NotFound, Unauthenticated) as error:
            words = worded("form_gone", language)
            return answered(404 if isinstance(error, NotFound | Unauthenticated) else 410, language, words, said(words))
        words = worded("form_sent", language)
        return answered(200, language, words, said(words))

    return [
        Route("/forms/form.css", style, methods=["GET"]),
        Route("/forms/{token}", page, methods=["GET", "POST"], max_body_size=MAX_BODY, name="form"),
    ]


def read(asked: OpenForm, sent: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """The values by field, and the notices by field where they are no such thing."""
    values, wrong = dict[str, str](), dict[str, str]()
    for place, field in enumerate(asked.form.fields):
        text = sent.get(f"field-{place}", "").strip()
        found = value(field, text, asked.language) if text else None
        if found is not None:
            values[field.name] = found
        elif text or field.required:
            wrong[field.name] = f"form_{field.type}"
    return values, wrong


def worded(notice: str, language: str) -> str:
    found = texts.notice(notice)
    return found.get(language, found["en"])


def answered(status: int, language: str, title: str, body: str) -> Response:
    page = (
        f'<!doctype html><html lang="{escape(language)}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f'<title>{escape(title)}</title><link rel="stylesheet" href="/forms/form.css"></head><body><main>{body}</main>'
        "</body></html>"
    )
    return Response(page, status, headers=HEADERS, media_type="text/html")


def said(words: str) -> str:
    return f'<p class="told" role="status" dir="auto">{escape(words)}</p>'


def filled_in(asked: OpenForm, sent: Mapping[str, str], wrong: Mapping[str, str]) -> str:
    """The form, with what was sent and what was wrong with it."""
    form = asked.form
    fields = "".join(
        asked_for(field, place, sent.get(f"field-{place}", ""), wrong.get(field.name, ""), asked.language)
        for place, field in enumerate(form.fields)
    )
    title = f'<h1 dir="auto">{escape(form.title)}</h1>' if form.title else ""
    return f'{title}<form method="post" novalidate>{fields}<button>{escape(form.submit or "OK")}</button></form>'


def asked_for(field: FormField, place: int, sent: str, wrong: str, language: str) -> str:
    name, required = f"field-{place}", " required" if field.required else ""
    star = ' <span aria-hidden="true">*</span>' if field.required else ""
    problem = f'<p class="wrong" id="{name}-wrong">{escape(worded(wrong, language))}</p>' if wrong else ""
    marked = f' aria-invalid="true" aria-describedby="{name}-wrong"' if wrong else ""
    common = f'id="{name}" name="{name}"{required}{marked}'
    control = chosen(field, common, sent) if field.type == "select" else written(field, common, sent)
    label = escape(field.label or field.placeholder or field.name)
    return f'<div class="field"><label for="{name}" dir="auto">{label}{star}</label>{control}{problem}</div>'


def written(field: FormField, common: str, sent: str) -> str:
    hint = f' placeholder="{escape(field.placeholder)}"' if field.placeholder else ""
    return f'<input {common} {INPUTS[field.type]} dir="auto" value="{escape(sent)}"{hint} maxlength="2000">'


def chosen(field: FormField, common: str, sent: str) -> str:
    found = [('<option value=""></option>')]
    for one in field.options:
        payload = one.payload or one.title
        mark = " selected" if payload == sent else ""
        found.append(f'<option value="{escape(payload)}"{mark}>{escape(one.title or payload)}</option>')
    return f"<select {common}>{''.join(found)}</select>"
