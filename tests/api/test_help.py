"""Where help is, by region, and the rules of settlement: published documents like any read."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import httpx
import pytest

from quartapp.members.region_file import packaged
from quartapp.settle.rules import rules_of
from quartapp.settle.states import CORRECTABLE_FOR


async def test_help_is_published_for_every_region_that_is_known(served: tuple[str, Any]) -> None:
    url, _ = served
    async with httpx.AsyncClient(base_url=url) as client:
        every = (await client.get("/api/help")).json()
        assert every["age"] == 21
        assert {
            "region": "GB",
            "name": "Samaritans",
            "phone": "116 123",
            "url": "https://www.samaritans.org",
        } in every["helplines"]
        for region in packaged():
            answer = await client.get("/api/help", params={"region": region.code})
            assert answer.json()["age"] == packaged().help_of(region.code).age
            assert answer.json()["helplines"]
        britain = await client.get("/api/help?region=GB")
        again = await client.get("/api/help?region=GB", headers={"if-none-match": britain.headers["etag"]})
        assert again.status_code == 304


@pytest.mark.parametrize(
    ("region", "age", "first"),
    [
        ("us-ma", 21, "Massachusetts Problem Gambling Helpline"),
        ("US-NJ", 21, "National Problem Gambling Helpline"),
        ("XX", 21, "Gambling Therapy"),
        ("XX-9", 21, "Gambling Therapy"),
    ],
)
async def test_a_region_without_its_own_lines_is_told_its_countrys(
    served: tuple[str, Any], region: str, age: int, first: str
) -> None:
    async with httpx.AsyncClient(base_url=served[0]) as client:
        answer = (await client.get("/api/help", params={"region": region})).json()
    assert (answer["age"], answer["helplines"][0]["name"]) == (age, first)


async def test_what_is_no_region_is_refused_by_name(served: tuple[str, Any]) -> None:
    async with httpx.AsyncClient(base_url=served[0]) as client:
        answer = await client.get("/api/help", params={"region": "New Jersey"})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "region")


async def test_the_rules_are_published_with_the_figures_that_the_grader_uses(served: tuple[str, Any]) -> None:
    url, _ = served
    async with httpx.AsyncClient(base_url=url) as client:
        answer = (await client.get("/api/rules")).json()
    said = {rule["topic"]: rule["text"] for rule in answer["rules"]}
    assert answer["corrected_hours"] == CORRECTABLE_FOR / timedelta(hours=1)
    assert f"{answer['corrected_hours']:g} hours" in said["corrected"]
    for sport in answer["sports"]:
        for key in sport["keys"]:
            rules = rules_of(key)
            assert (sport["name"], sport["minimum"], sport["postponed_hours"]) == (
                rules.name,
                {market: float(least) for market, least in rules.minimum.items()},
                rules.window / timedelta(hours=1),
            )
            assert f"{sport['postponed_hours']:g} hours" in said["postponed"]
            for least in sport["minimum"].values():
                assert re.search(rf"\b{least:g}\b", said[f"minimum_{sport['name']}"])
