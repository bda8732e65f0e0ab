"""The track record as visitors read it."""

from __future__ import annotations

from typing import Any

import httpx


async def test_every_sport_has_a_record_that_says_of_how_many_games_it_speaks(
    served: tuple[str, Any],
) -> None:
    url, _ = served
    async with httpx.AsyncClient(base_url=url) as client:
        every = await client.get("/api/track-record")
        assert (every.status_code, every.json()["sports"]) == (200, [])
        again = await client.get("/api/track-record", headers={"if-none-match": every.headers["etag"]})
        assert again.status_code == 304
        (back_test,) = every.json()["back_tests"]
        assert (back_test["kind"], back_test["games"]) == ("back_test", 380)
        (record,) = (await client.get("/api/track-record?sport=basketball_nba")).json()["sports"]
        assert (record["method"]["games"], record["picks"]["graded"]) == (0, 0)
        assert record["method"]["note"].startswith("fewer than 30")
        assert (await client.get("/api/track-record?sport=chess")).status_code == 404
        assert (await client.get("/api/track-record?league=nba")).status_code == 422
