"""What a web process loads before it answers, and in which order."""

from __future__ import annotations

import asyncio
import builtins
import importlib
import json
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from launcher.serve.later import UNUSED, load_later
from ops.database import session
from quartapp.app import create_web
from quartapp.settings import Settings
from tests.conftest import PROJECT

# Runs the role up to where its loop would begin to answer, and tells what it has imported.
_UNTIL_IT_SERVES = """
import json, os, sys
from launcher.serve.later import UNUSED, load_later
load_later(*UNUSED)  # as launcher/__main__.py does
from launcher.roles import web

def waits(module):  # to be loaded when somebody looks at it
    return getattr(vars(module).get("__getattr__"), "__module__", "") == "launcher.serve.later"

def tell(_):
    print(json.dumps(sorted(name for name, one in sys.modules.items() if one and not waits(one))), flush=True)
    os._exit(0)

web._spare_the_collector = tell
sys.argv = ["launcher", "web"]
from launcher.cli import main
main()
"""
NOT_TO_SERVE = {
    "sqlalchemy", "databases", "redis", "opentelemetry",  # loaded once the documents are here
    "alembic", "argon2", "zxcvbn", "jwt", "httpx", "openai", "shin",  # when someone needs them
    "croniter", "tenacity", "quartapp.jobs", "quartapp.feeds", "quartapp.sandbox", "launcher.dev",  # the clock's
    "quartapp.records", "quartapp.publish.archive", "quartapp.store.closings",  # games that are over
    "quartapp.api.openapi",
    "h2.connection", "hpack", "hyperframe",  # HTTP/2
    *UNUSED,
    "rich", "pygments", "numpy", "scipy",
}  # fmt: skip


def test_what_only_the_stores_or_a_feature_need_is_not_imported_before_visitors_are_answered(
    settings_env: Callable[..., dict[str, str]], database_url: str, python: str
) -> None:
    started = subprocess.run(
        [python, "-c", _UNTIL_IT_SERVES],
        cwd=PROJECT,
        env=settings_env(PORT="0", SCHEDULER_STANDALONE="true"),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert started.returncode == 0, started.stderr
    imported = set(json.loads(started.stdout.splitlines()[-1]))
    assert "quartapp.app" in imported, "the role did not come as far as it should"
    assert sorted(imported & NOT_TO_SERVE) == []


_TWO_STORES = """
import asyncio
from ops.lazy_redis import LazyRedis
from ops.stores import _open_redis

async def both():
    clients = [LazyRedis(lambda: _open_redis("redis://127.0.0.1:1/0")) for _ in range(8)]
    await asyncio.gather(*(client.load() for client in clients))

asyncio.run(both())
"""


def test_a_web_process_and_its_own_clock_load_redis_at_one_moment(python: str) -> None:
    """The clock died of it once, and the process with it."""
    loaded = subprocess.run(
        [python, "-c", _TWO_STORES], cwd=PROJECT, capture_output=True, text=True, timeout=120, check=False
    )
    assert loaded.returncode == 0, loaded.stderr


def test_a_module_is_loaded_at_the_first_look_and_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "module_of_a_test.py").write_text(
        "import builtins\nbuiltins.loads_of_a_test.wait()\nanswer = 42\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    begun, go_on, looks = threading.Event(), threading.Event(), list[int]()

    class Loads:
        count = 0

        def wait(self) -> None:
            self.count += 1
            begun.set()
            assert go_on.wait(60)

    loads = Loads()
    monkeypatch.setattr(builtins, "loads_of_a_test", loads, raising=False)
    load_later("module_of_a_test")
    module = importlib.import_module("module_of_a_test")
    assert loads.count == 0
    threads = [threading.Thread(target=lambda: looks.append(module.answer)) for _ in range(2)]
    threads[0].start()
    assert begun.wait(60)
    threads[1].start()  # while the first loads it: it waits for the whole of it
    go_on.set()
    for thread in threads:
        thread.join(60)
    assert (looks, loads.count) == ([42, 42], 1)
    with pytest.raises(AttributeError):
        module.question  # noqa: B018 - looked at


async def test_the_stores_are_loaded_once_the_documents_are_here(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    web = create_web(settings)
    web.stores_wait_seconds = 600
    load, warm = web.stores.load, list[bool]()

    async def noted() -> None:
        warm.append(web.documents.warm)
        await load()

    monkeypatch.setattr(web.stores, "load", noted)
    web.start()
    try:
        async with session(
            web.stores.database, timeout=60
        ) as connection:  # asked first, and waits for the pool
            assert await connection.fetch_val("SELECT 1") == 1
        assert warm == [True]
    finally:
        await web.stop()


async def test_stores_are_loaded_although_the_documents_cannot_be_read(
    settings: Settings,
) -> None:
    nowhere = type(settings.database_url)("postgresql://u:p@127.0.0.1:9/d")
    web = create_web(settings.model_copy(update={"database_url": nowhere}))
    web.stores_wait_seconds = 600
    web.start()
    try:
        async with asyncio.timeout(60):
            await web.loaded.wait()
        assert not web.documents.warm
    finally:
        await web.stop()
