"""What an attacker sends is refused: no 5xx, no word of anybody, nothing changed."""

from __future__ import annotations

import base64
import json
import re
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import httpx
import jwt
import pytest

from ops.database import raw, session
from quartapp.accounts import tokens
from quartapp.accounts.keys import Key, Keys
from quartapp.accounts.tokens import AUDIENCE, ISSUER, Access, issue_access, read_access
from quartapp.app import Web
from quartapp.settings import read_settings
from tests.support.members import PASSWORD, Person, browser, register, running

SECRET = "a-secret-for-tests-of-at-least-32-bytes"
KID = Key(SECRET.encode()).kid
Forge = Callable[[dict[str, Any]], str]


def signed(claims: dict[str, Any], secret: str = SECRET, algorithm: str = "HS256", **header: Any) -> str:
    return jwt.encode(claims, secret, algorithm, headers={"kid": KID} | header)


def unsigned(claims: dict[str, Any], **header: Any) -> str:
    head = base64.urlsafe_b64encode(json.dumps({"alg": "none", "typ": "JWT", "kid": KID} | header).encode())
    body = base64.urlsafe_b64encode(json.dumps(claims).encode())
    return b".".join((head.rstrip(b"="), body.rstrip(b"="), b"")).decode()


FORGERIES: dict[str, Forge] = {
    "tampered": lambda c: signed(c)[:-4] + ("AAAA" if not signed(c).endswith("AAAA") else "BBBB"),
    "another body": lambda c: _swap(signed(c), c | {"sub": str(uuid4())}),
    "none": unsigned,
    "none with a signature": lambda c: unsigned(c) + signed(c).rsplit(".", 1)[1],
    "another algorithm": lambda c: signed(c, algorithm="HS512"),
    "another secret": lambda c: signed(c, secret="x" * 40),
    "expired": lambda c: signed(c | {"iat": c["iat"] - 2000, "exp": c["iat"] - 60}),
    "of tomorrow": lambda c: signed(c | {"iat": c["iat"] + 86_400, "exp": c["iat"] + 90_000}),
    "wrong audience": lambda c: signed(c | {"aud": "another-api"}),
    "wrong issuer": lambda c: signed(c | {"iss": "somebody"}),
    "no audience": lambda c: signed({name: c[name] for name in c if name != "aud"}),
    "no end": lambda c: signed({name: c[name] for name in c if name != "exp"}),
    "no session": lambda c: signed({name: c[name] for name in c if name != "sid"}),
    "no uuid": lambda c: signed(c | {"sub": "1 OR 1=1"}),
    "a list for a session": lambda c: signed(c | {"sid": [c["sid"]]}),
    "unknown kid": lambda c: signed(c, kid="0123456789abcdef"),
    "a path for a kid": lambda c: signed(c, kid="../../../dev/null"),
    "a number for a kid": lambda c: unsigned(c, alg="HS256", kid=7) + "x",
    "very long": lambda c: signed(c | {"more": "x" * 3000}),
    "rubbish": lambda _: "a.b.c",
    "empty": lambda _: "",
}


def _swap(token: str, claims: dict[str, Any]) -> str:
    head, _, signature = token.split(".")
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    return f"{head}.{body}.{signature}"


def claims_of(person: Person) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(person.token, options={"verify_signature": False})
    return claims


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
async def test_no_forged_token_passes(client: httpx.AsyncClient) -> None:
    person = await register(client)
    claims = claims_of(person)
    assert {name: claims[name] for name in ("iss", "aud")} == {"iss": ISSUER, "aud": AUDIENCE}
    assert claims["exp"] - claims["iat"] == 900
    assert jwt.get_unverified_header(person.token) == {"alg": "HS256", "typ": "JWT", "kid": KID}
    good = await client.get("/api/me", headers={"Authorization": f"Bearer {signed(claims)}"})
    assert good.status_code == 200, "what the forgeries below begin with is genuine"
    for name, forge in FORGERIES.items():
        answer = await client.get("/api/me", headers={"Authorization": f"Bearer {forge(claims)}"})
        assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer"), name
        assert answer.json().keys() == {"type", "title", "status", "detail", "request_id"}, name
    for lines in (
        [("Authorization", f"Basic {person.token}")],
        [("Authorization", person.token)],
        [("Authorization", f"Bearer {person.token}")] * 2,
        [("X-Authorization", f"Bearer {person.token}")],
    ):
        assert (await client.get("/api/me", headers=lines)).status_code == 401, lines[0][0]
    assert (await client.get(f"/api/me?access_token={person.token}")).status_code == 401


