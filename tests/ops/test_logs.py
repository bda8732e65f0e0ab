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


def alone() -> None:
    """Take pytest's own handlers away, which raise what ours must survive."""
    root = logging.getLogger()
    root.handlers[:] = [
        one for one in root.handlers if type(one.formatter).__module__ == "ops.telemetry.logs"
    ]


class Unprintable:
    """A value that no log line can hold."""

    def __repr__(self) -> str:
        raise RuntimeError(SECRETS[0])


def test_what_cannot_be_rendered_is_a_line_all_the_same(
    lines: io.StringIO, capfd: pytest.CaptureFixture[str]
) -> None:
    alone()
    circle: list[object] = []
    circle.append(circle)
    for value in (Unprintable(), "half \ud83d", 2**80, circle, {1: Unprintable()}):
        get_logger("ours").info("odd", value=value)
    written = lines.getvalue().splitlines()
    assert [json.loads(line)["event"] for line in written] == ["odd"] * 5
    assert SECRETS[0] not in lines.getvalue() + "".join(capfd.readouterr())


def test_a_library_that_logs_wrongly_shows_no_secret_anywhere(
    lines: io.StringIO, capfd: pytest.CaptureFixture[str]
) -> None:
    alone()
    theirs = logging.getLogger("theirs")
    for text, value in (("calling %s %s", f"https://h/bot{SECRETS[0]}/getMe"), ("%d", SECRETS[1])):
        theirs.warning(text, value)
    first, second = (json.loads(line) for line in lines.getvalue().splitlines())
    assert first["event"] == second["event"] == "a log line could not be rendered (TypeError)"
    shown = lines.getvalue() + "".join(capfd.readouterr())
    assert SECRETS[0] not in shown
    assert SECRETS[1] not in shown


def test_a_line_has_a_largest_size_and_says_what_was_cut(lines: io.StringIO) -> None:
    get_logger("ours").error("failed", error="begin " + "x" * 44_000_000 + " end")
    get_logger("ours").error("many", **{f"field{number}": "y" * 10_000 for number in range(100)})
    one, many = lines.getvalue().splitlines()
    assert len(one) < 20_000
    assert json.loads(one)["error"].startswith("begin ")
    assert json.loads(one)["error"].endswith(" end")
    assert len(many) < 20_000
    assert "was cut" in json.loads(many)["event"]


def test_a_secret_at_the_edge_of_a_cut_is_not_half_shown(lines: io.StringIO) -> None:
    for before in range(3_900, 4_001, 7):
        get_logger("ours").error("failed", error="z" * before + SECRETS[0] + "z" * 50_000)
    assert SECRETS[0][:14] not in lines.getvalue()


def test_the_password_within_a_url_is_known_by_itself_also_where_nobody_encoded_it() -> None:
    configure_logging("INFO", "json", ("redis://user:raw#pass/word@cache:6379/0", "redis://u:per%23cent@h/0"))
    assert redact("AUTH raw#pass/word failed") == f"AUTH {MASK} failed"
    assert redact("AUTH per#cent failed") == f"AUTH {MASK} failed"
