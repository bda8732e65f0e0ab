"""Whole passes: what is stored and published together, what changes nothing, and what a replaced leader may do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import orjson
import pytest

from ops.clock.fence import FencedOutError, next_token
from ops.database import open_database, session
from quartapp.documents.table import Document, publish
from quartapp.jobs.odds_refresh import odds_refresh
from quartapp.jobs.results import results
from quartapp.records import InjuryReport
from quartapp.settings import Settings
from quartapp.store import games, odds, sports, teams
from tests.support import upstream as faults
from tests.support.examples import AWAY, HOME, SPORT, book, event, h2h, score, sport, spreads, totals
from tests.support.leader import Leader, open_leader
from tests.support.upstream import Upstream, open_upstream
from tests.support.waiting import eventually

SOON = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=6)
QUOTED = book("fanduel", h2h("-150", "+130"), spreads("-3.5"), totals("221.5"))
OTHER_SPORT = "icehockey_nhl"


async def test_two_passes_that_change_nothing_publish_nothing(leader: Leader) -> None:
    """Same ETag, same generated_at, same version: for every document, those that tell ages included."""
    assert await leader.store(event("g1", QUOTED, starts=SOON), event("g2", starts=SOON)) > 0
    before = await leader.published()
    assert {
        "/api/sports",
        "/api/games",
        f"/api/analysis?sport={SPORT}",
        "/api/game/g1",
        "/api/analysis/g2",
    } <= (before.keys())
    for _ in range(2):
        assert await leader.store(event("g1", QUOTED, starts=SOON), event("g2", starts=SOON)) == 0
        assert await leader.republish(SPORT) == 0
        assert await leader.republish() == 0
    assert await leader.published() == before
    assert await leader.rows("SELECT version FROM document_versions") == [{"version": 1}]


async def test_a_pass_publishes_only_the_documents_whose_game_changed(leader: Leader) -> None:
    await leader.store(event("g1", QUOTED, starts=SOON), event("g2", QUOTED, starts=SOON))
    before = await leader.published()
    moved = book("fanduel", h2h("-160", "+140"), spreads("-3.5"), totals("221.5"))
    await leader.store(event("g1", QUOTED, starts=SOON), event("g2", moved, starts=SOON))
    after = await leader.published()
    assert after.keys() == before.keys()
    unchanged = {key for key in after if after[key] == before[key]}
    # /api/sports tells when odds changed to the second, which may be the same one.
    assert unchanged - {"/api/sports"} == {"/api/game/g1", "/api/analysis/g1"}
    changed = orjson.loads(after["/api/game/g2"][1])
    assert changed["game"]["bookmakers"][0]["markets"][0]["outcomes"][0]["price_american"] == -160
    assert changed["generated_at"] > orjson.loads(after["/api/game/g1"][1])["generated_at"]


async def test_when_odds_were_updated_is_when_they_changed(leader: Leader) -> None:
    await leader.store(event("g1", QUOTED, starts=SOON))

    async def told() -> tuple[str, str]:
        listed = await leader.read("/api/sports")
        game = await leader.read("/api/analysis/g1")
        return listed["sports"][0]["odds_updated_at"], game["analysis"]["freshness"]["odds_updated_at"]

    first = await told()
    (row,) = await leader.rows("SELECT max(recorded_at) AS at FROM odds_history")
    stamp = row["at"].strftime("%Y-%m-%dT%H:%M:%SZ")
    assert first == (stamp, stamp)
    long_ago = datetime.now(UTC) - timedelta(hours=3)
    async with leader.transaction() as connection:  # as if that had been three hours ago
        for statement in ("odds SET changed_at", "odds_history SET recorded_at"):
            await connection.execute(f"UPDATE {statement} = :at", {"at": long_ago})
    await leader.store(event("g1", QUOTED, starts=SOON))
    assert await told() == (long_ago.strftime("%Y-%m-%dT%H:%M:%SZ"),) * 2
    await leader.store(event("g1", book("fanduel", h2h("-160", "+140")), starts=SOON))
    assert min(await told()) >= stamp


async def test_a_moved_game_moves_in_every_list_and_keeps_its_page(leader: Leader) -> None:
    await leader.store(event("g1", QUOTED, starts=SOON), event("g2", starts=SOON + timedelta(hours=1)))
    await leader.store(
        event("g1", QUOTED, starts=SOON + timedelta(days=1)), event("g2", starts=SOON + timedelta(hours=1))
    )
    for key in ("/api/games", f"/api/games?sport={SPORT}"):
        assert [game["id"] for game in (await leader.read(key))["games"]] == ["g2", "g1"]
    expected = (SOON + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert (await leader.read("/api/game/g1"))["game"]["commence_time"] == expected
    (listed,) = (await leader.read("/api/sports"))["sports"]
    assert listed["next_game_at"] == (SOON + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")


async def test_a_vanished_game_leaves_the_lists_and_its_pages_go(leader: Leader) -> None:
    await leader.store(event("g1", QUOTED, starts=SOON), event("g2", starts=SOON))
    await leader.store(event("g2", starts=SOON))
    published = await leader.published()
    assert not {"/api/game/g1", "/api/analysis/g1"} & published.keys()
    for key in ("/api/games", f"/api/games?sport={SPORT}"):
        assert [game["id"] for game in orjson.loads(published[key][1])["games"]] == ["g2"]
    assert (await leader.read("/api/sports"))["sports"][0]["upcoming_games"] == 1


async def test_a_finished_game_leaves_the_lists_and_keeps_its_page_with_the_score(leader: Leader) -> None:
    began = datetime.now(UTC) - timedelta(hours=3)
    await leader.store(event("g1", QUOTED, starts=began))
    assert (await leader.read("/api/games"))["games"][0]["status"] == "live"
    async with leader.transaction() as connection:
        await games.write_scores(connection, [score("g1", (110, 104), completed=True)], datetime.now(UTC))
    await leader.republish(SPORT)
    assert (await leader.read("/api/games"))["games"] == []
    assert (await leader.read(f"/api/analysis?sport={SPORT}"))["analyses"] == []
    game = (await leader.read("/api/game/g1"))["game"]
    assert (game["status"], game["scores"]) == ("final", {"home": 110, "away": 104})
    async with leader.transaction() as connection:
        await connection.execute("UPDATE games SET final_at = final_at - interval '8 days'")
    await leader.republish(SPORT)
    assert "/api/game/g1" not in await leader.published()


async def test_a_game_whose_end_nobody_tells_is_listed_as_unresolved_and_its_correction_is_told(
    leader: Leader,
) -> None:
    began = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=12)
    await leader.store(event("g1", QUOTED, starts=began), event("g2", QUOTED, starts=SOON))
    for key in ("/api/games", f"/api/games?sport={SPORT}"):
        assert [(game["id"], game["status"]) for game in (await leader.read(key))["games"]] == [
            ("g1", "unresolved"),
            ("g2", "scheduled"),
        ]
    for points in ((110, 104), (111, 104)):
        async with leader.transaction() as connection:
            await games.write_scores(connection, [score("g1", points, completed=True)], datetime.now(UTC))
    await leader.republish(SPORT)
    game = (await leader.read("/api/game/g1"))["game"]
    assert (game["status"], game["scores"]["home"]) == ("final", 111)
    assert game["final_at"] is not None
    assert game["corrected_at"] >= game["final_at"]


async def test_a_game_that_was_rained_off_and_relisted_is_scheduled_with_its_odds(leader: Leader) -> None:
    """It had been final without a score for ever, and in no list."""
    began = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=9)
    await leader.store(event("g1", QUOTED, starts=began))
    await leader.store(event("g1", QUOTED, starts=SOON + timedelta(days=1)))
    (game,) = (await leader.read("/api/games"))["games"]
    assert (game["status"], game["bookmakers"][0]["key"]) == ("scheduled", "fanduel")
    assert len((await leader.read(f"/api/analysis?sport={SPORT}"))["analyses"]) == 1


async def test_a_page_of_analyses_changes_when_a_game_begins_though_its_odds_stand_still(
    leader: Leader,
) -> None:
    """Suggestions are computed from that page and kept until it changes."""
    await leader.store(event("g1", QUOTED, starts=SOON))
    before = await leader.read(f"/api/analysis?sport={SPORT}")
    async with leader.transaction() as connection:
        assert await games.start_due(connection, SOON) == {SPORT}
    await leader.republish(SPORT)
    after = await leader.read(f"/api/analysis?sport={SPORT}")
    assert [page["analyses"][0]["status"] for page in (before, after)] == ["scheduled", "live"]


async def test_a_stale_fencing_token_writes_nothing(leader: Leader) -> None:
    await leader.store(event("g1", QUOTED, starts=SOON))
    before = await leader.everything()
    await leader.take_over()
    moved = event("g1", book("fanduel", h2h("-200", "+170")), starts=SOON)
    with pytest.raises(FencedOutError):
        await leader.store(moved, event("g2", QUOTED, starts=SOON))
    with pytest.raises(FencedOutError):
        await leader.republish(SPORT)
    for job in (results, odds_refresh):
        with pytest.raises(FencedOutError):
            await job(leader.context(job.__name__))
    assert await leader.everything() == before


async def test_a_new_leader_waits_for_the_old_one_s_commit_and_then_shuts_it_out(leader: Leader) -> None:
    async with leader.transaction() as connection:
        await games.upsert(connection, SPORT, [event("g1", starts=SOON)], "sandbox", datetime.now(UTC))
        taking_over = asyncio.create_task(_next_token(leader))
        await eventually(lambda: _waits_for_a_lock(leader))
        assert not taking_over.done()
    assert await taking_over == leader.token + 1
    assert (await leader.game())["status"] == "scheduled"  # what had passed the check was kept
    with pytest.raises(FencedOutError):
        await leader.store(event("g2", starts=SOON))


async def _next_token(leader: Leader) -> int:
    async with session(leader.database) as connection:
        return await next_token(connection, "other:clock:2", datetime.now(UTC))


async def _waits_for_a_lock(leader: Leader, count: int = 1) -> bool:
    # Asked on a connection of its own: the pool's are taken by those who wait.
    connection = await asyncpg.connect(leader.resources.settings.database_url.get_secret_value())
    try:
        waiting = await connection.fetchval(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
    finally:
        await connection.close()
    return bool(waiting >= count)


async def test_a_slow_publisher_does_not_put_an_older_body_over_a_newer(
    leader: Leader, database_url: str
) -> None:
    """The injuries' job and the odds' job may publish one league at once; each must see the other's data."""
    await leader.store(event("g1", QUOTED, starts=SOON))
    blocker = await asyncpg.connect(database_url)
    hold = blocker.transaction()
    await hold.start()
    await blocker.execute(
        "LOCK TABLE injuries IN ACCESS EXCLUSIVE MODE"
    )  # stops a publisher that has read the odds
    other = open_database(database_url)
    await other.connect()
    try:
        slow = asyncio.create_task(leader.republish(SPORT))
        await eventually(lambda: _waits_for_a_lock(leader))
        newer = asyncio.create_task(_publish_newer(leader, other))
        await eventually(lambda: _done_or_waiting(leader, newer))
        await hold.rollback()
        await asyncio.gather(slow, newer)
    finally:
        await blocker.close()
        await other.disconnect()
    game = (await leader.read("/api/game/g1"))["game"]
    assert game["status"] == "newer"


