"""Group sessions for programs: what there is, and a seat as `POST /bookings` asks for it."""

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from ninja import Query, Router

from bookings.group_models import GroupSession
from bookings.models import Booking
from bookings.schemas.bookings import BookingIn
from bookings.schemas.groups import GroupOut, GroupQuery
from bookings.services.seats import book_seat
from mentormatch import times
from mentormatch.accounts.models import User
from mentormatch.auth import optional_auth
from mentormatch.conditional import conditional
from mentormatch.errors import Conflict
from mentormatch.schemas import Page, paginate

router = Router(tags=["Group sessions"], auth=optional_auth)


@router.get("", response=Page[GroupOut], summary="Group sessions to come")
@conditional
def read_all(request: HttpRequest, query: Query[GroupQuery]) -> dict[str, object]:
    """Soonest first, sold-out ones too: a seat may be given back."""
    found = GroupSession.objects.bookable(times.now()).with_mentor()
    if query.mentor_id is not None:
        found = found.filter(mentor=query.mentor_id)
    page = paginate(found, query)
    return {"items": [GroupOut.of(group) for group in page["items"]], "count": page["count"]}


@router.get("/{slug:group_session_id}", response=GroupOut, summary="A group session")
@conditional
def read(request: HttpRequest, group_session_id: str) -> GroupOut:
    found = GroupSession.objects.of_listed().with_mentor()
    return GroupOut.of(get_object_or_404(found, code=group_session_id))


def take_seat(payload: BookingIn, mentee: User) -> Booking:
    """The seat that a body asks for; `Conflict` where it names another time than the group's."""
    found = GroupSession.objects.of_listed().with_mentor().filter(mentor=payload.mentor_id)
    group = get_object_or_404(found, code=payload.group_session_id)
    if (payload.scheduled_at, payload.duration_minutes) != (
        group.starts_at,
        group.duration_minutes,
    ):
        raise Conflict(
            _("The group session is at another time, or of another length."),
            code="slot_unavailable",
            field="scheduled_at",
        )
    return book_seat(group=group, mentee=mentee, notes=payload.notes)
