"""The shape of what probes and operators are answered; OpenAPI is generated from it."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, NotRequired

from typing_extensions import TypedDict

from ops.clock.ledger import Run
from ops.clock.register import JobSummary
from ops.instances import Instance


class FieldError(TypedDict):
    """What is wrong with one parameter or field."""

    field: str
    reason: str


class Problem(TypedDict):
    """An error (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    request_id: str
    code: NotRequired[str]
    errors: NotRequired[list[FieldError]]


class Health(TypedDict):
    """Alive."""

    ok: Literal[True]


class Check(TypedDict):
    """What one part answered; `error` is a word, `current`, `head` and `standing` are the schema's."""

    ok: bool
    error: NotRequired[str]
    duration_ms: NotRequired[float]
    current: NotRequired[str | None]
    head: NotRequired[str]
    standing: NotRequired[str]


class Ready(TypedDict):
    """Whether the process can answer visitors, part by part."""

    ok: bool
    checks: dict[str, Check]


class Jobs(TypedDict):
    """Every job and its newest run."""

    jobs: list[JobSummary]
    request_id: str


class History(TypedDict):
    """A job's newest runs."""

    job_name: str
    runs: list[Run]
    request_id: str


class Acted(TypedDict):
    """What was done to a job; `job_request_id` where a run was asked for."""

    job_name: str
    action: str
    job_request_id: NotRequired[int]
    request_id: str


class Holdings(TypedDict):
    """The documents in this process's memory."""

    held: int
    bytes: int
    version: int
    stale: bool


class Credits(TypedDict):
    """What is left of The Odds API's credits, and what today has cost."""

    remaining: int | None
    spent_today: int


class Trouble(TypedDict):
    """Something that is not as it should be; `code` is a stable word."""

    code: str
    since: datetime
    detail: str


class Status(TypedDict):
    """Who is alive, who leads, what is wrong, what is held."""

    instances: list[Instance]
    leader: str | None
    state: Literal["ok", "degraded", "down"]
    reasons: list[Trouble]
    git_sha: str
    documents: Holdings
    odds_api_credits: Credits
    request_id: str
