"""The command line: `cairn up`, `status`, `topics`, `parked`, `clock`."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Annotated, Any

import typer
from aiokafka.errors import KafkaError
from pymongo.errors import PyMongoError
from rich.console import Console
from rich.table import Table

from cairn import demo_clock, topics
from cairn import parked as parking
from cairn.addresses import Addresses, NotRunning
from cairn.durations import NoDuration, duration
from cairn.journey.story import walk_journey
from cairn.journey.walk import WentAstray
from cairn.operating import Unanswered, operator
from cairn.places import Home, NoRepository
from cairn.processes import StartFailed
from cairn.roster import SERVICES
from cairn.seed import seed
from cairn.status import status as ask_status
from cairn.status import tables
from cairn.teller import Teller
from cairn.up import AlreadyUp
from cairn.up import up as bring_up

app = typer.Typer(no_args_is_help=True, help="Run and look after a Cairn network.")
topics_app = typer.Typer(no_args_is_help=True, help="Topics as code: deploy/topics.yaml.")
parked_app = typer.Typer(no_args_is_help=True, help="Facts that a service could not use.")
clock_app = typer.Typer(no_args_is_help=True, help="The clock of a demonstration.")
app.add_typer(topics_app, name="topics")
app.add_typer(parked_app, name="parked")
app.add_typer(clock_app, name="clock")

console = Console()

Service = Annotated[str | None, typer.Option(help="Only this service; all four without it.")]
Ids = Annotated[list[str], typer.Argument(help="The ids from `cairn parked list`.")]


class Part(StrEnum):
    """How much of a network is started."""

    ALL = "all"
    SERVERS = "servers"


@app.command()
def up(
    *,
    only: Annotated[
        Part, typer.Option(help="`servers`: no services, just what they stand on.")
    ] = Part.ALL,
    journey: Annotated[bool, typer.Option(help="Walk the journey once all is ready.")] = True,
) -> None:
    """Start everything on this machine, walk the journey, and stay until Ctrl-C."""
    teller = Teller(console)
    with _plain_errors():
        try:
            just_servers = only is Part.SERVERS
            steps = () if just_servers else (_seed,)
            then = (_walk,) if journey and not just_servers else ()
            bring_up(Home.here(), teller, only_servers=just_servers, steps=steps, then=then)
        except StartFailed as failure:
            teller.failed(failure)
            raise typer.Exit(1) from failure


@app.command("journey")
def journey_command() -> None:
    """Walk one client through all four services; 1 when it does not go as it should."""
    with _plain_errors():
        went_well = _walk(_addresses(), Teller(console))
    if not went_well:
        raise typer.Exit(1)


@app.command()
def status(*, as_json: Annotated[bool, typer.Option("--json")] = False) -> None:
    """Show who listens where, who is ready and what waits; 1 when something is not well."""
    with _plain_errors():
        found = ask_status(_addresses())
    if as_json:
        typer.echo(found.model_dump_json(indent=2))
    else:
        for each in tables(found):
            console.print(each)
    if not found.whole:
        raise typer.Exit(1)


@topics_app.command("apply")
def apply_topics(
    *,
    bootstrap: Annotated[
        str | None, typer.Option(help="The broker; else CAIRN_KAFKA_BOOTSTRAP, else `cairn up`.")
    ] = None,
    replication: Annotated[int | None, typer.Option(min=1)] = None,
) -> None:
    """Make the topics that are missing; change no partitions; 1 when that would be needed."""
    with _plain_errors():
        where = bootstrap or os.environ.get("CAIRN_KAFKA_BOOTSTRAP") or _addresses().kafka
        wanted = topics.declared()
        done = topics.apply(where, wanted, replication=replication)
    table = Table("topic", "writer", "readers", "outcome")
    for name, outcome in done.items():
        topic = wanted.topics[name]
        table.add_row(name, topic.writer, ", ".join(topic.readers), outcome)
    console.print(table)
    if topics.Outcome.PARTITIONS_DIFFER in done.values():
        raise typer.Exit(1)


@parked_app.command("list")
def list_parked(service: Service = None) -> None:
    """List what is parked."""
    addresses = _addresses()
    silent = 0
    rows: list[tuple[str, dict[str, Any]]] = []
    with _plain_errors(), operator(Home.here(), addresses) as caller:
        for each in _services(service):
            try:
                rows += parking.parked_rows(caller, addresses, [each])
            except Unanswered as error:
                silent += 1
                Teller(console).trouble(str(error))
    console.print(parking.table(rows))
    if silent:
        raise typer.Exit(1)


@parked_app.command("show")
def show_parked(parked_id: str, service: Service = None) -> None:
    """Show one parked fact with the reason; its body stays sealed."""
    addresses = _addresses()
    with _plain_errors(), operator(Home.here(), addresses) as caller:
        who, row = parking.find(caller, addresses, _services(service), parked_id)
    typer.echo(json.dumps({"service": who, **row}, indent=2))


@parked_app.command("retry")
def retry_parked(
    ids: Ids = [],  # noqa: B006 - the library copies the default
    service: Service = None,
) -> None:
    """Try parked facts again; all of them without an id."""
    _settle(ids, service, verb="retry", done="tried again")


@parked_app.command("discard")
def discard_parked(
    ids: Ids,
    *,
    note: Annotated[str, typer.Option(help="Why it will never be used; kept for ever.")],
    service: Service = None,
) -> None:
    """Give parked facts up, with a note of the reason."""
    _settle(ids, service, verb="discard", done="discarded", note=note)


@clock_app.command("advance")
def advance_clock(by: Annotated[str, typer.Argument(help="15m, 2h, 3d, 1w, 1d12h")]) -> None:
    """Move the demo clock forward; services follow within a second."""
    with _plain_errors():
        offset = demo_clock.advance(_addresses().mongo, duration(by))
    console.print(f"{demo_clock.demo_now(offset).isoformat()} ({offset} ahead)")


@clock_app.command("show")
def show_clock() -> None:
    """Show the time that the services go by."""
    with _plain_errors():
        offset = demo_clock.ahead(_addresses().mongo)
    console.print(f"{demo_clock.demo_now(offset).isoformat()} ({offset} ahead)")


def _settle(ids: list[str], service: str | None, *, verb: str, done: str, **body: str) -> None:
    addresses = _addresses()
    stayed = 0
    with _plain_errors(), operator(Home.here(), addresses) as caller:
        for which in parking.chosen(caller, addresses, _services(service), ids):
            why = parking.settle(caller, addresses, which, verb, **body)
            stayed += why is not None
            console.print(f"{' '.join(which)} {done if why is None else f'stays parked: {why}'}")
    if stayed:
        raise typer.Exit(1)


def _walk(addresses: Addresses, teller: Teller) -> bool:
    """Walk the journey; the network goes on whatever comes of it."""
    try:
        walk_journey(addresses, teller)
    except (WentAstray, Unanswered) as astray:
        teller.trouble(f"the journey went astray: {astray}")
        return False
    teller.done("journey", "went as it should; Ctrl-C stops everything")
    return True


def _seed(addresses: Addresses, teller: Teller) -> None:
    with teller.busy("seeding the demo network"):
        teller.done("seeded", seed(addresses))


def _addresses() -> Addresses:
    with _plain_errors():
        return Addresses.kept_in(Home.here().addresses)


def _services(service: str | None) -> list[str]:
    if service is not None and service not in SERVICES:
        raise typer.BadParameter(f"one of {', '.join(SERVICES)}")
    return list(SERVICES) if service is None else [service]


@contextmanager
def _plain_errors() -> Iterator[None]:
    """Say what went wrong in a sentence; a traceback is for mistakes of ours."""
    try:
        yield
    except (
        AlreadyUp,
        NoDuration,
        NoRepository,
        NotRunning,
        Unanswered,
        parking.UnknownParked,
        KafkaError,
        PyMongoError,
    ) as error:
        Teller(console).trouble(str(error) or type(error).__name__)
        raise typer.Exit(1) from error


def main() -> None:
    """Run the command line."""
    app()


if __name__ == "__main__":
    main()
