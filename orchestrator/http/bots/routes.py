"""Bots over HTTP: the same operations below /v1 (by key) and below the desk (for admins)."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any, Protocol

from fastapi import APIRouter, Depends, Query, Response

from orchestrator.conformance import show
from orchestrator.errors import Malformed, Misconfigured
from orchestrator.http.bots.bodies import (
    Checking,
    Enabling,
    EndTrial,
    NewBotBody,
    NewTrial,
    NewVersionBody,
    Rollback,
    Serving,
)
from orchestrator.http.bots.views import (
    BotFile,
    BotView,
    Checked,
    HourView,
    NoteView,
    Page,
    VersionView,
    file_shown,
    shown,
    version_shown,
)
from orchestrator.http.sections import Section
from orchestrator.roster import NewBot
from orchestrator.roster.office import Office
from orchestrator.types import BotNoteKind


class Asker(Protocol):
    """Who asks: a key, or an admin at the desk."""

    @property
    def app_id(self) -> str: ...
    @property
    def who(self) -> str: ...


Who = Callable[..., Awaitable[Asker]]


@contextmanager
def told() -> Iterator[None]:
    """What can't run is the caller's mistake here."""
    try:
        yield
    except Misconfigured as error:
        raise Malformed(str(error)) from None


def bot_routes(office: Office, section: Section, read: Who, change: Who) -> APIRouter:
    router = section.router("/bots", "Bots")
    reading(router, office, read)
    versions(router, office, change)
    switching(router, office, change)
    trying(router, office, change)
    return router


def default(office: Office, app_id: str) -> str:
    return office.app(app_id).settings.bot


async def file_of(office: Office, app_id: str, name: str) -> BotFile:
    await office.refresh()
    return file_shown(await office.file(app_id, name), default(office, app_id))


def reading(router: APIRouter, office: Office, read: Who) -> None:
    reader = Annotated[Any, Depends(read)]

    @router.get("", summary="List bots")
    async def list_bots(asker: reader) -> Page[BotView]:
        """Those of the configuration and those registered. Health is as this process has seen it."""
        standings = await office.standings(asker.app_id)
        main = default(office, asker.app_id)
        return Page(data=[BotView(**shown(one, main)) for one in standings])

    @router.get("/{name}", summary="Get a bot")
    async def get_bot(asker: reader, name: str) -> BotFile:
        """With its versions, figures and recent errors; never with its secrets."""
        return file_shown(await office.file(asker.app_id, name), default(office, asker.app_id))

    @router.get("/{name}/figures", summary="How a bot's versions do, hour by hour")
    async def get_figures(
        asker: reader, name: str, hours: Annotated[int, Query(ge=1, le=24 * 31)] = 24
    ) -> Page[HourView]:
        await office.file(asker.app_id, name)
        return Page(data=[HourView.model_validate(one) for one in await office.hours(asker.app_id, name, hours)])

    @router.get("/{name}/notes", summary="Recent errors and shadow answers of a bot")
    async def list_notes(
        asker: reader,
        name: str,
        kind: BotNoteKind | None = None,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
    ) -> Page[NoteView]:
        found = await office.bots.notes(asker.app_id, bot=name, kind=kind, limit=limit)
        return Page(data=[NoteView.model_validate(one) for one in found])


def new_bot(name: str, body: NewVersionBody, author: str) -> NewBot:
    return NewBot(
        name=name,
        raw=body.settings,
        capabilities=body.capabilities.known(),
        note=body.note,
        author=author,
        outside=True,
    )


def versions(router: APIRouter, office: Office, change: Who) -> None:
    changer = Annotated[Any, Depends(change)]

    @router.post("", summary="Register a bot", status_code=201)
    async def add_bot(asker: changer, body: NewBotBody) -> BotFile:
        """It answers once it is enabled. Its address may not be private; kinds that run or read files are refused."""
        app_id, registrar = asker.app_id, office.registrar
        with told():
            if await registrar.find(app_id, body.name) is not None:
                raise Malformed(f"there is a bot {body.name!r}; add a version to it")
            await registrar.register(app_id, new_bot(body.name, body, asker.who))
            if body.serves.known().anybody:
                await registrar.serve(app_id, body.name, body.serves.known())
        return await file_of(office, app_id, body.name)

    @router.post("/{name}/versions", summary="Add a version", status_code=201)
    async def add_version(asker: changer, name: str, body: NewVersionBody) -> VersionView:
        with told():
            await office.bots.entry(asker.app_id, name)
            _, version = await office.registrar.register(asker.app_id, new_bot(name, body, asker.who))
        return version_shown(version)

    @router.post("/{name}/check", summary="Run the conformance suite")
    async def check_bot(asker: changer, name: str, body: Checking) -> Checked:
        """Takes seconds, and up to minutes for a slow bot. The level is kept with the version."""
        with told():
            report = show.plain(await office.check(asker.app_id, name, body.version, body.level))
        suite = f"{report['suite']} {report['version']}"
        return Checked(level=report["level"], suite=suite, checks=report["checks"])

    @router.put("/{name}/serves", summary="Whom a bot answers")
    async def set_serves(asker: changer, name: str, body: Serving) -> BotFile:
        """Without a rule that names it. All that is given must hold; nothing given: nobody."""
        await office.registrar.serve(asker.app_id, name, body.known())
        return await file_of(office, asker.app_id, name)


def switching(router: APIRouter, office: Office, change: Who) -> None:
    changer = Annotated[Any, Depends(change)]

    @router.post("/{name}/enable", summary="Let a version answer")
    async def enable_bot(asker: changer, name: str, body: Enabling) -> BotFile:
        await office.registrar.enable(asker.app_id, name, body.version, force=body.force)
        return await file_of(office, asker.app_id, name)

    @router.post("/{name}/disable", summary="Switch a bot off")
    async def disable_bot(asker: changer, name: str) -> BotFile:
        await office.registrar.disable(asker.app_id, name)
        return await file_of(office, asker.app_id, name)

    @router.post("/{name}/rollback", summary="Go back to an earlier version")
    async def rollback_bot(asker: changer, name: str, body: Rollback) -> BotFile:
        await office.registrar.rollback(asker.app_id, name, body.to)
        return await file_of(office, asker.app_id, name)

    @router.delete("/{name}", summary="Remove a bot", status_code=204)
    async def remove_bot(asker: changer, name: str) -> Response:
        """With its versions and figures, for good. Turns it has are finished."""
        await office.registrar.remove(asker.app_id, name)
        await office.refresh()
        return Response(status_code=204)


def trying(router: APIRouter, office: Office, change: Who) -> None:
    changer = Annotated[Any, Depends(change)]

    @router.put("/{name}/trial", summary="Try a version beside the active one")
    async def start_trial(asker: changer, name: str, body: NewTrial) -> BotFile:
        """In the shadow it answers every turn and nobody hears it; as a canary it answers a sticky share of customers.

        It is taken back by itself when it does worse than its limits allow.
        """
        trial = body.known(office.clock.now())
        await office.registrar.try_out(asker.app_id, name, trial, force=body.force)
        return await file_of(office, asker.app_id, name)

    @router.post("/{name}/trial/end", summary="End a trial")
    async def end_trial(asker: changer, name: str, body: EndTrial) -> BotFile:
        await office.registrar.end_trial(asker.app_id, name, "promoted" if body.promote else "stopped")
        return await file_of(office, asker.app_id, name)
