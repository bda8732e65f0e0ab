"""One JSON object a line (or a readable line at a terminal), with secrets removed at the handler.

Redaction sits in the handler's formatter, the last step before the bytes leave, so that a third-party
library's record passes through it like our own.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import time
from collections.abc import Iterable, Iterator, MutableMapping
from contextlib import contextmanager
from functools import cache
from typing import Any, Literal, TextIO, cast
from urllib.parse import quote, quote_plus, unquote

import orjson

_no_rich = "rich" not in sys.modules
if _no_rich:
    # structlog draws tracebacks with rich where it finds it: 60 modules and 4 MB that nothing here uses.
    sys.modules["rich"] = None  # type: ignore[assignment]
import structlog  # noqa: E402

if _no_rich:
    del sys.modules["rich"]

from ops.telemetry.sink import Sink  # noqa: E402

__all__ = ["bound", "configure_logging", "get_logger", "output", "redact", "redactor"]

MASK = "[redacted]"
FIELD_CHARACTERS = (
    16_000  # an upstream's answer in an error can be 44 MB; log stores refuse or cut such lines
)
LINE_CHARACTERS = 64_000

# What gives itself away by its shape, even where nobody told us the value.
_SHAPES = re.compile(
    r"(?P<bot>bot\d{5,}:[A-Za-z0-9_-]{20,})"
    r"|(?P<query>(?<=[?&])(?:api_?key|access_token|token|secret|password)=[^&\s\"']+)"
    r"|(?P<userinfo>(?<=://)[^/\s:@\"']*:[^/\s\"']+(?=@))"
    r"|(?P<bearer>(?<=Bearer )[A-Za-z0-9._~+/=-]{8,})",
    re.IGNORECASE,
)


class Redactor:
    """Removes known secret values and secret-shaped text from a line."""

    def __init__(self) -> None:
        self._known: re.Pattern[str] | None = None
        self._values: set[str] = set()

    def know(self, secrets: Iterable[str]) -> None:
        """Remember `secrets`, in the spellings they take inside URLs and JSON too."""
        for secret in secrets:
            # A URL is a secret for the password in it; its host is not, and operators need it.
            # Up to the last @, for a password that nobody percent-encoded holds # or / and is one all the same.
            match = re.match(r"[^:/]+://[^:@/]*:(.+)@", secret)
            password = match[1] if match else None
            for value in (secret, password, password and unquote(password)):
                if value and len(value) >= 6:
                    json_spelling = orjson.dumps(value).decode()[1:-1]
                    self._values |= {value, quote(value, safe=""), quote_plus(value), json_spelling}
        longest_first = sorted(self._values, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None

    def __call__(self, text: str) -> str:
        if self._known is not None:
            text = self._known.sub(MASK, text)
        return _SHAPES.sub(_mask_shape, text)


def _mask_shape(match: re.Match[str]) -> str:
    if match.lastgroup == "query":
        return match.group().split("=", 1)[0] + "=" + MASK
    return "bot" + MASK if match.lastgroup == "bot" else MASK


redactor = Redactor()


def redact(text: str) -> str:
    """Return `text` without secrets: for ledger rows, alerts and error bodies.

    >>> redact("GET https://host/v4/sports?apiKey=abc123&x=1")
    'GET https://host/v4/sports?apiKey=[redacted]&x=1'
    """
    return redactor(text)


def configure_logging(
    level: str = "INFO",
    fmt: Literal["json", "console"] | None = None,
    secrets: Iterable[str] = (),
    stream: TextIO | None = None,
) -> None:
    """Send every logger's records through one redacting handler on `stream` (standard output).

    `fmt` None chooses console at a terminal and JSON elsewhere. Without `stream` lines go through `output`, which
    never blocks.
    """
    stream = stream or cast(TextIO, output())
    redactor.know(secrets)
    console = fmt == "console" or (fmt is None and stream.isatty())
    final: Any = (
        # Plain tracebacks: the pretty ones show locals (secrets, whole slates) and take seconds to draw.
        structlog.dev.ConsoleRenderer(
            colors=stream.isatty(), pad_event_to=0, exception_formatter=structlog.dev.plain_traceback
        )
        if console
        else structlog.processors.JSONRenderer(serializer=_dump)
    )
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
        structlog.stdlib.ExtraAdder(),
    ]
    structlog.configure(
        processors=[*shared[:4], structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    finish: list[Any] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta]
    if not console:
        finish.append(structlog.processors.format_exc_info)
    finish.append(_bound_fields)
    handler = _Handler(stream)
    handler.setFormatter(_Redacting(foreign_pre_chain=shared, processors=[*finish, final]))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    # These name whole URLs, keys included, at INFO; what we need of a request we log ourselves.
    for chatty in ("httpx", "httpcore", "hpack", "databases", "alembic.runtime.plugins"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    """Return a logger; fields go as keywords: ``log.info("published", documents=3)``."""
    return structlog.stdlib.get_logger(name)


@contextmanager
def bound(**fields: object) -> Iterator[None]:
    """Put `fields` (request_id, correlation_id) on every line logged inside, third parties' included."""
    with structlog.contextvars.bound_contextvars(**fields):
        yield


