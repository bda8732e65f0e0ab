"""The peer, as this field usually writes such a backend: FastAPI, an async ORM, a response model.

One row a game, its odds as jsonb, validated and serialised for every request.
Serve it: ``PEER_DATABASE_URL=postgresql+asyncpg://... gunicorn bench.peer_fastapi:app -w 1 -k
uvicorn_worker.UvicornWorker``. Routes: /healthz and /rows.
"""

from __future__ import annotations

import os
from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Outcome(BaseModel):
    name: str
    price: float
    point: float | None = None


class Market(BaseModel):
    key: str
    last_update: str | None = None
    outcomes: list[Outcome]


class Bookmaker(BaseModel):
    key: str
    title: str
    last_update: str
    markets: list[Market]


class Game(BaseModel):
    id: str
    sport_key: str
    sport_title: str
    commence_time: str
    home_team: str
    away_team: str
    bookmakers: list[Bookmaker]


class Base(DeclarativeBase):
    pass


class Row(Base):
    __tablename__ = "games"
    id: Mapped[str] = mapped_column(primary_key=True)
    sport: Mapped[str]
    doc: Mapped[dict[str, Any]] = mapped_column(JSONB)


app = FastAPI()
sessions = async_sessionmaker(create_async_engine(os.environ["PEER_DATABASE_URL"], pool_size=8))


@app.get("/healthz")  # type: ignore[untyped-decorator, unused-ignore]  # the peer is installed for the bench only
async def healthz() -> dict[str, bool]:
    return {"ok": True}


@app.get("/rows", response_model=list[Game])  # type: ignore[untyped-decorator, unused-ignore]  # the peer is installed for the bench only
async def rows() -> list[dict[str, Any]]:
    async with sessions() as session:
        found = await session.execute(select(Row).where(Row.sport == "nfl").order_by(Row.id))
        return [row.doc for row in found.scalars()]
