"""Sessions for programs: what the room's page does, as JSON."""

from django.conf import settings
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from ninja import Router

from bookings.models import Booking
from mentormatch import times
from mentormatch.accounts.models import User
from mentormatch.auth import LoggedInRequest
from mentormatch.errors import Conflict
from sessions_app import room, services
from sessions_app.models import Session
from sessions_app.schemas import SessionOut, StartedOut, TokenOut

router = Router(tags=["Sessions"])


def _session(user: User, code: str) -> Session:
    sessions = Session.objects.for_user(user).with_people()
    return get_object_or_404(sessions, code=code)


def _session_of_booking(user: User, code: str) -> Session:
    """The session of one's booking; `Conflict` while the booking isn't confirmed."""
    booking = get_object_or_404(Booking.objects.for_user(user), code=code)
    if booking.is_to_pay:
        raise Conflict(_("Pay for the booking first."), code="payment_required")
    session = Session.objects.with_people().filter(seats__booking=booking).first()
    if session is None:
        raise Conflict(_("There is no session: this booking isn't confirmed."))
    return session


@router.get("/{slug:session_id}", response=SessionOut, summary="One session")
def read(request: LoggedInRequest, session_id: str) -> SessionOut:
    user = request.user
    return SessionOut.of(_session(user, session_id), viewer=user)


@router.post("/{slug:booking_id}/start", response=StartedOut, summary="Enter the room of a booking")
def start(request: LoggedInRequest, booking_id: str) -> StartedOut:
    """Either side, from 10 minutes before the start until 15 minutes after the planned end."""
    user = request.user
    session = _session_of_booking(user, booking_id)
    services.start_session(session=session, user=user)
    session = _session(user, session.code)
    token = room.room_token(session=session, user=user)
    return StartedOut(
        session=SessionOut.of(session, viewer=user),
        room_url=room.url_of(session),
        token=token.token,
        token_expires_at=token.expires_at,
    )


@router.post("/{slug:session_id}/end", response=SessionOut, summary="End a session (mentor)")
def end(request: LoggedInRequest, session_id: str) -> SessionOut:
    user = request.user
    services.end_session(session=_session(user, session_id), user=user)
    return SessionOut.of(_session(user, session_id), viewer=user)


@router.get("/{slug:session_id}/token", response=TokenOut, summary="One's token for the room")
def token(request: LoggedInRequest, session_id: str) -> TokenOut:
    """While the room is open."""
    user = request.user
    session = _session(user, session_id)
    room.check_open(session, now=times.now())
    made = room.room_token(session=session, user=user)
    return TokenOut(
        token=made.token,
        room_name=session.room_name,
        room_url=room.url_of(session),
        provider=settings.VIDEO_PROVIDER,
        expires_at=made.expires_at,
    )
