"""Whether a name is made the same way every time, and never twice for two things."""

from itertools import combinations
from uuid import UUID

import pytest

from contracts import ids

ONE, OTHER = UUID(int=1), UUID(int=2)
COMMAND = {"caller": ONE, "method": "POST", "path": "/v1/clients", "key": "k-1"}


class TestCommandIds:
    @pytest.mark.parametrize(
        "but",
        [{"caller": OTHER}, {"method": "PUT"}, {"path": "/v1/pathways"}, {"key": "k-2"}],
        ids=lambda but: f"another {next(iter(but))}",
    )
    def test_differ_with_every_part(self, but):
        """Two people may choose the same key; neither may get the other's document."""
        assert ids.from_command(**COMMAND) != ids.from_command(**(COMMAND | but))

    def test_are_the_same_for_ever(self):
        """A command is repeated after an upgrade, too, and must find what it made."""
        assert ids.from_command(**COMMAND) == UUID("35cdd0c6-9b29-5382-ac86-b12ff1b29a6b")


class TestDerivedIds:
    def test_of_one_document_never_meet(self):
        """A session that bore its plan's id would be taken for it in a log."""
        made = [
            ids.session_of(ONE),
            ids.segment_of(ONE, "onset"),
            ids.segment_of(ONE, "peak"),
            ids.case_of(ONE),
            ids.plan_of(ONE),
            ids.fact_id(ONE, 1),
            ids.fact_id(ONE, 11),
            ids.key_id(ONE, "contact"),
            ids.key_id(ONE, "chart"),
        ]
        assert [pair for pair in combinations(made, 2) if pair[0] == pair[1]] == []

    def test_are_the_same_for_ever(self):
        """Two services name the same thing without asking each other, in different releases."""
        assert ids.session_of(ONE) == UUID("5a20a9d1-3582-5880-a1ef-29a89e759942")
        assert ids.fact_id(ONE, 7) == UUID("5db128c0-be20-51f3-bac5-e5efec3662e3")
        assert ids.key_id(ONE, "chart") == UUID("453af5dc-d2ad-507b-80b0-d5305ca1a3cb")
