"""A real headless Chromium, and pages whose every complaint fails the test."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

PATH = "/usr/bin/chromium"
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PATIENCE = 15_000
"""Milliseconds a page has for anything: two cores are shared by many tests."""

expect.set_options(timeout=PATIENCE)


@dataclass
class Chromium:
    """`complaints`: errors of scripts, the console and the content security policy, and dialogs nobody should open."""

    browser: Browser
    complaints: list[str] = field(default_factory=list)

    async def context(self, **options: Any) -> BrowserContext:
        context = await self.browser.new_context(**{"viewport": {"width": 1440, "height": 900}, **options})
        context.set_default_timeout(PATIENCE)
        return context

    async def page(self, context: BrowserContext | None = None, **options: Any) -> Page:
        page = await (context or await self.context(**options)).new_page()
        page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        page.on("console", lambda line: self.complaints.append(line.text) if line.type == "error" else None)
        page.on("dialog", self.refuse)
        return page

    async def refuse(self, dialog: Any) -> None:
        self.complaints.append(f"dialog: {dialog.message}")
        await dialog.dismiss()


@asynccontextmanager
async def chromium(*expected: str) -> AsyncIterator[Chromium]:
    """At the end nothing may have gone wrong in any page, save complaints that hold one of the `expected` words."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=PATH, args=list(ARGUMENTS))
        try:
            opened = Chromium(browser)
            yield opened
            strange = [one for one in opened.complaints if not any(word in one for word in expected)]
            assert not strange, strange
        finally:
            await browser.close()
