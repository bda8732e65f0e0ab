"""What is wrong with a running system, judged in one place from facts that others read.

`launcher status`, /ops/status, the watchdog's alerts and the site's /api/status render one `Overview`, so that none
says "well" where another does not. Pure: `ops.clock.facts` reads, the time comes in. What only the product knows
arrives as plain findings; what is too late or too often is defined in `ops.clock.thresholds`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from ops.clock.findings import Alert, Findings, Overview, Trouble, found
from ops.clock.thresholds import OVERDUE_GRACE, SERVER_ERRORS, crash_loops, overdue, versions_mixed

if TYPE_CHECKING:
    from ops.clock.facts import Facts

NO_LEADER, OVERDUE, CRASH_LOOP = "clock:no-leader", "clock:overdue", "system:crash-loop"
REDIS_AWAY, ERRORS, IDLE = "clock:redis", "web:errors", "clock:idle"


@dataclass(frozen=True, slots=True)
class Patience:
    """How long what may pass by itself is not yet an alert.

    `leaderless` tells for how long nobody has led, where the caller has watched; alerts begin after `leaderless_for`.
    """

    overdue: timedelta = OVERDUE_GRACE
    leaderless: float | None = None
    leaderless_for: float = 0.0

    @property
    def out(self) -> bool:
        """Whether a missing leader is an alert by now."""
        return self.leaderless is not None and self.leaderless > self.leaderless_for


def judge(facts: Facts, patience: Patience | None = None) -> Overview:
    """Return the verdict on `facts`."""
    patience = patience or Patience()
    late = overdue(facts.jobs, facts.now, patience.overdue)
    loops = crash_loops(facts.starts, facts.instances)
    mixed = versions_mixed(facts.instances, facts.now)
    if facts.unreachable:
        findings = _stores(facts, patience)
    else:
        findings = _deploy(facts) + _processes(facts, patience) + _schema(facts)
        findings += _found(_loops(loops), CRASH_LOOP) + _jobs(facts)
        # What is overdue while nobody leads is overdue for that, and not over either: one cause is one alert.
        findings += _found(_late(facts, late), OVERDUE) if facts.leader else Findings(_late(facts, late))
        findings += Findings(_mixed(mixed)) + found(_errors(facts), ERRORS) + _product(facts)
    dated = tuple(
        replace(trouble, since=trouble.since or facts.open_since.get(trouble.cause or "") or facts.now)
        for trouble in findings.troubles
    )
    return Overview(facts.now, dated, findings.well, tuple(late), tuple(loops), tuple(mixed))


def _stores(facts: Facts, patience: Patience) -> Findings:
    redis_away = any(name.startswith("Redis") for name in facts.unreachable)
    alert = Alert(
        "Redis does not answer",
        "No clock can lead: scheduled jobs stand still. They resume by themselves.\nSee: python -m launcher doctor",
    )
    troubles = tuple(
        Trouble(
            "store_unreachable",
            f"{name} cannot be reached",
            fatal=True,
            cause=REDIS_AWAY if name.startswith("Redis") else None,
            # The clocks tell of Redis too, under the same cause: one message.
            alert=alert if name.startswith("Redis") and patience.out else None,
        )
        for name in facts.unreachable
    )
    return Findings(troubles, () if redis_away else (REDIS_AWAY,))


def _deploy(facts: Facts) -> Findings:
    deploy = facts.last_deploy or {}
    if deploy.get("status") == "failed":
        text = f"the last deploy failed at: {deploy.get('step')}; see var/deploy.log"
        return Findings((Trouble("deploy_failed", text, public=False),))
    if deploy.get("status") == "running":
        text = (
            f"the deploy of {short(deploy.get('commit'))}, begun at {deploy.get('started_at')}, has not ended."
            " If none runs it was killed: run it again (var/deploy.log shows how far it came)"
        )
        return Findings((Trouble("deploy_unfinished", text, public=False),))
    return Findings()


def _processes(facts: Facts, patience: Patience) -> Findings:
    findings = Findings(well=(REDIS_AWAY,))
    if "web" not in {instance.role for instance in facts.instances if not instance.silent}:
        # Whoever reads /api/status has it from a living one.
        findings += Findings((Trouble("no_web", "no web process is alive", fatal=True, public=False),))
    if facts.leader is not None:
        return findings + Findings(well=(NO_LEADER,))
    alert = Alert(
        "No clock leads",
        f"For {patience.leaderless_for:g} s no process has held the clock's lease: no job runs.\n"
        "See: python -m launcher status, and that the scheduler service is up.",
    )
    told = alert if patience.out else None
    return findings + Findings(
        (Trouble("no_clock", "no clock leads", cause=NO_LEADER, alert=told, fatal=True),)
    )


def _schema(facts: Facts) -> Findings:
    if facts.schema is None or facts.schema.standing in ("at_head", "ahead"):
        return Findings()
    text = f"the schema is {facts.schema.standing}; run python -m ops.migrate_with_lock"
    return Findings((Trouble("schema", text, fatal=True),))


def _found(troubles: tuple[Trouble, ...], cause: str) -> Findings:
    return Findings(troubles) if troubles else Findings(well=(cause,))


def _loops(roles: Sequence[str]) -> tuple[Trouble, ...]:
    alert = Alert(
        f"Starts again and again: {', '.join(roles)}",
        "Each process of this role dies soon after its start; its log says why.\n"
        "See: docker compose logs, and python -m launcher status",
    )
    return tuple(
        Trouble(
            "crash_loop",
            f"{role} starts again and again; see its log",
            cause=CRASH_LOOP,
            alert=_once(alert, number),
        )
        for number, role in enumerate(roles)
    )


def _once(alert: Alert | None, number: int) -> Alert | None:
    """Return the alert for the first of several troubles that are told together."""
    return None if number else alert


def _jobs(facts: Facts) -> Findings:
    """Runs that failed, which the runner tells, and runs that succeeded with nothing done."""
    failing = tuple(
        Trouble("job_failed", f"{job.job_name}: {job.status}", job.last_run_at)
        for job in facts.jobs
        if job.status in ("failure", "timeout", "lost")
    )
    if not facts.idle:
        return Findings(failing, (IDLE,))
    names = ", ".join(sorted(facts.idle))
    alert = Alert(
        f"Nothing done, though something was due: {names}",
        "The run ended well and did nothing of what it had to do; its stats have `due` and `done`.\n"
        f"See: python -m launcher jobs history {min(facts.idle)}",
        "warning",
        "once",
    )
    text = f"{names} did nothing, though something was due"
    idle = Trouble("job_idle", text, min(facts.idle.values()), IDLE, alert)
    return Findings((*failing, idle))


def _late(facts: Facts, names: Sequence[str]) -> tuple[Trouble, ...]:
    """Jobs that are overdue; told only while a clock leads, for else the missing leader is what is told."""
    alert = Alert(
        f"Overdue: {', '.join(names)}",
        "The clock has not started these when they were due.\nSee: python -m launcher jobs list",
    )
    due = {job.job_name: job.next_run_at for job in facts.jobs}
    return tuple(
        Trouble(
            "job_overdue",
            f"{name} is overdue",
            due[name],
            OVERDUE,
            _once(alert if facts.leader else None, number),
        )
        for number, name in enumerate(names)
    )


def _product(facts: Facts) -> Findings:
    if facts.unexamined:
        text = "whether what is shown is fresh could not be examined"
        return Findings((Trouble("not_examined", text),))
    return facts.product


def _mixed(versions: Sequence[str]) -> tuple[Trouble, ...]:
    if not versions:
        return ()
    names = ", ".join(map(short, versions))
    text = f"two versions run beside each other: {names}; deploy again"
    return (Trouble("versions_mixed", text, public=False),)


def _errors(facts: Facts) -> Trouble | None:
    count = facts.server_errors
    if count < SERVER_ERRORS:
        return None
    alert = Alert(
        f"{count} answers of 5xx within five minutes",
        "Visitors are refused. The log's lines of `request` with a status of 500 or more say which.\n"
        "See: docker compose logs, and python -m launcher doctor",
    )
    text = f"{count} requests were answered with an error within five minutes"
    return Trouble("server_errors", text, cause=ERRORS, alert=alert)


def short(commit: object) -> str:
    """Return a commit as people write it."""
    return str(commit or "nothing")[:12]
