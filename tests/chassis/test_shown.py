"""A document is shown as it stands."""

import json
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from chassis.domain import Document
from chassis.shown import listed, shown
from contracts.ids import SiteId

STONE = UUID("d9428888-122b-41e1-b85c-61cdc1f0e001")


class Stone(Document):
    """A document with a number that a float would change."""

    subject_field = "stone_id"

    stone_id: SiteId
    weight_kg: Decimal


class Bare(Document):
    """A document without fields of its own."""

    @property
    def id(self):
        """One id for all."""
        return STONE


@dataclass(frozen=True)
class Standing:
    """A document as the store gives it."""

    document: Document
    version: int = 17
    sequence: int = 9
    replayed: bool = False


A_STONE = Stone(stone_id=STONE, weight_kg=Decimal("2.50"))


class TestShown:
    """Showing one document."""

    def test_gives_its_fields_with_id_version_and_sequence(self):
        """The next command needs the version, a mirror the sequence."""
        answer = shown(Standing(A_STONE), status=201)

        assert json.loads(answer.body) == {
            "id": str(STONE),
            "version": 17,
            "sequence": 9,
            "stone_id": str(STONE),
            "weight_kg": "2.50",
        }
        assert (answer.status_code, answer.headers["etag"]) == (201, '"17"')
        assert "idempotent-replay" not in answer.headers

    def test_says_that_a_command_was_a_repeat(self):
        """The caller learns that the first answer was lost, not the command."""
        assert shown(Standing(A_STONE, replayed=True)).headers["idempotent-replay"] == "true"

    def test_shows_a_document_without_fields(self):
        """A comma too many is no JSON."""
        assert json.loads(shown(Standing(Bare())).body)["version"] == 17


class TestListed:
    """Showing a page of a list."""

    def test_names_where_a_full_page_goes_on(self):
        """A page that is not full is the last one."""
        full = json.loads(listed([Standing(A_STONE)] * 2, limit=2).body)
        last = json.loads(listed([Standing(A_STONE)], limit=2).body)

        assert (len(full["items"]), full["next"]) == (2, str(STONE))
        assert (len(last["items"]), last["next"]) == (1, None)

    def test_shows_an_empty_list(self):
        """Nothing found is an answer."""
        assert json.loads(listed([], limit=2).body) == {"items": [], "next": None}
