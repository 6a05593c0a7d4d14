"""What does a client sign, and what do they take back?"""

from collections.abc import Callable
from typing import Self

from contracts.base import Value, Word
from contracts.intake import (
    ConsentKind,
    Language,
    Sha256,
)
from intake.model import ConsentPolicy


class ConsentEnd(Value):
    """Which kind of consent a client takes back."""

    kind: ConsentKind


class ConsentText(Value):
    """A text as it is shown and signed."""

    kind: ConsentKind
    text_version: Word
    text_sha256: Sha256
    language: Language
    text: str


class ConsentTexts(Value):
    """The current texts."""

    items: tuple[ConsentText, ...]

    @classmethod
    def of(
        cls, policy: ConsentPolicy, language: Language, *, text_of: Callable[[str], str]
    ) -> Self:
        """Show each kind that has a text in this language."""
        pages = ((kind, terms, terms.pages.get(language)) for kind, terms in policy.kinds.items())
        return cls(
            items=tuple(
                ConsentText(
                    kind=kind,
                    text_version=terms.material_version,
                    text_sha256=page.sha256,
                    language=language,
                    text=text_of(page.sha256),
                )
                for kind, terms, page in pages
                if page is not None
            )
        )
