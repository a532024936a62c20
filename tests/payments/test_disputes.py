"""A disputed payment: frozen while the bank decides, then settled either way."""

import datetime as dt

import pytest
from djstripe import models as djstripe

from bookings import services as bookings
from mentormatch import times
from mentormatch.errors import Conflict, StripeError
from mentormatch.notifications.models import Mail
from mentormatch.ui import overview
from payments import earnings, services
from payments.models import Dispute, Reversal, Transaction, WebhookEvent
from payments.services import disputes, transfers
from payments.stripe_emulator import testing
from payments.stripe_emulator.models import StripeObject
from tests.factories import UserFactory
from tests.payments.money import check_books, sent, taken_back

pytestmark = pytest.mark.django_db
Status = Transaction.Status
DELAY = dt.timedelta(hours=48)


@pytest.fixture
def dispute(paid, work) -> Dispute:
    testing.open_dispute(paid.stripe_charge_id)
    work()
    return Dispute.objects.get()


def decide(dispute: Dispute, *, won: bool) -> None:
    testing.close_dispute(dispute.stripe_dispute_id, won=won)


def mails(kind: str) -> list[str]:
    return [mail.to_address for mail in Mail.objects.filter(kind=kind)]


def test_it_is_written_down_once_and_the_mentor_told(paid, dispute, work):
    assert dispute.charge == paid
    assert djstripe.Dispute.objects.get().id == dispute.stripe_dispute_id
    assert not WebhookEvent.objects.filter(WebhookEvent.UNFINISHED).exists()
    assert (dispute.status, dispute.amount_minor, dispute.currency) == ("open", 6000, "eur")
    assert dispute.reason == "fraudulent"
    assert dispute.evidence_due_at > times.now()
    assert mails("dispute_opened") == [paid.mentor.user.email]
    for event in WebhookEvent.objects.filter(type__startswith="charge.dispute."):
        event.handled_at = None
        event.save()
        services.handle(event=event)
    assert Dispute.objects.count() == Mail.objects.filter(kind="dispute_opened").count() == 1


def test_staff_see_it_first_and_no_more_once_it_is_decided(dispute, work):
    staff = UserFactory(is_staff=True, is_superuser=True)
    (concern,) = [each for each in overview.waiting_for(staff) if "dispute" in each.text]
    assert (concern.count, concern.url) == (1, "/admin/payments/dispute/?status__exact=open")
    decide(dispute, won=True)
    work()
    assert not [each for each in overview.waiting_for(staff) if "dispute" in each.text]


def test_nothing_is_paid_out_while_it_is_open(completed, dispute, work, freeze):
    freeze(completed.completed_at + DELAY)
    assert services.send_due_transfers() == 0
    decide(dispute, won=True)
    work()
    assert services.send_due_transfers() == 1
    work()
    assert sent() == [5400]


def test_nothing_is_given_back_while_it_is_open(paid, dispute):
    with pytest.raises(Conflict, match="disputed"):
        services.refund_by_staff(charge=paid, reason="they asked")
    assert not paid.children.exists()


def test_a_payout_that_was_written_down_before_is_held_back(completed, paid, work, freeze):
    freeze(completed.completed_at + DELAY)
    services.send_due_transfers()
    stripe_id = testing.open_dispute(paid.stripe_charge_id)
    found = disputes.StripeService().retrieve_dispute(stripe_id)
    row = services.record_dispute(charge=paid, dispute=found)
    work()
    payout = paid.children.get()
    assert (payout.status, payout.needs_attention) == (Status.FAILED, "")
    assert sent() == []
    with pytest.raises(Conflict, match="disputed"):
        services.retry(transaction=payout)
    decide(row, won=True)
    work()
    assert sent() == [5400]
    assert [each.status for each in paid.children.order_by("pk")] == ["failed", "succeeded"]


def statuses(charge: Transaction) -> list[tuple[str, str]]:
    return list(charge.children.order_by("pk").values_list("type", "status"))


def test_what_the_mentor_has_comes_back_and_is_sent_again_on_a_win(passed_on, work):
    testing.open_dispute(passed_on.stripe_charge_id)
    work()
    assert taken_back() == [5400]
    assert statuses(passed_on) == [("payout", "refunded")]
    check_books()
    decide(Dispute.objects.get(), won=True)
    work()
    assert sent() == [5400, 5400]
    assert statuses(passed_on) == [("payout", "refunded"), ("payout", "succeeded")]
    assert taken_back() == [5400]
    check_books()


def test_what_the_mentor_had_stays_back_on_a_loss(passed_on, work):
    testing.open_dispute(passed_on.stripe_charge_id)
    work()
    decide(Dispute.objects.get(), won=False)
    work()
    assert statuses(passed_on) == [("payout", "refunded"), ("refund", "succeeded")]
    assert (sent(), taken_back()) == ([5400], [5400])
    passed_on.refresh_from_db()
    assert passed_on.status == Status.REFUNDED
    check_books()


