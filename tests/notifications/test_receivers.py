"""Which fact sends which mail to whom."""

import datetime as dt

import pytest

from bookings.models import Booking
from bookings.services import (
    accept_booking,
    cancel_booking,
    confirm_booking,
    decline_booking,
    expire_hold,
    lapse_requests,
    reschedule_booking,
)
from bookings.signals import booking_confirmed, booking_requested
from mentormatch.errors import Conflict
from mentormatch.mentors import services as mentors
from mentormatch.mentors.models import MentorProfile
from mentormatch.notifications.models import Mail
from payments import signals as money
from sessions_app.services import complete_overdue, end_session, start_session
from tests.factories import (
    BookingFactory,
    MentorFactory,
    SessionFactory,
    TransactionFactory,
    UserFactory,
    open_every_day,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("now")]


def told():
    """Who was told what, in any order."""
    booking = Booking.objects.with_people().get()
    sides = {booking.mentee_id: "mentee", booking.mentor.user_id: "mentor"}
    return sorted((mail.kind, sides[mail.recipient_id]) for mail in Mail.objects.all())


def both(kind):
    return [(kind, "mentee"), (kind, "mentor")]


@pytest.fixture
def booking():
    made = BookingFactory(to_pay=True)
    open_every_day(made.mentor, always=True)
    return made


def test_a_hold_that_runs_out_tells_the_mentee_once(booking, freeze):
    freeze(booking.hold_expires_at)
    expire_hold(booking=booking)
    expire_hold(booking=booking)
    assert told() == [("booking_expired", "mentee")]


def test_a_hold_the_mentee_gives_up_tells_nobody(booking):
    cancel_booking(booking=booking, by=booking.mentee)
    assert told() == []


def test_a_hold_that_staff_call_off_tells_the_mentee(booking):
    cancel_booking(booking=booking, by=UserFactory(staff=True))
    assert told() == [("booking_cancelled", "mentee")]


def test_a_payment_confirms_to_both_with_an_invitation(booking):
    confirm_booking(booking=booking)
    assert told() == both("booking_confirmed")
    assert {mail.context["method"] for mail in Mail.objects.all()} == {"REQUEST"}


def test_hearing_of_it_again_tells_nobody_twice(booking):
    confirm_booking(booking=booking)
    booking.refresh_from_db()
    booking_confirmed.send(Booking, booking=booking)
    assert told() == both("booking_confirmed")


@pytest.mark.parametrize("side", ["mentee", "mentor"])
def test_a_cancellation_tells_both_and_clears_their_calendars(booking, side):
    confirm_booking(booking=booking)
    Mail.objects.all().delete()
    by = booking.mentee if side == "mentee" else booking.mentor.user
    cancel_booking(booking=Booking.objects.get(), by=by)
    assert told() == both("booking_cancelled")
    for mail in Mail.objects.all():
        assert (mail.context["method"], mail.context["sequence"]) == ("CANCEL", 1)
        assert mail.context["refund_minor"] == 6000


def test_a_new_time_tells_both_with_a_higher_sequence(booking):
    confirm_booking(booking=booking)
    for days in (1, 2):
        Mail.objects.all().delete()
        later = booking.starts_at + dt.timedelta(days=days)
        moved = Booking.objects.with_people().get()
        reschedule_booking(booking=moved, by=moved.mentor.user, starts_at=later)
        assert told() == both("booking_rescheduled")
        assert {mail.context["sequence"] for mail in Mail.objects.all()} == {days}


class TestRequests:
    @pytest.fixture
    def booking(self):
        made = BookingFactory(requested=True)
        open_every_day(made.mentor, always=True)
        booking_requested.send(Booking, booking=made)
        assert told() == [("booking_requested", "mentor")]
        return made

    def test_accepted_tells_both(self, booking):
        accept_booking(booking=booking, by=booking.mentor.user)
        assert told() == [*both("booking_confirmed"), ("booking_requested", "mentor")]

    def test_declined_tells_the_mentee(self, booking):
        decline_booking(booking=booking, by=booking.mentor.user, reason="On holiday")
        assert told() == [("booking_declined", "mentee"), ("booking_requested", "mentor")]

    def test_lapsed_tells_the_mentee(self, booking):
        lapse_requests(now=booking.answer_by_at + dt.timedelta(minutes=1))
        assert told() == [("booking_lapsed", "mentee"), ("booking_requested", "mentor")]

    def test_withdrawn_tells_the_mentor_who_knew(self, booking):
        cancel_booking(booking=booking, by=booking.mentee)
        assert told() == [("booking_cancelled", "mentor"), ("booking_requested", "mentor")]


@pytest.mark.parametrize("swept", [False, True])
def test_a_completed_session_asks_the_mentee_for_a_review(swept):
    session = SessionFactory()
    mentor = session.mentor.user
    start_session(session=session, user=mentor, now=session.starts_at)
    if swept:
        complete_overdue(now=session.ends_at + dt.timedelta(hours=48))
    for _ in range(2):
        end_session(session=session, user=mentor, now=session.ends_at)
    assert told() == [("review_invitation", "mentee")]


@pytest.mark.parametrize(
    "signal, expected",
    [
        (money.payment_received, ("payment_received", "mentee")),
        (money.payment_failed, ("payment_failed", "mentee")),
        (money.refund_made, ("refund_made", "mentee")),
        (money.transfer_made, ("transfer_made", "mentor")),
    ],
)
def test_money_is_told_to_whom_it_concerns_once(signal, expected):
    row = TransactionFactory()
    for _ in range(2):
        signal.send(type(row), transaction=row)
    assert told() == [expected]


def test_staff_tell_a_mentor_what_they_decided(freeze):
    profile = MentorFactory(status=MentorProfile.Status.IN_REVIEW, user__verified=True)
    clock = freeze()
    for verb, more in (
        (mentors.approve, {}),
        (mentors.suspend, {"reason": "Spam"}),
        (mentors.relist, {}),
    ):
        verb(mentor=profile, **more)
        with pytest.raises(Conflict):
            verb(mentor=profile, **more)
        clock.shift(1)
    mails = Mail.objects.filter(recipient=profile.user).order_by("pk")
    assert [(mail.kind, mail.context["reason"]) for mail in mails] == [
        ("mentor_listed", ""),
        ("mentor_suspended", "Spam"),
        ("mentor_listed", ""),
    ]


def test_who_is_sent_back_is_told_why():
    profile = MentorFactory(status=MentorProfile.Status.IN_REVIEW)
    mentors.send_back(mentor=profile, reason="No headline")
    mail = Mail.objects.get()
    assert (mail.kind, mail.recipient) == ("mentor_sent_back", profile.user)
    assert mail.context["reason"] == "No headline"
