"""Every write at Stripe is made once, whatever fails, and is in our books once all has healed."""

import datetime as dt
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

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
from payments.models import PaymentAccount, Reversal, Transaction
from payments.stripe_emulator import testing
from payments.stripe_emulator.models import IdempotencyKey, StripeObject
from payments.stripe_service import StripeService
from tests.factories import MentorFactory
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
        name = failure if failure == "done" else f"{failure} POST {write.path}"
        with killed_at(name) as steps:
            write.make()
        assert steps.was_killed, steps.taken
    else:
        with testing.outage(failure), suppress(DomainError):
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


@pytest.mark.parametrize("failure", [*KILLS[:2], *OUTAGES])
@pytest.mark.parametrize("verb", PAGES)
def test_a_write_of_a_page_is_made_once(verb, failure, request):
    write: Write = request.getfixturevalue(verb)
    fail(write, failure)
    write.heal()
    write.heal()
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


@pytest.mark.parametrize("verb", TASKS)
def test_without_its_key_the_write_is_made_twice(verb, request, monkeypatch):
    """What the tests above rest on is the key: they fail without it."""
    monkeypatch.setattr(StripeService, "_key", staticmethod(lambda row, verb: {}))
    write: Write = request.getfixturevalue(verb)
    fail(write, "answered")
    worker_again()
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
