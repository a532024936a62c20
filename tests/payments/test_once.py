"""Every write at Stripe is made once, whatever fails, and is in our books once all has healed."""

import datetime as dt
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from itertools import product

import pytest
from django_tasks import TaskResultStatus

from bookings import services as bookings
from bookings.models import Booking
from mentormatch import times
from mentormatch.accounts.models import User
from mentormatch.background import queue
from mentormatch.background.models import QueuedTask
from mentormatch.background.testing import run_tasks
from mentormatch.errors import DomainError
from payments import services
from payments.models import PaymentAccount, Reversal, Subscription, Transaction
from payments.stripe_emulator import sweep, testing
from payments.stripe_emulator.models import IdempotencyKey, StripeObject
from payments.stripe_service import StripeService
from tests.budget import budget
from tests.factories import MentorFactory, PlanFactory, UserFactory
from tests.payments.conftest import WORKS_ONCE
from tests.payments.killing import killed_at

pytestmark = pytest.mark.django_db
Status = Transaction.Status
OUTAGES = ["connection", "timeout", "answer_lost", "500", "429"]
KILLS = ["call", "answered", "done"]
LONGEST_BACK_OFF = dt.timedelta(hours=6)


@dataclass(frozen=True)
class Write:
    """One kind of write: who makes it, and who makes it again once all is well."""

    path: str
    make: Callable[[], object]
    heal: Callable[[], object]
    at_stripe: Callable[[], list[str]]
    in_our_books: Callable[[], list[str | None]]
    method: str = "POST"
    # Whoever makes it asks Stripe first how things stand, and learns of it as on a good day.
    asks_first: bool = False


def of_our_row(kind: str, row: Transaction) -> list[str]:
    """What Stripe made for that row, however often."""
    found = StripeObject.objects.filter(type=kind, body__metadata__transaction=row.code)
    return [each.stripe_id for each in found]


def worker_again() -> None:
    """Tasks of the dead are given back, and what waits for its next try has it."""
    queue.give_back(but_not_of=set())
    QueuedTask.objects.filter(status=TaskResultStatus.READY).update(run_after=times.now())
    run_tasks()


def sweeper_again() -> None:
    """The task is gone for good; what it was about is found by the sweeper."""
    QueuedTask.objects.all().delete()
    later = times.now() + dt.timedelta(minutes=16)
    services.resend_stuck(now=later)
    run_tasks()


@pytest.fixture
def account() -> Write:
    mentor = MentorFactory(is_payable=False)

    def click() -> None:
        services.start_onboarding(mentor=mentor)

    def ours() -> list[str | None]:
        return [*PaymentAccount.objects.values_list("stripe_account_id", flat=True)]

    def theirs() -> list[str]:
        found = StripeObject.objects.filter(type="account", body__type="express")
        return [row.stripe_id for row in found]

    return Write("/v1/accounts", click, click, theirs, ours)


def opened_by(click: Callable[[], object]) -> Write:
    """The checkout that a click opens, and the next click too."""

    def rows() -> list[Transaction]:
        return [*Transaction.objects.all()]

    return Write(
        "/v1/checkout/sessions",
        click,
        click,
        lambda: [made for row in rows() for made in of_our_row("checkout.session", row)],
        lambda: [row.stripe_checkout_session_id for row in rows()],
    )


@pytest.fixture
def checkout(booking) -> Write:
    return opened_by(lambda: services.open_checkout(booking=booking, user=booking.mentee))


@pytest.fixture
def tip_checkout(met) -> Write:
    return opened_by(lambda: services.give_tip(booking=met, user=met.mentee, amount_minor=500))


@pytest.fixture
def expire(booking, opened) -> Write:
    """Given up before it was paid: the page closes, and whoever gave it up may be gone by then."""

    def theirs() -> list[str]:
        ended = StripeObject.objects.filter(type="event", ref="checkout.session.expired")
        return [row.body["data"]["object"]["id"] for row in ended]

    def ours() -> list[str | None]:
        ended = Transaction.objects.filter(
            status=Status.FAILED, booking__status=Booking.Status.CANCELLED
        )
        return [*ended.values_list("stripe_checkout_session_id", flat=True)]

    return Write(
        "/v1/checkout/sessions/…/expire",
        lambda: services.call_off(booking=booking, by=booking.mentee),
        lambda: services.expire_unpaid(now=booking.created_at + dt.timedelta(hours=1)),
        theirs,
        ours,
    )


