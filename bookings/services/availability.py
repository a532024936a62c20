"""A mentor's opening hours and days off. What is booked already is never touched by them."""

import datetime as dt
from typing import TypeVar

from django.db import models
from django.utils.translation import gettext as _

from bookings.models import AvailabilitySlot, TimeOff
from bookings.services.locking import exclusive, lock_mentor
from bookings.wallclock import MINUTES_A_DAY, format_minutes, local_day
from mentormatch import times
from mentormatch.errors import Conflict, InvalidInput, NotFound
from mentormatch.mentors.models import MentorProfile

MOST_WINDOWS = 300
MOST_TIME_OFF = 100
Row = TypeVar("Row", AvailabilitySlot, TimeOff)


def add_window(
    *,
    mentor: MentorProfile,
    start_minute: int,
    end_minute: int,
    weekday: int | None = None,
    date: dt.date | None = None,
    now: dt.datetime | None = None,
) -> AvailabilitySlot:
    """Open the mentor's calendar every week on `weekday` (0 = Monday), or on one `date`.

    Minutes since midnight on the mentor's wall; 1440 is 24:00. Windows of one weekday, or of one
    date, may touch and not overlap: `Conflict` as `overlaps`, which a repeat gets too.
    """
    _check_day(mentor, weekday, date, now or times.now())
    if not 0 <= start_minute < end_minute <= MINUTES_A_DAY:
        raise InvalidInput(
            _("The end has to be later than the start; 24:00 is the end of the day."),
            field="end_time",
        )
    with exclusive():
        lock_mentor(mentor)
        same_day = AvailabilitySlot.objects.filter(mentor=mentor, weekday=weekday, date=date)
        other = same_day.filter(start_minute__lt=end_minute, end_minute__gt=start_minute).first()
        if other is not None:
            raise Conflict(
                _("That overlaps with %(start)s to %(end)s. Remove that one first.")
                % {
                    "start": format_minutes(other.start_minute),
                    "end": format_minutes(other.end_minute),
                },
                code="overlaps",
                field="start_time",
            )
        if AvailabilitySlot.objects.filter(mentor=mentor).count() >= MOST_WINDOWS:
            raise Conflict(_("That is more than we can keep. Remove some first."), code="too_many")
        return AvailabilitySlot.objects.create(
            mentor=mentor,
            weekday=weekday,
            date=date,
            start_minute=start_minute,
            end_minute=end_minute,
        )


def remove_window(*, mentor: MentorProfile, window_id: int) -> AvailabilitySlot:
    """Close one of the mentor's own windows; `NotFound` for any other, and the second time.

    Gives what was removed, from which it can be added again. Once it is closed nobody books in it
    any more, not even who was about to.
    """
    return _delete(mentor, AvailabilitySlot.objects.filter(mentor=mentor, pk=window_id))


def add_time_off(
    *,
    mentor: MentorProfile,
    first_day: dt.date,
    last_day: dt.date,
    now: dt.datetime | None = None,
) -> TimeOff:
    """Offer nothing from `first_day` to `last_day` of the mentor's calendar, both included.

    `Conflict` as `overlaps` where some of it is off already.
    """
    if last_day < first_day:
        raise InvalidInput(_("The last day can't be before the first one."), field="last_day")
    if last_day < local_day(now or times.now(), mentor.zone):
        raise InvalidInput(_("Those days have passed."), field="last_day")
    with exclusive():
        lock_mentor(mentor)
        existing = TimeOff.objects.filter(mentor=mentor)
        if existing.filter(first_day__lte=last_day, last_day__gte=first_day).exists():
            raise Conflict(
                _("Some of those days are off already. Remove that time off first."),
                code="overlaps",
                field="first_day",
            )
        if existing.count() >= MOST_TIME_OFF:
            raise Conflict(_("That is more than we can keep. Remove some first."), code="too_many")
        return TimeOff.objects.create(mentor=mentor, first_day=first_day, last_day=last_day)


def remove_time_off(*, mentor: MentorProfile, time_off_id: int) -> TimeOff:
    """Offer those days again; `NotFound` for another mentor's, and the second time."""
    return _delete(mentor, TimeOff.objects.filter(mentor=mentor, pk=time_off_id))


def _check_day(
    mentor: MentorProfile, weekday: int | None, date: dt.date | None, now: dt.datetime
) -> None:
    if (weekday is None) == (date is None):
        raise InvalidInput(_("Choose a weekday or a date, one of the two."), field="weekday")
    if weekday is not None and not 0 <= weekday <= 6:
        raise InvalidInput(_("Weekdays go from 0, Monday, to 6."), field="weekday")
    if date is not None:
        today = local_day(now, mentor.zone)
        if date < today:
            raise InvalidInput(_("That day has passed."), field="date")
        if date > today + dt.timedelta(days=2 * 366):
            raise InvalidInput(_("That day is more than two years away."), field="date")


def _delete(mentor: MentorProfile, rows: models.QuerySet[Row]) -> Row:
    """Delete the one row there is; of two at once, one finds nothing any more."""
    with exclusive():
        lock_mentor(mentor)
        row = rows.first()
        if row is None:
            raise NotFound
        rows.delete()
    return row
