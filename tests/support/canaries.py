"""Personal words, in every form in which they could leak without being seen at once."""

import base64
import json
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from urllib.parse import quote

_LONG_BYTES = 8
"""What is shorter looks, encoded or inside a cipher, like many other things."""

_MILLISECONDS = 1000


class Canaries:
    """Looks for personal words."""

    def __init__(self, words: Iterable[str]) -> None:
        """Look for these words, and for their parts where a part alone tells of somebody."""
        self.words = sorted({word for word in words if word})
        self._forms = {form: word for word in self.words for form in forms(word)}

    def found_in(self, raw: bytes) -> set[str]:
        """Name the words that these bytes hold in any form."""
        return {word for form, word in self._forms.items() if form in raw and _stands(form, raw)}


def forms(word: str) -> set[bytes]:
    """Write a word as it stands, escaped, and encoded."""
    plain = word.encode()
    written = {
        plain,
        json.dumps(word)[1:-1].encode(),
        quote(word).encode(),
        word.encode("utf-16-le"),
    }
    if len(plain) >= _LONG_BYTES:
        written |= {plain.hex().encode(), plain.hex().upper().encode()}
        written |= set(_in_base64(plain))
    return written | _as_a_moment(word)


def _stands(form: bytes, raw: bytes) -> bool:
    """Say whether a word stands there by itself; a short one turns up inside ciphers by chance."""
    if len(form) >= _LONG_BYTES:
        return True
    return re.search(rb"(?<![\w-])" + re.escape(form) + rb"(?![\w-])", raw) is not None


def parts_of(name: str) -> set[str]:
    """Give a name whole and in its parts; a title or an initial is nobody's alone."""
    return {name, *(part for part in name.split() if len(part) > 3)}


def clauses_of(text: str) -> set[str]:
    """Give a text whole and in its clauses, for a log may cut what it quotes."""
    pieces = text.replace(";", ",").replace(".", ",").split(",")
    return {text, *(piece.strip() for piece in pieces if len(piece.strip()) >= _LONG_BYTES)}


def words_in(told: object, names: Iterable[str]) -> Mapping[str, set[str]]:
    """Collect what stands under these names, however deep."""
    found: dict[str, set[str]] = {name: set() for name in names}
    _collect(told, found)
    return found


def _collect(told: object, found: dict[str, set[str]]) -> None:
    if isinstance(told, dict):
        for name, each in told.items():
            if name in found and isinstance(each, str):
                found[name].add(each)
            _collect(each, found)
    elif isinstance(told, list):
        for each in told:
            _collect(each, found)


def _in_base64(plain: bytes) -> Iterable[bytes]:
    """Encode at each of the three places where a word may begin, without the uncertain ends."""
    for before in range(3):
        encoded = base64.b64encode(bytes(before) + plain)
        certain = encoded[-(-before * 8 // 6) : (before + len(plain)) * 8 // 6]
        yield certain
        yield certain.replace(b"+", b"-").replace(b"/", b"_")


def _as_a_moment(word: str) -> set[bytes]:
    """Write a day as the database would keep it if it were taken for a moment."""
    try:
        day = datetime.fromisoformat(word).replace(tzinfo=UTC)
    except ValueError:
        return set()
    milliseconds = int(day.timestamp()) * _MILLISECONDS
    return {milliseconds.to_bytes(8, "little", signed=True), str(milliseconds).encode()}
