"""The demo's data: what the contract promises, added once and repaired at each start."""

import datetime as dt

import pytest
from allauth.account.models import EmailAddress
from django.core.management import CommandError, call_command
from pytest_django import Settings

from bookings import calendar
from bookings.group_models import GroupSession
from bookings.models import Booking
from mentormatch import times
from mentormatch.accounts.models import User
from mentormatch.demo import people
from mentormatch.demo.seed import seed
from mentormatch.mentors.models import MentorProfile
from payments import services
from payments.models import PaymentAccount, Plan, Subscription, Transaction
from payments.stripe_emulator.testing import differences
from reviews.models import Review
from sessions_app import room
from sessions_app.models import Session
from sessions_app.services import end_session, start_session

# Stripe isn't called within a transaction, so that of a test case won't do.
pytestmark = pytest.mark.django_db(transaction=True)
HOUR = dt.timedelta(hours=1)


def profile(name: str) -> MentorProfile:
    return MentorProfile.objects.select_related("user").get(user__email=f"{name}@example.com")


def of(name: str) -> "Booking.objects":
    return Booking.objects.filter(mentee__email=f"{name}@example.com")


def open_now() -> list[Session]:
    found = Session.objects.filter(
        mentor=profile("mentor3"), seats__booking__in=of("mentee"), status__in=Session.LIVE
    )
    return [session for session in found if room.is_open(session, now=times.now())]


def counts() -> dict[str, int]:
    models = (
        User,
        MentorProfile,
        GroupSession,
        Booking,
        Session,
        Review,
        Transaction,
        PaymentAccount,
        Plan,
        Subscription,
    )
    return {model.__name__: model.objects.count() for model in models}


def test_it_keeps_the_contract() -> None:
    call_command("seed_demo")
    _check_people()
    _check_mentors()
    _check_bookings()
    _check_groups()
    _check_subscriptions()
    assert not differences()
    assert services.reconcile() == []

    before = counts()
    call_command("seed_demo")
    assert counts() == before, "a second run adds nothing"


def _check_groups() -> None:
    ahead = GroupSession.objects.bookable(times.now() + 24 * HOUR)
    group = ahead.get(mentor=profile("mentor"))
    assert (group.price_minor, group.seats_left) == (1500, 6)
    assert set(group.bookings.values_list("status", flat=True)) == {Booking.Status.CONFIRMED}
    assert not ahead.exclude(pk=group.pk).filter(price_minor__gt=0).exists()
    named = group.bookings.filter(mentee__email__in=["mentee@example.com", "mentee2@example.com"])
    assert not named.exists()


def _check_subscriptions() -> None:
    """One session of each is used, and one can be booked now."""
    offered = Plan.objects.offered().filter(mentor=profile("mentor"))
    assert (offered.get().monthly_minor, offered.get().credits_a_month) == (10800, 2)
    assert Subscription.objects.filter(plan__in=offered).count() == 1
    for row in Subscription.objects.all():
        assert row.status == Subscription.Status.ACTIVE
        assert row.current_period_start < times.now() - 120 * HOUR
        (month,) = row.credit_periods.covering(times.now())
        assert (month.granted, month.used) == (2, 1)
        booking = month.credits.get().booking
        assert (booking.status, booking.price_minor) == (Booking.Status.COMPLETED, 0)
        assert row.transactions.charges().get().status == Transaction.Status.SUCCEEDED


def test_a_mentee_pays_for_a_session_and_may_subscribe() -> None:
    """Who logs in to try the demo is asked for 60.00 by `mentor@`, whatever else they have."""
    seed()
    mentor, mentees = profile("mentor"), ["mentee@example.com", "mentee2@example.com"]
    for mentee in User.objects.filter(email__in=mentees):
        day = times.now() + 240 * HOUR
        hour = {"duration_minutes": 60, "session_type": Booking.Type.ONE_ON_ONE}
        free = calendar.offered(
            mentor, start=day, end=day + 24 * HOUR, now=times.now(), viewer=mentee, **hour
        )
        booking = services.book_session(
            mentor=mentor, mentee=mentee, starts_at=free[0].starts_at, **hour
        )
        assert (booking.price_minor, booking.is_to_pay) == (6000, True)
        plan = Plan.objects.offered().get(mentor=mentor)
        row = services.subscribe(plan=plan, mentee=mentee, interval="monthly", has_consented=True)
        assert row.status == Subscription.Status.INCOMPLETE


