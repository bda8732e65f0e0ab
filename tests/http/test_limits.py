"""Who is one client, and that a limit counts, recovers and forgets."""

from __future__ import annotations

import ipaddress

import pytest

from quartapp.http.limits import Clients, Limits


@pytest.mark.parametrize(
    ("trusted", "peer", "header", "expected"),
    [
        ([], "198.51.100.7", ["203.0.113.9"], "198.51.100.7"),
        (["10.0.0.0/8"], "198.51.100.7", ["203.0.113.9"], "198.51.100.7"),
        (["10.0.0.0/8"], "10.1.2.3", ["203.0.113.9"], "203.0.113.9"),
        (["10.0.0.0/8"], "::ffff:10.1.2.3", [" 203.0.113.9 "], "203.0.113.9"),
        (["::ffff:10.0.0.0/104"], "10.1.2.3", ["203.0.113.9"], "203.0.113.9"),
        (["fd00::/8"], "fd00::1", ["::ffff:203.0.113.9"], "203.0.113.9"),
        (["10.0.0.0/8"], "10.1.2.3", ["nonsense"], "10.1.2.3"),
        (["10.0.0.0/8"], "10.1.2.3", ["203.0.113.9", "203.0.113.10"], "10.1.2.3"),
        (["10.0.0.0/8"], "10.1.2.3", [], "10.1.2.3"),
        ([], "::ffff:198.51.100.7", [], "198.51.100.7"),
        ([], "", ["203.0.113.9"], "local"),
        (["0.0.0.0/0"], "fd00::1", ["203.0.113.9"], "fd00::/64"),
    ],
)
def test_a_header_counts_only_from_a_trusted_proxy(
    trusted: list[str], peer: str, header: list[str], expected: str
) -> None:
    assert Clients(trusted).key(peer, header) == expected


def test_the_addresses_of_one_ipv6_customer_are_one_client() -> None:
    clients = Clients([])
    network = ipaddress.IPv6Network("2001:db8:1:2::/64")
    assert len({clients.key(str(network[n]), []) for n in (0, 1, 2**32, 2**64 - 1)}) == 1
    assert clients.key("2001:db8:1:2::1", []) != clients.key("2001:db8:1:3::1", [])


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_minute_has_as_many_requests_as_the_limit_and_recovers_one_by_one() -> None:
    clock = Clock()
    limits = Limits(clock=clock)
    taken = [limits.take("/a", "c", 6) for _ in range(7)]
    assert [one.allowed for one in taken] == [True] * 6 + [False]
    assert [one.remaining for one in taken] == [5, 4, 3, 2, 1, 0, 0]
    assert taken[-1].headers() == {
        "RateLimit-Policy": '"default";q=6;w=60', "RateLimit": '"default";r=0;t=60',
        "RateLimit-Limit": "6", "RateLimit-Remaining": "0", "RateLimit-Reset": "60", "Retry-After": "10",
    }  # fmt: skip
    assert limits.take("/a", "other", 6).allowed
    assert limits.take("/b", "c", 6).allowed
    clock.now += taken[-1].retry_after_seconds
    assert limits.take("/a", "c", 6).allowed
    assert not limits.take("/a", "c", 6).allowed
    clock.now += 60
    assert limits.take("/a", "c", 6).remaining == 5


def test_who_has_gone_is_forgotten_and_the_store_is_bounded() -> None:
    clock = Clock()
    limits = Limits(most=100, clock=clock)
    for number in range(1000):
        limits.take("/a", f"client {number}", 6)
    assert len(limits) == 100
    clock.now += 61
    for _ in range(60):
        limits.take("/a", "one client", 60)
    assert len(limits) <= 2


def test_a_client_that_is_at_its_limit_stays_so_while_others_come() -> None:
    limits = Limits(most=100, clock=Clock())
    for number in range(500):
        limits.take("/a", "busy", 1)
        limits.take("/a", f"client {number}", 6)
        assert number == 0 or not limits.take("/a", "busy", 1).allowed