async def _publish_newer(leader: Leader, database: Any) -> None:
    content = orjson.loads((await leader.published())["/api/game/g1"][1])
    del content["generated_at"]
    content["game"]["status"] = "newer"
    async with session(database) as connection, connection.transaction():
        document = Document("/api/game/g1", content)
        await publish(connection, [document], fencing_token=leader.token, now=datetime.now(UTC))


async def _done_or_waiting(leader: Leader, task: asyncio.Task[None]) -> bool:
    return task.done() or await _waits_for_a_lock(leader, 2)


# --- the jobs, where one league's upstream fails


@pytest.fixture
async def two_leagues(
    database: Any, redis: Any, settings: Settings
) -> AsyncIterator[tuple[Leader, Upstream]]:
    """Two leagues with a running game each, and an upstream that answers what a test says."""
    async with open_upstream() as upstream:
        pointed = settings.model_copy(
            update={"odds_api_base_url": f"{upstream.url}/odds-api", "odds_api_daily_credits": 20_000}
        )
        async with open_leader(database, redis, pointed) as leader:
            async with leader.transaction() as connection:
                listed = [sport(), sport(OTHER_SPORT)]
                await sports.upsert(connection, listed, leader.resources.source, datetime.now(UTC))
            began = datetime.now(UTC) - timedelta(hours=1)
            await leader.store(event("g1", QUOTED, starts=began))
            await leader.store(event("n1", starts=began, sport_key=OTHER_SPORT), sport_key=OTHER_SPORT)
            yield leader, upstream


