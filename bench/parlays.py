"""Suggestions and prices beside the games list, and what many different questions do to a published read.

Run: ``python -m bench.parlays``. The slate is the daily pass's, 1,800 games; the server runs with FAST_READS=false, so
that every answer goes the same way, and the published read is asked of one with FAST_READS=true too. Each request comes
from a client of its own, as no one client may ask so often.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from statistics import median

import httpx

from bench import daily_pass
from bench.load import PROJECT
from bench.servers import ours
from launcher.dev.embedded import embedded_services
from ops.telemetry.logs import configure_logging

GAMES_LIST = "/api/games?sport=basketball_nba00"
_CLIENT = """
math.randomseed(tonumber(os.getenv("SEED") or "1"))
local function client()
  return string.format("10.%d.%d.%d", math.random(0, 255), math.random(0, 255), math.random(1, 254))
end
"""
_GET = "request = function()\n  return wrk.format('GET', %s, {['CF-Connecting-IP'] = client()})\nend\n"
_POST = """
request = function()
  local legs = {}
  for n = 1, 3 do
    legs[n] = bets[%s]
  end
  return wrk.format('POST', '/api/parlays/price', {['CF-Connecting-IP'] = client(),
    ['Content-Type'] = 'application/json'}, '{"legs": [' .. table.concat(legs, ',') .. ']}')
end
"""
VARIED_SUGGESTION = """
string.format('/api/parlays/suggest?legs=%d&sport=basketball_nba%02d&bookmaker=book%02d', math.random(2, 6),
  math.random(0, 59), math.random(0, 9))
"""
DISTINCT_FILTER = """
string.format('/api/games?limit=%d&from=2026-01-01T00:00:%02d.%06dZ&market=h2h', math.random(50, 100),
  math.random(0, 59), math.random(0, 999999))
"""


def plans(base: str) -> dict[str, str]:
    """Return what is asked, as wrk's scripts: equal questions, and different ones."""
    bets = []
    for sport in range(60):
        listed = httpx.get(f"{base}/api/games?sport=basketball_nba{sport:02d}", timeout=60).json()["games"]
        for game in listed[::3]:
            bets.append(f'{{"game_id": "{game["id"]}", "market": "h2h", "outcome": "{game["home_team"]}"}}')
    table = f"local bets = {{{','.join(repr(bet) for bet in bets)}}}\n"
    suggest = "/api/parlays/suggest?legs=3&risk=balanced"
    return {
        "games list": _CLIENT + _GET % f"'{GAMES_LIST}'",
        "suggest": _CLIENT + _GET % f"'{suggest}'",
        "suggest, varied": _CLIENT + _GET % VARIED_SUGGESTION,
        "price of 3 legs": _CLIENT + table + _POST % "n * 7",
        "price of 3 legs, varied": _CLIENT + table + _POST % "math.random(1, #bets)",
    }


def run_wrk(base: str, script: str, *, connections: int, seconds: int) -> tuple[float, float, int]:
    """Return requests a second, the 99th percentile in ms, and how many failed."""
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as file:
        file.write(script)
        file.flush()
        command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "--timeout", "20s"]
        text = subprocess.run(
            [*command, "-s", file.name, base], capture_output=True, text=True, check=True
        ).stdout
    rate = re.search(r"Requests/sec:\s+([\d.]+)", text)
    tail = re.search(r"99%\s+([\d.]+)(us|ms|s)", text)
    assert rate is not None, text
    assert tail is not None, text
    failed = sum(int(count) for count in re.findall(r"Non-2xx or 3xx responses: (\d+)", text))
    return float(rate[1]), float(tail[1]) * {"us": 0.001, "ms": 1, "s": 1000}[tail[2]], failed


def sports_tail(base: str, seconds: int) -> tuple[float, float]:
    """Return the 99th percentile of /api/sports in ms, asked by one: quiet, and beside 16 with distinct filters."""
    one = _CLIENT + _GET % "'/api/sports'"
    _, quiet, _ = run_wrk(base, one, connections=1, seconds=seconds)
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as file:
        file.write(_CLIENT + _GET % DISTINCT_FILTER)
        file.flush()
        beside = subprocess.Popen(
            ["wrk", "-t1", "-c16", f"-d{seconds + 2}s", "-s", file.name, base], stdout=subprocess.DEVNULL
        )
        _, loaded, _ = run_wrk(base, one, connections=1, seconds=seconds)
        beside.wait()
    return quiet, loaded


def main() -> int:
    """Measure; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.parlays", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=4, help="a load's length")
    options = parser.parse_args()
    configure_logging("ERROR", "json", (), sys.stderr)
    root = Path(PROJECT / ".local" / "bench-parlays")
    root.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        services = stack.enter_context(embedded_services(root, durable=False))
        url = asyncio.run(daily_pass.fill(services))
        shared = {"TRUSTED_PROXIES": "127.0.0.0/8", "LOG_LEVEL": "ERROR"}
        bases = {
            choice: ours(stack, url, services.redis_url, FAST_READS=choice, **shared).url("")
            for choice in ("false", "true")
        }
        base = bases["false"]
        loads = plans(base)
        rates: dict[str, list[float]] = {name: [] for name in loads}
        tails: dict[str, list[float]] = {choice: [] for choice in bases}
        for _ in range(options.rounds):
            for name, script in loads.items():
                rate, tail, failed = run_wrk(base, script, connections=32, seconds=options.seconds)
                rates[name].append(rate)
                print(f"{name:<26}{rate:>9.0f} req/s  p99 {tail:>7.2f} ms  {failed} failed", flush=True)
            for choice, asked in bases.items():
                quiet, loaded = sports_tail(asked, options.seconds)
                tails[choice].append(loaded / quiet)
                print(
                    f"/api/sports p99, FAST_READS={choice}: {quiet:.2f} ms, beside 16 with distinct filters "
                    f"{loaded:.2f} ms",
                    flush=True,
                )
    for name, values in rates.items():
        shares = [one / other for one, other in zip(values, rates["games list"], strict=True)]
        print(f"{name:<26}{min(shares):.2f} / {median(shares):.2f} / {max(shares):.2f} of the games list")
    for choice, values in tails.items():
        print(
            f"/api/sports p99, FAST_READS={choice}, beside / quiet: "
            f"{min(values):.2f} / {median(values):.2f} / {max(values):.2f}"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