@pytest.fixture
def refund(booking, paid) -> Write:
    services.call_off(booking=booking, by=booking.mentee)
    return sent("refund", "/v1/refunds", paid.children.get())


@pytest.fixture
def transfer(booking, paid, freeze) -> Write:
    bookings.complete_booking(booking=booking, now=booking.ends_at)
    freeze(booking.ends_at + dt.timedelta(hours=48))
    services.send_due_transfers()
    return sent("transfer", "/v1/transfers", paid.children.get())


@pytest.fixture
def tip_transfer(tip) -> Write:
    testing.pay(tip.stripe_checkout_session_id)
    services.settle_tip(tip=tip.tip)
    return sent("transfer", "/v1/transfers", tip.children.get())


@pytest.fixture
def capture(asks) -> Write:
    return ended(
        asks,
        lambda: services.accept(booking=asks, by=asks.mentor.user),
        ("capture", "charge.captured", "succeeded", Booking.Status.CONFIRMED),
    )


@pytest.fixture
def release(asks) -> Write:
    bookings.decline_booking(booking=asks, by=asks.mentor.user)
    return ended(
        asks,
        lambda: run_tasks(may_fail=True),
        ("cancel", "payment_intent.canceled", "failed", Booking.Status.CANCELLED),
    )


def ended(asks: Booking, make: Callable[[], object], outcome: tuple[str, ...]) -> Write:
    """What a bank holds is taken or given back: for whoever makes it, the worker is there again."""
    verb, event, status, state = outcome
    row = asks.transactions.get()

    def theirs() -> list[str]:
        happened = StripeObject.objects.filter(type="event", ref=event)
        return [made.body["data"]["object"]["id"] for made in happened]

    def ours() -> list[str | None]:
        for each in (row, asks):
            each.refresh_from_db()
        if (row.status, asks.status) != (status, state):
            return [None]
        assert row.next_attempt_at is None
        return [row.stripe_charge_id if verb == "capture" else row.stripe_payment_intent_id]

    return Write(f"/v1/payment_intents/…/{verb}", make, worker_again, theirs, ours)


@pytest.fixture
def reversal(passed_on) -> Write:
    """It goes with a refund, which is sent in the same round of the worker."""
    services.request_refund(charge=passed_on, amount_minor=2000, reason="half of it was spam")
    row = Reversal.objects.get()

    def theirs() -> list[str]:
        made = StripeObject.objects.filter(type="transfer_reversal")
        return [each.stripe_id for each in made]

    def ours() -> list[str | None]:
        row.refresh_from_db()
        row.payout.refresh_from_db()
        assert (row.status, row.payout.reversed_minor) == (Status.SUCCEEDED, 1800)
        return [row.stripe_reversal_id]

    path = "/v1/transfers/…/reversals"
    return Write(path, lambda: run_tasks(may_fail=True), worker_again, theirs, ours)


@pytest.fixture
def subscribe(mentor) -> Write:
    """The page on which a plan is subscribed to; its product and price are made with it."""
    plan, mentee = PlanFactory(mentor=mentor), UserFactory()

    def click() -> None:
        services.subscribe(plan=plan, mentee=mentee, interval="monthly")

    def theirs() -> list[str]:
        # Each with the price that is made for it, and no more of those than of these.
        made = StripeObject.objects.filter(type="checkout.session")
        assert StripeObject.objects.filter(type="price").count() == made.count()
        return [row.stripe_id for row in made]

    def ours() -> list[str | None]:
        return [row.stripe_checkout_session_id for row in Subscription.objects.all()]

    return Write("/v1/checkout/sessions", click, click, theirs, ours)


@pytest.fixture
def unsubscribe(mentor) -> Write:
    """Given up before it was paid."""
    row = services.subscribe(
        plan=PlanFactory(mentor=mentor), mentee=UserFactory(), interval="monthly"
    )

    def theirs() -> list[str]:
        return of_our_subscription("checkout.session.expired")

    def ours() -> list[str | None]:
        over = Subscription.objects.filter(status=Subscription.Status.CANCELLED)
        return [each.stripe_checkout_session_id for each in over]

    return Write(
        "/v1/checkout/sessions/…/expire",
        lambda: services.cancel_subscription(subscription=row, by=row.mentee),
        lambda: services.close_unfinished(now=row.checkout_expires_at),
        theirs,
        ours,
    )


