"""Where is everything: what `cairn up` keeps, and what the repository brings?"""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

_MARK = Path("deploy") / "topics.yaml"


class NoRepository(Exception):
    """Neither this directory nor the installed package lies in a checkout of Cairn."""


@dataclass(frozen=True)
class Home:
    """The directory `.cairn`, in which everything of one `cairn up` lives."""

    path: Path

    @classmethod
    def here(cls) -> "Home":
        """The home under the current directory."""
        return cls(Path.cwd() / ".cairn")

    @property
    def addresses(self) -> Path:
        """Who listens where."""
        return self.path / "addresses.json"

    @property
    def run(self) -> Path:
        """One note for each running process."""
        return self.path / "run"

    @property
    def logs(self) -> Path:
        """One log for each process."""
        return self.path / "logs"

    @property
    def secrets(self) -> Path:
        """One secret for each service."""
        return self.path / "secrets"

    @property
    def master_key(self) -> Path:
        """The key under which the vault keeps its data keys."""
        return self.path / "master.key"

    @property
    def messages(self) -> Path:
        """What the mailbox has received."""
        return self.path / "mailbox.jsonl"


def user_cache() -> Path:
    """Name the directory for what all networks of this user share."""
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "cairn"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "cairn"


def repository_root() -> Path:
    """Find the checkout from the current directory upwards, or else from this package.

    Raises:
        NoRepository: there is none; the message says what to do.
    """
    for start in (Path.cwd(), Path(__file__).resolve()):
        for folder in (start, *start.parents):
            if (folder / _MARK).exists():
                return folder
    raise NoRepository(f"no {_MARK} here or above: run this inside a checkout of Cairn")
