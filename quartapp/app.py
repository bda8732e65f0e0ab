"""The web application, put together.

`create_web(settings)` returns a `Web`: its `asgi` is what Hypercorn serves; `start()` opens what it needs
in the background (it also starts while PostgreSQL or Redis are away), `stop()` closes it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

from quart import Quart, Response
from werkzeug.exceptions import HTTPException

from ops.instances import beat
from ops.stores import Stores, Unavailable, open_stores
from ops.tasks import Tasks, first_of
from ops.telemetry.access import AccessLog
from ops.telemetry.events import emit
from ops.telemetry.logs import output, redact
from ops.telemetry.metrics import Requests
from ops.web import ops_api, probes, problems
from ops.web.access import OpsAccess
from ops.web.request_id import request_id
from quartapp.accounts.service import Accounts, open_accounts
from quartapp.accounts.standing import Standing
from quartapp.api import docs
from quartapp.api.accounts import auth, me
from quartapp.api.bot import conversations
from quartapp.api.bot import routes as bot
from quartapp.api.bot.models import open_models
from quartapp.api.bot.parlays import ParlayReads
from quartapp.api.bot.service import ChatService
from quartapp.api.members import care, saves
from quartapp.api.members import parlays as saved_parlays
from quartapp.api.parlays import routes as parlays
from quartapp.api.parlays.priced import PricedReads
from quartapp.api.parlays.prices import Prices
from quartapp.api.parlays.suggestions import Suggestions
from quartapp.api.reads import routes as reads
from quartapp.api.reads.games import GameLists
from quartapp.bot.budget import TokenBudget
from quartapp.credits import read_budget
from quartapp.documents.follow import Follower
from quartapp.documents.held import HeldDocuments
from quartapp.freshness.silence import SilenceWatch
from quartapp.freshness.troubles import looking
from quartapp.http.cors import Cors
from quartapp.http.direct import Direct
from quartapp.http.front import Application, Front
from quartapp.http.guard import Guard
from quartapp.http.limits import Clients, Limits
from quartapp.http.member import authenticators as member_authenticators
from quartapp.http.streams import OpenStreams
from quartapp.publish import addresses
from quartapp.publish.help import Helper

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from quartapp.settings import Settings


@dataclass(slots=True)
class Web:
    """A web process's parts, and their start and stop."""

    settings: Settings
    app: Quart
    asgi: Front
    documents: HeldDocuments
    follower: Follower
    stores: Stores
    access: AccessLog
    accounts: Accounts
    requests: Requests
    chats: ChatService
    tasks: Tasks = field(default_factory=Tasks)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    loaded: asyncio.Event = field(default_factory=asyncio.Event)
    stores_wait_seconds: float = 1.0  # at most this long for the documents

    def start(self) -> None:
        """Start what keeps this process fresh. Nothing here waits for PostgreSQL or Redis."""
        self.tasks.start(self.follower.run(self.stopping), "documents")
        if self.accounts.keys:
            self.tasks.start(self.accounts.follower.run(self.stopping), "accounts")
        silence = SilenceWatch(self.documents, datetime.now(UTC))
        self.tasks.start(silence.watch(self.stopping), "silence")
        self.stores.expect()
        self.tasks.start(self._open_stores(), "database")

    async def _open_stores(self) -> None:
        """Load what speaks to the stores, `loaded` then; open the pool and say that this process is alive.

        Not before the documents are here: they and the first visitors need neither, and it takes a core 0.2 s.
        """
        await first_of(self.stopping, self.follower.tried, self.stores_wait_seconds)
        if self.stopping.is_set():
            return
        await self.stores.load()
        self.loaded.set()
        beating = beat(
            self.stores.redis,
            "web",
            self.settings.git_sha,
            self.stopping,
            ended_well=lambda: not self.tasks.failed.is_set(),
        )
        self.tasks.start(beating, "beat")
        if await self.stores.connect(self.stopping):
            await self.chats.prepare()

    async def stop(self) -> None:
        """End the tasks, close the pools, write the last log lines. Bounded."""
        self.stopping.set()
        await self.tasks.drained(2)
        await self.tasks.close(2)
        await self.chats.close()
        self.accounts.hashing.close()
        await self.stores.close()
        self.access.flush()


