"""Cancelling, moving to another time, and answering requests."""

import datetime as dt

import pytest
from django.urls import reverse

from bookings import services
from bookings.models import Booking
from mentormatch.errors import Conflict, Forbidden, InvalidInput, NotFound
from mentormatch.mentors.models import MentorProfile
from tests.bookings.test_services import HOUR, SLOT, book, heard, mentor, refused, trial
from tests.conftest import NOW
from tests.factories import BookingFactory, MentorFactory, UserFactory, open_every_day

__all__ = ["heard", "mentor"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("now")]
Status = Booking.Status


@pytest.fixture
def booking(mentor):
    return BookingFactory(mentor=mentor, starts_at=SLOT)


@pytest.fixture
def request_(heard):
    mentor = MentorFactory(requires_approval=True)
    open_every_day(mentor)
    made = trial(mentor)
    heard.clear()
    return made


def test_the_mentee_cancels_in_time(booking, heard, freeze):
    freeze(SLOT - 24 * HOUR)
    cancelled = services.cancel_booking(booking=booking, by=booking.mentee, reason=" Ill ")
    cancelled.refresh_from_db()
    assert (cancelled.status, cancelled.refund_minor) == (Status.CANCELLED, 6000)
    assert (cancelled.cancelled_by, cancelled.cancellation_code) == ("mentee", "cancelled")
    assert (cancelled.cancelled_at, cancelled.cancellation_reason) == (SLOT - 24 * HOUR, "Ill")
    assert not cancelled.calendar_entry.is_live
    told = {"booking": cancelled, "refund_minor": 6000, "was_confirmed": True}
    assert heard == [("cancelled", told)]


def test_the_mentee_cancels_late(booking, freeze):
    freeze(SLOT - 23 * HOUR)
    assert services.cancel_booking(booking=booking, by=booking.mentee).refund_minor == 0


@pytest.mark.parametrize("who", ["mentor", "staff"])
def test_mentor_and_staff_cancel_for_a_full_refund(booking, who, freeze):
    by = booking.mentor.user if who == "mentor" else UserFactory(staff=True)
    freeze(SLOT - HOUR)
    cancelled = services.cancel_booking(booking=booking, by=by)
    assert (cancelled.cancelled_by, cancelled.refund_minor) == (who, 6000)


def test_cancelling_twice_changes_nothing(booking, heard):
    for _ in range(2):
        services.cancel_booking(booking=booking, by=booking.mentee)
    with refused("invalid_state"):
        services.cancel_booking(booking=booking, by=booking.mentor.user)
    assert len(heard) == 1


def test_strangers_cancel_nothing(booking):
    for by in (UserFactory(), MentorFactory().user):
        with pytest.raises(NotFound):
            services.cancel_booking(booking=booking, by=by)


def test_the_mentee_cannot_cancel_a_session_that_has_begun(booking, freeze):
    freeze(SLOT)
    with refused("too_late"):
        services.cancel_booking(booking=booking, by=booking.mentee)


def test_what_took_place_cannot_be_cancelled():
    booking = BookingFactory(completed=True)
    with refused("invalid_state"):
        services.cancel_booking(booking=booking, by=UserFactory(staff=True))


def test_an_unpaid_hold_is_given_up_for_nothing(mentor, heard):
    held = book(mentor)
    cancelled = services.cancel_booking(booking=held, by=held.mentee)
    assert (cancelled.refund_minor, cancelled.hold_expires_at) == (0, None)
    assert not heard[0][1]["was_confirmed"]
    book(mentor)


def test_the_mentee_chooses_another_time(booking, heard):
    moved = services.reschedule_booking(
        booking=booking, by=booking.mentee, starts_at=SLOT + HOUR / 2
    )
    moved.refresh_from_db()
    assert (moved.starts_at, moved.ends_at) == (SLOT + HOUR / 2, SLOT + HOUR * 1.5)
    assert (moved.sequence, moved.price_minor, moved.code) == (1, 6000, booking.code)
    assert moved.free_cancellation_until == SLOT + HOUR / 2 - 24 * HOUR
    assert (moved.calendar_entry.starts_at, moved.calendar_entry.ends_at) == (
        moved.starts_at,
        moved.ends_at,
    )
    told = {"booking": moved, "previous_start": SLOT, "by": "mentee"}
    assert heard == [("rescheduled", told)]
    book(booking.mentor, starts_at=SLOT - HOUR / 2)


def test_after_the_mentor_moved_it_the_mentee_is_free_to_go(booking, freeze):
    freeze(SLOT - HOUR)
    moved = services.reschedule_booking(
        booking=booking, by=booking.mentor.user, starts_at=SLOT + 3 * HOUR
    )
    assert moved.free_cancellation_until == moved.starts_at
    freeze(moved.starts_at - dt.timedelta(minutes=1))
    assert services.cancel_booking(booking=moved, by=moved.mentee).refund_minor == 6000


