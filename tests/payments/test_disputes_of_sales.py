"""Disputes of what is no booking's price: a tip, and a subscription's invoice."""

import datetime as dt

import pytest

from mentormatch import times
from mentormatch.notifications.models import Mail
from payments import earnings, services
from payments.models import Dispute, Reversal, Transaction, WebhookEvent
from payments.stripe_emulator import testing
from payments.stripe_emulator.models import StripeObject
from tests.factories import PlanFactory, UserFactory
from tests.payments.money import check_books

pytestmark = pytest.mark.django_db
Status = Transaction.Status
SALES = ["tip", "subscription"]


@pytest.fixture
def charge(request, work, sale) -> Transaction:
    """What was paid for it, after the mentor got their part."""
    request.getfixturevalue("tipped") if sale == "tip" else request.getfixturevalue("subscribed")()
    services.send_due_transfers()
    work()
    return Transaction.objects.charges().get()


@pytest.fixture
def dispute(charge, work) -> Dispute:
    testing.open_dispute(charge.stripe_charge_id)
    work()
    return Dispute.objects.get()


def statuses(charge: Transaction) -> list[tuple[str, str]]:
    return list(charge.children.order_by("pk").values_list("type", "status"))


def decide(dispute: Dispute, *, won: bool) -> None:
    testing.close_dispute(dispute.stripe_dispute_id, won=won)


def earned_and_paid_out(charge: Transaction) -> tuple[int, int]:
    (total,) = earnings.books_of(charge.mentor, now=times.now(), zone=dt.UTC).totals()
    return total.earned_minor, total.paid_out_minor


@pytest.mark.parametrize("sale", SALES)
def test_opened_it_comes_back_from_the_mentor(charge, dispute):
    assert (dispute.charge, dispute.amount_minor) == (charge, charge.amount_minor)
    assert statuses(charge) == [("payout", "refunded")]
    assert Reversal.objects.get().amount_minor == charge.net_minor
    told = Mail.objects.get(kind="dispute_opened")
    assert told.to_address == charge.mentor.user.email
    services.send_due_transfers()
    assert charge.children.count() == 1
    check_books()
    assert services.reconcile() == []


@pytest.mark.parametrize("sale", SALES)
def test_won_it_is_sent_again(charge, dispute, work):
    decide(dispute, won=True)
    work()
    charge.refresh_from_db()
    assert charge.status == Status.SUCCEEDED
    assert statuses(charge) == [("payout", "refunded"), ("payout", "succeeded")]
    assert earned_and_paid_out(charge) == (charge.net_minor, charge.net_minor)
    assert Mail.objects.filter(kind="dispute_closed").count() == 1
    check_books()
    assert services.reconcile() == []


@pytest.mark.parametrize("sale", SALES)
def test_lost_it_is_gone(charge, dispute, work):
    decide(dispute, won=False)
    work()
    charge.refresh_from_db()
    assert charge.status == Status.REFUNDED
    assert statuses(charge) == [("payout", "refunded"), ("refund", "succeeded")]
    back = charge.children.refunds().get()
    assert (back.is_chargeback, back.net_minor) == (True, charge.net_minor)
    assert earned_and_paid_out(charge) == (0, 0)
    assert not Mail.objects.filter(kind="refund_made").exists()
    check_books()
    assert services.reconcile() == []


@pytest.mark.parametrize("happens", ["disputed", "given back"])
@pytest.mark.parametrize("is_told_later", [True, False])
def test_what_banks_and_staff_do_before_we_heard_of_the_payment(
    mentor, work, happens, is_told_later
):
    """Its own event is late, or never comes: what is told of the charge brings it up."""
    row = services.subscribe(
        plan=PlanFactory(mentor=mentor), mentee=UserFactory(), interval="monthly"
    )
    testing.pay(row.stripe_checkout_session_id)
    charge = StripeObject.objects.get(type="charge")
    late = {"checkout.session.completed", "invoice.paid"}
    with testing.knobs(drop=late):
        testing.deliver_events()
    if happens == "disputed":
        testing.open_dispute(charge.stripe_id)
    else:
        with services.refunds.StripeService()._call() as client:
            client.v1.refunds.create({"charge": charge.stripe_id})
    work()
    if is_told_later:
        services.settle_subscription(subscription=row, by=row.mentee)
        work()
    known = Transaction.objects.charges().get()
    assert known.stripe_charge_id == charge.stripe_id
    assert known.disputes.count() == (happens == "disputed")
    assert (known.status == Status.REFUNDED) == (happens == "given back")
    assert not WebhookEvent.objects.exclude(needs_attention="").exists()
