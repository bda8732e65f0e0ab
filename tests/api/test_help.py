"""Where help is: by region, a published document like any read."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from quartapp.members.region_file import packaged


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
