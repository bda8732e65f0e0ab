"""Wrong tries are bounded over all processes, and do not keep the owner out."""

from __future__ import annotations

import asyncio
import os
import re
import time
from typing import Any, Literal

import httpx
from argon2 import PasswordHasher

from ops.redis import open_redis
from quartapp.accounts import throttle
from quartapp.accounts.passwords import Hashing
from quartapp.accounts.throttle import Bucket, Rate, give_back, take
from quartapp.app import Web
from quartapp.settings import Settings, read_settings
from tests.support.members import browser, register, running

# ACCOUNTS_TRIES=10000 is the whole count: three minutes, run by hand.
TRIES = int(os.environ.get("ACCOUNTS_TRIES", "150"))
SOME = Rate("some", 5, 50)


async def test_a_bucket_holds_so_many_tries_and_drains_evenly(redis: Any) -> None:
    bucket = [Bucket(SOME, "ann")]
    taken = [await take(redis, bucket) for _ in range(7)]
    assert [one.allowed for one in taken] == [True] * 5 + [False] * 2
    assert [one.remaining for one in taken] == [4, 3, 2, 1, 0, 0, 0]
    assert 5 < taken[-1].retry_after_seconds <= 10
    assert 40 < taken[-1].reset_seconds <= 50
    assert taken[-1].headers()["RateLimit-Policy"] == '"some";q=5;w=50'
    assert re.fullmatch(r'"some";r=0;t=(4\d|50)', taken[-1].headers()["RateLimit"])
    await give_back(redis, bucket)
    assert [(await take(redis, bucket)).allowed for _ in range(2)] == [True, False]
    (key,) = await redis.keys("*")
    assert 40 < await redis.ttl(key) <= 50


async def test_what_one_bucket_refuses_counts_in_none(redis: Any) -> None:
    narrow, wide = Bucket(Rate("narrow", 1, 100), "a"), Bucket(Rate("wide", 100, 100), "a")
    assert (await take(redis, [wide, narrow])).rate.name == "narrow"
    for _ in range(200):
        refused = await take(redis, [wide, narrow])
        assert (refused.allowed, refused.rate.name) == (False, "narrow")
    assert (await take(redis, [wide])).remaining == 97 or (await take(redis, [wide])).remaining >= 96


async def test_giving_back_what_was_never_taken_gives_nothing(redis: Any) -> None:
    bucket = [Bucket(SOME, "ann")]
    await give_back(redis, bucket)
    assert await redis.keys("*") == []
    await take(redis, bucket)
    await give_back(redis, bucket)
    assert (await take(redis, bucket)).remaining == 4


async def test_wrong_logins_at_one_account_end_and_its_owner_gets_in_from_elsewhere(
    settings: Settings, web: Web, redis: Any
) -> None:
    async with (
        running(settings) as other,
        browser(web, "203.0.113.1") as attacker,
        browser(other, "203.0.113.1") as attacker_there,
        browser(web, "198.51.100.7") as owner,
    ):
        person = await register(owner)
        owner.cookies.clear()
        wrong = person.login | {"password": "a wrong password"}
        refused = 0
        for number in range(TRIES):
            answer = await (attacker, attacker_there)[number % 2].post("/api/auth/login", json=wrong)
            assert answer.status_code == (401 if number < throttle.LOGIN_PAIR.tries else answer.status_code)
            assert answer.status_code in (401, 429)
            refused += answer.status_code == 429
        assert TRIES - refused <= throttle.LOGIN_PAIR.tries + 1 + TRIES // 100
        assert int(answer.headers["Retry-After"]) >= 1
        assert answer.headers["RateLimit-Policy"].startswith('"login-account-and-address"')
        assert (await owner.post("/api/auth/login", json=person.login)).status_code == 200
        assert (await attacker.post("/api/auth/login", json=person.login)).status_code == 429
        assert len(await redis.keys("accounts:limit:*")) <= 6


async def test_one_address_tries_at_many_accounts_in_vain(web: Web, redis: Any) -> None:
    async with browser(web, "2001:db8:5:6::1") as attacker:
        codes, began = [], time.monotonic()
        for number in range(TRIES):
            guess = {"email": f"person{number}@example.com", "password": "a wrong password"}
            codes.append((await attacker.post("/api/auth/login", json=guess)).status_code)
    assert set(codes) == {401, 429}
    rate = throttle.LOGIN_CLIENT
    given_back = (time.monotonic() - began) * rate.tries / rate.seconds  # while this ran, on whatever machine
    assert codes.count(401) <= rate.tries + 1 + given_back
    async with browser(web, "2001:db8:5:6:ffff::9") as neighbour:
        guess = {"email": "somebody@example.com", "password": "a wrong password"}
        assert (await neighbour.post("/api/auth/login", json=guess)).status_code == 429
    assert len(await redis.keys("accounts:limit:*")) <= 2 * codes.count(401) + 4


