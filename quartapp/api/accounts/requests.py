"""What may be asked about accounts: the bodies of requests. A field that is not listed is refused."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from quartapp.accounts.emails import normalise_email
from quartapp.members.regions import age_on, region_code

OLDEST_YEARS = 120


def _a_date(text: str) -> str:
    try:
        date.fromisoformat(text)
    except ValueError:
        raise ValueError("must be a date such as 1990-12-31") from None
    return text


Email = Annotated[str, Field(min_length=1, max_length=320), AfterValidator(normalise_email)]
# Longer than any password that is accepted: the rule is told in its own words, and counts after normalising.
Password = Annotated[str, Field(max_length=4000)]
Region = Annotated[str, Field(max_length=20, description="ISO 3166: GB, US-NJ."), AfterValidator(region_code)]
Day = Annotated[str, Field(max_length=10, json_schema_extra={"format": "date"}), AfterValidator(_a_date)]
Code = Annotated[str, Field(min_length=1, max_length=100)]


class _Strict(BaseModel):
    # Built at first use: seven models cost a start some milliseconds.
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True, defer_build=True)


class Registration(_Strict):
    """A new account."""

    email: Email
    password: Password
    date_of_birth: Day
    region: Region

    @property
    def born(self) -> date:
        """The date of birth."""
        return date.fromisoformat(self.date_of_birth)


class Login(_Strict):
    """Who logs in."""

    email: Email
    password: Password


class Recovery(_Strict):
    """A recovery code, and the password that it sets."""

    email: Email
    recovery_code: Code
    new_password: Password


class Reset(_Strict):
    """What an operator's link holds, and the password that it sets."""

    token: Code
    new_password: Password


class PasswordChange(_Strict):
    """The password now, and the one from now on."""

    password: Password
    new_password: Password


class Confirmation(_Strict):
    """The password, again, before what cannot be undone."""

    password: Password


def age_problem(born: date, least: int, today: date | None = None) -> str | None:
    """Return why somebody born then may not have an account where `least` is the lawful age, or None."""
    age = age_on(born, today or datetime.now(UTC).date())
    if age < 0 or age > OLDEST_YEARS:
        return "must be a date of birth"
    return f"must be at least {least} years ago in this region" if age < least else None
