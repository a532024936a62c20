"""Sessions to which one side didn't come: reported, objected to, and decided by staff.

Whether the room's log bears a report out is asked above, in `sessions_app.services`.
"""

import datetime as dt

from django.utils.translation import gettext as _

from bookings.absence_models import TEXT_LENGTH, Absence
from bookings.models import Booking
from bookings.services.locking import exclusive, lock_booking
from bookings.services.moves import move
from bookings.services.sides import side_of
from bookings.signals import absence_decided, absence_reported
from mentormatch import times
from mentormatch.accounts.models import User
from mentormatch.errors import Conflict, Forbidden, InvalidInput

Outcome = Absence.Outcome
OBJECT_WITHIN = dt.timedelta(hours=48)
REPORTABLE = (Booking.Status.CONFIRMED, Booking.Status.COMPLETED)


def report_absence(
    *, booking: Booking, absent_side: str, note: str = "", now: dt.datetime
) -> Absence:
    """Write the report down; within the caller's transaction, the booking locked and the log read.

    `Conflict` where there is one already, or nothing took place.
    """
    if booking.status not in REPORTABLE:
        raise Conflict
    if Absence.objects.filter(booking=booking).exists():
        raise Conflict(_("This was reported already."))
    absence = Absence.objects.create(
        booking=booking,
        absent_side=absent_side,
        note=_short(note, "note"),
        object_until=now + OBJECT_WITHIN,
        created_at=now,
    )
    absence_reported.send(Absence, absence=absence)
    return absence


def _short(text: str, field: str) -> str:
    text = text.strip()
    if len(text) > TEXT_LENGTH:
        raise InvalidInput(_("Keep it within %d characters.") % TEXT_LENGTH, field=field)
    return text


def object_to_absence(
    *, absence: Absence, by: User, objection: str, now: dt.datetime | None = None
) -> Absence:
    """Whoever is said not to have come says what happened, within 48 hours and once.

    `Forbidden` for the other side, `NotFound` for strangers, `Conflict` when it is too late.
    """
    now, words = now or times.now(), _short(objection, "objection")
    if side_of(absence.booking, by) != absence.absent_side:
        raise Forbidden(_("Only who is said not to have been there can object."))
    if not words:
        raise InvalidInput(_("Say what happened."), field="objection")
    rows = Absence.objects.open().filter(pk=absence.pk, objected_at=None, object_until__gt=now)
    if not rows.update(objected_at=now, objection=words, updated_at=now):
        raise Conflict(_("There is nothing to object to any more."))
    absence.refresh_from_db()
    return absence


def uphold_absence(
    *, absence: Absence, by: User, reason: str = "", now: dt.datetime | None = None
) -> Absence:
    """Staff find that it was so: an absent mentor's price goes back, an absent mentee's doesn't.

    `Conflict` while the other side may still object, or once it is decided.
    """
    now = now or times.now()
    with exclusive():
        booking = lock_booking(absence.booking)
        _decide(absence, Outcome.UPHELD, by, reason, now)
        if booking.status not in REPORTABLE:
            raise Conflict(_("This booking was called off meanwhile."))
        move(booking, to=Booking.Status.NO_SHOW, now=now, **_what_follows(absence, booking))
        absence.booking = booking
        absence_decided.send(Absence, absence=absence)
    return absence


def _what_follows(absence: Absence, booking: Booking) -> dict[str, object]:
    if absence.is_about(Booking.Side.MENTOR):
        # Nothing was earned: `policy.earned_at` goes by the time of completion.
        return {"refund_minor": booking.price_minor, "completed_at": None}
    # The time was kept free: it was earned at its planned end.
    return {"completed_at": booking.completed_at or booking.ends_at}


def dismiss_absence(
    *, absence: Absence, by: User, reason: str = "", now: dt.datetime | None = None
) -> Absence:
    """Staff find that it was not so: all goes on as if nothing had been reported.

    `Conflict` as `uphold_absence`.
    """
    now = now or times.now()
    with exclusive():
        absence.booking = lock_booking(absence.booking)
        _decide(absence, Outcome.DISMISSED, by, reason, now)
        absence_decided.send(Absence, absence=absence)
    return absence


def _decide(absence: Absence, outcome: str, by: User, reason: str, now: dt.datetime) -> None:
    if not by.is_staff:
        raise Forbidden
    if absence.booking.side_of(by) is not None:
        raise Forbidden(_("Someone else of staff has to decide about a session of yours."))
    rows = Absence.objects.to_decide(now).filter(pk=absence.pk)
    if not rows.update(
        outcome=outcome,
        decided_at=now,
        decided_by=by,
        reason=_short(reason, "reason"),
        updated_at=now,
    ):
        raise Conflict(_("The other side can still object, or it is decided already."))
    absence.refresh_from_db()
