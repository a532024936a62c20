"""Mentors for programs: the search page's list, one mentor, and their free slots."""

import datetime as dt

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from ninja import Query, Router

from bookings import calendar
from mentormatch import times
from mentormatch.auth import optional_auth
from mentormatch.conditional import conditional
from mentormatch.errors import InvalidInput
from mentormatch.mentors.models import MentorProfile
from mentormatch.mentors.schemas import (
    MentorDetail,
    MentorOut,
    MentorQuery,
    SlotList,
    SlotOut,
    SlotQuery,
)
from mentormatch.schemas import Page, RowId, paginate, told

router = Router(tags=["Mentors"], auth=optional_auth)
LONGEST_QUESTION = dt.timedelta(days=31)
DEFAULT_QUESTION = dt.timedelta(days=7)


@router.get("", response=Page[MentorOut], summary="Search mentors")
@conditional
def search(request: HttpRequest, query: Query[MentorQuery]) -> dict[str, object]:
    """Those that are listed. `next_slot_at` is of the shortest length they offer."""
    found = MentorProfile.objects.listed().matching(
        text=query.q,
        topic=query.topic,
        language=query.language,
        currency=query.currency,
        least=query.min_price,
        most=query.max_price,
        sort=query.sort,
    )
    page = paginate(found.for_cards(), query)
    soonest = calendar.next_slots(page["items"], now=times.now())
    items = [MentorOut.of(mentor, soonest[mentor.pk]) for mentor in page["items"]]
    return {"items": items, "count": page["count"]}


@router.get("/{mentor_id}", response=MentorDetail, summary="A mentor")
@conditional
def detail(request: HttpRequest, mentor_id: RowId) -> MentorDetail:
    """One's own in whatever state, of others those that are listed."""
    found = MentorProfile.objects.visible_to(request.user).for_cards()
    mentor = get_object_or_404(found, pk=mentor_id)
    return MentorDetail.of(mentor, calendar.next_slots([mentor], now=times.now())[mentor.pk])


@router.get("/{mentor_id}/slots", response=SlotList, summary="A mentor's free slots")
@conditional
def slots(request: HttpRequest, mentor_id: RowId, query: Query[SlotQuery]) -> HttpResponse:
    """Those that begin in [`from`, `to`), at most 31 days; whoever sends a token is not offered
    times at which they are booked themselves. Without `duration_minutes`: the shortest length."""
    mentor = get_object_or_404(MentorProfile.objects.listed().select_related("user"), pk=mentor_id)
    now = times.now()
    start, end = _asked(query, now)
    lengths = calendar.lengths_offered(mentor, query.session_type)
    duration = query.duration_minutes or next(iter(lengths), 0)
    calendar.check_length(mentor, query.session_type, duration)
    found = calendar.offered(
        mentor,
        start=start,
        end=end,
        duration_minutes=duration,
        session_type=query.session_type,
        now=now,
        viewer=None if request.user.is_anonymous else request.user,
    )
    return told(
        SlotList.model_construct(time_zone=mentor.time_zone, items=list(map(SlotOut.told, found)))
    )


def _asked(query: SlotQuery, now: dt.datetime) -> tuple[dt.datetime, dt.datetime]:
    start = query.start or (query.end - DEFAULT_QUESTION if query.end else now)
    end = query.end or start + DEFAULT_QUESTION
    if end <= start:
        raise InvalidInput(_("`to` has to be later than `from`."), field="to")
    if end - start > LONGEST_QUESTION:
        raise InvalidInput(_("Ask for 31 days at most."), field="to")
    return start, end