def test_moving_to_the_same_time_changes_nothing(booking, heard):
    same = services.reschedule_booking(booking=booking, by=booking.mentee, starts_at=SLOT)
    assert (same.sequence, heard) == (0, [])


def test_moving_into_taken_time_is_refused_with_the_nearest(booking):
    book(booking.mentor, starts_at=SLOT + 2 * HOUR)
    with pytest.raises(Conflict) as refusal:
        services.reschedule_booking(booking=booking, by=booking.mentee, starts_at=SLOT + 2 * HOUR)
    assert refusal.value.code == "slot_unavailable"
    assert len(refusal.value.extra["nearest"]) == 3
    booking.refresh_from_db()
    assert booking.starts_at == SLOT


def test_moving_where_the_mentee_is_busy_is_refused(booking):
    BookingFactory(mentee=booking.mentee, starts_at=SLOT + 2 * HOUR)
    with refused("mentee_busy"):
        services.reschedule_booking(
            booking=booking, by=booking.mentor.user, starts_at=SLOT + 2 * HOUR
        )


@pytest.mark.parametrize(("kind", "minutes"), [("one_on_one", 60), ("trial", 30)])
def test_what_was_sold_is_moved_though_it_is_no_longer_for_sale(mentor, kind, minutes, login):
    sold = {"session_type": kind, "duration_minutes": minutes}
    booking = BookingFactory(mentor=mentor, starts_at=SLOT, **sold)
    MentorProfile.objects.update(lengths=[15], trial_rate_minor=None, is_payable=False)
    booking = Booking.objects.get()
    page = login(booking.mentee).get(reverse("bookings:reschedule", args=[booking.code]))
    assert page.context["picker"].days
    moved = services.reschedule_booking(booking=booking, by=booking.mentee, starts_at=SLOT + HOUR)
    assert (moved.starts_at, moved.duration_minutes) == (SLOT + HOUR, minutes)


@pytest.mark.parametrize(
    ("who", "before"), [("mentee", dt.timedelta(hours=23)), ("mentor", dt.timedelta())]
)
def test_moving_too_late_is_refused(booking, who, before, freeze):
    freeze(SLOT - before)
    by = booking.mentee if who == "mentee" else booking.mentor.user
    with refused("too_late"):
        services.reschedule_booking(booking=booking, by=by, starts_at=SLOT + 24 * HOUR)


def test_who_may_not_move_it(booking):
    with pytest.raises(Forbidden):
        services.reschedule_booking(booking=booking, by=UserFactory(staff=True), starts_at=SLOT)
    with pytest.raises(NotFound):
        services.reschedule_booking(booking=booking, by=UserFactory(), starts_at=SLOT)


def test_what_is_not_confirmed_is_not_moved(mentor):
    held = book(mentor)
    with refused("invalid_state"):
        services.reschedule_booking(booking=held, by=held.mentee, starts_at=SLOT + HOUR)


def test_moving_into_the_past_is_invalid(booking):
    with refused("in_the_past", InvalidInput):
        services.reschedule_booking(booking=booking, by=booking.mentee, starts_at=NOW - HOUR)


def test_the_mentor_accepts_once(request_, heard):
    for _ in range(2):
        accepted = services.accept_booking(booking=request_, by=request_.mentor.user)
    assert (accepted.status, accepted.answer_by_at) == (Status.CONFIRMED, None)
    assert [name for name, _ in heard] == ["confirmed"]


def test_the_mentor_declines_once(request_, heard):
    for _ in range(2):
        declined = services.decline_booking(
            booking=request_, by=request_.mentor.user, reason="On holiday"
        )
    assert (declined.cancellation_code, declined.cancelled_by) == ("declined", "mentor")
    assert declined.cancellation_reason == "On holiday"
    assert [name for name, _ in heard] == ["cancelled"]
    with refused("invalid_state"):
        services.accept_booking(booking=request_, by=request_.mentor.user)


@pytest.mark.parametrize("answer", [services.accept_booking, services.decline_booking])
def test_only_the_mentor_answers_and_only_requests(request_, mentor, answer):
    with pytest.raises(Forbidden):
        answer(booking=request_, by=request_.mentee)
    with pytest.raises(NotFound):
        answer(booking=request_, by=UserFactory())
    held = book(mentor, starts_at=SLOT + HOUR)
    with refused("payment_required"):
        answer(booking=held, by=mentor.user)


def test_unanswered_requests_lapse_once(request_, heard, freeze):
    assert services.lapse_requests() == 0
    freeze(request_.answer_by_at)
    with refused("too_late"):
        services.accept_booking(booking=request_, by=request_.mentor.user)
    assert services.lapse_requests() == 1
    assert services.lapse_requests() == 0
    request_.refresh_from_db()
    assert (request_.cancellation_code, request_.cancelled_by) == ("lapsed", "system")
    assert not request_.calendar_entry.is_live
    assert [name for name, _ in heard] == ["cancelled"]
