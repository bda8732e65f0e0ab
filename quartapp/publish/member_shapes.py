"""The shape of every answer about members and their care, once."""

from __future__ import annotations

from typing_extensions import TypedDict

from quartapp.publish.shapes import Time


class Helpline(TypedDict):
    """Who helps. `region` is empty for one that helps everywhere; `phone` where there is only a page."""

    region: str
    name: str
    phone: str
    url: str


class HelpContent(TypedDict):
    """What a person is told: the lawful age in years, who helps, a text."""

    age: int
    helplines: list[Helpline]
    text: str


class Help(HelpContent):
    """Where help is."""

    generated_at: Time