async def test_strangers_cannot_keep_a_known_device_out(web: Web) -> None:
    web.accounts.login_account = Rate("login-account", 12, 3600)
    async with browser(web, "198.51.100.7") as owner, browser(web, "198.51.100.8") as stranger:
        person = await register(owner)
        wrong = person.login | {"password": "a wrong password"}
        for number in range(13):
            async with browser(web, f"203.0.113.{number}") as attacker:
                last = await attacker.post("/api/auth/login", json=wrong)
        assert (last.status_code, last.headers["RateLimit-Policy"][:16]) == (429, '"login-account";')
        assert (await stranger.post("/api/auth/login", json=person.login)).status_code == 429
        assert (await owner.post("/api/auth/login", json=person.login)).status_code == 200
        for _ in range(throttle.LOGIN_DEVICE.tries):
            assert (await owner.post("/api/auth/login", json=wrong)).status_code == 401
        assert (await owner.post("/api/auth/login", json=wrong)).status_code == 429


async def test_right_logins_use_nothing_up(web: Web, client: httpx.AsyncClient) -> None:
    person = await register(client)
    for knows_the_device in (True, False):
        for _ in range(throttle.LOGIN_PAIR.tries + 1):
            if not knows_the_device:
                client.cookies.clear()
            assert (await client.post("/api/auth/login", json=person.login)).status_code == 200


async def test_a_stolen_token_does_not_help_to_guess_the_password(client: httpx.AsyncClient) -> None:
    person = await register(client)
    codes = [
        (
            await client.request("DELETE", "/api/me", json={"password": f"guess {n}"}, headers=person.bearer)
        ).status_code
        for n in range(throttle.PASSWORD_ACCOUNT.tries + 1)
    ]
    assert codes == [403] * throttle.PASSWORD_ACCOUNT.tries + [429]


async def test_without_redis_nobody_logs_in_and_reads_and_sessions_go_on(settings_env: Any) -> None:
    async with running(read_settings(settings_env())) as web, browser(web) as client:
        person = await register(client)
        web.stores.redis = open_redis("redis://127.0.0.1:9/0")
        for path, ask in (
            ("/api/auth/login", person.login),
            ("/api/auth/recover", {"email": person.email, "recovery_code": "x", "new_password": "y" * 12}),
        ):
            answer = await client.post(path, json=ask)
            assert (answer.status_code, "Retry-After" in answer.headers) == (503, True)
        assert (await client.get("/api/me", headers=person.bearer)).status_code == 200
        assert (await client.post("/api/auth/refresh")).status_code == 200
        assert (await client.get("/healthz")).status_code == 200


async def test_more_hashes_than_may_wait_are_refused_and_leave_room_again() -> None:
    hashing = Hashing(workers=1, most_waiting=2)
    tries = await asyncio.gather(
        *(hashing.verify(None, f"password {n}") for n in range(8)), return_exceptions=True
    )
    assert tries[:3] == [False] * 3
    assert [getattr(problem, "status", None) for problem in tries[3:]] == [503] * 5
    hashed = await hashing.hash("four wrong horses")
    assert hashed.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert await hashing.verify(hashed, "four wrong horses")
    assert not await hashing.verify(hashed, "four wrong horse")
    assert not await hashing.verify("no hash", "four wrong horses")
    hashing.close()


async def test_a_hash_of_older_parameters_is_made_anew_at_a_login(
    web: Web, client: httpx.AsyncClient, database: Any
) -> None:
    from ops.database import raw, session

    person = await register(client)
    old = PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1).hash(person.password)
    async with session(database) as connection:
        await raw(connection).execute("UPDATE users SET password_hash = $1", old)
        assert (await client.post("/api/auth/login", json=person.login)).status_code == 200
        renewed = await raw(connection).fetchval("SELECT password_hash FROM users")
    assert renewed.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert (await client.post("/api/auth/login", json=person.login)).status_code == 200


async def test_a_known_and_an_unknown_address_cost_the_same_work(web: Web, client: httpx.AsyncClient) -> None:
    person = await register(client)
    done: list[str] = []

    class Counted(PasswordHasher):
        def verify(self, *arguments: Any) -> Literal[True]:
            done.append("verify")
            return super().verify(*arguments)

        def hash(self, *arguments: Any, **options: Any) -> str:
            done.append("hash")
            return super().hash(*arguments, **options)

    counted = Counted(time_cost=1, memory_cost=8 * 1024, parallelism=1)
    nobodys = counted.hash("nobody's")
    done.clear()
    web.accounts.hashing = Hashing(hasher=lambda: (counted, nobodys))
    recovery = {"recovery_code": "AAAA-BBBB-CCCC-DDDD", "new_password": "another Phrase of 5 words"}
    for path, ask in (("login", {"password": "a wrong password"}), ("recover", recovery)):
        answers = []
        for email in (person.email, "nobody@example.com"):
            answer = await client.post(f"/api/auth/{path}", json={"email": email} | ask)
            shown = {
                name: answer.headers[name] for name in answer.headers if not name.startswith("ratelimit")
            }
            del shown["x-request-id"]
            answers.append((answer.status_code, answer.json() | {"request_id": ""}, shown, tuple(done)))
            done.clear()
        assert answers[0] == answers[1]
        assert answers[0][0] == 401
        assert len(answers[0][3]) == 1


async def test_while_others_wait_the_threads_rest_as_long_as_they_work() -> None:
    hashing = Hashing(workers=1, rest=20.0)
    await asyncio.gather(*(hashing.verify(None, "a password") for _ in range(3)))
    began = time.monotonic()
    await hashing.verify(None, "a password")
    hashing.close()
    assert time.monotonic() - began > 0.2, "two rests of twenty times a hash come before it"
