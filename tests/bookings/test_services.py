"""Taking a slot, and what keeps or loses it: design §5's table, move by move."""

import datetime as dt

import pytest

from bookings import services, signals
from bookings.models import Booking, CalendarEntry
from mentormatch.errors import Conflict, InvalidInput
from mentormatch.mentors.models import MentorProfile
from tests.conftest import NOW
from tests.factories import BookingFactory, MentorFactory, UserFactory, open_every_day

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("now")]
HOUR = dt.timedelta(hours=1)
SLOT = NOW + 48 * HOUR  # Wednesday, ten o'clock in Berlin
Status = Booking.Status


@pytest.fixture
def mentor():
    mentor = MentorFactory()
    open_every_day(mentor)
    return mentor


@pytest.fixture
def heard():
    """The signals that were sent, by name."""
    names = ["requested", "confirmed", "cancelled", "rescheduled", "completed"]
    sent, receivers = [], []
    for name in names:

        def receive(sender, name=name, **kwargs):
            sent.append((name, {k: v for k, v in kwargs.items() if k != "signal"}))

        receivers.append(receive)
        getattr(signals, f"booking_{name}").connect(receive)
    yield sent
    for name, receive in zip(names, receivers, strict=True):
        getattr(signals, f"booking_{name}").disconnect(receive)


def book(mentor, mentee=None, **kwargs):
    wanted = {"starts_at": SLOT, "duration_minutes": 60, "session_type": "one_on_one"}
    return services.book_slot(mentor=mentor, mentee=mentee or UserFactory(), **wanted | kwargs)


def trial(mentor, mentee=None, **kwargs):
    return book(mentor, mentee, **{"duration_minutes": 30, "session_type": "trial"} | kwargs)


def refused(code, error=Conflict):
    return pytest.raises(error, check=lambda e: e.code == code)


def test_a_paid_slot_is_held(mentor, heard):
    booking = book(mentor, notes="  My first deploy  ")
    booking.refresh_from_db()
    assert booking.status == Status.PENDING
    assert booking.hold_expires_at == NOW + dt.timedelta(minutes=35)
    assert (booking.price_minor, booking.platform_fee_minor, booking.currency) == (6000, 600, "eur")
    assert booking.free_cancellation_until == SLOT - 24 * HOUR
    assert booking.ends_at == SLOT + HOUR
    assert booking.notes == "My first deploy"
    assert booking.calendar_entry.is_live
    assert heard == []


def test_a_free_trial_is_confirmed_at_once(mentor, heard):
    booking = trial(mentor)
    assert (booking.status, booking.confirmed_at, booking.price_minor) == ("confirmed", NOW, 0)
    assert heard == [("confirmed", {"booking": booking})]


def test_a_free_session_of_a_mentor_with_approval_is_a_request(heard):
    mentor = MentorFactory(requires_approval=True)
    open_every_day(mentor)
    booking = trial(mentor)
    assert booking.is_to_answer
    assert booking.answer_by_at == SLOT - 4 * HOUR
    assert heard == [("requested", {"booking": booking})]
    assert book(mentor, starts_at=SLOT + HOUR).is_to_pay


def test_the_buffers_are_in_the_calendar():
    mentor = MentorFactory(buffer_before_minutes=15, buffer_after_minutes=10)
    open_every_day(mentor)
    entry = book(mentor).calendar_entry
    assert entry.starts_at == SLOT - dt.timedelta(minutes=15)
    assert entry.ends_at == SLOT + HOUR + dt.timedelta(minutes=10)


def test_a_taken_slot_is_refused_with_the_nearest_free_ones(mentor):
    book(mentor)
    with pytest.raises(Conflict) as refusal:
        book(mentor)
    assert refusal.value.code == "slot_unavailable"
    starts = [slot["starts_at"] for slot in refusal.value.extra["nearest"]]
    assert starts == ["2026-06-03T07:00:00Z", "2026-06-03T09:00:00Z", "2026-06-03T09:30:00Z"]
    assert Booking.objects.count() == 1