def test_a_bank_that_decides_before_it_came_back(passed_on, work, run_tasks):
    stripe_id = testing.open_dispute(passed_on.stripe_charge_id)
    found = disputes.StripeService().retrieve_dispute(stripe_id)
    row = services.record_dispute(charge=passed_on, dispute=found)
    decide(row, won=True)
    services.follow_dispute(dispute=row)
    assert statuses(passed_on) == [("payout", "succeeded")]
    work()
    assert statuses(passed_on) == [("payout", "refunded"), ("payout", "succeeded")]
    assert (sent(), taken_back()) == ([5400, 5400], [5400])
    check_books()


def test_what_the_mentor_has_no_more_is_left_to_staff(passed_on, work, freeze):
    """It is on their bank account: Stripe can't take it back, on a win it stays theirs."""
    freeze(times.now() + dt.timedelta(days=8))
    assert testing.pay_out(passed_on.mentor.payment_account.stripe_account_id)
    testing.open_dispute(passed_on.stripe_charge_id)
    work()
    assert Reversal.objects.get().needs_attention
    decide(Dispute.objects.get(), won=True)
    work()
    assert (sent(), taken_back()) == ([5400], [])
    assert testing.differences() == []


def test_what_stripe_took_back_for_another_reason_is_not_sent_again(passed_on, work):
    with disputes.StripeService()._call() as client:
        transfer = passed_on.children.get().stripe_transfer_id
        client.v1.transfers.reversals.create(transfer)
    work()
    services.pass_on_again(charge=passed_on)
    assert statuses(passed_on) == [("payout", "refunded")]


def test_one_that_was_won_before_we_heard_of_it_takes_nothing_back(passed_on, work):
    testing.close_dispute(testing.open_dispute(passed_on.stripe_charge_id), won=True)
    work()
    assert Dispute.objects.get().status == "won"
    assert (sent(), taken_back()) == ([5400], [])


def test_a_payout_that_stripe_refused_is_still_staffs(completed, paid, dispute, work):
    transfers.ledger.open_payout(
        charge=paid, now=times.now(), status=Status.FAILED, needs_attention="Stripe refused."
    )
    decide(dispute, won=True)
    work()
    assert sent() == []


def test_a_booking_can_be_called_off_and_what_is_owed_waits(booking, paid, dispute, work):
    bookings.cancel_booking(booking=booking, by=booking.mentor.user)
    assert not paid.children.exists()
    decide(dispute, won=True)
    work()
    assert paid.children.refunds().get().status == Status.SUCCEEDED
    paid.refresh_from_db()
    assert paid.status == Status.REFUNDED
    assert testing.books_add_up()


def test_a_lost_one_is_a_refund_that_the_bank_made(completed, paid, dispute, work, freeze):
    decide(dispute, won=False)
    work()
    dispute.refresh_from_db()
    assert dispute.status == "lost"
    assert dispute.closed_at
    back = paid.children.get()
    assert (back.type, back.status, back.amount_minor) == ("refund", Status.SUCCEEDED, 6000)
    assert (back.platform_fee_minor, back.net_minor) == (600, 5400)
    assert back.is_chargeback
    paid.refresh_from_db()
    assert paid.status == Status.REFUNDED
    freeze(completed.completed_at + DELAY)
    assert services.send_due_transfers() == 0
    (total,) = earnings.books_of(paid.mentor, now=times.now(), zone=dt.UTC).totals()
    assert (total.earned_minor, total.paid_out_minor, total.pending_minor) == (0, 0, 0)
    assert mails("refund_made") == []
    assert mails("dispute_closed") == [paid.mentor.user.email]


def test_a_lost_one_of_which_a_part_had_gone_back_leaves_nothing(paid, work):
    services.request_refund(charge=paid, amount_minor=1000, reason="a bad line")
    work()
    decide_lost = testing.open_dispute(paid.stripe_charge_id)
    testing.close_dispute(decide_lost, won=False)
    work()
    paid.refresh_from_db()
    assert paid.status == Status.REFUNDED
    assert sum(row.net_minor for row in paid.children.all()) == paid.net_minor


@pytest.mark.parametrize("has_left", [False, True])
def test_a_lost_one_is_whole_though_a_refund_beside_it_is_refused(request, paid, work, has_left):
    """It was written down just before, and Stripe refuses it: the bank took that part as well."""
    if has_left:
        request.getfixturevalue("passed_on")
    refund = services.request_refund(charge=paid, amount_minor=1000, reason="a bad line")
    stripe_id = testing.open_dispute(paid.stripe_charge_id)
    testing.close_dispute(stripe_id, won=False)
    found = disputes.StripeService().retrieve_dispute(stripe_id)
    services.record_dispute(charge=paid, dispute=found)
    work()
    services.complete_lost(charge=paid)
    refund.refresh_from_db()
    assert "charged back" in refund.needs_attention
    back = paid.children.refunds().filter(status=Status.SUCCEEDED).order_by("pk")
    assert [row.is_chargeback for row in back] == [True, True]
    assert [(row.amount_minor, row.net_minor) for row in back] == [(5000, 4500), (1000, 900)]
    paid.refresh_from_db()
    assert paid.status == Status.REFUNDED
    assert sum(taken_back()) == sum(sent()) == (5400 if has_left else 0)
    (total,) = earnings.books_of(paid.mentor, now=times.now(), zone=dt.UTC).totals()
    assert (total.earned_minor, total.paid_out_minor, total.pending_minor) == (0, 0, 0)
    assert testing.differences() == []


