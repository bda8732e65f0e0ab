"""Counts of requests as plain integers, turned into Prometheus's format only when someone asks."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from prometheus_client.core import Metric

BUCKETS_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Requests:
    """How many requests were answered, how, and how long it took. One event loop writes; no lock."""

    def __init__(self) -> None:
        self.counts: dict[tuple[str, str, int], list[float]] = {}

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one request."""
        row = self.counts.get((method, route, status))
        if row is None:
            # One cell a bucket, then +Inf, then the sum of seconds.
            row = self.counts[method, route, status] = [0.0] * (len(BUCKETS_SECONDS) + 2)
        row[bisect_left(BUCKETS_SECONDS, seconds)] += 1
        row[-1] += seconds

    def server_errors(self) -> int:
        """Return how many answers of 5xx there were; not those of /readyz, whose 503 is an answer to a question."""
        return sum(
            int(sum(row[:-1]))
            for (_, route, status), row in list(self.counts.items())
            if status >= 500 and route != "/readyz"
        )


class Collector:
    """Gives `Requests` and a few gauges to prometheus_client."""

    def __init__(self, requests: Requests, gauges: Callable[[], Mapping[str, float]]) -> None:
        self._requests = requests
        self._gauges = gauges

    def collect(self) -> Iterable[Metric]:
        """Yield the metrics; prometheus_client calls this."""
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

        from ops.telemetry.events import COUNTS

        family = HistogramMetricFamily(
            "http_request_seconds", "Time to answer a request.", labels=("method", "route", "status")
        )
        for (method, route, status), row in list(self._requests.counts.items()):
            total = 0.0
            buckets: list[tuple[str, float]] = []
            for bound, count in zip((*map(str, BUCKETS_SECONDS), "+Inf"), row, strict=False):
                total += count
                buckets.append((bound, total))
            family.add_metric((method, route, str(status)), buckets, sum_value=row[-1])
        yield family
        events = CounterMetricFamily("events", "What happened in this process.", labels=("event",))
        for key, count in sorted(COUNTS.items()):
            events.add_metric((key,), count)
        yield events
        for name, value in self._gauges().items():
            gauge = GaugeMetricFamily(name, name.replace("_", " "))
            gauge.add_metric((), value)
            yield gauge


def exposition(requests: Requests, gauges: Callable[[], Mapping[str, float]]) -> bytes:
    """Return everything in Prometheus's text format, this process's own figures included."""
    from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest

    registry = CollectorRegistry()
    registry.register(Collector(requests, gauges))
    ProcessCollector(registry=registry)
    return generate_latest(registry)
