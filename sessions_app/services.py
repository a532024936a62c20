"""The verbs of sessions. A session's `status` is written here and nowhere else."""

import datetime as dt

from django.db import transaction
from django.utils.translation import gettext as _

from bookings.group_models import GroupSession
from bookings.models import Booking
from bookings.services import complete_booking, lock_bookings
from bookings.services.groups import complete_group_session
from mentormatch import times
from mentormatch.accounts.models import User
from mentormatch.errors import Conflict, Forbidden, NotFound, TryAgain
from mentormatch.mentors.services import record_session
from sessions_app import room
from sessions_app.models import Presence, Seat, Session
from sessions_app.signals import session_completed


@transaction.atomic
def open_session(*, booking: Booking) -> Session:
    """The session of a confirmed booking; made once, and opened again with a revived booking."""
    if booking.group_session is not None:
        return _open_for_group(booking, booking.group_session)
    seat = Seat.objects.filter(booking=booking).first()
    if seat is not None:
        _move(seat.session_id, booking, revive=True)
        return Session.objects.get(pk=seat.session_id)
    session = Session.objects.create(
        mentor_id=booking.mentor_id, starts_at=booking.starts_at, ends_at=booking.ends_at
    )
    Seat.objects.create(session=session, booking=booking)
    return session


def _open_for_group(booking: Booking, group: GroupSession) -> Session:
    """One room for all seats of a group: made with the first, and open again after the last left.

    The booking's mentor is locked, so that nobody else makes it meanwhile.
    """
    session, _is_new = Session.objects.get_or_create(
        group_session=group,
        defaults={
            "mentor_id": group.mentor_id,
            "starts_at": group.starts_at,
            "ends_at": group.ends_at,
        },
    )
    Seat.objects.get_or_create(booking=booking, defaults={"session": session})
    if session.status == Session.Status.CANCELLED:
        _move(session.pk, booking, revive=True)
        session.refresh_from_db()
    return session


@transaction.atomic
def move_session(*, booking: Booking) -> None:
    """Follow a rescheduled booking to its new time. Safe to repeat."""
    seat = Seat.objects.filter(booking=booking).first()
    if seat is not None:
        _move(seat.session_id, booking)


def _move(session_id: int, booking: Booking, *, revive: bool = False) -> None:
    """Whoever is there already leaves: at its new time the session begins anew."""
    from_status = [*Session.LIVE] + ([Session.Status.CANCELLED] if revive else [])
    now = times.now()
    Session.objects.filter(pk=session_id, status__in=from_status).update(
        status=Session.Status.SCHEDULED,
        starts_at=booking.starts_at,
        ends_at=booking.ends_at,
        started_at=None,
        updated_at=now,
    )
    Presence.objects.in_the_room(session_id).leave(now=now)


@transaction.atomic
def call_off_session(*, booking: Booking) -> None:
    """Cancel the session of a cancelled booking once nobody has a seat in it. Safe to repeat."""
    seat = Seat.objects.filter(booking=booking).first()
    if seat is None:
        return
    others = Seat.objects.filter(session_id=seat.session_id).exclude(booking=booking)
    if not others.exclude(booking__status=Booking.Status.CANCELLED).exists():
        now = times.now()
        Session.objects.filter(pk=seat.session_id, status__in=Session.LIVE).update(
            status=Session.Status.CANCELLED, updated_at=now
        )
        Presence.objects.in_the_room(seat.session_id).leave(now=now)


def start_session(*, session: Session, user: User, now: dt.datetime | None = None) -> Session:
    """Enter the room, and start the session if nobody has; either side, safe to repeat.

    Raises `Conflict`: `too_early`, `too_late`, or `invalid_state` once it is over.
    """
    now = now or times.now()
    with transaction.atomic():
        locked = Session.objects.select_for_update().get(pk=session.pk)
        room.check_open(locked, now=now)
        _check_may_enter(locked, user)
        Session.objects.filter(pk=locked.pk, status=Session.Status.SCHEDULED).update(
            status=Session.Status.IN_PROGRESS, started_at=now, updated_at=now
        )
        # The lock above makes this check and the row one step.
        if not Presence.objects.in_the_room(locked.pk).filter(user=user).exists():
            Presence.objects.create(session=locked, user=user, joined_at=now)
        return Session.objects.get(pk=locked.pk)


def _check_may_enter(session: Session, user: User) -> None:
    if session.is_led_by(user):
        return
    booking = session.booking_of(user)
    if booking is None:
        raise NotFound
    if booking.status == Booking.Status.CANCELLED:
        raise Conflict(_("Your booking was called off."))


def leave(*, session: Session, user: User, now: dt.datetime | None = None) -> None:
    """Note that this person left the room; they may come back. Safe to repeat."""
    now = now or times.now()
    Presence.objects.in_the_room(session.pk).filter(user=user).leave(now=now)


def end_session(*, session: Session, user: User, now: dt.datetime | None = None) -> Session:
    """The mentor ends what someone started: the session and its bookings are completed.

    Raises `Forbidden` for the mentee, `Conflict` before anyone started. Safe to repeat.
    """
    if not session.is_led_by(user):
        raise Forbidden(_("Only the mentor can end the session. You can leave it."))
    now = now or times.now()
    with transaction.atomic():
        locked = _lock(session.pk)
        if locked.status == Session.Status.COMPLETED:
            return locked
        if locked.status != Session.Status.IN_PROGRESS:
            raise Conflict(_("There is nothing to end: nobody has started this session."))
        _complete(locked, ended_at=now, now=now)
        return Session.objects.get(pk=session.pk)


def complete_overdue(*, now: dt.datetime | None = None) -> int:
    """Complete the sessions that nobody ended in time; how many there were. Safe to repeat."""
    now = now or times.now()
    overdue = list(Session.objects.overdue(now).values_list("pk", flat=True))
    return sum(_complete_overdue(session_id, now) for session_id in overdue)


@transaction.atomic
def _complete_overdue(session_id: int, now: dt.datetime) -> int:
    session = _lock(session_id)
    # It may have been ended, called off or moved since it was found.
    if not Session.objects.overdue(now).filter(pk=session_id).exists():
        return 0
    _complete(
        session, ended_at=max(session.ends_at, session.started_at or session.ends_at), now=now
    )
    return 1


def _lock(session_id: int) -> Session:
    """Hold all that completing it writes to: bookings and their people first, as they ask for.

    `TryAgain` if someone got a seat between the look and the lock.
    """
    seated = Booking.objects.with_people().filter(seat__session=session_id)
    lock_bookings(bookings := list(seated))
    if seated.exclude(pk__in=[booking.pk for booking in bookings]).exists():
        raise TryAgain
    return Session.objects.select_for_update().get(pk=session_id)


def _complete(session: Session, *, ended_at: dt.datetime, now: dt.datetime) -> None:
    changed = Session.objects.filter(pk=session.pk, status__in=Session.LIVE).update(
        status=Session.Status.COMPLETED, ended_at=ended_at, updated_at=now
    )
    if not changed:
        raise Conflict
    Presence.objects.in_the_room(session.pk).leave(now=ended_at)
    session.refresh_from_db()
    confirmed = Booking.objects.filter(seat__session=session, status=Booking.Status.CONFIRMED)
    for booking in confirmed.with_people():
        complete_booking(booking=booking, now=now)
    if session.group_session is not None:
        complete_group_session(group=session.group_session, now=now)
    record_session(mentor_id=session.mentor_id)
    session_completed.send(sender=Session, session=session)