def final(game_id: str, sport_key: str) -> dict[str, Any]:
    """A final score, as the upstream writes it."""
    return {
        "id": game_id, "sport_key": sport_key, "sport_title": sport_key, "completed": True,
        "commence_time": "2026-11-24T00:00:00Z", "home_team": HOME, "away_team": AWAY,
        "scores": [{"name": HOME, "score": "4"}, {"name": AWAY, "score": "2"}],
    }  # fmt: skip


@pytest.mark.parametrize("broken", [SPORT, OTHER_SPORT])
async def test_a_league_whose_scores_fail_does_not_keep_another_s_from_visitors(
    two_leagues: tuple[Leader, Upstream], broken: str
) -> None:
    leader, upstream = two_leagues
    well, game_id = (OTHER_SPORT, "n1") if broken == SPORT else (SPORT, "g1")
    upstream.on(f"/odds-api/v4/sports/{broken}/scores", faults.bad_key())
    upstream.on(f"/odds-api/v4/sports/{well}/scores", faults.ok([final(game_id, well)]))
    context = leader.context("results")
    with pytest.raises(Exception, match="The Odds API"):
        await results(context)
    assert context.stats["sports_failed"] == [broken]
    game = (await leader.read(f"/api/game/{game_id}"))["game"]
    assert (game["status"], game["scores"]) == ("final", {"home": 4, "away": 2})