def of_our_subscription(event: str, **before: object) -> list[str]:
    """What an event told of, each time that what it says was otherwise `before`."""
    told = StripeObject.objects.filter(type="event", ref=event).order_by("seq")
    data = [row.body["data"] for row in told]
    changed = [
        each for each in data if before.items() <= each.get("previous_attributes", {}).items()
    ]
    return [each["object"]["id"] for each in changed]


def clicked(row: Subscription, verb: Callable[..., object], *, ends: bool) -> Write:
    """Whether it ends with its period: whoever isn't told that it was changed clicks again."""

    def click() -> None:
        verb(subscription=Subscription.objects.get(pk=row.pk), by=row.mentee)

    def ours() -> list[str | None]:
        rows = Subscription.objects.filter(cancel_at_period_end=ends)
        return [each.stripe_subscription_id for each in rows]

    return Write(
        "/v1/subscriptions/…",
        click,
        click,
        lambda: of_our_subscription("customer.subscription.updated", cancel_at_period_end=not ends),
        ours,
        asks_first=True,
    )


@pytest.fixture
def cancel(subscribed) -> Write:
    return clicked(subscribed(), services.cancel_subscription, ends=True)


@pytest.fixture
def resume(subscribed) -> Write:
    row = subscribed()
    services.cancel_subscription(subscription=row, by=row.mentee)
    return clicked(row, services.resume_subscription, ends=False)


@pytest.fixture
def end(subscribed, clock, work) -> Write:
    """What is overdue ends at once."""
    row = subscribed(WORKS_ONCE)
    clock.shift(dt.timedelta(days=32))
    sweep.renew_subscriptions()
    work()

    def click() -> None:
        services.cancel_subscription(
            subscription=Subscription.objects.get(pk=row.pk), by=row.mentee
        )

    def ours() -> list[str | None]:
        over = Subscription.objects.filter(status=Subscription.Status.CANCELLED)
        return [each.stripe_subscription_id for each in over]

    return Write(
        "/v1/subscriptions/…",
        click,
        click,
        lambda: of_our_subscription("customer.subscription.deleted"),
        ours,
        method="DELETE",
        asks_first=True,
    )


def sent(kind: str, path: str, row: Transaction) -> Write:
    def ours() -> list[str | None]:
        row.refresh_from_db()
        assert row.status == Status.SUCCEEDED
        return [row.stripe_refund_id or row.stripe_transfer_id]

    return Write(
        path,
        lambda: run_tasks(may_fail=True),
        worker_again,
        lambda: of_our_row(kind, row),
        ours,
    )


def fail(write: Write, failure: str) -> None:
    """Make the write on that bad day."""
    if failure in KILLS:
        name = failure if failure == "done" else f"{failure} {write.method} {write.path}"
        with killed_at(name) as steps:
            write.make()
        assert steps.was_killed, steps.taken
    else:
        only = write.method if write.asks_first else ""
        with testing.outage(failure, only=only), suppress(DomainError):
            write.make()


def check(write: Write) -> None:
    made = write.at_stripe()
    assert len(made) == 1
    assert write.in_our_books() == made
    assert not Transaction.objects.filter(type__in=["refund", "payout"], status="pending").exists()
    assert not Reversal.objects.filter(status="pending").exists()
    assert testing.differences() == []


PAGES = ["account", "checkout", "tip_checkout", "expire"]
TASKS = ["refund", "transfer", "tip_transfer", "reversal"]
ENDS = ["capture", "release"]
OF_SUBSCRIPTIONS = ["subscribe", "unsubscribe", "cancel", "resume", "end"]
EACH_WITH_EACH = [*product(OF_SUBSCRIPTIONS, [*KILLS[:2], *OUTAGES])]


@pytest.mark.parametrize("failure", [*KILLS[:2], *OUTAGES])
@pytest.mark.parametrize("verb", PAGES)
def test_a_write_of_a_page_is_made_once(verb, failure, request):
    write: Write = request.getfixturevalue(verb)
    fail(write, failure)
    write.heal()
    write.heal()
    check(write)


