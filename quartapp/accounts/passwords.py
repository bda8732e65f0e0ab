"""Passwords: which are accepted, and Argon2id in threads of their own.

A hash takes some 25 ms of a core and 19 MiB. It runs beside the event loop (the library lets go of Python's lock
meanwhile), in a bounded pool whose threads give way to the loop.
"""

from __future__ import annotations

import asyncio
import os
import threading
import time
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING, TypeVar

from ops.web.problems import ProblemError

if TYPE_CHECKING:
    from argon2 import PasswordHasher

Result = TypeVar("Result")

SHORTEST, LONGEST = 10, 200
MEMORY_KIB, PASSES, LANES = 19 * 1024, 2, 1  # OWASP's least for Argon2id
WORKERS = 1 if (os.cpu_count() or 1) <= 2 else 2
MOST_WAITING = 32  # less than a second of work; who comes then is told to come again
NICENESS = 10
REST = 2.0  # of the time that a hash took


def normalise_password(text: str) -> str:
    """Return the form of a password that is hashed: NFKC, so that another keyboard types the same one."""
    return unicodedata.normalize("NFKC", text)


def weakness(password: str, email: str) -> str | None:
    """Return why a normalised password is not accepted, or None."""
    if not SHORTEST <= len(password) <= LONGEST:
        return f"must have {SHORTEST} to {LONGEST} characters"
    folded = password.casefold()
    if folded in (email, email.partition("@")[0]):
        return "must not be the address"
    if len(set(folded)) < 4 or folded in common_passwords():
        return "is one of the most common passwords"
    return None


@cache
def common_passwords() -> frozenset[str]:
    """Return the commonest passwords that are long enough: of the 30,000 that zxcvbn ships.

    Its module of lists is read on its own and let go, because it holds several megabytes of words besides.
    """
    from importlib.machinery import PathFinder
    from importlib.util import find_spec, module_from_spec

    package = find_spec("zxcvbn")
    assert package is not None, "zxcvbn is a locked dependency"
    spec = PathFinder.find_spec("frequency_lists", package.submodule_search_locations)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return frozenset(word for word in module.FREQUENCY_LISTS["passwords"] if len(word) >= SHORTEST)


class Hashing:
    """Hashes and verifies passwords, a bounded number at a time."""

    def __init__(
        self,
        workers: int = WORKERS,
        most_waiting: int = MOST_WAITING,
        hasher: Callable[[], tuple[PasswordHasher, str]] | None = None,
        rest: float = REST,
    ) -> None:
        """Take a function that gives the hasher and a hash of a password that nobody has; OWASP's without one."""
        self._hasher = hasher or _hasher
        self._pool = ThreadPoolExecutor(workers, "passwords", initializer=_give_way)
        self._room = workers + most_waiting
        self._waiting = 0
        self._rest = rest

    async def hash(self, password: str) -> str:
        """Return the hash of a normalised password. Raises ProblemError (503) when too many wait already."""
        return await self._run(lambda: self._hasher()[0].hash(password))

    async def verify(self, password_hash: str | None, password: str) -> bool:
        """Tell whether a password is right. Without a hash it takes the same time and is wrong."""
        return await self._run(lambda: _verify(*self._hasher(), password_hash, password))

    async def weakness(self, password: str, email: str) -> str | None:
        """Return why a password is not accepted, or None."""
        return await self._run(lambda: weakness(password, email))

    def is_outdated(self, password_hash: str) -> bool:
        """Tell whether a hash was made with other parameters than today's."""
        return self._hasher()[0].check_needs_rehash(password_hash)

    def close(self) -> None:
        """Start nothing more."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def _run(self, work: Callable[[], Result]) -> Result:
        if self._waiting >= self._room:
            raise ProblemError(503, "Too many passwords wait to be checked; try again shortly.")
        self._waiting += 1
        running = asyncio.get_running_loop().run_in_executor(self._pool, self._timed, work)
        running.add_done_callback(lambda _: self._leave())
        return await running

    def _timed(self, work: Callable[[], Result]) -> Result:
        """Do the work in a thread of the pool; while others wait, let the thread rest twice as long as it took.

        So hashing takes a third of a core of visitors' time at most, and nobody who logs in alone waits for it.
        """
        began = time.thread_time()
        try:
            return work()
        finally:
            if self._waiting > 1:
                with suppress(RuntimeError):  # the pool is closed
                    self._pool.submit(time.sleep, self._rest * (time.thread_time() - began))

    def _leave(self) -> None:
        self._waiting -= 1


@cache
def _hasher() -> tuple[PasswordHasher, str]:
    """Return the hasher, and a hash of a password that nobody has."""
    from argon2 import PasswordHasher

    hasher = PasswordHasher(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES)
    return hasher, hasher.hash(os.urandom(24).hex())


def _verify(hasher: PasswordHasher, nobodys: str, password_hash: str | None, password: str) -> bool:
    from argon2.exceptions import InvalidHashError, VerificationError

    try:
        return hasher.verify(password_hash or nobodys, password) and password_hash is not None
    except (VerificationError, InvalidHashError):
        return False


def _give_way() -> None:
    """Let the event loop's thread go first: on Linux a thread has a niceness of its own."""
    if hasattr(os, "setpriority"):
        try:
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
        except OSError:
            return  # a host that allows it not: hashing then competes as an equal
