"""Which jars make up Kafka, and where are they kept?

The lock file beside this module names every jar with its checksum. Each is fetched once from Maven
Central by jgo, compared with the lock, and kept under the user's cache directory; a later start
does not touch the network. `python -m cairn.jars` writes the lock file anew.
"""

import sys
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib import resources
from importlib.metadata import version
from pathlib import Path
from typing import Any

import requests
from jgo.env import LockFile
from jgo.env._lockfile import LockedDependency, compute_sha256
from jgo.maven import MavenContext
from jgo.parse import Coordinate

from cairn.places import user_cache

COORDINATES = (
    "org.apache.kafka:kafka_2.13:4.3.1",
    # The mark `!` keeps its own managed versions from replacing those that Kafka was built with.
    "org.apache.logging.log4j:log4j-slf4j-impl:2.25.4!",
)
LOCK_NAME = "kafka.lock.toml"
_FETCHES_AT_ONCE = 6
_TRIES = 3
_TIMEOUT_SECONDS = 30


class JarsMissing(Exception):
    """A jar is neither kept on this machine nor to be had from Maven Central."""


def kafka_jars(say: Callable[[str], None], *, cache: Path | None = None) -> list[Path]:
    """Give the jars of the lock file, fetched if need be, each with the checksum of the lock.

    Raises:
        JarsMissing: one could not be fetched, or is not what the lock file names.
    """
    kept = cache or cache_directory()
    locked = _locked()
    missing = [jar for jar in locked if not _is_kept(jar, kept)]
    if missing:
        _fetch_all(missing, kept, say)
    return [_path(jar, kept) for jar in locked]


def cache_directory() -> Path:
    """Name the directory where jars are kept between starts."""
    return user_cache() / "jars"


def write_lock(path: Path) -> int:
    """Resolve the coordinates anew and write the lock file; answers the number of jars."""
    with tempfile.TemporaryDirectory() as scratch:
        maven = _maven(Path(scratch))
        wanted = [maven.create_dependency(Coordinate.parse(each)) for each in COORDINATES]
        roots, others = maven.resolver.resolve(wanted)
        needed = [*roots, *(each for each in others if each.scope in {"compile", "runtime"})]
        lock = LockFile.from_resolved_dependencies(needed, environment_name="kafka")
        lock.jgo_version = version("jgo")
        lock.save(path)
    return len(needed)


def _locked() -> list[LockedDependency]:
    with resources.as_file(resources.files("cairn") / LOCK_NAME) as path:
        return list(LockFile.load(path).dependencies)


def _fetch_all(missing: Sequence[LockedDependency], kept: Path, say: Callable[[str], None]) -> None:
    kept.mkdir(parents=True, exist_ok=True)
    say(f"fetching Kafka: {len(missing)} jars from Maven Central")
    with (
        tempfile.TemporaryDirectory(dir=kept) as scratch,
        ThreadPoolExecutor(_FETCHES_AT_ONCE) as pool,
    ):
        maven = _maven(Path(scratch))
        fetches = [pool.submit(_fetch, jar, maven, kept) for jar in missing]
        for count, fetch in enumerate(fetches, start=1):
            fetch.result()
            say(f"fetching Kafka: {count} of {len(missing)} jars")


def _fetch(jar: LockedDependency, maven: Any, kept: Path) -> None:
    """Fetch one jar beside the cache and move it in only when its checksum is right."""
    artifact = maven.project(jar.groupId, jar.artifactId).at_version(jar.version)
    artifact = artifact.artifact(jar.classifier or "", jar.packaging)
    for left in reversed(range(_TRIES)):
        artifact.cached_path.unlink(missing_ok=True)
        try:
            fetched = artifact.resolve()
        except (requests.RequestException, RuntimeError, OSError) as error:
            if left == 0:
                raise JarsMissing(_advice(jar, kept)) from error
            continue
        if compute_sha256(fetched) == jar.sha256:
            _path(jar, kept).parent.mkdir(parents=True, exist_ok=True)
            fetched.replace(_path(jar, kept))
            return
    raise JarsMissing(f"{jar.artifactId}-{jar.version}.jar is not the file that {LOCK_NAME} names")


def _advice(jar: LockedDependency, kept: Path) -> str:
    return (
        f"{jar.artifactId}-{jar.version}.jar is not in {kept} and could not be fetched from "
        "Maven Central: connect to the network once and run `cairn up` again"
    )


def _is_kept(jar: LockedDependency, kept: Path) -> bool:
    path = _path(jar, kept)
    return path.exists() and compute_sha256(path) == jar.sha256


def _path(jar: LockedDependency, kept: Path) -> Path:
    return kept / jar.groupId / f"{jar.artifactId}-{jar.version}.{jar.packaging}"


def _maven(repository: Path) -> Any:
    return MavenContext(repo_cache=repository, timeout=_TIMEOUT_SECONDS)


if __name__ == "__main__":
    lock_path = Path(__file__).with_name(LOCK_NAME)
    sys.stdout.write(f"{write_lock(lock_path)} jars locked in {lock_path.name}\n")
