"""Who a client is, and how often one may ask for what costs something."""

from __future__ import annotations

import ipaddress
import math
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import NamedTuple

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

PERIOD_SECONDS = 60.0
CLIENTS_REMEMBERED = 20_000  # about 5 MB; the least recently seen is forgotten beyond it
CLIENT_PREFIX = 64  # of IPv6: what one customer is given at least, and may fill with addresses as they like


class Clients:
    """Tells clients apart, behind Cloudflare or any other trusted proxy too."""

    def __init__(self, trusted_proxies: Sequence[str]) -> None:
        self._trusted = [_network(text) for text in trusted_proxies]
        self._peer = lru_cache(maxsize=1024)(self._read_peer)  # behind a proxy they are few

    def key(self, peer: str, connecting_ips: Sequence[str]) -> str:
        """Return one text for one client. `connecting_ips` are the values of the CF-Connecting-IP lines.

        They count only where the peer is a trusted proxy, because anybody can send that header. A client's
        IPv6 addresses are one client; what is no address (a unix socket) is one client too.

        >>> clients = Clients(["10.0.0.0/8"])
        >>> clients.key("::ffff:10.0.0.1", ["203.0.113.9"])
        '203.0.113.9'
        >>> clients.key("198.51.100.7", ["203.0.113.9"])
        '198.51.100.7'
        >>> clients.key("10.0.0.1", ["2001:db8:0:7:1::1"]) == clients.key("10.0.0.1", ["2001:db8:0:7:ffff::2"])
        True
        """
        address, trusted = self._peer(peer)
        if address is None:
            return "local"
        if trusted and len(connecting_ips) == 1:
            address = _address(connecting_ips[0].strip()) or address
        if isinstance(address, ipaddress.IPv4Address):
            return str(address)
        return str(ipaddress.IPv6Network((int(address), CLIENT_PREFIX), strict=False))

    def _read_peer(self, peer: str) -> tuple[Address | None, bool]:
        address = _address(peer)
        return address, address is not None and any(address in network for network in self._trusted)


class Taken(NamedTuple):
    """What became of one request: whether it may pass, and what its client is told."""

    allowed: bool
    limit: int
    remaining: int
    reset_seconds: int
    retry_after_seconds: int

    def headers(self) -> dict[str, str]:
        """Return the headers that tell a client where it stands."""
        headers = {
            "RateLimit-Policy": f'"default";q={self.limit};w={PERIOD_SECONDS:.0f}',
            "RateLimit": f'"default";r={self.remaining};t={self.reset_seconds}',
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(self.remaining),
            "RateLimit-Reset": str(self.reset_seconds),
        }
        return headers if self.allowed else headers | {"Retry-After": str(self.retry_after_seconds)}


class Limits:
    """Counts requests by GCRA, the leaky bucket that needs one number a client: when its bucket is empty.

    Kept in this process, because a limit must not depend on Redis. Bounded: who has an empty bucket is forgotten,
    and of more than `most` clients the least recently seen.
    """

    def __init__(self, most: int = CLIENTS_REMEMBERED, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._clock = clock
        self._empty_at: OrderedDict[tuple[str, str], float] = OrderedDict()

    def __len__(self) -> int:
        """Return how many buckets are remembered."""
        return len(self._empty_at)

    def take(self, route: str, client: str, limit: int) -> Taken:
        """Count one request to `route`, of which a client may make `limit` a minute."""
        now = self._clock()
        key = (route, client)
        self._forget(now, key)
        interval = PERIOD_SECONDS / limit
        empty_at = max(self._empty_at.get(key, now), now)
        room = PERIOD_SECONDS - interval - (empty_at - now)
        allowed = room > -1e-9  # a rounding error must not refuse the last request of the minute
        if allowed:
            empty_at += interval
            self._empty_at[key] = empty_at
        self._empty_at.move_to_end(key)  # refused or not: who still asks is not the one to be forgotten
        filled = empty_at - now
        remaining = max(0, int((PERIOD_SECONDS - filled) / interval + 1e-9))
        return Taken(allowed, limit, remaining, math.ceil(filled), 0 if allowed else max(1, math.ceil(-room)))

    def _forget(self, now: float, key: tuple[str, str]) -> None:
        """Drop the least recently seen: up to two whose bucket is empty, and one where `key` has no room."""
        for _ in range(2):
            oldest = next(iter(self._empty_at), None)
            if oldest is None or self._empty_at[oldest] > now:
                break
            del self._empty_at[oldest]
        if key not in self._empty_at and len(self._empty_at) >= self._most:
            self._empty_at.popitem(last=False)


def _address(text: str) -> Address | None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _network(text: str) -> Network:
    network = ipaddress.ip_network(text, strict=False)
    if isinstance(network, ipaddress.IPv6Network) and network.prefixlen >= 96:
        mapped = network.network_address.ipv4_mapped
        if mapped is not None:
            return ipaddress.IPv4Network((int(mapped), network.prefixlen - 96))
    return network
