import orjson
import pytest

from orchestrator import errors
from orchestrator.http.problems import problem


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (errors.Malformed("m"), 400, "malformed"),
        (errors.Unauthenticated("m"), 401, "unauthenticated"),
        (errors.Forbidden("m"), 403, "forbidden"),
        (errors.NotFound("m"), 404, "not_found"),
        (errors.Conflict("m"), 409, "conflict"),
        (errors.Fenced("m"), 409, "conflict"),
        (errors.TooLarge("m"), 413, "too_large"),
        (errors.Throttled("m"), 429, "throttled"),
        (errors.BotTimeout("m"), 502, "bot_failed"),
        (errors.EngineFailed("m"), 502, "engine_failed"),
        (errors.SendFailed("m", retryable=True), 502, "send_failed"),
        (errors.Unavailable("m"), 503, "unavailable"),
        (errors.DatabaseTooNew("m"), 503, "unavailable"),
    ],
)
def test_every_error_has_its_status(error: errors.ParleyError, status: int, code: str) -> None:
    answer = problem(error)
    assert answer.status_code == status
    assert orjson.loads(answer.body) == {"error": {"code": code, "message": "m"}}


@pytest.mark.parametrize("error", [errors.Misconfigured("path /etc/secret"), errors.BotLater("x", until=1)])
def test_what_nobody_outside_can_mend_is_not_told(error: errors.ParleyError) -> None:
    answer = problem(error)
    assert answer.status_code == 500
    assert b"secret" not in answer.body


@pytest.mark.parametrize(("seconds", "header"), [(0.0, "1"), (0.2, "1"), (7.0, "7"), (7.1, "8")])
def test_retry_after_is_whole_seconds_and_never_too_soon(seconds: float, header: str) -> None:
    assert problem(errors.Throttled("m", retry_after=seconds)).headers["Retry-After"] == header


def test_no_wait_is_named_where_none_is_known() -> None:
    assert "Retry-After" not in problem(errors.Conflict("m")).headers