def output() -> Sink:
    """Return this process's standard output as a stream that never blocks: one for logs and access lines alike."""
    return _sink_of(sys.stdout)


@cache
def _sink_of(stream: TextIO) -> Sink:
    return Sink(stream)


class _Handler(logging.StreamHandler[TextIO]):
    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - its name in logging
        """Stay silent: the library would print the record's arguments to standard error, unredacted."""


class _Redacting(structlog.stdlib.ProcessorFormatter):
    def format(self, record: logging.LogRecord) -> str:
        try:
            line = redactor(super().format(record))
        except Exception as problem:  # what cannot be rendered must not end the caller, nor leave unredacted
            return _plain_line(record, f"a log line could not be rendered ({type(problem).__name__})")
        if len(line) > LINE_CHARACTERS:
            return _plain_line(
                record, f"a log line of {len(line)} characters was cut", line[:FIELD_CHARACTERS]
            )
        return line


def _plain_line(record: logging.LogRecord, event: str, message: str = "") -> str:
    """Return a line of text alone, for what the ordinary way could not print."""
    if not message:
        try:
            message = redactor(_cut(str(record.msg)))
        except Exception:
            message = "unknown"
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created))
    fields = {"time": now, "level": record.levelname.lower(), "logger": record.name, "event": event}
    return json.dumps(fields | {"message": message})


def _bound_fields(_: Any, __: str, event: MutableMapping[str, Any]) -> dict[str, Any]:
    return {name: _cut(value) if isinstance(value, str) else value for name, value in event.items()}


def _cut(text: str) -> str:
    """Return a long text's beginning and end: a traceback's last lines say most."""
    if len(text) <= FIELD_CHARACTERS:
        return text
    # Redacted before the cut that stays, or half a secret at its edge would not be known for one.
    head, tail = redactor(text[: FIELD_CHARACTERS // 2]), redactor(text[-FIELD_CHARACTERS:])
    return f"{head[: FIELD_CHARACTERS // 4]}… ({len(text)} characters) …{tail[-FIELD_CHARACTERS // 2 :]}"


def _dump(event: dict[str, Any], **_: Any) -> str:
    try:
        return orjson.dumps(
            event, default=_representation, option=orjson.OPT_NON_STR_KEYS | orjson.OPT_UTC_Z
        ).decode()
    except (TypeError, ValueError, RecursionError):  # half characters, integers beyond 64 bits, circles
        return json.dumps({str(name): _representation(value) for name, value in event.items()})


def _representation(value: Any) -> str:
    if isinstance(value, str):
        return value
    try:
        return _cut(repr(value))
    except Exception as problem:
        return f"<{type(value).__name__} whose repr raises {type(problem).__name__}>"
