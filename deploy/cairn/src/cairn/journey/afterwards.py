"""The journey's last part: another therapist reads the record, and the messages arrive."""

from datetime import datetime, timedelta
from typing import Any

import httpx

from cairn.journey.client import Enrolled
from cairn.journey.walk import Walk, WentAstray

_MAILBOX_SECONDS = 5.0
_ON_THE_WAY = ("planned", "claimed", "intended")


def integrate(walk: Walk, enrolled: Enrolled, root: str) -> None:
    """Let Tom, who was not there, open the record and find it whole."""
    walk.chapter("Integration: another therapist")
    address = f"{walk.addresses.integration}/v1/cases"
    tom = walk.person("tom")

    def verified() -> dict[str, Any] | None:
        cases = tom.get(address, client=enrolled.client_id)["items"]
        whole = [case for case in cases if any(each["verified_at"] for each in case["records"])]
        return whole[0] if whole else None

    case = walk.finds(verified, "the case of this client, with a verified record")
    walk.show_what_else_was_said()
    record = walk.sees(
        "tom", "opens the record that Iris signed", "integration", f"/v1/cases/{case['id']}/record"
    )
    for segment in record["segments"]:
        first = segment["entries"][0]["text"]
        walk.note("reads", f"{segment['phase']:<13} “{first}”")
    if record["root_sha256"] != root:
        raise WentAstray("the record that arrived is not the one that was signed")
    walk.note("verified", f"complete, and its root hash is the signed one: {root[:16]}…")


def expect_notices(walk: Walk, enrolled: Enrolled, visits: dict[str, str]) -> None:
    """Show which notices are planned for the medicine visit."""
    walk.chapter("Notifications: what is planned")
    plan = walk.finds(lambda: _plan(walk, enrolled, visits["medicine"]), "the plan of the visit")
    for notice in plan["notices"]:
        walk.note(notice["standing"], f"{notice['item']} by {notice['channel']}, {_due(notice)}")


def move_integration(walk: Walk, enrolled: Enrolled, visits: dict[str, str]) -> None:
    """Move a visit and watch its notices move with it."""
    visit_id = visits["integration"]
    before = walk.finds(lambda: _plan(walk, enrolled, visit_id), "the plan of the visit")
    visit = walk.sees("june", "looks the visit up", "sessions", f"/v1/visits/{visit_id}")
    later = {name: _later(visit[name], timedelta(hours=1)) for name in ("starts_at", "ends_at")}
    walk.does("june", "moves it by an hour", "sessions", f"/v1/visits/{visit_id}/move-visit", later)

    def moved() -> dict[str, Any] | None:
        plan = _plan(walk, enrolled, visit_id)
        newer = plan is not None and plan["anchor_sequence"] > before["anchor_sequence"]
        return plan if newer else None

    after = walk.finds(moved, "the plan of the moved visit")
    old = {notice["item"]: _due(notice) for notice in before["notices"]}
    for notice in after["notices"]:
        was = old.get(notice["item"])
        walk.note(notice["standing"], f"{notice['item']}, {_due(notice)} (was {was})")


def read_mail(walk: Walk, enrolled: Enrolled, visits: dict[str, str], *, item_after: int) -> None:
    """Wait until every notice that is due was settled, and show what arrived."""
    walk.chapter("Notifications: what Robin received")

    for notice in wait_for_notices(walk, enrolled, visits):
        why = f" ({', '.join(notice['why'])})" if notice["why"] else ""
        walk.note(notice["standing"], f"{notice['item']}{why}")
    with httpx.Client(timeout=_MAILBOX_SECONDS, trust_env=False) as gateway:
        messages = gateway.get(f"{walk.addresses.mailbox}/messages").json()
    mine = sorted(messages, key=lambda message: int(message["id"]))[item_after:]
    if not mine:
        raise WentAstray("Robin received nothing")
    for message in mine:
        walk.note("e-mail", f"{message['subject']}: {message['text'].strip().splitlines()[0]}")


def wait_for_notices(
    walk: Walk, enrolled: Enrolled, visits: dict[str, str]
) -> list[dict[str, Any]]:
    """Wait until no notice that is due is still on its way; give those that were due."""

    def settled() -> list[dict[str, Any]] | None:
        plans = [_plan(walk, enrolled, visit_id) for visit_id in visits.values()]
        notices = [notice for plan in plans if plan is not None for notice in plan["notices"]]
        now = walk.now()
        due = [each for each in notices if datetime.fromisoformat(each["due_at"]) <= now]
        return None if any(each["standing"] in _ON_THE_WAY for each in due) else due

    return walk.finds(settled, "every due notice to be settled")


def mails_so_far(walk: Walk) -> int:
    """Count what the mailbox holds from earlier walks."""
    with httpx.Client(timeout=_MAILBOX_SECONDS, trust_env=False) as gateway:
        return len(gateway.get(f"{walk.addresses.mailbox}/messages").json())


def _plan(walk: Walk, enrolled: Enrolled, visit_id: str) -> dict[str, Any] | None:
    address = f"{walk.addresses.notifications}/v1/plans"
    plans = walk.person("june").get(address, client=enrolled.client_id)["items"]
    ours = [plan for plan in plans if plan["visit_id"] == visit_id and plan["notices"]]
    return ours[0] if ours else None


def _due(notice: dict[str, Any]) -> str:
    why = f" ({', '.join(notice['why'])})" if notice["why"] else ""
    return f"due {notice['due_at']}{why}"


def _later(text: str, by: timedelta) -> str:
    return (datetime.fromisoformat(text) + by).isoformat().replace("+00:00", "Z")
