"""A lease: one holder, trusted only up to a local deadline that comes before Redis's own."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from launcher.dev.embedded import free_port
from ops.clock.lease import Lease, read_holder
from ops.lazy_redis import RedisUnavailableError
from ops.redis import open_redis
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from redis.asyncio import Redis

TTL = 15.0


class Monotonic:
    """A monotonic clock that the test moves."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


async def test_only_one_of_many_takes_it(redis: Redis) -> None:
    leases = [Lease(redis, "clock", f"host:clock:{n}", TTL) for n in range(10)]
    taken = await asyncio.gather(*(lease.acquire() for lease in leases))
    assert sum(taken) == 1
    assert [lease.held for lease in leases] == list(taken)
    assert await read_holder(redis, "clock") == f"host:clock:{taken.index(True)}"


async def test_a_holder_stops_believing_before_redis_lets_another_in(redis: Redis) -> None:
    clock = Monotonic()
    lease = Lease(redis, "clock", "one", TTL, monotonic=clock)
    await lease.acquire()
    assert lease.seconds_left < await redis.pttl(lease.key) / 1000
    clock.seconds += TTL - lease.margin_seconds
    assert not lease.held
    assert not await Lease(redis, "clock", "two", TTL).acquire()


async def test_time_counts_from_before_the_renewal_was_sent(redis: Redis) -> None:
    clock = Monotonic()
    lease = Lease(redis, "clock", "one", TTL, monotonic=clock)
    await lease.acquire()
    slow = redis.eval

    async def slow_eval(*words: object) -> object:
        answer = await slow(*words)  # type: ignore[arg-type]  # passed on as it came
        clock.seconds += 4  # the answer was long on its way
        return answer

    redis.eval = slow_eval  # type: ignore[method-assign,assignment]  # a slow network
    assert await lease.renew()
    assert lease.seconds_left == pytest.approx(TTL - lease.margin_seconds - 4)


async def test_time_counts_from_before_the_lease_was_asked_for(redis: Redis) -> None:
    clock = Monotonic()
    lease = Lease(redis, "clock", "one", TTL, monotonic=clock)
    quick_set = redis.set

    async def slow_set(*words: object, **options: object) -> object:
        answer = await quick_set(*words, **options)  # type: ignore[arg-type]  # passed on as it came
        clock.seconds += 4  # the answer was long on its way
        return answer

    redis.set = slow_set  # type: ignore[method-assign,assignment]  # a slow network
    assert await lease.acquire()
    assert lease.seconds_left == pytest.approx(TTL - lease.margin_seconds - 4)


async def test_a_renewal_extends_it(redis: Redis) -> None:
    lease = Lease(redis, "clock", "one", TTL)
    await lease.acquire()
    await redis.pexpire(lease.key, 500)
    assert await lease.renew()
    assert await redis.pttl(lease.key) > 14_000


async def test_a_lapsed_holder_neither_renews_nor_releases_its_successors_lease(redis: Redis) -> None:
    old = Lease(redis, "clock", "same-name", TTL)
    await old.acquire()
    await redis.delete(old.key)
    new = Lease(redis, "clock", "same-name", TTL)  # even under the same name
    assert await new.acquire()
    assert not await old.renew()
    assert not old.held
    await old.release()
    assert await new.renew()


async def test_a_release_frees_it_at_once(redis: Redis) -> None:
    lease = Lease(redis, "clock", "one", TTL)
    await lease.acquire()
    await lease.release()
    assert not lease.held
    assert await read_holder(redis, "clock") is None
    assert await Lease(redis, "clock", "two", TTL).acquire()


async def test_it_lapses_by_itself(redis: Redis) -> None:
    await Lease(redis, "clock", "one", 0.2).acquire()
    successor = Lease(redis, "clock", "two", TTL)
    await eventually(successor.acquire, timeout=2)


async def test_without_redis_taking_it_raises_and_giving_it_back_does_not() -> None:
    nowhere = open_redis(f"redis://127.0.0.1:{free_port()}/0")
    lease = Lease(nowhere, "clock", "one", TTL)
    with pytest.raises(RedisUnavailableError):
        await lease.acquire()
    await lease.release()
    assert not lease.held
    await nowhere.aclose()