def create_web(settings: Settings, *, access_stream: Any = None) -> Web:
    """Put the web process together; nothing is opened yet."""
    stores = open_stores(settings, "parlaygorilla-web")
    documents = HeldDocuments(max_bytes=settings.documents_max_mb * 1024 * 1024, describe=addresses.describe)
    dsn = settings.database_url.get_secret_value()
    follower = Follower(documents, dsn, listen=not settings.database_pooler)
    requests = Requests()
    stream = access_stream or output()
    console = settings.log_format == "console" or (settings.log_format is None and stream.isatty())
    access = AccessLog(stream, requests, console=console)
    stopping = asyncio.Event()
    accounts = _accounts(settings, stores, dsn)
    chats = _chats(settings, documents, stores, stopping, accounts.standing)
    cors = Cors(settings.cors_allowed_origins)
    direct = Direct(Clients(settings.trusted_proxies), cors, Limits(), documents)
    app = create_app(settings, documents, stores, requests, stopping, accounts, direct, chats)
    front = Front(direct.around(cast(Application, app)), documents, access, cors, stopping)
    return Web(settings, app, front, documents, follower, stores, access, accounts, requests, chats)


def create_app(
    settings: Settings,
    documents: HeldDocuments,
    stores: Stores,
    requests: Requests,
    stopping: asyncio.Event,
    accounts: Accounts,
    direct: Direct,
    chats: ChatService,
) -> Quart:
    """Return the Quart application: its routes, its errors, its bounds. `stopping` ends what streams."""
    app = Quart(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = 64 * 1024
    app.config["BODY_TIMEOUT"] = (
        10  # below the handler's own bound: a slow client is a 408 and no fault of ours
    )
    app.url_map.merge_slashes = False  # its redirect would name whatever host the client sent
    app.json.sort_keys = False  # type: ignore[attr-defined]  # Quart's default provider has it
    app.register_blueprint(probes.blueprint(stores, lambda: documents.warm))
    app.register_blueprint(
        ops_api.blueprint(
            stores=stores,
            requests=requests,
            gauges=lambda: _gauges(documents) | _bot_gauges(settings, chats),
            extra_status=lambda: _status(settings, documents, stores.redis),
            look=looking(settings),
        )
    )
    lists = GameLists(documents)
    app.register_blueprint(reads.blueprint(documents, lists, stores.database))
    prices = Prices(documents)
    suggestions = Suggestions(documents, prices.games)
    priced = PricedReads(documents, prices.games)
    app.register_blueprint(parlays.blueprint(prices, suggestions, priced, Helper(documents), documents))
    chats.parlays = ParlayReads(documents, priced, suggestions)
    app.register_blueprint(auth.blueprint(accounts))
    app.register_blueprint(me.blueprint(accounts))
    app.register_blueprint(bot.blueprint(chats, Helper(documents)))
    app.register_blueprint(conversations.blueprint(stores.database))
    app.register_blueprint(care.blueprint(accounts, documents))
    app.register_blueprint(saves.blueprint(accounts, documents))
    app.register_blueprint(saved_parlays.blueprint(accounts))
    app.register_blueprint(docs.blueprint())
    answer_with_problems(app)
    access = OpsAccess(settings.ops_debug_enabled, _token(settings))
    clients = Clients(settings.trusted_proxies)
    origins = settings.cors_allowed_origins
    who = ops_api.authenticators(access) | member_authenticators(accounts, origins)
    comment_seconds = settings.stream_comment_seconds
    Guard(who, clients, Cors(origins), stopping, direct.limits, comment_seconds=comment_seconds).watch(app)
    views = cast(Mapping[str, Any], app.view_functions)
    direct.add(parlays.PRICE, views["parlays.price_parlay"].policy, prices.answer)
    direct.add_stream(
        bot.CHAT,
        views["bot.chat"].policy,
        bot.chats(chats, Helper(documents), accounts),
        OpenStreams(stopping, comment_seconds),
    )
    direct.add_question(addresses.SUGGEST, views["parlays.suggest_parlay"].policy, suggestions.read)
    direct.add_question(addresses.PRICED, views["parlays.read_parlay"].policy, priced.read)
    direct.add_question(addresses.GAMES, views["reads.games"].policy, lists.read)
    return app


def answer_with_problems(app: Quart) -> None:
    """Answer every error with a problem."""

    @app.errorhandler(problems.ProblemError)
    async def problem(error: problems.ProblemError) -> Response:
        response = _problem(error.status, error.detail, error.errors, error.more)
        response.headers.update(error.headers)
        return response

    @app.errorhandler(HTTPException)
    async def http_error(error: HTTPException) -> Response:
        response = _problem(error.code or 500)
        for name, value in error.get_headers(None):
            if name.lower() in ("allow", "retry-after", "www-authenticate"):
                response.headers[name] = value
        return response

    @app.errorhandler(Exception)
    async def unexpected(error: Exception) -> Response:
        if isinstance(error, Unavailable):
            emit("store_unavailable", waiting="request", error=redact(repr(error)))
            return _problem(503)
        emit("request_failed", path=_path(), exc_info=error)
        return _problem(500)


def _path() -> str:
    from quart import request

    return request.path


def _problem(
    status: int,
    detail: str | None = None,
    errors: list[dict[str, str]] | None = None,
    more: Mapping[str, Any] | None = None,
) -> Response:
    body = problems.render(status, request_id(), detail, errors, more)
    response = Response(body, status, content_type=problems.CONTENT_TYPE)
    response.headers["Cache-Control"] = "no-store"
    if status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    if status == 503:
        response.headers["Retry-After"] = "5"
    return response


def _accounts(settings: Settings, stores: Stores, dsn: str) -> Accounts:
    previous = settings.jwt_secret_previous
    return open_accounts(
        stores,
        dsn,
        secret=settings.jwt_secret.get_secret_value(),
        previous_secret=previous.get_secret_value() if previous else None,
        listen=not settings.database_pooler,
    )


def _chats(
    settings: Settings, documents: HeldDocuments, stores: Stores, stopping: asyncio.Event, standing: Standing
) -> ChatService:
    budget = TokenBudget(
        stores.redis, all_tokens=settings.bot_daily_tokens, member_tokens=settings.bot_member_daily_tokens
    )
    return ChatService(documents, stopping, stores, budget, standing, open_models(settings))


def _bot_gauges(settings: Settings, chats: ChatService) -> dict[str, float]:
    used = chats.used
    cost = used.tokens_in * settings.openai_price_in + used.tokens_out * settings.openai_price_out
    return {
        "bot_tokens_in": used.tokens_in,
        "bot_tokens_out": used.tokens_out,
        "bot_cost_dollars": cost / 1_000_000,
    }


def _token(settings: Settings) -> str | None:
    return settings.ops_debug_token.get_secret_value() if settings.ops_debug_token else None


def _gauges(documents: HeldDocuments) -> dict[str, float]:
    count, size = documents.counts
    return {
        "documents_held": count,
        "documents_held_bytes": size,
        "documents_version": documents.version,
        "documents_stale": float(documents.stale),
    }


async def _status(settings: Settings, documents: HeldDocuments, redis: Redis) -> dict[str, Any]:
    count, size = documents.counts
    credits = await read_budget(
        redis, daily_limit=settings.odds_api_daily_credits, floor=settings.odds_api_credit_floor
    )
    return {
        "git_sha": settings.git_sha,
        "documents": {"held": count, "bytes": size, "version": documents.version, "stale": documents.stale},
        "odds_api_credits": {"remaining": credits.remaining, "spent_today": credits.spent_today},
    }