def test_the_same_again_is_refused(mentor):
    mentee = UserFactory()
    book(mentor, mentee)
    with refused("mentee_busy"):
        book(mentor, mentee)


def test_nobody_is_in_two_sessions(mentor):
    other = MentorFactory()
    open_every_day(other)
    mentee = UserFactory()
    book(mentor, mentee)
    with refused("mentee_busy"):
        book(other, mentee, starts_at=SLOT + HOUR / 2)
    with refused("mentee_busy"):  # who mentors at that time
        book(other, mentor.user)
    book(other, mentor.user, starts_at=SLOT + HOUR)
    with refused("slot_unavailable"):  # whose mentor is a mentee at that time
        book(mentor, starts_at=SLOT + HOUR)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"session_type": "group"}, "group_not_offered"),
        ({"duration_minutes": 45}, "length_not_offered"),
        ({"starts_at": NOW - HOUR}, "in_the_past"),
        ({"starts_at": NOW + HOUR / 2}, "too_soon"),
        ({"starts_at": NOW + 24 * 61 * HOUR}, "too_far"),
        ({"starts_at": dt.datetime.max.replace(tzinfo=dt.UTC)}, "too_far"),
        ({"session_type": "trial"}, "length_not_offered"),
    ],
)
def test_what_can_never_be_booked_is_invalid(mentor, change, code):
    with refused(code, InvalidInput):
        book(mentor, **change)
    assert not Booking.objects.exists()


def test_a_time_that_can_never_be_is_invalid_even_for_who_is_busy_then(mentor):
    mentee = UserFactory()
    BookingFactory(mentee=mentee, starts_at=NOW - HOUR / 2)
    for starts_at, code in [(NOW - HOUR / 2, "in_the_past"), (NOW + HOUR / 4, "too_soon")]:
        with refused(code, InvalidInput):
            book(mentor, mentee, starts_at=starts_at)


def test_mentors_cannot_book_themselves(mentor):
    with refused("own_profile", InvalidInput):
        book(mentor, mentor.user)


def test_whoever_is_not_listed_any_more_is_not_booked(mentor):
    MentorProfile.objects.update(status=MentorProfile.Status.SUSPENDED)
    with refused("mentor_unavailable"):
        book(mentor)


def test_whoever_cannot_be_paid_gives_free_sessions_only(mentor):
    MentorProfile.objects.update(is_payable=False)
    with refused("not_payable"):
        book(mentor)
    trial(mentor)


def test_a_trial_is_once_a_pair(mentor):
    mentee = UserFactory()
    first = trial(mentor, mentee)
    with refused("trial_used"):
        trial(mentor, mentee, starts_at=SLOT + HOUR)
    trial(mentor, starts_at=SLOT + HOUR)
    services.cancel_booking(booking=first, by=mentee)
    trial(mentor, mentee)


def test_at_most_three_are_held_unpaid(mentor, now, freeze):
    mentee = UserFactory()
    for n in range(3):
        book(mentor, mentee, starts_at=SLOT + n * HOUR)
    with refused("too_many_holds"):
        book(mentor, mentee, starts_at=SLOT + 3 * HOUR)
    trial(mentor, mentee, starts_at=SLOT + 3 * HOUR)
    freeze(NOW + HOUR)
    book(mentor, mentee, starts_at=SLOT + 4 * HOUR)


def test_payment_confirms_once(mentor, heard):
    held = book(mentor)
    for _ in range(2):
        booking = services.confirm_booking(booking=held)
        assert (booking.status, booking.hold_expires_at) == (Status.CONFIRMED, None)
    assert [name for name, _ in heard] == ["confirmed"]