def test_a_refund_that_bounces_beside_a_lost_one_is_not_the_banks(paid, work):
    """It took what was left then; what came back is still to be given."""
    refund = services.request_refund(charge=paid, amount_minor=1000, reason="a bad line")
    work()
    testing.close_dispute(testing.open_dispute(paid.stripe_charge_id), won=False)
    work()
    refund.refresh_from_db()
    testing.fail_refund(refund.stripe_refund_id)
    work()
    (back,) = paid.children.refunds().filter(status=Status.SUCCEEDED)
    assert (back.is_chargeback, back.amount_minor) == (True, 5000)
    paid.refresh_from_db()
    assert paid.status == Status.PARTIALLY_REFUNDED
    assert testing.differences() == []


def test_what_was_called_off_is_not_given_back_twice(booking, paid, dispute, work):
    bookings.cancel_booking(booking=booking, by=booking.mentor.user)
    decide(dispute, won=False)
    work()
    assert [row.is_chargeback for row in paid.children.all()] == [True]


def test_its_events_may_come_backwards_and_before_the_payments(opened, work, run_tasks):
    testing.pay(opened.stripe_checkout_session_id)
    charge = StripeObject.objects.get(type="charge")
    testing.close_dispute(testing.open_dispute(charge.stripe_id), won=False)
    with testing.knobs(reorder=True):
        work()
    opened.refresh_from_db()
    assert opened.status == Status.REFUNDED
    assert Dispute.objects.get().status == "lost"
    assert opened.children.count() == 1
    assert not WebhookEvent.objects.exclude(needs_attention="").exists()


def test_a_closed_one_is_not_opened_again(paid, dispute, work):
    open_still = disputes.StripeService().retrieve_dispute(dispute.stripe_dispute_id)
    decide(dispute, won=True)
    work()
    row = services.record_dispute(charge=paid, dispute=open_still)
    assert row.status == "won"


def test_one_of_a_charge_that_nobody_knows_is_told_to_staff(paid, work):
    Transaction.objects.filter(pk=paid.pk).update(stripe_charge_id=None)
    StripeObject.objects.filter(type="charge").update(ref="")
    charge = StripeObject.objects.get(type="charge")
    charge.body["payment_intent"] = None
    charge.save()
    testing.open_dispute(charge.stripe_id)
    work()
    told = WebhookEvent.objects.get(type="charge.dispute.created").needs_attention
    assert told == "A payment that no charge knows is disputed."


def test_one_whose_end_was_never_told_is_asked_about(dispute, run_tasks, freeze):
    with testing.knobs(drop={"charge.dispute.closed", "charge.dispute.funds_reinstated"}):
        decide(dispute, won=True)
        testing.deliver_events()
    assert services.follow_open_disputes() == 0
    freeze(times.now() + dt.timedelta(days=1, minutes=1))
    assert (services.follow_open_disputes(), services.follow_open_disputes()) == (1, 0)
    run_tasks()
    dispute.refresh_from_db()
    assert dispute.status == "won"


def test_nothing_is_written_while_stripe_is_away(dispute, paid):
    decide(dispute, won=False)
    with testing.outage(), pytest.raises(StripeError):
        services.follow_dispute(dispute=dispute)
    dispute.refresh_from_db()
    assert dispute.status == "open"
    assert not paid.children.exists()


@pytest.mark.parametrize(
    ("status", "stage"),
    [
        ("needs_response", "open"),
        ("under_review", "open"),
        ("warning_needs_response", "inquiry"),
        ("warning_under_review", "inquiry"),
        ("warning_closed", "closed"),
        ("prevented", "closed"),
        ("won", "won"),
        ("lost", "lost"),
    ],
)
def test_each_status_of_stripes_is_one_of_ours(status, stage):
    body = {"id": "du_1", "status": status, "amount": 1, "currency": "eur", "charge": "ch_1"}
    assert disputes.DisputeAtStripe.read(body).stage == stage


def test_the_booking_page_says_so_to_both(booking, dispute, work, client):
    words = {booking.mentee: "Your bank wants", booking.mentor.user: "This payment is disputed"}
    for person, said in words.items():
        client.force_login(person)
        assert said in client.get(f"/bookings/{booking.code}/").content.decode()
    decide(dispute, won=False)
    work()
    for person in words:
        client.force_login(person)
        page = client.get(f"/bookings/{booking.code}/").content.decode()
        assert "Taken back by the bank" in page
        assert "the bank took it back" in page


def test_staff_may_ask_stripe_how_it_stands(dispute, client):
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    decide(dispute, won=True)
    url = "/admin/payments/dispute/"
    assert dispute.code in client.get(url).content.decode()
    client.post(url, {"action": "ask_stripe", "_selected_action": [dispute.pk]})
    dispute.refresh_from_db()
    assert dispute.status == "won"
