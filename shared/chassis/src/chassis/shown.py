"""How is a document shown over HTTP? As it stands, with its version as `ETag`."""

from collections.abc import Sequence
from typing import Protocol

from starlette.responses import Response

from chassis.domain import Document


class Showable(Protocol):
    """A document as the store gives it."""

    @property
    def document(self) -> Document:
        """The document itself."""

    @property
    def version(self) -> int:
        """How often it was written."""

    @property
    def sequence(self) -> int:
        """How many facts it told."""

    @property
    def replayed(self) -> bool:
        """Whether this answers a command that had been carried out before."""


def shown(kept: Showable, status: int = 200) -> Response:
    """Show a document; a command that is repeated gets it as it stands now, and is told so."""
    headers = {"etag": f'"{kept.version}"'}
    if kept.replayed:
        headers["idempotent-replay"] = "true"
    return Response(_json(kept), status, headers, media_type="application/json")


def listed(found: Sequence[Showable], limit: int) -> Response:
    """Show one page of a list; a full page names where the next one begins."""
    follows = f'"{found[-1].document.id}"'.encode() if len(found) >= limit else b"null"
    items = b",".join(map(_json, found))
    return Response(b'{"items":[%b],"next":%b}' % (items, follows), media_type="application/json")


def _json(kept: Showable) -> bytes:
    """Put id, version and sequence before the fields, without building the whole a second time."""
    fields = kept.document.__pydantic_serializer__.to_json(kept.document)
    head = f'{{"id":"{kept.document.id}","version":{kept.version},"sequence":{kept.sequence}'
    return head.encode() + (b"," + fields[1:] if len(fields) > len(b"{}") else b"}")
