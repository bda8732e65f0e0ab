"""Games narrowed to a book or a market are made once a version of the documents, within a bound."""

from __future__ import annotations

import orjson

from quartapp.api.reads import narrowed
from quartapp.api.reads.narrowed import Narrowed


def game(number: int, price: float) -> tuple[tuple[str, str], bytes]:
    """Return the place and the bytes of a game that two books price."""
    markets = [{"key": "h2h", "price": price}, {"key": "totals", "price": 1.9}]
    books = [{"key": key, "markets": markets} for key in ("book01", "book02")]
    return ("2027-01-01T00:00:00Z", f"g{number}"), orjson.dumps({"id": f"g{number}", "bookmakers": books})


def test_what_differs_in_time_and_length_alone_shares_its_games() -> None:
    kept = Narrowed()
    position, raw = game(1, 2.5)
    first = kept.of(7, "h2h", "book02")(position, raw)
    assert kept.of(7, "h2h", "book02")(position, raw) is first
    assert orjson.loads(first) == {
        "id": "g1",
        "bookmakers": [{"key": "book02", "markets": [{"key": "h2h", "price": 2.5}]}],
    }
    assert orjson.loads(kept.of(7, "h2h", None)(position, raw))["bookmakers"][0]["key"] == "book01"


def test_another_version_of_the_documents_has_its_own_prices() -> None:
    kept = Narrowed()
    position, before = game(1, 2.5)
    _, after = game(1, 3.5)
    kept.of(7, "h2h", None)(position, before)
    assert b"3.5" in kept.of(8, "h2h", None)(position, after)
    assert b"2.5" in kept.of(7, "h2h", None)(position, before), "a question under way keeps to its version"


def test_names_made_up_by_visitors_fill_no_memory() -> None:
    kept = Narrowed(max_bytes=20_000)
    position, raw = game(1, 2.5)
    for number in range(1_000):
        assert orjson.loads(kept.of(1, None, f"nobody{number}")(position, raw))["bookmakers"] == []
        assert kept._bytes <= 20_000
        assert kept._bytes == sum(len(one) + narrowed.OVERHEAD_BYTES for one in kept._games.values())
    kept.of(1, "x" * 5_000, None)(position, raw)
    assert all(len(name or "") <= narrowed.LARGEST_NAME for key in kept._games for name in key[:2])
