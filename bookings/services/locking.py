"""Who waits for whom: the one order in which locks are taken.

1. the people of the booking (`User`), by rising number;
2. the mentor's profile;
3. the booking, or the group session;
4. what belongs to it: calendar entry, session, ledger rows; of a seat also its group session.

Every verb that changes a booking begins with `lock_booking` or `lock_pair`, one that changes a
group session with `lock_group`, one that changes a mentor's hours with `lock_mentor`. Whoever
holds a lock of the fourth kind must not ask for one above it: a service of `payments` that records
a payment calls `lock_booking` before it locks its own row. So there is no circle to wait in.

The people are locked, and not the mentor alone, because one person can be mentee in one booking
and mentor in another at the same time, which no constraint sees. `NO KEY` leaves alone those who
only point at a person. On SQLite a transaction holds the whole database from its beginning.
"""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager

from django.db import InterfaceError, OperationalError, transaction

from bookings.group_models import GroupSession
from bookings.models import Booking
from mentormatch.accounts.models import User
from mentormatch.db import is_outage
from mentormatch.errors import TryAgain
from mentormatch.mentors.models import MentorProfile


@contextmanager
def exclusive() -> Iterator[None]:
    """A transaction in which locks are taken; `TryAgain` if they can't be had in time."""
    try:
        with transaction.atomic():
            yield
    except (OperationalError, InterfaceError) as error:
        if not is_outage(error):
            raise
        raise TryAgain from error


def lock_mentor(mentor: MentorProfile) -> MentorProfile:
    """Lock a mentor alone, whose hours change; gives the profile as it is now."""
    # Lock the mentor: the row that would conflict may not exist yet.
    profiles = MentorProfile.objects.select_for_update(no_key=True, of=("self",))
    return profiles.select_related("user").get(pk=mentor.pk)


def lock_pair(*, mentor: MentorProfile, mentee: User) -> MentorProfile:
    """Lock a mentor and a mentee; gives the mentor as they are now."""
    _lock_people([mentor.user_id, mentee.pk])
    return lock_mentor(mentor)


def _lock_people(numbers: Collection[int]) -> None:
    people = User.objects.filter(pk__in=numbers).order_by("pk")
    list(people.select_for_update(no_key=True).values_list("pk"))


def lock_group(group: GroupSession, *, mentee: User | None = None) -> GroupSession:
    """Lock a mentor, their group session and whoever wants a seat; gives it as it is now."""
    mentor = lock_pair(mentor=group.mentor, mentee=mentee or group.mentor.user)
    locked = GroupSession.objects.select_for_update(no_key=True).get(pk=group.pk)
    locked.mentor = mentor
    return locked


def lock_bookings(bookings: Sequence[Booking]) -> None:
    """Lock several bookings of one mentor, all their people at once and in order.

    One after the other would ask for a person while it holds the mentor.
    """
    mentors = {booking.mentor for booking in bookings}
    _lock_people({person for b in bookings for person in (b.mentee_id, b.mentor.user_id)})
    for mentor in mentors:
        lock_mentor(mentor)
    rows = Booking.objects.filter(pk__in=[booking.pk for booking in bookings]).order_by("pk")
    list(rows.select_for_update(no_key=True).values_list("pk"))


def lock_booking(booking: Booking) -> Booking:
    """Lock a booking's people, its mentor and itself; gives it as it is now.

    Needs a transaction. Safe to repeat within it.
    """
    mentor = lock_pair(mentor=booking.mentor, mentee=booking.mentee)
    rows = Booking.objects.select_for_update(no_key=True, of=("self",))
    locked = rows.select_related("mentee").get(pk=booking.pk)
    locked.mentor = mentor
    return locked
