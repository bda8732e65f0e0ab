"""Writes what a benchmark run found: docs/performance.md and its plot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bench.load import Load
    from bench.origin_load import OriginLoad
    from bench.run import Measured


def write(
    path: Path,
    *,
    figures: Sequence[Measured],
    loads: Mapping[str, Sequence[Load]],
    memory: Mapping[str, tuple[float, float]],
    starts: Mapping[str, float],
    daily: str,
    origin: Sequence[OriginLoad],
    machine: str,
    command: str,
) -> None:
    """Write the report to `path` and the plot beside it."""
    lines = [
        "# Performance",
        "",
        f"Made by `{command}` on {datetime.now(UTC):%Y-%m-%d} ({machine}). The peer is bench/peer_fastapi.py",
        "under Gunicorn with one Uvicorn worker. Ratios are taken round by round in one run.",
        "",
        "![Requests a second and p99](performance.svg)",
        "",
        "| ratio | min / median / max | wanted |",
        "|---|---|---|",
        *(f"| {figure.name} | {figure.spread()} | {figure.target} |" for figure in figures),
        "",
        "| load | requests/s (median) | p99 ms (median) | cores: server | cores: wrk |",
        "|---|---|---|---|---|",
        *(
            f"| {name} | {median(one.requests_per_second for one in runs):,.0f} "
            f"| {median(one.p99_ms for one in runs):.2f} "
            f"| {median(one.server_cores for one in runs):.2f} "
            f"| {median(one.wrk_cores for one in runs):.2f} |"
            for name, runs in loads.items()
        ),
        "",
        "wrk shares the machine: on two cores, what it takes is missing to two workers and not to one. Hence the row",
        "that counts answers for each core that the workers really had.",
        "",
        "| server | exec to first 200, s | idle MB | after load MB |",
        "|---|---|---|---|",
        *(
            f"| {name} | {starts[name]:.2f} | {idle:.0f} | {after:.0f} |"
            for name, (idle, after) in memory.items()
        ),
        "",
        "## A daily pass",
        "",
        "`python -m bench.daily_pass`: 60 sports x 30 games x 10 books x 3 markets, 108,000 prices, from received",
        "bytes to published documents; wanted: under 10 s and 400 MB.",
        "",
        "```",
        daily.strip(),
        "```",
        "",
        "## Behind Cloudflare",
        "",
        "`python -m bench.origin_load`: 330 points of presence, 400 documents, each kept 60 s and revalidated.",
        "",
        "| visitors a day | origin requests/s | origin MB/s | answered at the edge |",
        "|---|---|---|---|",
        *(
            f"| {load.visitors:,} | {load.requests_per_second:,.1f} | {load.bytes_per_second / 1e6:.2f} "
            f"| {load.edge_share:.1%} |"
            for load in origin
        ),
        "",
    ]
    path.write_text("\n".join(lines), encoding="utf-8")
    _plot(path.with_suffix(".svg"), loads)
    print(f"\nWritten: {path} and {path.with_suffix('.svg')}\n")
    for figure in figures:
        print(f"{figure.name:<45} {figure.spread():>24}  {figure.target}")


def _plot(path: Path, loads: Mapping[str, Sequence[Load]]) -> None:
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "performance"
    from matplotlib import pyplot

    names = list(loads)
    figure, (rate, tail) = pyplot.subplots(1, 2, figsize=(11, 3.6), sharey=True)
    for axis, pick, title in (
        (rate, lambda one: one.requests_per_second, "requests a second"),
        (tail, lambda one: one.p99_ms, "p99, ms"),
    ):
        middles = [median(map(pick, loads[name])) for name in names]
        low = [middle - min(map(pick, loads[name])) for middle, name in zip(middles, names, strict=True)]
        high = [max(map(pick, loads[name])) - middle for middle, name in zip(middles, names, strict=True)]
        colours = ["#9aa5b1" if name.startswith("peer") else "#2f7d4f" for name in names]
        axis.barh(names, middles, xerr=[low, high], color=colours, ecolor="#333333", capsize=3)
        axis.set_xscale("log")
        axis.set_title(title)
        axis.grid(axis="x", alpha=0.3)
    rate.invert_yaxis()
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})
