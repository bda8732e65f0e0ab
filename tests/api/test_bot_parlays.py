"""A parlay that Gorilla Bot prices or suggests can be looked up: address, ETag, place and value of each figure."""

from __future__ import annotations

from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from tests.bot.second_checker import SecondChecker
from tests.bot.stand import events_of
from tests.support.members import register


def at(document: Any, pointer: str) -> Any:
    for written in pointer.split("/")[1:]:
        part = written.replace("~1", "/").replace("~0", "~")
        document = document[int(part)] if isinstance(document, list) else document[part]
    return document


async def test_what_is_said_of_a_parlay_stands_in_a_read_at_its_version(served: tuple[str, Any]) -> None:
    url, _ = served
    async with httpx.AsyncClient(base_url=url, headers={"Accept-Encoding": "identity"}) as client:
        listed = (await client.get("/api/analysis?sport=basketball_nba")).json()["analyses"]
        first, second = [one for one in listed if one["status"] == "scheduled" and "h2h" in one["markets"]][
            -2:
        ]
        legs = [
            {"game_id": one["game_id"], "market": "h2h", "outcome": one["home_team"]}
            for one in (first, second)
        ]
        asked = (await client.post("/api/parlays/price", json={"legs": legs})).json()
        query = {"leg": [f"{leg['game_id']}~h2h~{leg['outcome']}" for leg in legs]}
        read = await client.get("/api/parlays/priced", params=query)
        same = await client.get(
            "/api/parlays/priced", params=query, headers={"If-None-Match": read.headers["ETag"]}
        )
        assert same.status_code == 304, "its ages are those of its documents, so its bytes stay"
        assert [(one["key"], one["price_decimal"]) for one in read.json()["bookmakers"]] == [
            (one["key"], one["price_decimal"]) for one in asked["bookmakers"]
        ]
        assert read.json()["fair"] == asked["fair"]
        as_of = datetime.fromisoformat(read.json()["as_of"])
        assert as_of == parsedate_to_datetime(read.headers["Last-Modified"]), (
            "its ages change with its documents"
        )
        for wrong, field in (
            ("leg=x", "leg[0]"), ("leg=a~h2h~b", "leg"), ("leg=a~h2h~b&leg=a~h2h~b", "leg[0].game_id"),
            ("leg=a~totals~Over~x&leg=b~h2h~c", "leg[0]"), ("legs=2", "legs"),
        ):  # fmt: skip
            refused = await client.get(f"/api/parlays/priced?{wrong}")
            assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, field)
        same_bet = await client.get("/api/parlays/priced", params={"leg": query["leg"][:1] * 2})
        assert same_bet.json()["errors"] == [
            {"field": "leg[1].market", "reason": "is the very bet that leg[0] is"}
        ]

        person = await register(client)
        for message, document in (
            (
                f"What would {first['home_team']} and {second['home_team']} moneylines pay?",
                "/api/parlays/priced?",
            ),
            ("suggest a safe 2 leg parlay", "/api/parlays/suggest?"),
        ):
            answer = await client.post("/api/bot/chat", json={"message": message}, headers=person.bearer)
            events = events_of(answer.content)
            cited = [data for name, data in events if name == "cite"]
            assert [data for data in cited if data["document"].startswith(document)], events
            documents: dict[str, Any] = {}
            for data in cited:
                found = await client.get(data["document"])
                assert found.headers["ETag"] == data["etag"]
                documents[data["document"]] = found.json()
                assert at(found.json(), data["path"]) == data["value"]
            assert SecondChecker(documents).unsupported(events) == []
            assert " times the stake" in " ".join(data["text"] for name, data in events if name == "text")
