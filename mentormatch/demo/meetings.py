"""The demo's bookings: past ones held, reviewed and paid, one open now, some to come.

Each is made at its own time, by the same verbs as anyone's: the clock of this thread is put there.
"""

import datetime as dt
from functools import partial

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from bookings import calendar
from bookings import services as bookings
from bookings.models import Booking
from mentormatch import times
from mentormatch.accounts.models import User
from mentormatch.demo import people
from mentormatch.demo.people import Person
from mentormatch.demo.reviews import PAST_TRIALS, PastTrial
from mentormatch.mentors.models import MentorProfile
from payments import services as payments
from payments import wiring
from reviews.models import Review
from reviews.services import write_review
from sessions_app import room
from sessions_app import services as sessions
from sessions_app.models import Session

DAY, HOUR, MINUTE = dt.timedelta(days=1), dt.timedelta(hours=1), dt.timedelta(minutes=1)
Status, Type = Booking.Status, Booking.Type
# The open one ends within ten minutes where it can: the next free time is then near as well.
# Each is where to look for a start, in minutes from now, and the session's length.
OPEN_NOW = ((-30, 30), (-15, 15), (0, 30))


def add_trials() -> None:
    """Free first talks of the past weeks, held and reviewed; and one that is asked for."""
    trials = Booking.objects.filter(session_type=Type.TRIAL)
    known = set(trials.values_list("mentor__user__email", "mentee__email"))
    for trial in PAST_TRIALS:
        if (trial.mentor, trial.mentee.email) not in known:
            _hold_trial(trial)
    asked = people.MENTOR2.person.email, people.SAM.email
    if asked not in known:
        _book(*asked, after=times.now() + 3 * DAY, minutes=30, session_type=Type.TRIAL)


@transaction.atomic
def _hold_trial(trial: PastTrial) -> None:
    day = times.now() - trial.days_ago * DAY
    with times.beginning_at(day - 3 * DAY):
        booking = _book(
            trial.mentor, trial.mentee.email, after=day, minutes=30, session_type=Type.TRIAL
        )
        if booking is not None and booking.is_to_answer:
            bookings.accept_booking(booking=booking, by=booking.mentor.user)
    if booking is not None:
        _review(booking, _hold(booking), trial.rating, trial.comment)


def add_paid() -> None:
    """What `mentee@` and `mentee2@` have booked of `mentor@` and `mentor3@`, all of it paid."""
    now = times.now()
    mentee, mentor = people.MENTEE, people.MENTOR.person
    reviewed = Exists(Review.objects.filter(session__seats__booking=OuterRef("pk")))
    completed = _of(mentee).filter(status=Status.COMPLETED)
    if not completed.filter(reviewed).exists():
        booking = _pay_in_the_past(mentee, mentor, now - 9 * DAY)
        if booking is not None:
            _review(
                booking, _hold(booking), 5, "We found the slow query, and three of its cousins."
            )
    if not completed.exclude(reviewed).exists():
        booking = _pay_in_the_past(mentee, mentor, now - 30 * HOUR)
        if booking is not None:
            _hold(booking)
    for person, days in ((mentee, 3), (people.MENTEE2, 5)):
        upcoming = _of(person).filter(status=Status.CONFIRMED, starts_at__gt=now + DAY)
        if not upcoming.filter(mentor__user__email=mentor.email).exists():
            pay(_book(mentor.email, person.email, after=now + days * DAY, minutes=60))
    _ask_for_a_paid_one(now)
    _see_to_an_open_one(now)


def hold_by_credit(mentee: Person, mentor: Person, after: dt.datetime, praise: str) -> None:
    """An hour that a subscription paid for, held on the day that begins then, and praised."""
    with times.beginning_at(after - DAY):
        booking = _book(
            mentor.email, mentee.email, after=after, minutes=60, within=DAY, by_credit=True
        )
    if booking is not None:
        _review(booking, _hold(booking), 5, praise)


def _ask_for_a_paid_one(now: dt.datetime) -> None:
    """An hour whose price is authorised, and which waits for the answer of `mentor2@`."""
    mentor, mentee = people.MENTOR2.person, people.LEA
    asked = _of(mentee).filter(mentor__user__email=mentor.email, starts_at__gt=now)
    if not asked.exists():
        pay(_book(mentor.email, mentee.email, after=now + 4 * DAY, minutes=60))


def _see_to_an_open_one(now: dt.datetime) -> None:
    """A confirmed session of `mentee@` with `mentor3@` that can be joined at once."""
    mentor, mentee = people.MENTOR3.person, people.MENTEE
    seated = _of(mentee).filter(mentor__user__email=mentor.email, status=Status.CONFIRMED)
    for session in Session.objects.filter(seats__booking__in=seated, status__in=Session.LIVE):
        if room.is_open(session, now=now) and room.is_open(session, now=now + 10 * MINUTE):
            return
    for offset, minutes in OPEN_NOW:
        after = now + offset * MINUTE
        with times.beginning_at(min(after, now)):
            booking = _book(
                mentor.email, mentee.email, after=after, minutes=minutes, within=10 * MINUTE
            )
            pay(booking)
        if booking is not None:
            return


def _of(person: Person) -> QuerySet[Booking]:
    return Booking.objects.filter(mentee__email=person.email)


def _book(
    mentor_email: str,
    mentee_email: str,
    *,
    after: dt.datetime,
    minutes: int,
    session_type: str = Type.ONE_ON_ONE,
    within: dt.timedelta = 5 * DAY,
    by_credit: bool = False,
) -> Booking | None:
    """The first free time after that instant, booked now; `None` where there is none."""
    mentor = MentorProfile.objects.select_related("user").get(user__email=mentor_email)
    mentee = User.objects.get(email=mentee_email)
    free = calendar.offered(
        mentor,
        start=after,
        end=after + within,
        duration_minutes=minutes,
        session_type=session_type,
        now=times.now(),
        viewer=mentee,
    )
    if not free:
        return None
    book = partial(payments.book_session, use_credit=True) if by_credit else bookings.book_slot
    return book(
        mentor=mentor,
        mentee=mentee,
        starts_at=free[0].starts_at,
        duration_minutes=minutes,
        session_type=session_type,
    )


def pay(booking: Booking | None) -> None:
    """Pay for it at the built-in Stripe, with a card that works."""
    if booking is not None:
        charge = payments.open_checkout(booking=booking, user=booking.mentee)
        wiring.pay(charge.stripe_checkout_session_id or "")
        payments.settle(booking=booking)


def _pay_in_the_past(mentee: Person, mentor: Person, after: dt.datetime) -> Booking | None:
    """Booked three days before; held on the day that begins then."""
    with times.beginning_at(after - 3 * DAY):
        booking = _book(mentor.email, mentee.email, after=after, minutes=60, within=DAY)
        pay(booking)
    return booking


def _hold(booking: Booking) -> Session:
    """Both come in time, and the mentor ends it in time."""
    session = Session.objects.with_people().get(seats__booking=booking)
    mentor = booking.mentor.user
    with times.beginning_at(booking.starts_at):
        for user in (booking.mentee, mentor):
            sessions.start_session(session=session, user=user)
    with times.beginning_at(booking.ends_at - MINUTE):
        return sessions.end_session(session=session, user=mentor)


def _review(booking: Booking, session: Session, rating: int, comment: str) -> None:
    with times.beginning_at(booking.ends_at + 5 * MINUTE):
        write_review(session=session, reviewer=booking.mentee, rating=rating, comment=comment)
