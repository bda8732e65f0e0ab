"""Injuries stand with the team they are of, whatever the two feeds call it, and in the source's own words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from quartapp.records import InjuryReport
from quartapp.settings import Settings
from quartapp.store import teams
from quartapp.team_names import TeamNames
from tests.support.examples import SPORT, book, event, h2h
from tests.support.leader import Leader, open_leader

SOON = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=6)


@pytest.mark.parametrize(("theirs", "ours"), [
    ("LA Clippers", "Los Angeles Clippers"), ("Montreal Canadiens", "Montréal Canadiens"),
    ("Ohio State Buckeyes", "Ohio St Buckeyes"), ("Ohio State Buckeyes", "Ohio St"), ("Montreal", "Montréal Canadiens"),
    ("St. Louis Blues", "Saint Louis Blues"), ("Brighton & Hove Albion", "Brighton and Hove Albion"),
    ("Tottenham Hotspur", "Tottenham"), ("AFC Bournemouth", "Bournemouth"), ("Hawai'i Rainbow Warriors", "Hawaii"),
])  # fmt: skip
def test_one_team_is_found_under_either_name(theirs: str, ours: str) -> None:
    league = [theirs, "Utah Jazz", "Los Angeles Lakers", "Ohio Bobcats", "New York Rangers"]
    assert TeamNames(league).find(ours) == theirs


@pytest.mark.parametrize(("league", "name"), [
    (["LA Clippers", "Los Angeles Lakers"], "Los Angeles"), (["Ohio State Buckeyes"], "Ohio Bobcats"),
    (["Ohio State Buckeyes"], "Ohio"), (["West Virginia Mountaineers"], "Virginia"), ([], "Utah Jazz"),
    (["Manchester City", "Manchester United"], "Manchester"), (["Tottenham Hotspur"], "San Antonio Spurs"),
    (["Texas Tech Red Raiders", "Texas A&M Aggies"], "Texas"),
])  # fmt: skip
def test_a_name_that_could_be_another_team_s_finds_nobody(league: list[str], name: str) -> None:
    assert TeamNames(league).find(name) is None


async def test_every_status_but_active_and_probable_is_shown_with_its_team(
    database: Any, redis: Any, settings: Settings
) -> None:
    statuses = (
        "15-Day-IL",
        "Paternity",
        "Day-To-Day",
        "Physically Unable to Perform",
        "Illness watch",
        "Active",
        "Probable",
    )
    reports = [
        InjuryReport("LA Clippers", f"Player {n}", None, status, None, None, None)
        for n, status in enumerate(statuses)
    ]
    async with open_leader(database, redis, settings) as leader:
        await _store(leader, reports)
        analysis = (await leader.read("/api/analysis/g1"))["analysis"]
    shown = [(one["team"], one["status"]) for one in analysis["injuries"]]
    assert sorted(shown) == sorted(("Los Angeles Clippers", status) for status in statuses[:5])
    assert "Out: 3 for Los Angeles Clippers." in analysis["summary"]


async def _store(leader: Leader, reports: list[InjuryReport]) -> None:
    async with leader.transaction() as connection:
        await teams.replace_injuries(connection, SPORT, reports, "ESPN", datetime.now(UTC))
    await leader.store(
        event("g1", book("fanduel", h2h("-150", "+130")), starts=SOON, home="Los Angeles Clippers")
    )