async def test_a_token_of_an_old_key_passes_while_the_key_is_kept(settings_env: Any) -> None:
    old, new = "x" * 32, "y" * 32
    access = Access(uuid4(), uuid4(), "GB")
    token = issue_access(Keys(old), access)
    assert read_access(Keys(new, old), token) == access
    assert read_access(Keys(new), token) is None
    assert read_access(Keys("", old), token) is None
    assert read_access(Keys(new, old), issue_access(Keys(new), access, time.time() - 1000)) is None


async def test_no_forged_refresh_token_or_device_mark_passes(web: Web, client: httpx.AsyncClient) -> None:
    person = await register(client)
    content = base64.urlsafe_b64decode(person.refresh + "=" * (-len(person.refresh) % 4))
    forged = [
        bytes([*content[:place], content[place] ^ 1, *content[place + 1 :]]) for place in (0, 16, 35, 36, 67)
    ]
    texts = [base64.urlsafe_b64encode(one).rstrip(b"=").decode() for one in (*forged, content[:-1], b"")]
    for text in (*texts, person.refresh + "=", "é" * 20, "x" * 100_000, "\x00"):
        assert tokens.read_refresh(text) is None or (await web.accounts.refresh(text)) is None
    async with browser(web) as bare:
        assert (await bare.post("/api/auth/refresh")).status_code == 401
        for text in texts:
            answer = await bare.post("/api/auth/refresh", headers={"Cookie": f"refresh={text}"})
            assert answer.status_code == 401
        good = await bare.post("/api/auth/refresh", headers={"Cookie": f"refresh={person.refresh}"})
        assert good.status_code == 200, "a forgery of a session's token does not end it"
    keys = Keys(SECRET)
    mark = tokens.make_device(keys, b"ann")
    assert tokens.read_device(keys, mark, b"ann") is not None
    assert tokens.read_device(keys, mark, b"bob") is None
    assert tokens.read_device(Keys("z" * 32), mark, b"ann") is None


def routes(web: Web) -> list[tuple[str, str, str, set[str]]]:
    """Return (method, path, auth, names in the path) of every route under /api/auth and /api/me."""
    found = []
    for rule in web.app.url_map.iter_rules():
        declared = web.app.view_functions[rule.endpoint].policy  # type: ignore[union-attr]  # the guard checks it
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            if declared.auth in ("member", "session", "credentials"):
                found.append((method, rule.rule, declared.auth, set(rule.arguments)))
    return found


BODIES: dict[str, Any] = {"password": PASSWORD, "new_password": "another Phrase of 5 words"}


async def rows_of(database: Any, person: Person) -> dict[str, Any]:
    """Return every row of a member, table by table."""
    async with session(database) as connection:
        tables = await raw(connection).fetch(
            "SELECT table_name FROM information_schema.columns WHERE column_name = 'user_id' AND table_schema = 'public'"
        )
        found = {
            name: await raw(connection).fetch(f"SELECT * FROM {name} WHERE user_id = $1::uuid", person.id)
            for (name,) in tables
        }
        found["users"] = await raw(connection).fetch("SELECT * FROM users WHERE id = $1::uuid", person.id)
    return {name: sorted(map(repr, rows)) for name, rows in found.items()}


async def test_a_second_account_and_nobody_see_and_change_nothing_of_the_first(
    web: Web, client: httpx.AsyncClient, database: Any
) -> None:
    first = await register(client)
    owned = await client.get("/api/me/sessions", headers=first.bearer)
    ids = {"session_id": owned.json()["sessions"][0]["id"]}
    before = await rows_of(database, first)
    walked = 0
    async with browser(web) as stranger:
        for method, rule, auth, names in routes(web):
            path = rule
            for name in names:
                path = re.sub(rf"<(\w+:)?{name}>", ids.get(name, str(uuid4())), path)
            if auth != "credentials":
                nobody = await stranger.request(method, path, json=BODIES)
                assert nobody.status_code == 401, rule
            second = await register(stranger)
            stranger.cookies.clear()
            answer = await stranger.request(method, path, json=BODIES, headers=second.bearer)
            assert answer.status_code < 500, (rule, answer.text)
            for secret in (first.id, first.email, ids["session_id"], first.token, first.refresh):
                assert secret not in answer.text, rule
            if names:
                assert answer.status_code in (404, 422), rule
            walked += 1
    assert walked >= 12
    assert await rows_of(database, first) == before


