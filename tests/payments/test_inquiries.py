"""A bank that only asks: nothing is taken, what isn't passed on waits, refunds go on."""

import datetime as dt

import pytest

from bookings import services as bookings
from mentormatch.errors import Conflict
from mentormatch.notifications.models import Mail
from mentormatch.ui import overview
from payments import services
from payments.models import Dispute, Reversal, Subscription, Transaction, WebhookEvent
from payments.services import disputes, ledger
from payments.stripe_emulator import testing
from tests.factories import UserFactory
from tests.payments.money import sent

pytestmark = [pytest.mark.django_db]
Status, Stage = Transaction.Status, Dispute.Status
DELAY = dt.timedelta(hours=48)


@pytest.fixture
def inquiry(paid, work) -> Dispute:
    testing.open_inquiry(paid.stripe_charge_id)
    work()
    return Dispute.objects.get()


def mails() -> list[str]:
    rows = Mail.objects.filter(kind__regex="inquiry|dispute").order_by("pk")
    return list(rows.values_list("kind", flat=True))


def stage(work) -> str:
    work()
    assert not WebhookEvent.objects.exclude(needs_attention="").exists()
    assert testing.differences() == []
    return Dispute.objects.get().status


def test_asked_about_nothing_is_taken_and_the_rest_waits(completed, paid, inquiry, work, freeze):
    assert stage(work) == Stage.INQUIRY
    freeze(completed.completed_at + DELAY)
    assert services.send_due_transfers() == 0
    testing.end_inquiry(inquiry.stripe_dispute_id, escalates=False)
    assert stage(work) == Stage.CLOSED
    assert services.send_due_transfers() == 1
    work()
    assert sent() == [5400]
    assert mails() == ["inquiry_opened", "inquiry_closed"]
    assert services.reconcile() == []


@pytest.mark.one_engine
def test_what_the_mentor_has_stays_theirs(passed_on, work):
    inquiry = testing.open_inquiry(passed_on.stripe_charge_id)
    assert stage(work) == Stage.INQUIRY
    assert not Reversal.objects.exists()
    testing.end_inquiry(inquiry, escalates=False)
    assert stage(work) == Stage.CLOSED
    assert [row.status for row in passed_on.children.all()] == [Status.SUCCEEDED]


@pytest.mark.one_engine
def test_what_was_just_leaving_waits_too(completed, paid, work, freeze):
    freeze(completed.completed_at + DELAY)
    services.send_due_transfers()
    inquiry = testing.open_inquiry(paid.stripe_charge_id)
    found = disputes.StripeService().retrieve_dispute(inquiry)
    services.record_dispute(charge=paid, dispute=found)
    assert stage(work) == Stage.INQUIRY
    payout = paid.children.get()
    assert (payout.status, payout.needs_attention) == (Status.FAILED, "")
    with pytest.raises(Conflict, match="A bank asks"):
        services.retry(transaction=payout)
    testing.end_inquiry(inquiry, escalates=False)
    assert stage(work) == Stage.CLOSED
    assert sent() == [5400]


def test_it_becomes_a_dispute_and_goes_on_as_one(passed_on, work):
    inquiry = testing.open_inquiry(passed_on.stripe_charge_id)
    work()
    testing.end_inquiry(inquiry, escalates=True)
    assert stage(work) == Stage.OPEN
    assert Reversal.objects.get().amount_minor == 5400
    assert ledger.is_frozen(passed_on)
    testing.close_dispute(inquiry, won=False)
    assert stage(work) == Stage.LOST
    passed_on.refresh_from_db()
    assert passed_on.status == Status.REFUNDED
    assert mails() == ["inquiry_opened", "dispute_opened", "dispute_closed"]
    assert services.reconcile() == []


@pytest.mark.one_engine
@pytest.mark.parametrize("escalates", [True, False])
def test_one_that_was_settled_may_become_one_all_the_same(paid, inquiry, work, escalates):
    testing.end_inquiry(inquiry.stripe_dispute_id, escalates=False)
    assert stage(work) == Stage.CLOSED
    if escalates:
        testing.end_inquiry(inquiry.stripe_dispute_id, escalates=True)
        assert stage(work) == Stage.OPEN
    assert ledger.is_frozen(paid) == escalates


@pytest.mark.one_engine
def test_a_whole_refund_settles_it(booking, paid, inquiry, work):
    bookings.cancel_booking(booking=booking, by=booking.mentor.user)
    assert stage(work) == Stage.CLOSED
    paid.refresh_from_db()
    assert paid.status == Status.REFUNDED
    assert not paid.children.get().is_chargeback


@pytest.mark.one_engine
def test_what_was_given_back_meanwhile_is_not_disputed(paid, inquiry, work):
    services.refund_by_staff(charge=paid, amount_minor=1000, reason="a bad line")
    work()
    testing.end_inquiry(inquiry.stripe_dispute_id, escalates=True)
    testing.close_dispute(inquiry.stripe_dispute_id, won=False)
    assert stage(work) == Stage.LOST
    paid.refresh_from_db()
    back = paid.children.refunds().order_by("pk").values_list("amount_minor", flat=True)
    assert (paid.status, list(back)) == (Status.REFUNDED, [1000, 5000])


@pytest.mark.one_engine
@pytest.mark.parametrize("order", ["3210", "0321", "2013", "1032"])
def test_old_news_takes_nothing_back(paid, order):
    """Its stages are told in any order: the furthest stays."""
    inquiry = testing.open_inquiry(paid.stripe_charge_id)
    look = disputes.StripeService().retrieve_dispute
    told = [look(inquiry)]
    testing.end_inquiry(inquiry, escalates=False)
    told.append(look(inquiry))
    testing.end_inquiry(inquiry, escalates=True)
    told.append(look(inquiry))
    testing.close_dispute(inquiry, won=True)
    told.append(look(inquiry))
    for number in map(int, order):
        row = services.record_dispute(charge=paid, dispute=told[number])
    assert row.status == Stage.WON
    assert Mail.objects.filter(kind="dispute_closed").count() == 1


@pytest.mark.one_engine
def test_a_subscription_runs_on_until_it_is_a_dispute(subscribed, work):
    row = subscribed()
    inquiry = testing.open_inquiry(row.transactions.charges().get().stripe_charge_id)
    assert stage(work) == Stage.INQUIRY
    assert services.sessions_left([row]) == {row.pk: row.credits_a_month}
    assert not Subscription.objects.get().is_ending
    testing.end_inquiry(inquiry, escalates=True)
    assert stage(work) == Stage.OPEN
    assert Subscription.objects.get().is_ending


@pytest.mark.one_engine
def test_staff_and_both_people_see_it(booking, inquiry, work, client):
    staff = UserFactory(is_staff=True, is_superuser=True)
    (concern,) = [each for each in overview.waiting_for(staff) if "of a bank" in each.text]
    assert (concern.count, concern.url) == (1, "/admin/payments/dispute/?status__exact=inquiry")
    words = {booking.mentee: "Your bank asks us", booking.mentor.user: "bank asks about this"}
    for person, said in words.items():
        client.force_login(person)
        assert said in client.get(f"/bookings/{booking.code}/").content.decode()
    testing.end_inquiry(inquiry.stripe_dispute_id, escalates=False)
    work()
    page = client.get(f"/bookings/{booking.code}/").content.decode()
    assert "that is settled: it took nothing" in page
