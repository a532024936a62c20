"""Bookings for programs: what the pages do, as JSON."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Query, Router, Status

from bookings import listing, services
from bookings.api.groups import take_seat
from bookings.models import Booking
from bookings.schemas.bookings import (
    BookingDetail,
    BookingIn,
    BookingOut,
    BookingQuery,
    CancelIn,
    RescheduleIn,
)
from mentormatch.accounts.models import User
from mentormatch.auth import LoggedInRequest
from mentormatch.errors import InvalidInput
from mentormatch.idempotency.api import idempotent
from mentormatch.mentors.models import MentorProfile
from mentormatch.schemas import Page, told
from payments import services as payments

router = Router(tags=["Bookings"])


def _booking(user: User, code: str) -> Booking:
    mine = Booking.objects.for_user(user).with_session()
    return get_object_or_404(mine, code=code)


@contextmanager
def _named_as_here() -> Iterator[None]:
    """What the services call `starts_at` is `scheduled_at` in a body."""
    try:
        yield
    except InvalidInput as error:
        if error.field == "starts_at":
            raise InvalidInput(
                error.message, code=error.code, field="scheduled_at", extra=error.extra
            ) from error
        raise


@router.post("", response={201: BookingOut}, summary="Book a slot")
@idempotent
def book(request: LoggedInRequest, payload: BookingIn) -> Status[BookingOut]:
    """To be paid within the hold, or confirmed at once if it is free.

    A slot that is gone answers 409 `slot_unavailable` (or `mentee_busy`) with the `nearest` free.
    A session that a subscription covers is booked with a credit, free of charge; `use_credit`
    says to pay all the same (false), or to book in no other way (true, else 409 `no_credit`).
    Booking it, you agree to the terms and to their rule of cancelling: everything back until
    `free_cancellation_until`, nothing after that.
    A seat in a group session is a booking of session_type `group` with its `group_session_id`, at
    its time and of its length; 409 `sold_out` when the last one is gone.
    """
    if payload.group_session_id is not None:
        return Status(201, BookingOut.of(take_seat(payload, request.user)))
    mentors = MentorProfile.objects.listed().select_related("user")
    with _named_as_here():
        booking = payments.book_session(
            mentor=get_object_or_404(mentors, pk=payload.mentor_id),
            mentee=request.user,
            starts_at=payload.scheduled_at,
            duration_minutes=payload.duration_minutes,
            session_type=payload.session_type,
            notes=payload.notes,
            use_credit=payload.use_credit,
        )
    return Status(201, BookingOut.of(booking))


@router.get("", response=Page[BookingOut], summary="One's bookings")
def read_all(request: LoggedInRequest, query: Query[BookingQuery]) -> HttpResponse:
    """As mentee and as mentor, latest start first."""
    chosen = {"role": query.role or "", "status": query.status or ""}
    rows = listing.rows_of(request.user, **chosen, start=query.start, most=query.page_size)
    count = query.count_with(len(rows))
    if count is None:
        count = listing.count_of(request.user, **chosen)
    return told(
        Page[BookingOut].model_construct(items=list(map(BookingOut.told, rows)), count=count)
    )


@router.get("/{slug:booking_id}", response=BookingDetail, summary="One booking")
def read(request: LoggedInRequest, booking_id: str) -> BookingDetail:
    return BookingDetail.of(_booking(request.user, booking_id))


@router.put("/{slug:booking_id}/cancel", response=BookingDetail, summary="Give a booking up")
def cancel(
    request: LoggedInRequest, booking_id: str, payload: CancelIn | None = None
) -> BookingDetail:
    """Either side. What comes back is in `cancellation.refund_amount`.

    A mentor declines a request so; the mentee is told of three others who have that time free.
    """
    payments.call_off(
        booking=_booking(request.user, booking_id),
        by=request.user,
        reason=payload.reason if payload else "",
    )
    return BookingDetail.of(_booking(request.user, booking_id))


@router.put("/{slug:booking_id}/reschedule", response=BookingDetail, summary="Choose another time")
def reschedule(request: LoggedInRequest, booking_id: str, payload: RescheduleIn) -> BookingDetail:
    """The mentee until 24 hours before the start, the mentor until the start."""
    with _named_as_here():
        services.reschedule_booking(
            booking=_booking(request.user, booking_id),
            by=request.user,
            starts_at=payload.scheduled_at,
        )
    return BookingDetail.of(_booking(request.user, booking_id))


@router.put(
    "/{slug:booking_id}/confirm", response=BookingDetail, summary="Accept a request (mentor)"
)
def confirm(request: LoggedInRequest, booking_id: str) -> BookingDetail:
    """What was authorised is taken, and it is confirmed; the same again if repeated.

    409 `payment_required` while it is to be paid. With 502 your yes is kept: we go on trying.
    """
    payments.accept(booking=_booking(request.user, booking_id), by=request.user)
    return BookingDetail.of(_booking(request.user, booking_id))