async def test_hostile_bodies_are_refused_on_every_route(client: httpx.AsyncClient, web: Web) -> None:
    person = await register(client)
    json_type = {"Content-Type": "application/json"}
    bodies: list[tuple[dict[str, str], bytes]] = [
        (json_type, b"[" * 60_000),
        (json_type, b'{"a":' * 10_000 + b"1" + b"}" * 10_000),
        (json_type, b"x" * 70_000),
        (json_type, b'{"email": "\\ud800@example.com"}'),
        (json_type, b'{"email": "a@example.com", "email": "b@example.com"}'),
        (json_type, b"null"),
        (json_type, b'{"password": {"$gt": ""}}'),
        (json_type, b'{"password": "' + b"p" * 60_000 + b'"}'),
        ({"Content-Type": "text/plain"}, b'{"password": "x"}'),
        ({"Content-Type": "application/x-www-form-urlencoded"}, b"email=a@example.com"),
        (json_type | {"Content-Encoding": "gzip"}, b"\x1f\x8b"),
        (json_type, json.dumps(BODIES | {"user_id": str(uuid4()), "is_admin": True}).encode()),
    ]
    reads = [view for view in routes(web) if "{" not in view[1]]
    for method, rule, _, names in reads:
        handler = next(
            web.app.view_functions[one.endpoint]
            for one in web.app.url_map.iter_rules()
            if one.rule == rule and method in (one.methods or set())
        )
        if names or getattr(handler, "body_model", None) is None:
            continue
        for headers, content in bodies:
            answer = await client.request(method, rule, content=content, headers=headers | person.bearer)
            assert answer.status_code in (400, 413, 415, 422), (rule, content[:40], answer.text)
            assert b"pppp" not in answer.content
    assert (await client.get("/api/me", headers=person.bearer)).status_code == 200


async def test_what_identifies_or_admits_somebody_is_in_no_log_and_not_in_redis(
    settings_env: Any,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    redis: Any,
    database: Any,
) -> None:
    caplog.set_level("DEBUG")
    client_address = "203.0.113.77"
    settings = read_settings(settings_env(TRUSTED_PROXIES="127.0.0.1/32"))
    async with running(settings) as web, browser(web) as client:
        client.headers["CF-Connecting-IP"] = client_address
        client.headers["User-Agent"] = "agent\x1b[31m {'event': 'forged'}"
        person = await register(client)
        wrong = person.login | {"password": "a-wrong-password-5fd1"}
        await client.post("/api/auth/login", json=wrong, headers={"X-Request-ID": 'evil" \\n{"event":"x"}'})
        await client.post("/api/auth/login", json=person.login)
        await client.post("/api/auth/refresh")
        await client.get("/api/me", headers=person.bearer)
        await client.get("/api/me/%0d%0aSet-Cookie:%20x=1", headers=person.bearer)
        await client.post(
            "/api/auth/recover",
            json={
                "email": person.email,
                "recovery_code": person.codes[0],
                "new_password": "yet another Phrase",
            },
        )
        web.access.flush()
    logged = caplog.text + "".join(capfd.readouterr())
    kept = list(await redis.keys("*"))
    kept += [str(await redis.get(key)) for key in kept if await redis.type(key) == "string"]
    secrets = [
        person.email, person.password, wrong["password"], person.token, person.refresh, *person.codes,
        *(code.replace("-", "") for code in person.codes), "yet another Phrase", client_address,
    ]  # fmt: skip
    assert "/api/auth/login" in logged
    for place, text in (("log", logged), ("redis", "\n".join(kept))):
        assert [secret for secret in secrets if secret in text] == [], place
    assert not [line for line in logged.splitlines() if line.startswith(('{"event":"x"', "Set-Cookie"))]
    async with session(database) as connection:
        rows = await raw(connection).fetch("SELECT row_to_json(t)::text FROM sessions t")
        rows += await raw(connection).fetch("SELECT row_to_json(t)::text FROM recovery_codes t")
        stored = "\n".join(row[0] for row in rows)
    assert [secret for secret in secrets[1:] if secret in stored] == []
    assert "\x1b" not in stored
