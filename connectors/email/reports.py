"""What mail servers and programs report on mail of ours: bounces (RFC 3464), and that it was read (RFC 8098)."""

from datetime import datetime

from connectors.email.mime import MESSAGE_ID, Mail
from connectors.email.threads import is_ours
from orchestrator.types import DeliveryState, StatusChanged

ACTIONS: dict[str, DeliveryState] = {"failed": "failed", "delivered": "delivered", "relayed": "sent"}
"""Not "delayed": it is still being tried. "expanded" went to a list."""


def reported(mail: Mail, host: str, now: datetime) -> StatusChanged | None:
    """None when it is no report, or on no mail of ours: anybody can send us one."""
    message_id = about(mail, host)
    state, error = outcome(mail)
    if not (message_id and state):
        return None
    return StatusChanged(external_id=message_id, state=state, at=now, error=error)


def about(mail: Mail, host: str) -> str:
    """The id of ours it is about: in the headers it gives back, else in those of its own."""
    candidates = [mail.reported.get("message-id", "")]
    candidates += [group.get("original-message-id", "") for group in mail.reports]
    candidates += [mail.header("x-failed-message-id"), mail.header("in-reply-to"), mail.header("references")]
    for text in candidates:
        for message_id in MESSAGE_ID.findall(text):
            if is_ours(message_id, host):
                return str(message_id)
    return ""


def outcome(mail: Mail) -> tuple[DeliveryState | None, str]:
    """The worst that is reported, and why."""
    for group in mail.reports:
        if "displayed" in group.get("disposition", "").lower():
            return "read", ""
    found = [(ACTIONS.get(group.get("action", "").split(" ")[0].strip().lower()), group) for group in mail.reports]
    for wanted in ("failed", "delivered", "sent"):
        for state, group in found:
            if state == wanted:
                return state, reason(group) if state == "failed" else ""
    if not mail.reports and bounce(mail):
        return "failed", "returned by " + mail.sender[1][:100]
    return None, ""


def bounce(mail: Mail) -> bool:
    """A bounce that follows no standard."""
    local = mail.sender[1].partition("@")[0]
    return local.startswith("mailer-daemon") or "x-failed-recipients" in mail.headers


def reason(group: dict[str, str] | object) -> str:
    fields = group if isinstance(group, dict) else {}
    words = fields.get("diagnostic-code", "").partition(";")[2].strip() or fields.get("diagnostic-code", "")
    return " ".join(f"{fields.get('status', '')} {words}".split())[:300] or "could not be delivered"
