#!/usr/bin/env python3
"""Write .env.prod from the environment, so that compose reads back exactly what went in.

    DATABASE_URL=... JWT_SECRET=... python3 scripts/write_env.py .env.prod

SETTINGS_JSON may hold more of them as one JSON object; a variable of its own name comes first.

Needs nothing but Python: it runs on the deploying machine before anything touches the VM. The file is written
beside its name with mode 0600 and renamed, so a crash leaves the old one whole; the one before stays as
PATH.previous. No value is ever printed.

Exit codes: 0 written (or already so), 1 the environment is not usable (each variable is named), 2 wrong usage.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

REQUIRED = (
    "DATABASE_URL",
    "REDIS_URL",
    "JWT_SECRET",
    "THE_ODDS_API_KEY",
    "TELEGRAM_BOT_TOKEN",
    "TELEGRAM_ALERT_CHAT_ID",
)
# Everything else that .env.example explains. What compose and the image set themselves is not taken from here:
# GIT_SHA, HOST, PORT, REUSE_PORT, SCHEDULER_STANDALONE.
OPTIONAL = (
    "BOT_DAILY_TOKENS",
    "BOT_MEMBER_DAILY_TOKENS",
    "CLOCK_LEASE_TTL_SECONDS",
    "CORS_ALLOWED_ORIGINS",
    "DATABASE_POOLER",
    "DATABASE_POOL_MAX",
    "DATA_SOURCE",
    "DOCUMENTS_MAX_MB",
    "FAST_READS",
    "DRAIN_SECONDS",
    "ENVIRONMENT",
    "ESPN_BASE_URL",
    "EXCHANGE_COMMISSIONS",
    "HEARTBEAT_URL",
    "JWT_SECRET_PREVIOUS",
    "LOG_FORMAT",
    "LOG_LEVEL",
    "MIGRATION_DATABASE_URL",
    "MIGRATION_LOCK_TIMEOUT_SECONDS",
    "ODDS_API_BASE_URL",
    "ODDS_API_CREDIT_FLOOR",
    "ODDS_API_DAILY_CREDITS",
    "OPENAI_API_KEY",
    "OPENAI_BASE_URL",
    "OPENAI_MODEL",
    "OPENAI_ANSWER_SECONDS",
    "OPENAI_PRICE_IN",
    "OPENAI_PRICE_OUT",
    "OPENAI_SILENCE_SECONDS",
    "OPS_DEBUG_ENABLED",
    "OPS_DEBUG_TOKEN",
    "STREAM_COMMENT_SECONDS",
    "TELEGRAM_ALERTS_ENABLED",
    "TELEGRAM_BASE_URL",
    "TRUSTED_PROXIES",
    "WEB_CONCURRENCY",
)
# SCHEDULE_TIMEZONE and one cron line a job, such as SCHEDULE_DAILY_PASS.
SCHEDULE = re.compile(r"SCHEDULE_[A-Z][A-Z0-9_]*\Z")

FIRST_LINE = "# Written by scripts/write_env.py. Change the environment it came from, not this file.\n"
LAST_LINE = "# complete\n"  # deploy.sh refuses a file that was cut off on its way
DOLLAR = "ENV_FILE_DOLLAR"


MOST_DRAIN_SECONDS = 30  # with the seconds of tidying up after it, below stop_grace_period


class EnvironmentRefusedError(ValueError):
    """The environment cannot be written; one line a variable, no value."""


def render(environ: Mapping[str, str]) -> str:
    """Return the file's text.

    Raises:
        EnvironmentRefusedError: a required variable is missing or a value cannot be held in an env file.
    """
    given = _settings(environ) | {name: value for name, value in environ.items() if value}
    taken = {name: given[name] for name in sorted(given) if _is_taken(name) and given[name]}
    wrong = [f"{name} is required and not set" for name in REQUIRED if not taken.get(name, "").strip()]
    drain = taken.get("DRAIN_SECONDS", "0")
    if not drain.isdigit() or int(drain) > MOST_DRAIN_SECONDS:
        wrong.append(
            f"DRAIN_SECONDS must be a whole number up to {MOST_DRAIN_SECONDS}: Docker kills after 45 s"
        )
    for name, value in taken.items():
        if "\n" in value or "\r" in value:
            wrong.append(f"{name} holds a line break, which an env file cannot carry: remove it")
        try:
            value.encode()
        except UnicodeEncodeError:
            wrong.append(f"{name} is not valid UTF-8")
    if wrong:
        raise EnvironmentRefusedError("\n".join(wrong))
    lines = [f"{name}={quote(value)}\n" for name, value in taken.items()]
    if any("$" in value for value in taken.values()):
        lines.insert(0, f"{DOLLAR}='$'\n")
    return FIRST_LINE + "".join(lines) + LAST_LINE


def quote(value: str) -> str:
    r"""Return `value` as compose, podman-compose and python-dotenv all read it.

    They agree on double quotes with ``\\`` and ``\"``, but not on a dollar sign: compose undoes ``\$``, python-dotenv
    does not, and single quotes cannot hold a trailing backslash. All three replace ``${NAME}`` by a variable of the
    same file and do not look at the result again; so a dollar sign is written as a reference to one that holds it.

    >>> print(quote('a "b" c'))
    "a \"b\" c"
    """
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("$", "${" + DOLLAR + "}")
    return f'"{escaped}"'


def write(path: Path, text: str) -> bool:
    """Put `text` in place of what `path` holds, keep that as PATH.previous; return whether anything changed."""
    path = path.resolve()
    with contextlib.suppress(FileNotFoundError):
        if path.read_text(encoding="utf-8") == text:
            path.chmod(0o600)
            return False
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f"{path.name}.", suffix=".tmp")  # mode 0600
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as sink:
            sink.write(text)
            sink.flush()
            os.fsync(sink.fileno())
        _keep_previous(path)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)  # the rename itself survives a power cut
    finally:
        os.close(folder)
    return True


def main(arguments: list[str]) -> int:
    """Run the command; return its exit code."""
    if len(arguments) != 1 or arguments[0] in ("-h", "--help"):
        print(__doc__)
        return 0 if arguments in (["-h"], ["--help"]) else 2
    path = Path(arguments[0])
    try:
        changed = write(path, render(os.environ))
    except EnvironmentRefusedError as problem:
        print(f"{path} is as it was. The environment is not usable:", file=sys.stderr)
        for line in str(problem).splitlines():
            print(f"  {line}", file=sys.stderr)
        return 1
    except OSError as problem:
        print(f"{path} cannot be written: {problem.strerror}", file=sys.stderr)
        return 1
    print(f"{path} {'written' if changed else 'is already so'}")
    return 0


def _settings(environ: Mapping[str, str]) -> dict[str, str]:
    try:
        found = json.loads(environ.get("SETTINGS_JSON") or "{}")
    except ValueError:
        found = None
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise EnvironmentRefusedError("SETTINGS_JSON is no JSON object of texts")
    return found


def _is_taken(name: str) -> bool:
    return name in REQUIRED or name in OPTIONAL or SCHEDULE.match(name) is not None


def _keep_previous(path: Path) -> None:
    """Make PATH.previous the file that `path` is now, at no moment without one."""
    link = path.with_name(f"{path.name}.previous.{os.getpid()}")
    try:
        os.link(path, link)
    except FileNotFoundError:
        return
    link.chmod(0o600)
    os.replace(link, path.with_name(f"{path.name}.previous"))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
