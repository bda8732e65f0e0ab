"""Every environment variable, typed, documented and validated at start.

`load_settings` is the one place that reads the environment; everything else is handed a `Settings`.
`.env.example` documents the same variables for operators; a test holds the two together.
"""

from __future__ import annotations

import ipaddress
import os
import re
import sys
from collections.abc import Mapping
from typing import Any, Literal
from urllib.parse import SplitResult, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)

from ops.web.access import parse_tokens
from quartapp.odds.exchanges import COMMISSIONS, commissions_of

# Development starts without secrets of its own; production is refused at start without these.
REQUIRED_IN_PRODUCTION = (
    "database_url",
    "redis_url",
    "jwt_secret",
    "the_odds_api_key",
    "telegram_bot_token",
    "telegram_alert_chat_id",
)


_ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?|https?://\[[0-9a-f:]+\](:[0-9]{1,5})?")
_CHAT = re.compile(r"-?[0-9]{1,20}|@[A-Za-z][A-Za-z0-9_]{3,}")


class Settings(BaseModel):
    """The whole configuration of a process. Secrets are `SecretStr`: they never print."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    environment: Literal["production", "development"] = "production"
    git_sha: str = "unknown"

    # Where the services are
    database_url: SecretStr = SecretStr("")
    migration_database_url: SecretStr | None = None
    database_pool_max: int = Field(5, ge=1, le=50)
    database_pooler: bool = False
    redis_url: SecretStr = SecretStr("")
    migration_lock_timeout_seconds: float = Field(600, gt=0, le=86_400)

    # Keys
    jwt_secret: SecretStr = SecretStr("")
    jwt_secret_previous: SecretStr | None = None
    the_odds_api_key: SecretStr = SecretStr("")
    openai_api_key: SecretStr | None = None
    openai_model: str = "gpt-4o-mini"
    # Seconds: between two pieces of a model's answer, and for the whole of it
    openai_silence_seconds: float = Field(10, gt=0, le=120)
    openai_answer_seconds: float = Field(45, gt=0, le=600)
    # Dollars for a million tokens, and tokens a day (UTC)
    openai_price_in: float = Field(0.15, ge=0, le=10_000)
    openai_price_out: float = Field(0.60, ge=0, le=10_000)
    bot_daily_tokens: int = Field(2_000_000, ge=0)
    bot_member_daily_tokens: int = Field(40_000, ge=0)

    # Alerts
    telegram_bot_token: SecretStr = SecretStr("")
    telegram_alert_chat_id: str = ""
    telegram_alerts_enabled: bool = True
    heartbeat_url: SecretStr | None = None

    # The web role
    host: str = "0.0.0.0"  # noqa: S104 - inside a container; compose decides what is published
    port: int = Field(8000, ge=0, le=65_535)
    reuse_port: bool = False
    fast_reads: bool = True  # false: every request goes through Hypercorn's own parser
    web_concurrency: int = Field(1, ge=1, le=64)
    drain_seconds: float = Field(20, gt=0, le=600)
    cors_allowed_origins: tuple[str, ...] = ()
    trusted_proxies: tuple[str, ...] = ()
    stream_comment_seconds: float = Field(15, gt=0, le=60)  # a proxy takes longer silence for death
    documents_max_mb: int = Field(128, ge=8, le=4096)
    ops_debug_enabled: bool = False
    ops_debug_token: SecretStr | None = None
    scheduler_standalone: bool = False

    # The clock
    clock_lease_ttl_seconds: float = Field(15, ge=0.5, le=3600)
    schedule_timezone: str = "America/New_York"
    schedules: dict[str, str] = Field(default_factory=dict)
    odds_api_daily_credits: int = Field(500, ge=0)
    odds_api_credit_floor: int = Field(50, ge=0)
    exchange_commissions: dict[str, float] = Field(default_factory=lambda: dict(COMMISSIONS))

    # Upstreams; tests and the sandbox point these at loopback
    data_source: Literal["live", "sandbox", "replay"] = "live"
    odds_api_base_url: str = "https://api.the-odds-api.com"
    espn_base_url: str = "https://site.api.espn.com"
    telegram_base_url: str = "https://api.telegram.org"
    openai_base_url: str = "https://api.openai.com"

    # Logs
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["json", "console"] | None = None

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every secret value, for the log handler to redact."""
        held = (getattr(self, name) for name in type(self).model_fields)
        values = [value.get_secret_value() for value in held if isinstance(value, SecretStr) and value]
        token = self.ops_debug_token.get_secret_value() if self.ops_debug_token else ""
        return (*values, *(part for _, part in parse_tokens(token)))

    @field_validator("log_level", mode="before")
    @classmethod
    def _upper(cls, value: object) -> object:
        return value.upper() if isinstance(value, str) else value

    @field_validator("cors_allowed_origins", "trusted_proxies", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(word.strip() for word in value.split(",") if word.strip())
        return value

    @field_validator("exchange_commissions", mode="before")
    @classmethod
    def _are_commissions(cls, value: object) -> object:
        return commissions_of(value) if isinstance(value, str) else value

    @field_validator("trusted_proxies")
    @classmethod
    def _are_networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        try:
            for network in value:
                ipaddress.ip_network(network, strict=False)
        except ValueError:
            raise ValueError("must be networks such as 172.16.0.0/12, separated by commas") from None
        return value

    @field_validator("database_url", "migration_database_url")
    @classmethod
    def _is_postgres(cls, value: SecretStr | None) -> SecretStr | None:
        if value and value.get_secret_value():
            parts = _split_url(value.get_secret_value())
            if parts.scheme.split("+")[0] not in ("postgres", "postgresql"):
                raise ValueError("must begin with postgresql:// or postgres://")
        return value

    @field_validator("redis_url")
    @classmethod
    def _is_redis(cls, value: SecretStr) -> SecretStr:
        if value and value.get_secret_value():
            parts = _split_url(value.get_secret_value())
            if parts.scheme not in ("redis", "rediss", "unix"):
                raise ValueError("must begin with redis://, rediss:// or unix://")
            database = parts.path.strip("/")
            if parts.scheme != "unix" and database and not (database.isascii() and database.isdigit()):
                raise ValueError("must end with the number of a database, such as /0, or with the port")
        return value

    @field_validator("heartbeat_url")
    @classmethod
    def _is_web(cls, value: SecretStr | None) -> SecretStr | None:
        if value and value.get_secret_value():
            parts = _split_url(value.get_secret_value())
            if parts.scheme not in ("http", "https") or not parts.hostname:
                raise ValueError("must be an http:// or https:// URL")
        return value

    @field_validator("cors_allowed_origins")
    @classmethod
    def _are_origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not all(_ORIGIN.fullmatch(origin) for origin in value):
            raise ValueError(
                "must be origins such as https://www.example.com, without a path, separated by commas"
            )
        return value

    @field_validator("telegram_alert_chat_id")
    @classmethod
    def _is_chat(cls, value: str) -> str:
        if value and not _CHAT.fullmatch(value):
            raise ValueError("must be a chat's number, such as -1001234567890, or a channel's @name")
        return value

    @field_validator("odds_api_base_url", "espn_base_url", "telegram_base_url", "openai_base_url")
    @classmethod
    def _is_http(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.netloc:
            raise ValueError("must be an http:// or https:// URL")
        return value.rstrip("/")

    @field_validator("schedule_timezone")
    @classmethod
    def _is_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError("is not a time zone name such as America/New_York") from None
        return value

    @field_validator("ops_debug_token")
    @classmethod
    def _is_a_list_of_tokens(cls, value: SecretStr | None) -> SecretStr | None:
        parse_tokens(value.get_secret_value() if value else "")
        return value

    @field_validator("jwt_secret", "jwt_secret_previous")
    @classmethod
    def _is_long(cls, value: SecretStr | None) -> SecretStr | None:
        if value and len(value.get_secret_value().encode()) < 32:
            raise ValueError("must be at least 32 bytes long")
        return value

    @model_validator(mode="after")
    def _complete_in_production(self) -> Settings:
        needed = REQUIRED_IN_PRODUCTION if self.environment == "production" else REQUIRED_IN_PRODUCTION[:2]
        missing = [name for name in needed if not _text(getattr(self, name))]
        if missing:
            raise MissingSettingsError(missing)
        return self


class MissingSettingsError(ValueError):
    """Names the required variables that are not set."""

    def __init__(self, names: list[str]) -> None:
        self.names = names
        super().__init__("missing: " + ", ".join(name.upper() for name in names))


def read_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Return the settings that `environ` (default: this process's environment) gives.

    Raises:
        InvalidSettingsError: names every missing and malformed variable, and no value.
    """
    environ = os.environ if environ is None else environ
    values: dict[str, Any] = {
        name: environ[name.upper()] for name in Settings.model_fields if environ.get(name.upper(), "") != ""
    }
    values["schedules"] = {
        name.removeprefix("SCHEDULE_").lower(): line
        for name, line in environ.items()
        if name.startswith("SCHEDULE_") and name not in ("SCHEDULE_TIMEZONE", "SCHEDULES") and line
    }
    try:
        return Settings.model_validate(values)
    except ValidationError as problem:
        raise InvalidSettingsError(_explain(problem, environ, values)) from None


class InvalidSettingsError(ValueError):
    """The environment does not make a configuration; the message has one line a variable."""


def load_settings() -> Settings:
    """Return the settings, or end the process with exit code 2 and one clear error."""
    try:
        return read_settings()
    except InvalidSettingsError as problem:
        sys.stderr.write(f"{problem}\n")
        raise SystemExit(2) from None


def _explain(problem: ValidationError, environ: Mapping[str, str], values: dict[str, Any]) -> str:
    lines: dict[str, str] = {}
    for error in problem.errors(include_input=False, include_url=False):
        cause = error.get("ctx", {}).get("error")
        if isinstance(cause, MissingSettingsError):
            lines |= {name.upper(): "is required and not set" for name in cause.names}
        else:
            name = str(error["loc"][0]).upper() if error["loc"] else "SETTINGS"
            lines[name] = error["msg"].removeprefix("Value error, ")
    # A malformed field stops pydantic before the check for missing ones: name those as well.
    if environ.get("ENVIRONMENT", "production") == "production":
        for field in REQUIRED_IN_PRODUCTION:
            if field not in values:
                lines.setdefault(field.upper(), "is required and not set")
    listing = "\n".join(f"  {name}: {reason}" for name, reason in sorted(lines.items()))
    return f"The configuration is not usable. Mend these variables (.env.example explains each):\n{listing}"


def _split_url(url: str) -> SplitResult:
    """Return the parts of a URL with a password, if it can be read without guessing where the password ends."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise ValueError(_ENCODE) from None
    behind = parts.path + parts.query
    if "#" in url or ("@" in behind and parts.netloc and "@" not in parts.netloc):
        raise ValueError(_ENCODE)
    return parts


_ENCODE = (
    "cannot be read: in its user and password these must be percent-encoded: # as %23, / as %2F, ? as %3F, "
    ": as %3A, @ as %40, [ as %5B, ] as %5D, % as %25"
)


def _text(value: SecretStr | str) -> str:
    return value.get_secret_value() if isinstance(value, SecretStr) else value
