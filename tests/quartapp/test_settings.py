"""Settings: one clear error that names every variable to mend, and never a value."""

from __future__ import annotations

import re
import subprocess

import pytest

from quartapp.settings import REQUIRED_IN_PRODUCTION, InvalidSettingsError, Settings, read_settings
from tests.conftest import PROJECT

COMPLETE = {
    "DATABASE_URL": "postgresql://u:p%40ss@host/db",
    "REDIS_URL": "rediss://:pw@host:6380/1",
    "JWT_SECRET": "x" * 32,
    "THE_ODDS_API_KEY": "key",
    "TELEGRAM_BOT_TOKEN": "1:token",
    "TELEGRAM_ALERT_CHAT_ID": "-1",
}


def test_production_with_nothing_set_names_every_required_variable() -> None:
    with pytest.raises(InvalidSettingsError) as caught:
        read_settings({})
    for name in REQUIRED_IN_PRODUCTION:
        assert name.upper() in str(caught.value)


def test_missing_and_malformed_ones_are_named_together_and_no_value_is_shown() -> None:
    environment = {
        "DATABASE_URL": "mysql://u:hidden-one@host/db",
        "PORT": "hidden-two",
        "JWT_SECRET": "hidden-three",
        "SCHEDULE_TIMEZONE": "Hidden/Four",
        "TRUSTED_PROXIES": "hidden-five",
    }
    with pytest.raises(InvalidSettingsError) as caught:
        read_settings(environment)
    text = str(caught.value)
    for name in (*environment, "REDIS_URL", "TELEGRAM_BOT_TOKEN"):
        assert name in text
    assert "hidden" not in text.lower()


def test_an_empty_variable_counts_as_not_set() -> None:
    settings = read_settings(COMPLETE | {"PORT": "", "OPENAI_API_KEY": ""})
    assert settings.port == 8000
    assert settings.openai_api_key is None


def test_development_needs_only_where_the_services_are() -> None:
    settings = read_settings(
        {"ENVIRONMENT": "development", "DATABASE_URL": "postgres://h/db", "REDIS_URL": "redis://h"}
    )
    assert settings.environment == "development"


def test_a_cron_line_for_a_job_is_kept_under_its_name() -> None:
    settings = read_settings(COMPLETE | {"SCHEDULE_ODDS_REFRESH": "*/2 * * * *", "SCHEDULE_TIMEZONE": "UTC"})
    assert settings.schedules == {"odds_refresh": "*/2 * * * *"}
    assert settings.schedule_timezone == "UTC"


def test_settings_never_print_a_secret() -> None:
    settings = read_settings(COMPLETE)
    shown = repr(settings) + str(settings.model_dump())
    for secret in ("p%40ss", "1:token", "x" * 32):
        assert secret not in shown
    assert set(settings.secrets) >= {COMPLETE["JWT_SECRET"], COMPLETE["DATABASE_URL"]}


def test_a_process_with_bad_settings_exits_2_with_one_error(python: str) -> None:
    done = subprocess.run(
        [python, "-c", "from quartapp.settings import load_settings; load_settings()"],
        cwd=PROJECT,
        env={"PORT": "99999"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "PORT" in done.stderr
    assert "DATABASE_URL" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_example_file_documents_every_setting_and_no_other() -> None:
    example = (PROJECT / ".env.example").read_text()
    documented = {name.lower() for name in re.findall(r"^([A-Z_]+)=", example, re.M)}
    assert documented - {"schedule_daily_pass"} == set(Settings.model_fields) - {"schedules"}


def test_the_environment_of_this_process_is_not_read_beside_the_one_given(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PORT", "9999")
    monkeypatch.setenv("LOG_LEVEL", "DEBUG")
    settings = read_settings(COMPLETE)
    assert (settings.port, settings.log_level) == (8000, "INFO")


@pytest.mark.parametrize("name", ["DATABASE_URL", "REDIS_URL", "MIGRATION_DATABASE_URL"])
@pytest.mark.parametrize(
    "password", ["hid#den", "hid/den", "hid?den", "hid[den", "hid]den", "#hidden", "hid/d:en"]
)
def test_a_password_that_is_not_encoded_is_one_line_that_says_how(name: str, password: str) -> None:
    scheme = "redis" if name == "REDIS_URL" else "postgresql"
    with pytest.raises(InvalidSettingsError) as caught:
        read_settings(COMPLETE | {name: f"{scheme}://user:{password}@host.example:1234/0"})
    text = str(caught.value)
    assert f"{name}: cannot be read" in text
    assert "percent-encoded" in text
    assert "hid" not in text
    assert "den" not in text.replace("hidden", "")


@pytest.mark.parametrize("url", [
    "postgresql://user:p%23%2F%3F@host/db?sslmode=require", "postgres://user:p@ss@host/db", "postgresql+asyncpg://h/db",
    "postgresql:///db?host=/run/postgresql&user=a@b",
])  # fmt: skip
def test_urls_that_can_be_read_are_taken(url: str) -> None:
    assert read_settings(COMPLETE | {"DATABASE_URL": url}).database_url.get_secret_value() == url


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HEARTBEAT_URL", "hc.example/ping/1"),
        ("HEARTBEAT_URL", "https://"),
        ("REDIS_URL", "redis://h:6379/abc"),
        ("CORS_ALLOWED_ORIGINS", "https://a.example/"),
        ("CORS_ALLOWED_ORIGINS", "a.example"),
        ("CORS_ALLOWED_ORIGINS", "*"),
        ("TELEGRAM_ALERT_CHAT_ID", "  "),
        ("TELEGRAM_ALERT_CHAT_ID", "our chat"),
    ],
)
def test_a_value_that_could_only_fail_later_is_refused_at_start(name: str, value: str) -> None:
    with pytest.raises(InvalidSettingsError) as caught:
        read_settings(COMPLETE | {name: value})
    assert name in str(caught.value)
