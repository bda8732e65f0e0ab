"""Publishes where help is, the packaged regions with what operators changed, and the packaged rules of settlement."""

from __future__ import annotations

from datetime import UTC, datetime

from ops.clock.job import Job
from quartapp.documents import table as documents
from quartapp.jobs.slates import Context
from quartapp.publish import addresses, help, rules
from quartapp.store import regions as store
from quartapp.upstreams import Upstreams


async def regions(context: Context) -> dict[str, object]:
    """Publish the help of every region and the rules; what has not changed stays as it is."""
    async with context.transaction() as connection:
        await documents.lock(connection)
        known = await store.load(connection)
        wanted = list(help.documents_of(known))
        keys = {document.key for document in wanted}
        listed = await documents.published_keys(connection, but=addresses.OF_GAMES)
        changed = await documents.publish(
            connection,
            [*wanted, rules.document()],
            withdrawn=[key for key in listed if addresses.is_help(key) and key not in keys],
            fencing_token=context.fencing_token,
            now=datetime.now(UTC),
        )
    return {"regions": len(wanted) - 1, "documents_published": changed}


REGIONS: Job[Upstreams] = Job(
    name="regions", run=regions, schedule="25 * * * *", timeout_seconds=60, run_at_start=True
)
