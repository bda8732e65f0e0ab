"""The jobs: one module each, a function and its schedule. A new job is a module and a name in `JOBS`."""

from __future__ import annotations

from ops.clock.job import Job
from quartapp.jobs.daily_pass import DAILY_PASS
from quartapp.jobs.housekeeping import HOUSEKEEPING
from quartapp.jobs.odds_refresh import ODDS_REFRESH
from quartapp.jobs.picks import PICKS
from quartapp.jobs.regions import REGIONS
from quartapp.jobs.results import RESULTS
from quartapp.jobs.roster_injuries import ROSTER_INJURIES
from quartapp.jobs.scoreboard import SCOREBOARD
from quartapp.jobs.settle import SETTLE
from quartapp.jobs.sport_state import SPORT_STATE
from quartapp.jobs.track_record import TRACK_RECORD
from quartapp.upstreams import Upstreams

JOBS: tuple[Job[Upstreams], ...] = (
    SPORT_STATE,
    DAILY_PASS,
    ODDS_REFRESH,
    PICKS,
    ROSTER_INJURIES,
    SCOREBOARD,
    RESULTS,
    SETTLE,
    TRACK_RECORD,
    REGIONS,
    HOUSEKEEPING,
)
