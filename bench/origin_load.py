"""What reaches the origin behind Cloudflare, as visitors grow from a thousand to a hundred million.

Each point of presence keeps a document for 60 s (``max-age=60, must-revalidate``) and collapses concurrent
misses into one request. So a document costs the origin at most one request a point of presence a minute,
however many read it, and only a changed one costs its body: the others are 304.

The simulation draws every document's first request after each expiry (visits are a Poisson process); the
bound ``points x documents / 60`` is what it must approach. Run: ``python -m bench.origin_load``.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

TTL_SECONDS = 60.0
NOT_MODIFIED_BYTES = 320  # status line and headers of a 304


@dataclass(frozen=True, slots=True)
class Site:
    """What is served, and how it is read.

    Attributes:
        points: points of presence that visitors reach.
        documents: documents, by falling popularity (Zipf, exponent 1).
        body_bytes: mean size of a compressed body.
        change_seconds: mean time between two changes of one document.
        reads_a_visitor_a_day: document reads of one visitor.
    """

    points: int = 330
    documents: int = 400
    body_bytes: int = 6_000
    change_seconds: float = 300.0
    reads_a_visitor_a_day: float = 40.0


@dataclass(frozen=True, slots=True)
class OriginLoad:
    """What the origin sees: requests and bytes a second, and the share of reads the edge answered."""

    visitors: int
    requests_per_second: float
    bytes_per_second: float
    edge_share: float


def simulate(visitors: int, site: Site, *, seconds: float = 3_600.0, seed: int = 1) -> OriginLoad:
    """Play `seconds` of traffic by `visitors` a day; requests to the origin are counted one by one."""
    dice = random.Random(seed)
    reads_per_second = visitors * site.reads_a_visitor_a_day / 86_400
    weights = [1 / rank for rank in range(1, site.documents + 1)]
    total_weight = sum(weights)
    requests = changed = 0
    # Where requests abound, a sample of points stands for all: they are alike and independent.
    sampled = site.points if visitors <= 1_000_000 else min(site.points, 60)
    for weight in weights * sampled:
        rate = reads_per_second * weight / total_weight / site.points
        now, fetched_at = dice.expovariate(rate), -math.inf
        while now < seconds:
            requests += 1
            age = now - fetched_at
            changed += dice.random() < -math.expm1(-age / site.change_seconds)
            fetched_at = now
            now += TTL_SECONDS + dice.expovariate(rate)  # the first read after the copy went stale
    scale = site.points / sampled / seconds
    sent = changed * site.body_bytes + (requests - changed) * NOT_MODIFIED_BYTES
    reads = reads_per_second * seconds
    return OriginLoad(
        visitors, requests * scale, sent * scale, max(0.0, 1 - requests * site.points / sampled / reads)
    )


def bound(site: Site) -> float:
    """Return the most requests a second the origin can see for fresh documents."""
    return site.points * site.documents / TTL_SECONDS


def table(site: Site) -> list[OriginLoad]:
    """Return the load for 10³ to 10⁸ visitors a day."""
    return [simulate(10**power, site) for power in range(3, 9)]


def main() -> None:
    """Print the table."""
    site = Site()
    print(
        f"{site.points} points of presence, {site.documents} documents, bound {bound(site):,.0f} requests/s"
    )
    print(f"{'visitors a day':>14} {'origin req/s':>13} {'origin MB/s':>12} {'edge answers':>13}")
    for load in table(site):
        print(
            f"{load.visitors:>14,} {load.requests_per_second:>13.1f} "
            f"{load.bytes_per_second / 1e6:>12.2f} {load.edge_share:>13.2%}"
        )


if __name__ == "__main__":
    main()
