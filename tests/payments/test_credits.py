"""Session credits: used once each, given back in time, lapsed with their month."""

import datetime as dt
from functools import partial

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from bookings import services as bookings
from bookings.models import Booking
from mentormatch import times
from mentormatch.errors import Conflict
from payments import services
from payments.models import Credit, CreditPeriod, Subscription
from payments.services import credits as verbs
from tests.concurrency import at_once
from tests.conftest import NOW
from tests.factories import (
    CreditPeriodFactory,
    MentorFactory,
    UserFactory,
    in_two_days,
    open_every_day,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def mentor():
    mentor = MentorFactory()
    open_every_day(mentor, always=True)
    return mentor


@pytest.fixture
def month(mentor):
    """Two sessions of an hour, unused."""
    return CreditPeriodFactory(subscription__plan__mentor=mentor)


@pytest.fixture
def book(month):
    """Book an hour of the mentor, with a credit where there is one."""

    def booked(starts_at: dt.datetime | None = None, **more) -> Booking:
        wanted = {
            "mentor": month.subscription.mentor,
            "mentee": month.subscription.mentee,
            "starts_at": starts_at or in_two_days(),
            "duration_minutes": 60,
            "session_type": "one_on_one",
        }
        return services.book_session(**wanted | more)

    return booked


def left(month: CreditPeriod) -> int:
    month.refresh_from_db()
    return month.left


def test_a_credit_books_a_session_without_paying(month, book):
    booking = book()
    assert booking.status == Booking.Status.CONFIRMED
    assert (booking.price_minor, booking.platform_fee_minor) == (0, 0)
    assert booking.credit.period == month
    assert left(month) == 1


def test_where_none_is_left_it_is_to_be_paid(month, book):
    for hours in range(2):
        book(in_two_days() + dt.timedelta(hours=hours))
    assert left(month) == 0
    with pytest.raises(Conflict) as refusal:
        book(in_two_days() + dt.timedelta(hours=2), use_credit=True)
    assert refusal.value.code == "no_credit"
    assert book(in_two_days() + dt.timedelta(hours=2)).is_to_pay


def test_paying_in_spite_of_a_credit_uses_none(month, book):
    assert book(use_credit=False).is_to_pay
    assert left(month) == 2


@pytest.mark.parametrize(
    "facts",
    [
        {"status": Subscription.Status.PAST_DUE},
        {"status": Subscription.Status.CANCELLED, "cancelled_at": NOW},
        {"is_paused": True},
        {"session_minutes": 30},
    ],
)
def test_a_credit_that_cant_be_used_is_none(month, book, facts):
    Subscription.objects.update(**facts)
    assert book().is_to_pay
    assert left(month) == 2


def test_a_credit_is_of_one_mentor_and_one_mentee(month, book):
    elsewhere = MentorFactory()
    open_every_day(elsewhere, always=True)
    assert book(mentor=elsewhere).is_to_pay
    assert book(in_two_days() + dt.timedelta(hours=1), mentee=UserFactory()).is_to_pay


def test_a_session_that_starts_after_the_month_isnt_covered(month, book):
    starts_at = in_two_days()
    CreditPeriod.objects.update(ends_at=starts_at + dt.timedelta(hours=1))
    assert book(starts_at + dt.timedelta(hours=1)).is_to_pay
    assert not book(starts_at).is_to_pay


def test_a_refused_booking_uses_no_credit(month, book):
    book()
    with pytest.raises(Conflict):
        book()
    assert left(month) == 1
    assert Credit.objects.count() == 1


def test_a_mentor_with_approval_is_asked(month, book, mentor):
    mentor.requires_approval = True
    mentor.save()
    booking = book()
    assert booking.is_to_answer
    assert left(month) == 1
    bookings.decline_booking(booking=booking, by=mentor.user)
    assert left(month) == 2


@pytest.mark.parametrize(
    ("hours_before", "by_mentor", "wanted"), [(25, False, 2), (23, False, 1), (1, True, 2)]
)
def test_it_comes_back_as_the_policy_says(month, book, hours_before, by_mentor, wanted):
    booking = book()
    by = booking.mentor.user if by_mentor else booking.mentee
    now = booking.starts_at - dt.timedelta(hours=hours_before)
    for _twice in range(2):
        services.call_off(booking=booking, by=by, now=now)
    assert left(month) == wanted
    assert (Credit.objects.get().given_back_at is None) == (wanted == 1)


@pytest.mark.parametrize(("mentor_missed", "wanted"), [(True, 2), (False, 1)])
def test_a_session_that_the_mentor_missed_counts_as_unused(month, book, mentor_missed, wanted):
    booking = book()
    booking.status = Booking.Status.NO_SHOW
    booking.completed_at = None if mentor_missed else booking.ends_at
    assert services.give_back_credit(booking=booking) is mentor_missed
    assert left(month) == wanted


def test_the_last_credit_goes_to_the_month_that_ends_first(month, book):
    later = CreditPeriodFactory(
        subscription__plan__mentor=month.subscription.mentor,
        subscription__mentee=month.subscription.mentee,
        ends_at=month.ends_at + dt.timedelta(days=9),
    )
    assert book().credit.period == month
    assert left(later) == 2


def test_the_book_page_offers_the_credit_and_takes_it(month, login):
    client = login(month.subscription.mentee)
    asked = {
        "starts_at": times.format_instant(in_two_days()),
        "duration_minutes": 60,
        "session_type": "one_on_one",
    }
    address = reverse("bookings:book", args=[month.subscription.mentor.slug])
    page = client.get(address, asked).content.decode()
    assert "One of the 2 sessions left of Steady progress" in page
    assert "nothing more to pay" in page
    assert "I agree" not in page
    answer = client.post(address, asked | {"pay_with": "credit"})
    booking = Booking.objects.get()
    assert answer["Location"] == reverse("bookings:detail", args=[booking.code])
    page = client.get(answer["Location"]).content.decode()
    assert "A session of Steady progress" in page
    page = client.get(reverse("bookings:cancel", args=[booking.code])).content.decode()
    assert "counts as unused again" in page
    next_day = {"starts_at": times.format_instant(in_two_days() + dt.timedelta(days=1))}
    page = client.get(address, asked | next_day).content.decode()
    assert "The one session left of Steady progress" in page


def test_the_book_page_takes_money_where_it_is_wanted(month, login):
    asked = {
        "starts_at": times.format_instant(in_two_days()),
        "duration_minutes": 60,
        "session_type": "one_on_one",
        "pay_with": "money",
    }
    address = reverse("bookings:book", args=[month.subscription.mentor.slug])
    answer = login(month.subscription.mentee).post(address, asked)
    booking = Booking.objects.get()
    assert answer["Location"] == reverse("payments:pay", args=[booking.code])
    assert left(month) == 2


def test_a_credit_that_went_meanwhile_is_said(month, login, book):
    CreditPeriod.objects.update(used=2)
    asked = {
        "starts_at": times.format_instant(in_two_days()),
        "duration_minutes": 60,
        "session_type": "one_on_one",
        "pay_with": "credit",
    }
    address = reverse("bookings:book", args=[month.subscription.mentor.slug])
    answer = login(month.subscription.mentee).post(address, asked)
    assert answer.status_code == 409
    assert b"No session credit is left" in answer.content
    assert b"I agree" in answer.content
    assert b'name="notes"' in answer.content
    assert not Booking.objects.exists()


def test_more_than_was_granted_is_never_used(month, book):
    """Whoever read the month before the last credit went is refused by the row itself."""
    stale = CreditPeriod.objects.get(pk=month.pk)
    CreditPeriod.objects.update(used=2)
    with pytest.raises(Conflict) as refusal:
        verbs._use(stale, book())
    assert refusal.value.code == "no_credit"
    with pytest.raises(IntegrityError, match="used_within_granted"), transaction.atomic():
        CreditPeriod.objects.update(used=3)


@pytest.mark.django_db(transaction=True)
def test_the_last_credit_is_used_once(month, book):
    CreditPeriod.objects.update(used=1)
    starts = [in_two_days() + dt.timedelta(hours=hours) for hours in range(3)]
    errors = at_once(*[partial(book, start, use_credit=True) for start in starts])
    assert [error.code for error in errors] == ["no_credit"] * 2
    assert (Credit.objects.count(), Booking.objects.count()) == (1, 1)
    assert left(month) == 0
