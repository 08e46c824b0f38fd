"""E-mail that is sent, over a real mail server: what a mail says, what a server refuses, setting it up."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from connectors.email import Settings
from orchestrator.adapters.files import LocalFiles
from orchestrator.adapters.http_client import HttpClient
from orchestrator.errors import SendFailed
from orchestrator.types import (
    Checked,
    Choice,
    Media,
    QuickReplies,
    Rendering,
)
from tests.support.clock import ManualClock
from tests.support.emails import OUTGOING, TEXT, body, channel, made, read
from tests.support.mail import USER, relay


async def test_a_mail_says_the_same_in_text_and_html_and_names_itself(tmp_path: Path) -> None:
    async with relay() as out:
        given = await made(channel(None, out)).send(TEXT, OUTGOING)
        envelope = await out.until(1)
        mail = read(envelope.content)
        assert given.external_id == "con-1.msg-1.0@shop.example"
        assert mail["Message-ID"] == f"<{given.external_id}>"
        assert body(mail).strip() == "Hello you"
        assert "Hello <strong>you</strong>" in body(mail, "html")
        assert (envelope.mail_from, envelope.rcpt_tos) == (USER, ["ann@example.org"])


async def test_nothing_a_customer_or_bot_says_becomes_markup_or_a_header() -> None:
    async with relay() as out:
        connector = made(channel(None, out))
        connector.remember(recalling({"subject": "x\r\nBcc: all@example.org", "thread": {"message_id": "a>\r\nX: y"}}))
        choices = (Choice(title="<b>&", payload="p"),)
        await connector.send(
            Rendering(parts=(QuickReplies(text="<script>alert(1)</script>", choices=choices),)), OUTGOING
        )
        mail = read((await out.until(1)).content)
        assert mail["Bcc"] is None
        assert mail["X"] is None
        assert mail["In-Reply-To"] is None
        assert "<script>" not in body(mail, "html")
        assert "&lt;b&gt;&amp;" in body(mail, "html")


async def test_files_of_ours_go_along_and_what_is_too_large_is_a_link(tmp_path: Path) -> None:
    async with relay() as out:
        files = LocalFiles(tmp_path, ManualClock())
        path = await files.put("shop", b"%PDF-1.4 the bill", name="bill.pdf", mime="application/pdf")
        url = f"https://parley.shop.example{path}"
        part = Media(url=url, media="file", mime="application/pdf", name="bill.pdf", alt="Your bill")
        await made(channel(None, out), files=files).send(Rendering(parts=(part,)), OUTGOING)
        mail = read((await out.until(1)).content)
        (attached,) = mail.iter_attachments()
        assert attached.get_content() == b"%PDF-1.4 the bill"
        assert attached.get_filename() == "bill.pdf"
        await made(channel(None, out, max_attachment=5), files=files).send(Rendering(parts=(part,)), OUTGOING)
        mail = read((await out.until(2)).content)
        assert not list(mail.iter_attachments())
        assert url in body(mail)


async def test_a_link_into_a_private_network_is_not_fetched() -> None:
    async with relay() as out:
        http = HttpClient()
        await http.open()
        part = Media(url="http://169.254.169.254/latest/meta-data", media="file", name="x")
        await made(channel(None, out), http=http).send(Rendering(parts=(part,)), OUTGOING)
        await http.close()
        mail = read((await out.until(1)).content)
        assert not list(mail.iter_attachments())


@pytest.mark.parametrize(
    ("recipient", "at_data", "retryable", "reason"),
    [
        ("451 4.7.1 greylisted, come again", "", True, ""),
        ("550 5.1.1 no such user", "", False, ""),
        ("", "452 4.3.1 disk full", True, ""),
        ("", "554 5.7.1 looks like spam", False, ""),
        ("", "hang up", False, "unknown"),
    ],
)
async def test_what_a_mail_server_refuses(recipient: str, at_data: str, retryable: bool, reason: str) -> None:
    async with relay() as out:
        out.refusals.extend([recipient] if recipient else [])
        out.at_data.extend([at_data] if at_data else [])
        with pytest.raises(SendFailed) as failed:
            await made(channel(None, out)).send(TEXT, OUTGOING)
        assert (failed.value.retryable, failed.value.reason) == (retryable, reason)
        assert not out.taken


async def test_a_mail_servers_password_refused_and_nobody_there() -> None:
    async with relay() as out:
        wrong = {**channel(None, out), "smtp": {**out.settings, "password": "wrong"}}
        with pytest.raises(SendFailed) as failed:
            await made(wrong).send(TEXT, OUTGOING)
        assert (failed.value.retryable, failed.value.reason) == (False, "token_expired")
        assert "wrong" not in str(failed.value)
        gone = {**channel(None, out), "smtp": {**out.settings, "port": 1}}
    with pytest.raises(SendFailed) as failed:
        await made(gone).send(TEXT, OUTGOING)
    assert (failed.value.retryable, failed.value.reason) == (True, "")


async def test_one_address_gets_so_many_mails_an_hour_and_no_more() -> None:
    async with relay() as out:
        clock = ManualClock()
        connector = made(channel(None, out, replies_per_hour=2), clock=clock)
        await connector.send(TEXT, OUTGOING)
        await connector.send(TEXT, OUTGOING)
        with pytest.raises(SendFailed, match="loop"):
            await connector.send(TEXT, OUTGOING)
        clock.advance(3601)
        await connector.send(TEXT, OUTGOING)
        assert len(out.taken) == 3


async def test_setting_up_says_what_to_paste_where_and_no_secret() -> None:
    async with relay() as out:
        for provider, keys in (("postmark", {}), ("mailgun", {"signing_key": "k"}), ("sendgrid", {}), ("raw", {})):
            more = {"provider": provider, "hook_user": "u", "hook_password": "secret-1", **keys}
            steps = await made({**channel(None, out), **more}).setup("https://parley.shop.example/hooks/mail")
            assert "parley.shop.example/hooks/mail" in steps[0].text
            assert "secret-1" not in repr(steps)
        checked = await made(channel(None, out)).check("http://parley.shop.example/hooks/mail")
        assert Checked(ok=False, what="The hook's address is not https.", mend="Set [server] public_url.") in checked


@pytest.mark.parametrize(
    "wrong",
    [
        {"address": "nobody"},
        {"smtp": None},
        {"imap": None, "provider": None},
        {"provider": "postmark", "hook_password": ""},
        {"provider": "mailgun", "signing_key": ""},
        {"provider": "sendgrid", "hook_password": "", "signing_key": ""},
        {"provider": "sendgrid", "signing_key": "%%%"},
        {"forms": ["not an address"]},
        {"typo": 1},
    ],
)
def test_settings_that_are_refused(wrong: dict[str, Any]) -> None:
    good = {"address": USER, "provider": "raw", "hook_password": "p", "smtp": {"host": "h"}}
    Settings.model_validate(good)
    with pytest.raises(ValueError, match=r"validation error"):
        Settings.model_validate(good | wrong)


def recalling(context: Mapping[str, Any]) -> Any:
    async def recall(conversation_id: str) -> Mapping[str, Any]:
        return context

    return recall