@pytest.mark.one_engine
@pytest.mark.stress
@pytest.mark.parametrize(("verb", "failure"), EACH_WITH_EACH[:: budget(3, 1)])
def test_a_write_of_a_subscription_is_made_once(verb, failure, request):
    write: Write = request.getfixturevalue(verb)
    fail(write, failure)
    write.heal()
    write.heal()
    check(write)


@pytest.mark.one_engine
@pytest.mark.parametrize("verb", ["cancel", "resume", "end"])
def test_what_was_done_to_a_subscription_is_told_to_who_never_heard(verb, request, work):
    write: Write = request.getfixturevalue(verb)
    fail(write, "answer_lost")
    work()
    check(write)


@pytest.mark.parametrize("failure", [*KILLS[:2], *OUTAGES])
@pytest.mark.parametrize("verb", ENDS)
def test_what_is_authorised_is_captured_or_released_once(verb, failure, request):
    write: Write = request.getfixturevalue(verb)
    fail(write, failure)
    sweeper_again() if failure in KILLS else write.heal()
    write.heal()
    check(write)


@pytest.mark.parametrize("failure", [*KILLS, *OUTAGES])
@pytest.mark.parametrize("verb", TASKS)
def test_a_write_of_a_task_is_made_once(verb, failure, request):
    write: Write = request.getfixturevalue(verb)
    fail(write, failure)
    write.heal()
    write.heal()
    check(write)


@pytest.mark.parametrize("failure", ["call", "answered", "answer_lost", "500"])
@pytest.mark.parametrize("verb", [*TASKS, *ENDS])
def test_a_write_whose_task_is_gone_is_made_once(verb, failure, request):
    write: Write = request.getfixturevalue(verb)
    fail(write, failure)
    sweeper_again()
    sweeper_again()
    check(write)


@pytest.mark.parametrize("failure", ["answered", "answer_lost"])
@pytest.mark.parametrize("verb", [*TASKS, *ENDS])
def test_a_write_is_made_once_although_stripe_forgot_its_key(verb, failure, request, freeze):
    """What failed stayed down for longer than the day for which Stripe keeps a key."""
    write: Write = request.getfixturevalue(verb)
    fail(write, failure)
    freeze(times.now() + dt.timedelta(hours=25))
    IdempotencyKey.objects.all().delete()
    sweeper_again() if verb in ENDS else worker_again()
    check(write)


@pytest.mark.parametrize("verb", [*PAGES, *TASKS, *ENDS])
def test_two_bad_days_in_a_row(verb, request):
    write: Write = request.getfixturevalue(verb)
    fail(write, "answer_lost")
    fail(write, "500")
    write.heal()
    check(write)


@pytest.mark.parametrize("verb", [*TASKS, pytest.param("subscribe", marks=pytest.mark.one_engine)])
def test_without_its_key_the_write_is_made_twice(verb, request, monkeypatch):
    """What the tests above rest on is the key: they fail without it."""
    monkeypatch.setattr(StripeService, "_key", staticmethod(lambda row, verb: {}))
    write: Write = request.getfixturevalue(verb)
    fail(write, "answered")
    write.heal()
    with pytest.raises(AssertionError):
        check(write)


def test_a_checkout_that_nobody_comes_back_to_takes_no_money_and_no_time(booking, checkout):
    fail(checkout, "answered")
    services.expire_unpaid(now=booking.created_at + dt.timedelta(hours=1))
    booking.refresh_from_db()
    assert booking.cancellation_code == Booking.CancellationCode.EXPIRED
    row = Transaction.objects.get()
    assert (row.status, row.checkout_url) == (Status.FAILED, "")


@pytest.mark.parametrize("failure", ["call", "500", "429"])
def test_who_has_another_address_by_then_needs_another_key(account, checkout, failure):
    """The same key with other parameters is an error at Stripe."""
    for write in (account, checkout):
        fail(write, failure)
    for user in User.objects.all():
        user.email = f"new-{user.email}"
        user.save()
    for write in (account, checkout):
        write.heal()
        assert None not in write.in_our_books()
    assert len(checkout.at_stripe()) == 1