@pytest.mark.parametrize("broken", [SPORT, OTHER_SPORT])
async def test_a_league_whose_odds_fail_does_not_keep_another_s_from_visitors(
    two_leagues: tuple[Leader, Upstream], broken: str
) -> None:
    leader, upstream = two_leagues
    well = OTHER_SPORT if broken == SPORT else SPORT
    async with leader.transaction() as connection:
        await connection.execute("UPDATE sports SET odds_updated_at = NULL")
    fresh = {
        "id": "new", "sport_key": well, "sport_title": well, "commence_time": "2099-01-01T00:00:00Z",
        "home_team": HOME, "away_team": AWAY, "bookmakers": [],
    }  # fmt: skip
    upstream.on(f"/odds-api/v4/sports/{broken}/odds", faults.bad_key())
    upstream.on(f"/odds-api/v4/sports/{well}/odds", faults.ok([fresh]))
    context = leader.context("odds_refresh")
    with pytest.raises(Exception, match="The Odds API"):
        await odds_refresh(context)
    assert context.stats["sports_failed"] == [broken]
    assert "/api/game/new" in await leader.published()


async def test_a_game_that_began_is_shown_live_with_its_closing_line_although_the_odds_fail(
    two_leagues: tuple[Leader, Upstream],
) -> None:
    leader, upstream = two_leagues
    await leader.store(event("late", QUOTED, starts=SOON))
    async with leader.transaction() as connection:
        await connection.execute(
            "UPDATE games SET commence_time = :at WHERE id = 'late'", {"at": datetime.now(UTC)}
        )
        await connection.execute("UPDATE sports SET odds_updated_at = NULL")
    upstream.answers(faults.bad_key())
    with pytest.raises(Exception, match="The Odds API"):
        await odds_refresh(leader.context("odds_refresh"))
    game = (await leader.read("/api/game/late"))["game"]
    assert game["status"] == "live"
    assert game["closing"] is not None
    assert set(game["closing"]["markets"]) == {"h2h", "spreads", "totals"}


async def test_results_of_unknown_games_make_form_and_no_page(two_leagues: tuple[Leader, Upstream]) -> None:
    leader, upstream = two_leagues
    upstream.on(f"/odds-api/v4/sports/{SPORT}/scores", faults.ok([final("unknown", SPORT)]))
    stats = await results(leader.context("results"))
    assert stats["games_changed"] == 1
    form = (await leader.read("/api/analysis/g1"))["analysis"]["form"]
    assert (form["home"]["results"], form["away"]["results"]) == ("W", "L")
    assert "unknown" not in {game["id"] for game in (await leader.read("/api/games"))["games"]}


# --- injuries


async def test_injuries_are_replaced_as_a_whole_and_reach_the_game_s_pages(leader: Leader) -> None:
    await leader.store(event("g1", QUOTED, starts=SOON))
    reported = datetime(2026, 11, 23, 15, tzinfo=UTC)
    for athletes in (["A. One", "B. Two"], ["B. Two"], []):
        async with leader.transaction() as connection:
            given = [InjuryReport(HOME, name, "G", "Out", "Knee", None, reported) for name in athletes]
            await teams.replace_injuries(connection, SPORT, given, "ESPN", datetime.now(UTC))
        await leader.republish(SPORT)
        for found in (
            (await leader.read("/api/game/g1"))["game"],
            (await leader.read("/api/analysis/g1"))["analysis"],
        ):
            assert [one["athlete"] for one in found["injuries"]] == athletes


async def test_the_current_odds_of_no_game_are_none(leader: Leader) -> None:
    async with leader.transaction() as connection:
        assert await odds.current(connection, []) == {}
        assert await odds.history(connection, ["nobody"]) == {}