def _check_people() -> None:
    staff = User.objects.get(is_staff=True)
    assert staff.email == "staff@example.com"
    assert all(
        User.objects.get(email=p.email).check_password(people.PASSWORD) for p in people.LOG_INS
    )
    assert EmailAddress.objects.filter(verified=True, primary=True).count() == User.objects.count()


def _check_mentors() -> None:
    assert MentorProfile.objects.listed().filter(is_payable=True).count() == 13
    mentor, mentor2, mentor3 = profile("mentor"), profile("mentor2"), profile("mentor3")
    assert (mentor.time_zone, mentor.hourly_rate_minor, mentor.currency) == (
        *("Europe/Berlin", 6000, "eur"),
    )
    assert (mentor.trial_rate_minor, mentor.trial_minutes, mentor.lengths) == (0, 30, [30, 60, 90])
    assert (mentor.step_minutes, mentor.notice_minutes, mentor.horizon_days) == (30, 60, 60)
    assert (mentor.buffer_before_minutes, mentor.buffer_after_minutes) == (0, 0)
    assert mentor.daily_cap is None
    assert not mentor.requires_approval
    hours = mentor.availability.values_list("weekday", "start_minute", "end_minute")
    assert sorted(hours) == [(day, 540, 1020) for day in range(7)]
    assert (mentor2.time_zone, mentor2.hourly_rate_minor, mentor2.currency) == (
        *("America/New_York", 12000, "usd"),
    )
    assert mentor2.requires_approval
    request = Booking.objects.get(mentor=mentor2, price_minor__gt=0)
    assert request.is_to_answer
    assert request.transactions.get().is_authorized
    assert sorted(mentor2.availability.values_list("weekday", flat=True)) == list(range(5))
    assert (mentor3.notice_minutes, mentor3.step_minutes) == (0, 10)


def _check_bookings() -> None:
    completed = of("mentee").filter(status=Booking.Status.COMPLETED)
    reviewed = Review.objects.filter(reviewer__email="mentee@example.com")
    assert (completed.count(), reviewed.count()) == (3, 2)
    assert len(open_now()) == 1
    tomorrow = times.now() + 24 * HOUR
    for name in ("mentee", "mentee2"):
        coming = of(name).filter(status=Booking.Status.CONFIRMED, starts_at__gt=tomorrow)
        assert [booking.mentor for booking in coming] == [profile("mentor")]
        assert not of(name).filter(session_type=Booking.Type.TRIAL).exists(), "theirs to try"


def test_mentor3_can_be_met_at_once_all_the_same() -> None:
    seed()
    now = times.now()
    soon = calendar.offered(
        profile("mentor3"),
        start=now,
        end=now + room.OPENS_BEFORE,
        duration_minutes=60,
        session_type=Booking.Type.ONE_ON_ONE,
        now=now,
    )
    assert soon


def test_the_next_start_sees_to_an_open_session_again() -> None:
    seed()
    (session,) = open_now()
    start_session(session=session, user=profile("mentor3").user)
    end_session(session=session, user=profile("mentor3").user)
    assert not open_now()
    seed()
    assert len(open_now()) == 1


def test_the_next_start_repairs_a_day_later() -> None:
    seed()
    times.set_clock_offset(dt.timedelta(days=4))
    seed()
    assert len(open_now()) == 1
    coming = of("mentee").filter(
        status=Booking.Status.CONFIRMED, starts_at__gt=times.now() + 24 * HOUR
    )
    assert coming.count() == 1


def test_the_public_demo_has_no_staff(settings: Settings) -> None:
    settings.DEMO_MODE = "public"
    seed()
    assert not User.objects.filter(is_staff=True).exists()
    assert User.objects.filter(email="mentee@example.com").exists()


def test_outside_the_demo_nothing_is_added(settings: Settings) -> None:
    settings.DEMO = False
    with pytest.raises(CommandError, match="MENTORMATCH_DEMO=1"):
        call_command("seed_demo")
    assert not User.objects.exists()
