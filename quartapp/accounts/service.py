"""What can be done with an account. No HTTP here: routes are in quartapp/api/accounts."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING
from uuid import UUID

from ops.database import session
from ops.stores import Stores
from ops.web.problems import ProblemError, invalid
from quartapp.accounts import codes, sessions, throttle, tokens
from quartapp.accounts.follow import StandingFollower
from quartapp.accounts.keys import Keys
from quartapp.accounts.passwords import Hashing, normalise_password
from quartapp.accounts.sessions import Issued
from quartapp.accounts.standing import Standing
from quartapp.accounts.throttle import Bucket, Rate, Tried
from quartapp.members.exclusions import address_hash
from quartapp.store import exclusions as kept_exclusions
from quartapp.store import leaving, members
from quartapp.store import sessions as stored_sessions
from quartapp.store.members import User

if TYPE_CHECKING:
    from databases import Database
    from databases.core import Connection
    from redis.asyncio import Redis

WRONG_LOGIN = "The address or the password is wrong."
WRONG_CODE = "The address or the recovery code is wrong."
WRONG_LINK = "The link is wrong, was used, or is older than 30 minutes."


@dataclass(slots=True)
class Accounts:
    """The parts that a web process needs for accounts. Without a key in `keys` there are none."""

    keys: Keys
    stores: Stores
    standing: Standing
    follower: StandingFollower
    hashing: Hashing
    login_account: Rate = throttle.LOGIN_ACCOUNT
    most_sessions: int = sessions.MOST_SESSIONS

    @property
    def database(self) -> Database:
        """The pool."""
        return self.stores.database

    @property
    def redis(self) -> Redis:
        """Where tries are counted."""
        return self.stores.redis

    # --- how often somebody may try

    def name(self, email: str) -> str:
        """Return what stands for an address in Redis, which is to hold none."""
        return self.keys.current.sign(b"limit", email.encode()).hex()[:32]

    def login_buckets(self, email: str, client: str, device_mark: str) -> list[Bucket]:
        """Return what a login counts in.

        A device on which this account has logged in before counts for itself, so that strangers who use up the
        account's tries do not keep its owner out.
        """
        account, place = self.name(email), self.name(client)
        by_client = Bucket(throttle.LOGIN_CLIENT, place)
        device = tokens.read_device(self.keys, device_mark, account.encode())
        if device is not None:
            return [by_client, Bucket(throttle.LOGIN_DEVICE, f"{account}:{device}")]
        pair = Bucket(throttle.LOGIN_PAIR, f"{account}:{place}")
        return [by_client, pair, Bucket(self.login_account, account)]

    def recover_buckets(self, email: str, client: str) -> list[Bucket]:
        """Return what a recovery counts in."""
        account, place = self.name(email), self.name(client)
        return [
            Bucket(throttle.RECOVER_CLIENT, place),
            Bucket(throttle.RECOVER_PAIR, f"{account}:{place}"),
            Bucket(throttle.RECOVER_ACCOUNT, account),
        ]

    async def take(self, buckets: Sequence[Bucket]) -> Tried:
        """Count a try. Raises RedisError while Redis is away: nobody may then try."""
        return await throttle.take(self.redis, buckets)

    # --- accounts

    async def register(
        self, email: str, password: str, born: date, region: str, user_agent: str
    ) -> tuple[User, Issued, list[str]]:
        """Write a new account and begin its first session; return both and the recovery codes.

        Raises ProblemError: 422 for a weak password, 409 for an address that has an account.
        """
        hashed = await self._accepted(password, email, "password")
        address = await asyncio.to_thread(address_hash, email)
        now = datetime.now(UTC)
        user = User(uuid.uuid4(), email, hashed, born, region, now)
        shown = codes.make_codes()
        async with session(self.database) as connection, connection.transaction():
            # An exclusion outlives its account. The words are those of a taken address: who asks may be anybody.
            if await kept_exclusions.address_excluded(connection, address, now) or not await members.add(
                connection, user
            ):
                raise ProblemError(409, "This address has an account already.", code="email_taken")
            await members.replace_codes(connection, user.id, [codes.code_hash(one) for one in shown], now)
            issued = await sessions.begin(
                connection, self.keys, user, user_agent, now, most=self.most_sessions
            )
            await members.audit(connection, user.id, "registered", now, session_id=issued.session_id)
        return user, issued, shown

    async def login(
        self, email: str, password: str, user_agent: str, buckets: Sequence[Bucket]
    ) -> tuple[User, Issued]:
        """Begin a session. Raises ProblemError (401), alike in words and time whether there is such an account."""
        password = normalise_password(password)
        async with session(self.database) as connection:
            user = await members.find_by_email(connection, email)
        if not await self.hashing.verify(user.password_hash if user else None, password) or user is None:
            raise ProblemError(401, WRONG_LOGIN)
        await throttle.give_back(self.redis, buckets)
        renewed = await self.hashing.hash(password) if self.hashing.is_outdated(user.password_hash) else None
        now = datetime.now(UTC)
        async with session(self.database) as connection, connection.transaction():
            if renewed is not None:
                await members.set_password(connection, user.id, renewed, None)
            issued = await sessions.begin(
                connection, self.keys, user, user_agent, now, most=self.most_sessions
            )
            await members.audit(connection, user.id, "logged_in", now, session_id=issued.session_id)
        return user, issued

    async def recover(self, email: str, code: str, new_password: str, buckets: Sequence[Bucket]) -> None:
        """Set a password with a recovery code, and end every session. Raises ProblemError (401, 422).

        The new password is hashed first, whether or not there is such an account: it is what takes the time.
        """
        hashed = await self._accepted(new_password, email, "new_password")
        now = datetime.now(UTC)
        async with session(self.database) as connection, connection.transaction():
            user_id = await members.use_code(connection, email, codes.code_hash(code), now)
            ended = await self._replace_password(connection, user_id, hashed, "recovered", now)
        self._know(ended)
        if user_id is None:
            raise ProblemError(401, WRONG_CODE)
        await throttle.give_back(self.redis, buckets)

    async def reset(self, token: str, new_password: str) -> None:
        """Set a password with an operator's link, and end every session. Raises ProblemError (401, 422)."""
        hashed = await self._accepted(new_password, "", "new_password")
        now = datetime.now(UTC)
        async with session(self.database) as connection, connection.transaction():
            user_id = await members.use_reset(connection, tokens.digest(token), now)
            ended = await self._replace_password(connection, user_id, hashed, "reset", now)
        self._know(ended)
        if user_id is None:
            raise ProblemError(401, WRONG_LINK)

    async def change_password(self, user_id: UUID, keep: UUID, password: str, new_password: str) -> None:
        """Set a password with the old one; every session but `keep` ends. Raises ProblemError (403, 422)."""
        user = await self.confirm(user_id, password)
        hashed = await self._accepted(new_password, user.email, "new_password")
        now = datetime.now(UTC)
        async with session(self.database) as connection, connection.transaction():
            await members.set_password(connection, user_id, hashed, now)
            ended = await stored_sessions.end(connection, user_id, "password_changed", now, but=keep)
            await members.audit(connection, user_id, "password_changed", now, session_id=keep)
        self._know(ended)

    async def new_codes(self, user_id: UUID, password: str) -> list[str]:
        """Replace a member's recovery codes; return the new ones. Raises ProblemError (403)."""
        await self.confirm(user_id, password)
        shown, now = codes.make_codes(), datetime.now(UTC)
        async with session(self.database) as connection, connection.transaction():
            await members.replace_codes(connection, user_id, [codes.code_hash(one) for one in shown], now)
            await members.audit(connection, user_id, "recovery_codes_replaced", now)
        return shown

    async def delete(self, user_id: UUID, password: str) -> None:
        """Delete an account, every row that refers to it, and end its sessions. Raises ProblemError (403)."""
        user = await self.confirm(user_id, password)
        address = await asyncio.to_thread(address_hash, user.email)
        now = datetime.now(UTC)
        async with session(self.database) as connection, connection.transaction():
            await leaving.leave(connection, user_id, address, now)
            ended = await stored_sessions.end(connection, user_id, "deleted", now)
            await members.audit(connection, user_id, "deleted", now)
            await members.delete(connection, user_id)
        self._know(ended)

    async def end_sessions(self, user_id: UUID, reason: str, *, only: UUID | None = None) -> Sequence[UUID]:
        """End a member's sessions, or `only` one of them, in every process; return which."""
        now = datetime.now(UTC)
        async with session(self.database) as connection, connection.transaction():
            ended = await stored_sessions.end(connection, user_id, reason, now, only=only)
        self._know(ended)
        return ended

    async def refresh(self, token: str) -> Issued | None:
        """Return the tokens that come after a refresh token, or None: it is not ours, or its session has ended."""
        issued, ended = await sessions.refresh(self.database, self.keys, token)
        self._know(ended)
        return issued

    def _know(self, ended: Sequence[UUID]) -> None:
        """Refuse these sessions here at once; the other processes hear of them by a notification."""
        self.standing.end(ended, time.monotonic())

    async def confirm(self, user_id: UUID, password: str) -> User:
        """Return the member if the password is theirs. Raises ProblemError: 403 if not, 401 if there is none."""
        async with session(self.database) as connection:
            user = await members.read(connection, user_id)
        if user is None:
            raise ProblemError(401)
        if not await self.hashing.verify(user.password_hash, normalise_password(password)):
            raise ProblemError(403, "The password is wrong.", code="wrong_password")
        await throttle.give_back(self.redis, [self.password_bucket(user_id)])
        return user

    def password_bucket(self, user_id: UUID) -> Bucket:
        """Return what a password counts in that confirms something."""
        return Bucket(throttle.PASSWORD_ACCOUNT, self.name(str(user_id)))

    async def _replace_password(
        self, connection: Connection, user_id: UUID | None, hashed: str, event: str, now: datetime
    ) -> Sequence[UUID]:
        """Set a member's password and end every session; return which."""
        if user_id is None:
            return []
        await members.set_password(connection, user_id, hashed, now)
        await members.audit(connection, user_id, event, now)
        return await stored_sessions.end(connection, user_id, event, now)

    async def _accepted(self, password: str, email: str, field: str) -> str:
        """Return the hash of a new password. Raises ProblemError (422) for one that is not accepted."""
        password = normalise_password(password)
        if (reason := await self.hashing.weakness(password, email)) is not None:
            raise invalid(field, reason)
        return await self.hashing.hash(password)


def open_accounts(
    stores: Stores, dsn: str, *, secret: str, previous_secret: str | None, listen: bool
) -> Accounts:
    """Return the parts; nothing is opened yet."""
    standing = Standing()
    follower = StandingFollower(standing, dsn, listen=listen)
    return Accounts(Keys(secret, previous_secret), stores, standing, follower, Hashing())
