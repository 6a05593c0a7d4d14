"""What exactly does one client read in one notice?"""

from typing import NamedTuple

from contracts.base import Value
from contracts.clinical import Code
from contracts.ids import NoticeId
from contracts.intake import ClientState, SiteChanged
from contracts.sessions import VisitState
from notifications.rules.hours import zone_named
from notifications.rules.packs import NoticePack
from notifications.rules.wording import forbidden_in, local_start, write


class Letter(Value):
    """An e-mail as it goes to the gateway; it is never stored."""

    notice_id: NoticeId
    to: str
    subject: str
    body: str


class Written(NamedTuple):
    """A letter, or why there is none."""

    letter: Letter | None
    why: tuple[Code, ...] = ()


def write_letter(
    notice_id: NoticeId,
    item: str,
    *,
    about: tuple[VisitState, ClientState, SiteChanged | None],
    pack: NoticePack,
) -> Written:
    """Write a notice in the client's language, and look at the words once more as they stand.

    The pack was checked when it was read, but the clinic's own name comes from elsewhere.

    Rules: K-WORDING, K-LANGUAGE, K-ZONE.
    """
    visit, client, site = about
    if site is None:
        return Written(None, ("SITE_UNKNOWN",))
    forms = pack.words_for(item, client.language)
    place, home = zone_named(visit.zone), zone_named(client.zone)
    if forms is None:
        return Written(None, ("LANGUAGE_NOT_OFFERED",))
    if place is None or home is None:
        return Written(None, ("ZONE_UNKNOWN",))
    if client.email is None:
        return Written(None, ("ADDRESS_MISSING",))
    template, form = forms
    starts_at = local_start(
        visit.starts_at, place=place, client=home, in_person=visit.mode == "in_person"
    )
    words = write(template, form, clinic=site.name, phone=site.phone, starts_at=starts_at)
    if forbidden_in(f"{words.subject}\n{words.body}", pack.forbidden):
        return Written(None, ("WORDING_NOT_NEUTRAL",))
    return Written(
        Letter(notice_id=notice_id, to=client.email, subject=words.subject, body=words.body)
    )
