"""Many clicks and many messengers at once, in threads with connections of their own."""

import datetime as dt
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial

import pytest
from django.db import connections

from bookings import services as bookings
from bookings.absence_models import Absence
from bookings.models import Booking
from mentormatch.background.testing import run_tasks as run_queue
from mentormatch.errors import DomainError
from mentormatch.notifications.models import Mail
from payments import services
from payments.models import CreditPeriod, Difference, Subscription, Transaction
from payments.services import checkout, ledger
from payments.stripe_emulator import testing
from payments.stripe_emulator.models import StripeObject
from payments.stripe_service import StripeService
from payments.stripe_types import Payment
from sessions_app import absences
from sessions_app.models import Session
from tests.factories import BookingFactory, PlanFactory, PresenceFactory, UserFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def booking(mentor):
    return BookingFactory(mentor=mentor, to_pay=True)


@pytest.fixture
def later(booking):
    """Two more of the same mentor's, on the days after."""
    return [
        BookingFactory(
            mentor=booking.mentor, to_pay=True, starts_at=booking.starts_at + dt.timedelta(days=n)
        )
        for n in (1, 2)
    ]


def at_once(*verbs: Callable[[], object]) -> list[object]:
    """Run each in a thread of its own; gives what they gave, refusals included."""
    barrier = threading.Barrier(len(verbs))
    results: list[object] = []

    def run(verb: Callable[[], object]) -> None:
        barrier.wait()
        try:
            results.append(verb())
        except DomainError as refusal:
            results.append(refusal)
        connections.close_all()

    threads = [threading.Thread(target=run, args=(verb,)) for verb in verbs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == len(verbs)
    return results


def test_many_clicks_open_one_checkout(booking):
    rows = at_once(*[lambda: services.open_checkout(booking=booking, user=booking.mentee)] * 6)
    assert {row.checkout_url for row in rows} == {Transaction.objects.get().checkout_url}
    assert StripeObject.objects.filter(type="checkout.session").count() == 1


def test_many_returns_confirm_once(booking):
    row = services.open_checkout(booking=booking, user=booking.mentee)
    testing.pay(row.stripe_checkout_session_id)
    testing.deliver_events()
    at_once(*[lambda: services.settle(booking=booking)] * 4, *[run_queue] * 2)
    run_queue()
    booking.refresh_from_db()
    assert booking.status == Booking.Status.CONFIRMED
    kinds = [*Mail.objects.filter(recipient=booking.mentee).values_list("kind", flat=True)]
    assert len(kinds) == len(set(kinds)), kinds


def test_giving_up_while_the_payment_arrives_never_keeps_the_money(booking):
    row = services.open_checkout(booking=booking, user=booking.mentee)
    testing.pay(row.stripe_checkout_session_id)
    at_once(
        lambda: services.settle(booking=Booking.objects.get(pk=booking.pk)),
        lambda: services.call_off(booking=Booking.objects.get(pk=booking.pk), by=booking.mentee),
        lambda: services.settle(booking=Booking.objects.get(pk=booking.pk)),
    )
    run_queue()
    booking.refresh_from_db()
    row.refresh_from_db()
    assert booking.status == Booking.Status.CANCELLED
    assert row.status == Transaction.Status.REFUNDED
    assert row.children.count() == 1


@pytest.mark.parametrize("order", [0, 1, 2])
def test_accepting_declining_withdrawing_and_lapsing_at_once_end_in_one_of_them(asks, order):
    """And the price is taken if, and only if, the session is on."""

    def fresh() -> Booking:
        return Booking.objects.get(pk=asks.pk)

    verbs = [
        lambda: services.accept(booking=fresh(), by=asks.mentor.user),
        lambda: services.accept(booking=fresh(), by=asks.mentor.user),
        lambda: bookings.decline_booking(booking=fresh(), by=asks.mentor.user),
        lambda: services.call_off(booking=fresh(), by=asks.mentee),
        lambda: bookings.lapse_requests(now=asks.answer_by_at),
    ]
    at_once(*verbs[order:], *verbs[:order])
    run_queue()
    asks.refresh_from_db()
    row = asks.transactions.charges().get()
    intent = StripeObject.objects.get(type="payment_intent").status
    assert (asks.status, row.status, intent) in {
        ("confirmed", "succeeded", "succeeded"),
        ("cancelled", "failed", "canceled"),
        ("cancelled", "refunded", "succeeded"),  # taken back once it was confirmed
    }
    assert testing.differences() == []


def test_many_returns_from_stripe_ask_the_mentor_once(booking):
    booking.needs_answer = True
    booking.save()
    row = services.open_checkout(booking=booking, user=booking.mentee)
    testing.pay(row.stripe_checkout_session_id)
    testing.deliver_events()
    at_once(*[lambda: services.settle(booking=booking)] * 4, *[run_queue] * 2)
    booking.refresh_from_db()
    assert booking.is_to_answer
    assert Mail.objects.filter(kind="booking_requested").count() == 1


@pytest.mark.parametrize("then", ["click", "page"])
def test_many_clicks_charge_a_saved_card_once(booking, then):
    """And who opens Stripe's page in another tab meanwhile can't pay there as well."""
    row = services.open_checkout(booking=booking, user=booking.mentee, saves_card=True)
    testing.pay(row.stripe_checkout_session_id)
    services.settle(booking=booking)
    later = booking.starts_at + dt.timedelta(days=2)
    upcoming = BookingFactory(
        mentor=booking.mentor, mentee=booking.mentee, starts_at=later, to_pay=True
    )
    if then == "page":
        services.open_checkout(booking=upcoming, user=booking.mentee)

    def fresh() -> Booking:
        return Booking.objects.get(pk=upcoming.pk)

    def click() -> object:
        return services.pay_with_saved_card(booking=fresh(), user=booking.mentee)

    def page() -> object:
        opened = services.open_checkout(booking=fresh(), user=booking.mentee)
        with suppress(ValueError):  # closed before the card was typed
            testing.pay(opened.stripe_checkout_session_id)
        return opened

    results = at_once(*[click] * 4, *[page] * (then == "page"))
    run_queue()
    services.settle(booking=fresh())
    paid = StripeObject.objects.filter(type="payment_intent", group=upcoming.code)
    assert [intent.status for intent in paid].count("succeeded") == 1, results
    assert fresh().status == Booking.Status.CONFIRMED
    assert testing.differences() == []


def test_many_workers_pass_the_money_on_once(booking):
    row = services.open_checkout(booking=booking, user=booking.mentee)
    testing.pay(row.stripe_checkout_session_id)
    services.settle(booking=booking)
    Booking.objects.update(status="completed", completed_at=booking.created_at)
    later = booking.created_at + dt.timedelta(hours=48)
    at_once(*[lambda: services.send_due_transfers(now=later)] * 6)
    at_once(*[run_queue] * 3)
    assert row.children.get().status == Transaction.Status.SUCCEEDED
    assert StripeObject.objects.filter(type="transfer").count() == 1


def test_a_checkout_that_opens_while_the_hold_is_given_up_takes_no_money(booking, monkeypatch):
    """Given up in one tab where no checkout stood yet; the other tab opened one meanwhile."""
    read, opened = ledger.charge_of, []

    def read_then_open(asked):
        row = read(asked)
        if not opened:
            opened.append(True)
            services.open_checkout(booking=booking, user=booking.mentee)
        return row

    monkeypatch.setattr(ledger, "charge_of", read_then_open)
    services.call_off(booking=booking, by=booking.mentee)
    booking.refresh_from_db()
    row = Transaction.objects.get()
    assert (booking.status, row.status) == (Booking.Status.CANCELLED, Transaction.Status.FAILED)
    with pytest.raises(ValueError, match="expired"):
        testing.pay(row.stripe_checkout_session_id)


def test_of_two_checkouts_for_one_booking_one_stays_open(booking):
    """Stripe failed at first, and two tabs asked anew, each in its own way."""
    row = services.open_checkout(booking=booking, user=booking.mentee)
    late = Transaction.objects.get()
    late.attempts, late.stripe_checkout_session_id = 2, None
    second = StripeService().create_checkout_session(transaction=late)
    assert checkout._remember(late, second).checkout_url == row.checkout_url
    with pytest.raises(ValueError, match="expired"):
        testing.pay(second.id)
    assert testing.pay(row.stripe_checkout_session_id) is None


def test_of_payments_that_nobody_asked_for_each_is_kept_for_staff(booking):
    row = services.open_checkout(booking=booking, user=booking.mentee)
    came = [Payment(f"pi_{n}", "succeeded", 100 + n, "eur", {}) for n in range(4)]
    rows = [Transaction.objects.get() for _payment in came]
    at_once(
        *(
            partial(services.record_payment, transaction=each, payment=payment)
            for each, payment in zip(rows, came, strict=True)
        )
    )
    row.refresh_from_db()
    kept = row.metadata["unexpected_payments"]
    assert {each["payment_intent"] for each in kept} == {each.intent_id for each in came}
    assert row.has_unexpected_payment()


def test_many_clicks_begin_one_subscription(mentor):
    plan, mentee = PlanFactory(mentor=mentor), UserFactory()
    subscribe = partial(services.subscribe, plan=plan, mentee=mentee, interval="monthly")
    rows = at_once(*[subscribe] * 6)
    assert {row.checkout_url for row in rows} == {Subscription.objects.get().checkout_url}
    assert StripeObject.objects.filter(type="checkout.session").count() == 1


def test_many_messengers_begin_it_once(mentor):
    plan, mentee = PlanFactory(mentor=mentor), UserFactory()
    row = services.subscribe(plan=plan, mentee=mentee, interval="monthly")
    testing.pay(row.stripe_checkout_session_id)
    rows = [Subscription.objects.get() for _ in range(6)]
    at_once(*[partial(services.settle_subscription, subscription=r, by=mentee) for r in rows])
    assert Subscription.objects.get().status == Subscription.Status.ACTIVE
    assert Transaction.objects.get().status == Transaction.Status.SUCCEEDED
    assert CreditPeriod.objects.get().left == 2
    assert Mail.objects.filter(kind="subscription_started").count() == 2


def test_many_clicks_give_one_tip(met):
    def give():
        return services.give_tip(booking=met, user=met.mentee, amount_minor=500)

    rows = at_once(*[give] * 5)
    assert {row.checkout_url for row in rows} == {Transaction.objects.get().checkout_url}
    assert StripeObject.objects.filter(type="checkout.session").count() == 1


def test_many_refunds_at_once_give_back_and_take_back_no_more_than_there_was(passed_on, work):
    def half():
        return services.request_refund(charge=passed_on, amount_minor=3000, reason="half of it")

    results = at_once(*[half] * 5)
    assert sum(isinstance(result, Transaction) for result in results) == 2
    work()
    made = StripeObject.objects.filter(type="transfer_reversal")
    assert sorted(row.body["amount"] for row in made) == [2700, 2700]
    assert testing.differences() == []


@pytest.mark.parametrize("order", [1, -1])
def test_a_report_and_the_transfer_at_once_end_in_one_of_them(booking, freeze, work, order):
    row = services.open_checkout(booking=booking, user=booking.mentee)
    testing.pay(row.stripe_checkout_session_id)
    work()
    session = Session.objects.get()
    PresenceFactory(session=session, user=booking.mentee, joined_at=booking.starts_at)
    bookings.complete_booking(booking=booking, now=booking.ends_at)
    freeze(booking.ends_at + dt.timedelta(hours=48))
    booking.refresh_from_db()

    def report():
        return absences.report_absence(booking=booking, by=booking.mentee)

    at_once(*[report, services.send_due_transfers][::order])
    reports, payouts = Absence.objects.count(), Transaction.objects.payouts().count()
    assert reports + payouts == 1


def test_what_a_task_and_the_nightly_look_mend_at_once_is_mended_once(booking, later):
    """A payment to record, one to give back and one to pass on, all unfinished."""
    rows = [services.open_checkout(booking=each, user=each.mentee) for each in (booking, *later)]
    for row in rows:
        testing.pay(row.stripe_checkout_session_id)
    back, on = later
    for each in later:
        services.settle(booking=each)
    services.call_off(booking=Booking.objects.get(pk=back.pk), by=back.mentee)
    ended = on.created_at - dt.timedelta(hours=72)
    Booking.objects.filter(pk=on.pk).update(status="completed", completed_at=ended)
    testing.deliver_events()
    looks = [services.reconcile, services.send_due_transfers, run_queue, run_queue]
    at_once(*looks)
    assert not Difference.objects.exists(), "what is being mended is no difference"
    run_queue()
    assert [*Transaction.objects.filter(parent=None).values_list("status", flat=True)] == [
        *("succeeded", "refunded", "succeeded")
    ]
    made = Transaction.objects.exclude(parent=None).order_by("pk").values_list("type", "status")
    assert sorted(made) == [("payout", "succeeded"), ("refund", "succeeded")]
    for kind in ("refund", "transfer"):
        assert StripeObject.objects.filter(type=kind).count() == 1
    assert testing.differences() == []
    assert services.reconcile() == []
