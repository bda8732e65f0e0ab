"""The simulated edge: the origin's load is bounded by points x documents a minute, not by visitors."""

from __future__ import annotations

import pytest

from bench.origin_load import Site, bound, simulate

SITE = Site(points=20, documents=30)


def test_a_hundred_times_the_visitors_never_exceed_the_bound() -> None:
    loads = [simulate(visitors, SITE) for visitors in (10_000, 1_000_000, 100_000_000)]
    assert loads[0].requests_per_second < loads[1].requests_per_second <= loads[2].requests_per_second * 1.02
    assert all(load.requests_per_second <= bound(SITE) * 1.02 for load in loads)
    assert loads[2].requests_per_second == pytest.approx(bound(SITE), rel=0.05)


def test_few_visitors_reach_the_origin_with_nearly_every_read() -> None:
    load = simulate(1_000, SITE)
    reads_per_second = 1_000 * SITE.reads_a_visitor_a_day / 86_400
    assert load.requests_per_second == pytest.approx(reads_per_second, rel=0.25)


def test_documents_that_never_change_cost_headers_only() -> None:
    still = simulate(1_000_000, Site(points=20, documents=30, change_seconds=1e12))
    moving = simulate(1_000_000, Site(points=20, documents=30, change_seconds=1))
    assert still.bytes_per_second < moving.bytes_per_second / 5
