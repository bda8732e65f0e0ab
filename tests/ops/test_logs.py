"""Logs: one JSON object a line, the request on every line, and no secret on any, whoever logs it."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import httpx
import pytest
import respx

from ops.telemetry.logs import MASK, bound, configure_logging, get_logger, redact

SECRETS = (
    "123456789:AAHfTelegramBotTokenOfTheTests00000",
    "odds key/with+odd&chars",
    "postgresql://u:p4ssw0rd@db/x",
)


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    configure_logging("DEBUG", "json", SECRETS, stream)
    yield stream
    root.handlers[:], root.level = handlers, level


def test_each_line_is_an_object_with_the_bound_ids(lines: io.StringIO) -> None:
    with bound(request_id="req-12345678"):
        get_logger("ours").info("served", status=200)
        logging.getLogger("theirs").warning("careful %s", "now")
    first, second = (json.loads(line) for line in lines.getvalue().splitlines())
    assert first == first | {"event": "served", "status": 200, "level": "info", "request_id": "req-12345678"}
    assert second == second | {"event": "careful now", "logger": "theirs", "request_id": "req-12345678"}
    assert first["time"].endswith("Z")


def test_an_exception_stays_on_one_line(lines: io.StringIO) -> None:
    try:
        raise ValueError(f"boom {SECRETS[0]}")
    except ValueError:
        get_logger("ours").exception("failed")
    (line,) = lines.getvalue().splitlines()
    assert "ValueError" in json.loads(line)["exception"]
    assert SECRETS[0] not in line


@respx.mock
def test_httpx_cannot_log_the_key_even_at_debug(lines: io.StringIO) -> None:
    respx.get(url__startswith="https://api.example/").respond(200)
    logging.getLogger("httpx").setLevel(logging.DEBUG)
    httpx.get("https://api.example/v4/sports", params={"apiKey": SECRETS[1]})
    httpx.get(f"https://api.example/bot{SECRETS[0]}/sendMessage")
    text = lines.getvalue()
    assert "v4/sports" in text
    assert SECRETS[0] not in text
    assert "odd%26chars" not in text
    assert "with+odd" not in text


def test_a_url_is_masked_at_its_password_only(lines: io.StringIO) -> None:
    get_logger("ours").info("connecting", url="postgresql://u:p4ssw0rd@db.internal/x?sslmode=require")
    text = lines.getvalue()
    assert "p4ssw0rd" not in text
    assert "db.internal" in text


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("https://h/v4?apiKey=abcdef&x=1", "abcdef"),
        ("https://api.telegram.org/bot123456:AAAAAAAAAAAAAAAAAAAAAAAA/getMe", "AAAAAAAAAAAA"),
        ("redis://:sesame@cache:6379", "sesame"),
        ("Authorization: Bearer abc.def.ghi", "abc.def.ghi"),
    ],
)
def test_what_looks_like_a_secret_is_masked_without_being_known(text: str, hidden: str) -> None:
    assert hidden not in redact(text)
    assert MASK in redact(text)