def test_a_hold_moves_to_its_checkouts_end_and_never_back(mentor):
    held = book(mentor)
    later = NOW + HOUR
    assert services.extend_hold(booking=held, until=later).hold_expires_at == later
    assert services.extend_hold(booking=held, until=NOW).hold_expires_at == later
    services.cancel_booking(booking=held, by=held.mentee)
    with refused("invalid_state"):
        services.extend_hold(booking=held, until=later)


def test_a_hold_expires_when_its_time_has_come(mentor, heard, freeze):
    held = book(mentor)
    assert not services.expire_hold(booking=held)
    freeze(NOW + dt.timedelta(minutes=35))
    assert services.expire_hold(booking=held)
    assert not services.expire_hold(booking=held)
    held.refresh_from_db()
    assert (held.status, held.cancelled_by, held.cancellation_code) == (
        "cancelled",
        "system",
        "expired",
    )
    assert not held.calendar_entry.is_live
    assert [(name, sent["was_confirmed"]) for name, sent in heard] == [("cancelled", False)]
    book(mentor)


def test_a_confirmed_booking_does_not_expire(mentor, freeze):
    held = book(mentor)
    services.confirm_booking(booking=held)
    freeze(NOW + HOUR)
    assert not services.expire_hold(booking=held)


@pytest.fixture
def expired(mentor, freeze):
    held = book(mentor)
    freeze(NOW + HOUR)
    services.expire_hold(booking=held)
    return held


def test_paid_late_and_still_free_is_confirmed(expired, heard):
    booking = services.confirm_booking(booking=expired)
    booking.refresh_from_db()
    assert booking.status == Status.CONFIRMED
    assert (booking.cancelled_at, booking.cancellation_code, booking.cancelled_by) == (None, "", "")
    assert booking.calendar_entry.is_live
    assert [name for name, _ in heard] == ["confirmed"]


def test_paid_late_and_taken_is_refused(expired, heard):
    book(expired.mentor)
    with pytest.raises(Conflict) as refusal:
        services.confirm_booking(booking=expired)
    # Said by who looked, before the guard had to.
    assert (refusal.value.code, refusal.value.__cause__) == ("slot_unavailable", None)
    expired.refresh_from_db()
    assert expired.status == Status.CANCELLED
    assert not expired.calendar_entry.is_live
    assert heard == []


def test_paid_late_and_busy_meanwhile_is_refused(expired):
    other = MentorFactory()
    open_every_day(other)
    book(other, expired.mentee)
    with refused("mentee_busy"):
        services.confirm_booking(booking=expired)


def test_paid_after_the_start_is_refused(expired, freeze):
    freeze(SLOT)
    with refused("slot_unavailable"):
        services.confirm_booking(booking=expired)


def test_paid_though_given_up_is_refused(mentor):
    held = book(mentor)
    services.cancel_booking(booking=held, by=held.mentee)
    with refused("invalid_state"):
        services.confirm_booking(booking=held)


def test_a_held_session_paid_when_it_is_over_is_refused(freeze):
    mentor = MentorFactory(notice_minutes=0, lengths=[15])
    open_every_day(mentor)
    held = book(mentor, starts_at=NOW, duration_minutes=15)
    freeze(NOW + HOUR / 4)
    with refused("slot_unavailable"):
        services.confirm_booking(booking=held)


def test_completion_happens_once_and_only_to_the_confirmed(mentor, heard, freeze):
    held = book(mentor)
    with refused("invalid_state"):
        services.complete_booking(booking=held)
    services.confirm_booking(booking=held)
    freeze(SLOT + HOUR)
    for _ in range(2):
        booking = services.complete_booking(booking=held)
    assert (booking.status, booking.completed_at) == (Status.COMPLETED, SLOT + HOUR)
    assert [name for name, _ in heard] == ["confirmed", "completed"]
    assert CalendarEntry.objects.get().is_live


def test_factories_and_services_agree_about_the_calendar(mentor):
    BookingFactory(mentor=mentor, starts_at=SLOT)
    with refused("slot_unavailable"):
        book(mentor)
