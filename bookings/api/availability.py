"""A mentor's own opening hours for programs."""

from ninja import Query, Router, Status

from bookings.models import AvailabilitySlot
from bookings.schemas.availability import WindowIn, WindowOut
from bookings.services.availability import add_window, remove_window
from bookings.wallclock import parse_minutes
from mentormatch.auth import LoggedInRequest, own_mentor
from mentormatch.idempotency.api import idempotent
from mentormatch.schemas import Page, PageQuery, RowId, paginate

router = Router(tags=["Availability"])


@router.get("", response=Page[WindowOut], summary="One's own opening hours (mentor)")
def list_windows(request: LoggedInRequest, query: Query[PageQuery]) -> dict[str, object]:
    mentor = own_mentor(request)
    page = paginate(AvailabilitySlot.objects.filter(mentor=mentor), query)
    items = [WindowOut.of(window, mentor.time_zone) for window in page["items"]]
    return {"items": items, "count": page["count"]}


@router.post("", response={201: WindowOut}, summary="Open a window (mentor)")
@idempotent
def add(request: LoggedInRequest, payload: WindowIn) -> Status[WindowOut]:
    """Windows may touch and not overlap (409 `overlaps`); a date adds to the weekly ones."""
    mentor = own_mentor(request)
    window = add_window(
        mentor=mentor,
        weekday=payload.weekday,
        date=payload.date,
        start_minute=parse_minutes(payload.start_time) or 0,
        end_minute=parse_minutes(payload.end_time) or 0,
    )
    return Status(201, WindowOut.of(window, mentor.time_zone))


@router.delete("/{window_id}", response={204: None}, summary="Close a window (mentor)")
def remove(request: LoggedInRequest, window_id: RowId) -> Status[None]:
    """What is booked in it stays booked."""
    remove_window(mentor=own_mentor(request), window_id=window_id)
    return Status(204, None)
