"""A mentor who can be paid, bookings to pay, and Stripe as the emulator plays it."""

import datetime as dt

import pytest

from bookings import services as bookings
from bookings.models import Booking
from payments import earnings, services
from payments.models import PaymentAccount, Subscription, Transaction
from payments.stripe_emulator import testing
from tests.factories import (
    BookingFactory,
    MentorFactory,
    PlanFactory,
    SessionFactory,
    UserFactory,
)

GOOD = "4242424242424242"
DECLINED = "4000000000000002"
# It works once, and is refused when it is charged again.
WORKS_ONCE = "4000000000000341"


def onboarded(mentor) -> PaymentAccount:
    """The mentor went through Stripe's onboarding page and came back."""
    services.start_onboarding(mentor=mentor)
    account = PaymentAccount.objects.get(mentor=mentor)
    testing.complete_onboarding(account.stripe_account_id)
    services.refresh_account(account=account)
    mentor.refresh_from_db()
    return account


@pytest.fixture(autouse=True)
def _no_sums_of_another_test():
    """Rows come with the same numbers again, and with the same stamps where clocks stand still."""
    earnings._kept_groups.cache_clear()


@pytest.fixture
def mentor(db):
    mentor = MentorFactory(is_payable=False)
    onboarded(mentor)
    return mentor


@pytest.fixture
def booking(mentor):
    """An hour in two days for 60.00 EUR, held and to be paid."""
    return BookingFactory(mentor=mentor, to_pay=True)


@pytest.fixture
def opened(booking) -> Transaction:
    """Its charge, with the checkout open."""
    return services.open_checkout(booking=booking, user=booking.mentee)


@pytest.fixture
def completed(booking, paid) -> Booking:
    """It was paid, took place and was ended on time."""
    bookings.complete_booking(booking=booking, now=booking.ends_at)
    booking.refresh_from_db()
    return booking


@pytest.fixture
def passed_on(completed, paid, work, freeze) -> Transaction:
    """Its charge, two days after the session, when the mentor has their 54.00."""
    freeze(completed.ends_at + dt.timedelta(hours=48))
    services.send_due_transfers()
    work()
    paid.refresh_from_db()
    return paid


@pytest.fixture
def met(mentor) -> Booking:
    """A session that took place yesterday, for which nothing was paid through Stripe."""
    return SessionFactory(
        booking=BookingFactory(mentor=mentor, completed=True), completed=True
    ).bookings[0]


@pytest.fixture
def tip(met) -> Transaction:
    """The charge of a tip of 5.00 EUR for it, with the checkout open."""
    return services.give_tip(
        booking=met, user=met.mentee, amount_minor=500, message="You saved me a week."
    )


@pytest.fixture
def tipped(tip, work) -> Transaction:
    """The same, paid, told by webhook, and passed on."""
    testing.pay(tip.stripe_checkout_session_id)
    work()
    tip.refresh_from_db()
    return tip


@pytest.fixture
def asks(mentor) -> Booking:
    """An hour whose price is authorised, and which waits for the mentor's answer."""
    booking = BookingFactory(mentor=mentor, to_pay=True, needs_answer=True)
    row = services.open_checkout(booking=booking, user=booking.mentee)
    testing.pay(row.stripe_checkout_session_id)
    services.settle(booking=booking)
    booking.refresh_from_db()
    return booking


@pytest.fixture
def clock(freeze):
    return freeze()


@pytest.fixture
def subscribed(mentor, work, clock):
    """`subscribed(card)` is a month of a plan for 100.00 EUR, paid with that card."""

    def begun(card: str = GOOD) -> Subscription:
        plan, mentee = PlanFactory(mentor=mentor), UserFactory()
        row = services.subscribe(plan=plan, mentee=mentee, interval="monthly")
        testing.pay(row.stripe_checkout_session_id, card)
        work()
        row.refresh_from_db()
        return row

    return begun


@pytest.fixture
def work(run_tasks):
    """Deliver what Stripe has to tell, and do what follows, until all is quiet."""

    def until_quiet() -> None:
        while testing.waiting():
            answers = testing.deliver_events()
            assert {status for _, status in answers} == {200}
            run_tasks()
        run_tasks()
        if testing.waiting():
            until_quiet()

    return until_quiet


@pytest.fixture
def paid(opened, work) -> Transaction:
    """Its charge, paid and told by webhook."""
    testing.pay(opened.stripe_checkout_session_id)
    work()
    opened.refresh_from_db()
    return opened
