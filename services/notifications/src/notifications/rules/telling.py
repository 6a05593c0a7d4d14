"""What of a plan do others hear?"""

from chassis.domain import Change
from contracts.notifications import NoticeSettled
from notifications.model import Plan, PlannedNotice

_TOLD = ("sent", "failed", "unknown")


def told(before: Plan, after: Plan) -> Change[Plan]:
    """Tell the others when something about a notice is settled; plans in the making stay here.

    A safety check that came too late is told as well: somebody has to call instead.
    """
    known = {one.notice_id: one.standing for one in before.notices}
    is_news = any(
        known.get(one.notice_id) != one.standing for one in after.notices if _concerns_others(one)
    )
    return Change(after, (after.tell(NoticeSettled),) if is_news else (), happened=True)


def _concerns_others(notice: PlannedNotice) -> bool:
    is_missed_safety = notice.standing == "stale" and notice.notice_class == "safety"
    return notice.standing in _TOLD or is_missed_safety
