"""Where help is, published: a document for each region that is known, and one of all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import orjson

from quartapp.documents.held import HeldDocuments
from quartapp.documents.prepared import Prepared
from quartapp.documents.table import Document
from quartapp.members.region_file import packaged
from quartapp.members.regions import DEFAULT, Help, Helpline, Regions, chain
from quartapp.publish import addresses, member_shapes


def documents_of(regions: Regions) -> Iterator[Document]:
    """Return the documents: /api/help lists every region's own lines, the others what a person there is told."""
    default = regions.help_of(DEFAULT)
    every = [line for region in regions for line in region.helplines]
    yield Document(addresses.help_of(None), dict(_content(default, every)))
    for region in regions:
        known = regions.help_of(region.code)
        yield Document(addresses.help_of(region.code), dict(_content(known, known.helplines)))


def _content(known: Help, lines: Sequence[Helpline]) -> member_shapes.HelpContent:
    return {
        "age": known.age,
        "helplines": [
            {"region": one.region, "name": one.name, "phone": one.phone, "url": one.url} for one in lines
        ],
        "text": known.text,
    }


class Helper:
    """Who helps a member, by the published documents; by the package's before the first publication."""

    def __init__(self, documents: HeldDocuments) -> None:
        self._prepared: Prepared[member_shapes.Help] = Prepared(documents, orjson.loads, 128)

    def of(self, region: str) -> member_shapes.HelpContent:
        """Return what a person in a region is told."""
        for code in chain(region):
            published = self._prepared.of(addresses.help_of(code))
            if published is not None:
                return published
        known = packaged().help_of(region)
        return _content(known, known.helplines)
