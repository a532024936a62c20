"""The ledger held against Stripe: every kind of difference, made on purpose, is found."""

import datetime as dt
from io import StringIO

import pytest
import stripe
from django.conf import settings
from django.core.management import CommandError, call_command
from django.urls import reverse

from bookings import services as bookings
from mentormatch import times
from mentormatch.background.registry import PERIODICS
from payments import services
from payments.models import Difference, Dispute, Reversal, Subscription, Transaction
from payments.services.reconciliation import books
from payments.stripe_emulator import sweep, testing
from payments.stripe_emulator.models import Delivery, StripeObject
from tests.factories import PlanFactory, UserFactory, WebhookEventFactory
from tests.payments.money import child

pytestmark = pytest.mark.django_db
Status, Type, Kind = Transaction.Status, Transaction.Type, Difference.Kind
DELAY = dt.timedelta(hours=48)


@pytest.fixture
def given_back(paid, work) -> Transaction:
    """A refund of 20.00, through."""
    row = services.request_refund(charge=paid, amount_minor=2000, reason="late")
    work()
    row.refresh_from_db()
    return row


def ledger():
    """Every row but when it was last asked about."""
    rows = Transaction.objects.order_by("pk").values()
    return [row | {"updated_at": None, "next_attempt_at": None} for row in rows]


def found():
    """What a run tells, by kind; a second run tells the same and writes nothing."""
    first, before = services.reconcile(), ledger()
    kept = list(Difference.objects.order_by("pk").values())
    assert services.reconcile() == first
    assert ledger() == before
    assert list(Difference.objects.order_by("pk").values()) == kept
    return [(row.kind, row.subject) for row in first]


def at_stripe(stripe_id, **changes):
    """Let Stripe say something else from now on."""
    row = StripeObject.objects.get(stripe_id=stripe_id)
    row.body |= changes
    row.status = row.body.get("status") or ""
    row.save()


def another(stripe_id, new_id, **changes):
    """Let Stripe have a second one, which nobody here knows."""
    row = StripeObject.objects.get(stripe_id=stripe_id)
    row.pk, row.stripe_id = None, new_id
    row.body = row.body | {"id": new_id, "metadata": {}} | changes
    row.save(force_insert=True)


def gone(stripe_id):
    StripeObject.objects.filter(stripe_id=stripe_id).delete()


def lose_the_events():
    Delivery.objects.all().delete()


def write(row, **facts):
    """What no service does."""
    Transaction.objects.filter(pk=row.pk).update(**facts)


def test_a_clean_world_has_none(passed_on, tipped):
    assert found() == []
    assert testing.books_add_up()


def test_a_world_with_refund_has_none(given_back):
    assert found() == []


# --- What is mended ----------------------------------------------------------------------


def test_a_payment_whose_events_were_lost_is_recorded(opened):
    testing.pay(opened.stripe_checkout_session_id)
    lose_the_events()
    assert found() == []
    opened.refresh_from_db()
    assert (opened.status, opened.booking.status) == (Status.SUCCEEDED, "confirmed")


def test_a_payment_after_a_declined_card_is_recorded(opened, work):
    testing.pay(opened.stripe_checkout_session_id, "4000000000000002")
    work()
    testing.pay(opened.stripe_checkout_session_id)
    lose_the_events()
    opened.refresh_from_db()
    assert opened.status == Status.FAILED
    assert found() == []
    opened.refresh_from_db()
    assert opened.status == Status.SUCCEEDED


def test_a_refund_and_a_payout_whose_tasks_were_lost_are_sent(paid, freeze):
    row = services.request_refund(charge=paid, amount_minor=2000, reason="late")
    assert found() == []
    row.refresh_from_db()
    assert row.status == Status.SUCCEEDED
    bookings.complete_booking(booking=paid.booking, now=paid.booking.ends_at)
    freeze(paid.booking.ends_at + DELAY)
    services.send_due_transfers()
    assert found() == []
    assert paid.children.payouts().get().status == Status.SUCCEEDED


def test_a_transfer_whose_answer_was_lost_is_written_down(passed_on):
    row = passed_on.children.payouts().get()
    write(row, status=Status.FAILED, stripe_transfer_id=None, succeeded_at=None)
    assert found() == []
    row.refresh_from_db()
    assert row.status == Status.SUCCEEDED
    assert row.stripe_transfer_id


def test_a_refund_made_at_stripe_is_taken_in(given_back):
    charge = given_back.parent
    another(given_back.stripe_refund_id, "re_made_at_stripe", amount=1000)
    assert found() == []
    adopted = Transaction.objects.get(stripe_refund_id="re_made_at_stripe")
    assert (adopted.parent, adopted.amount_minor, adopted.status) == (charge, 1000, "succeeded")


def test_a_refund_that_the_bank_sent_back_has_failed(given_back):
    testing.fail_refund(given_back.stripe_refund_id)
    lose_the_events()
    assert found() == []
    given_back.refresh_from_db()
    assert given_back.status == Status.FAILED
    assert given_back.parent.status == Status.SUCCEEDED


def test_a_dispute_of_which_we_never_heard_is_written_down(passed_on):
    stripe_id = testing.open_dispute(passed_on.stripe_charge_id)
    lose_the_events()
    services.reconcile()
    assert Dispute.objects.get().status == "open"
    testing.close_dispute(stripe_id, won=False)
    lose_the_events()
    services.reconcile()
    assert Dispute.objects.get().status == "lost"
    passed_on.refresh_from_db()
    assert passed_on.status == Status.REFUNDED


def test_an_event_that_waits_is_worked_on(opened):
    testing.pay(opened.stripe_checkout_session_id)
    testing.deliver_events()
    assert found() == []
    opened.refresh_from_db()
    assert opened.status == Status.SUCCEEDED


def test_a_charges_status_follows_its_refunds(given_back):
    write(given_back.parent, status=Status.SUCCEEDED)
    assert found() == []
    given_back.parent.refresh_from_db()
    assert given_back.parent.status == Status.PARTIALLY_REFUNDED


def test_an_account_is_asked_about(mentor):
    testing.restrict_account(mentor.payment_account.stripe_account_id)
    lose_the_events()
    assert found() == []
    mentor.payment_account.refresh_from_db()
    assert not mentor.payment_account.transfers_active


def test_a_subscription_whose_events_were_lost_is_recorded(mentor):
    plan = PlanFactory(mentor=mentor)
    row = services.subscribe(plan=plan, mentee=UserFactory(), interval="monthly")
    testing.pay(row.stripe_checkout_session_id)
    lose_the_events()
    assert found() == []
    row.refresh_from_db()
    assert row.status == Subscription.Status.ACTIVE
    charge = row.transactions.charges().get()
    assert charge.status == Status.SUCCEEDED
    assert row.credit_periods.exists()


def test_a_renewal_whose_events_were_lost_is_recorded(mentor, work, freeze):
    plan = PlanFactory(mentor=mentor)
    row = services.subscribe(plan=plan, mentee=UserFactory(), interval="monthly")
    testing.pay(row.stripe_checkout_session_id)
    work()
    row.refresh_from_db()
    first_end = row.current_period_end
    freeze(first_end + dt.timedelta(hours=1))
    sweep.renew_subscriptions()
    lose_the_events()
    assert found() == []
    row.refresh_from_db()
    assert row.current_period_start == first_end
    charges = row.transactions.charges()
    assert [charge.status for charge in charges] == [Status.SUCCEEDED] * 2
    assert row.credit_periods.filter(starts_at=first_end).exists()


def test_a_tip_whose_events_were_lost_is_recorded_and_passed_on(tip, work):
    testing.pay(tip.stripe_checkout_session_id)
    lose_the_events()
    assert services.reconcile() == []
    tip.refresh_from_db()
    assert tip.status == Status.SUCCEEDED
    work()
    lose_the_events()
    assert found() == []
    assert tip.children.payouts().get().status == Status.SUCCEEDED


def test_what_comes_back_of_a_payout_is_asked_for_and_taken_in(passed_on):
    services.request_refund(charge=passed_on, amount_minor=2000, reason="a bad line")
    assert found() == []
    payout = passed_on.children.payouts().get()
    assert payout.reversed_minor == 1800
    client = stripe.StripeClient(settings.STRIPE_SECRET_KEY, http_client=stripe.default_http_client)
    client.v1.transfers.reversals.create(payout.stripe_transfer_id, {"amount": 100})
    lose_the_events()
    assert found() == []
    payout.refresh_from_db()
    assert payout.reversed_minor == 1900


# --- What is listed ----------------------------------------------------------------------


def test_money_that_nobody_knows_is_listed_until_it_went_back(paid):
    another(paid.stripe_charge_id, "ch_unknown", payment_intent=None)
    assert found() == [(Kind.UNKNOWN_CHARGE, "ch_unknown")]
    at_stripe("ch_unknown", amount_refunded=6000)
    assert found() == []


def test_a_second_payment_of_a_charge_is_listed(paid):
    label = {"transaction": paid.code}
    another(paid.stripe_charge_id, "ch_second", payment_intent=None, metadata=label)
    assert found() == [(Kind.UNKNOWN_CHARGE, "ch_second")]
    assert Difference.objects.get().transaction == paid


def test_a_charge_that_stripe_does_not_know_is_listed(paid):
    gone(paid.stripe_charge_id)
    assert found() == [(Kind.MISSING_CHARGE, paid.code)]


@pytest.mark.parametrize("change", [{"amount_captured": 5000}, {"currency": "usd"}])
def test_another_sum_than_the_ledgers_is_listed(paid, change):
    at_stripe(paid.stripe_charge_id, **change)
    assert found() == [(Kind.CHARGE, paid.code)]


def test_a_refund_for_which_there_is_no_room_is_listed(given_back):
    another(given_back.stripe_refund_id, "re_too_much", amount=5000)
    assert found() == [(Kind.UNKNOWN_REFUND, "re_too_much")]


def test_a_refund_that_stripe_does_not_know_is_listed(given_back):
    gone(given_back.stripe_refund_id)
    assert found() == [(Kind.MISSING_REFUND, given_back.code)]


def test_a_refund_of_another_sum_is_listed(given_back):
    at_stripe(given_back.stripe_refund_id, amount=1999)
    assert found() == [(Kind.REFUND, given_back.code)]


def test_a_transfer_that_nobody_knows_is_listed_until_it_came_back(passed_on):
    transfer = passed_on.children.payouts().get().stripe_transfer_id
    another(transfer, "tr_unknown")
    assert found() == [(Kind.UNKNOWN_TRANSFER, "tr_unknown")]
    at_stripe("tr_unknown", amount_reversed=5400)
    assert found() == []


def test_a_transfer_that_stripe_does_not_know_is_listed(passed_on):
    row = passed_on.children.payouts().get()
    gone(row.stripe_transfer_id)
    assert found() == [(Kind.MISSING_TRANSFER, row.code)]


def test_a_transfer_of_another_sum_is_listed(passed_on):
    row = passed_on.children.payouts().get()
    at_stripe(row.stripe_transfer_id, amount=5000)
    assert found() == [(Kind.TRANSFER, row.code)]


def test_a_reversal_of_another_sum_is_listed(passed_on):
    row = passed_on.children.payouts().get()
    at_stripe(row.stripe_transfer_id, amount_reversed=400)
    assert found() == [(Kind.REVERSAL, row.code)]
    write(row, reversed_minor=400)
    assert found() == []


def test_what_has_no_end_for_days_is_listed(given_back, freeze):
    at_stripe(given_back.stripe_refund_id, status="pending")
    write(given_back, status=Status.PROCESSING)
    event = WebhookEventFactory(type="refund.updated", payload={"data": {"object": {"id": "re_x"}}})
    assert found() == []
    freeze(times.now() + dt.timedelta(days=5))
    assert set(found()) == {
        (Kind.UNFINISHED, given_back.code),
        (Kind.UNFINISHED, event.event_id),
    }


# --- The ledger's own sums ---------------------------------------------------------------


def test_more_back_than_came_is_listed(paid):
    child(paid, Type.REFUND, 4000, 400, metadata={"dispute": "a"})
    assert list(books.compare()) == []
    child(paid, Type.REFUND, 2001, 200, metadata={"dispute": "b"})
    (difference,) = books.compare()
    assert (difference.kind, difference.subject) == (Kind.BOOKS, paid.code)


def test_more_passed_on_than_is_the_mentors_is_listed(paid):
    row = child(paid, Type.PAYOUT, 5400, stripe_transfer_id="tr_1")
    assert list(books.compare()) == []
    child(paid, Type.REFUND, 2000, 200, metadata={"dispute": "a"})
    (difference,) = books.compare()
    assert "5400 eur were passed on, 3600 are theirs" in difference.detail
    write(row, reversed_minor=1800)
    assert list(books.compare()) == []


def test_what_the_mentor_has_spent_is_on_staffs_other_list(passed_on, work, freeze):
    freeze(times.now() + dt.timedelta(days=8))
    testing.pay_out(passed_on.mentor.payment_account.stripe_account_id)
    services.request_refund(charge=passed_on, amount_minor=6000, reason="late")
    work()
    row = Reversal.objects.get()
    assert (row.status, row.needs_attention[:14]) == (Status.FAILED, "Stripe refused")
    assert list(books.compare()) == []
    services.settle_attention(row=row)
    assert services.reconcile() == []
    child(passed_on, Type.PAYOUT, 1, status=Status.REFUNDED, stripe_transfer_id="tr_1")
    (difference,) = books.compare()
    assert "5401 eur were passed on, 0 are theirs" in difference.detail


def test_money_out_of_what_was_never_paid_is_listed(opened):
    child(opened, Type.REFUND, 100, 10, succeeded_at=times.now())
    (difference,) = books.compare()
    assert "pending" in difference.detail


# --- What becomes of it ------------------------------------------------------------------


def test_a_difference_is_one_row_for_as_long_as_it_lasts(paid):
    body = StripeObject.objects.get(stripe_id=paid.stripe_charge_id)
    gone(paid.stripe_charge_id)
    services.reconcile()
    services.reconcile()
    body.pk = None
    body.save(force_insert=True)
    assert services.reconcile() == []
    assert Difference.objects.get().resolved_at is not None
    gone(paid.stripe_charge_id)
    assert len(services.reconcile()) == 1
    assert Difference.objects.count() == 2


def test_what_was_different_is_looked_at_however_old_it_is(paid, freeze):
    another(paid.stripe_charge_id, "ch_unknown", payment_intent=None)
    services.reconcile()
    freeze(times.now() + dt.timedelta(days=100))
    assert found() == [(Kind.UNKNOWN_CHARGE, "ch_unknown")]


def test_each_page_of_a_list_is_read(paid):
    for number in range(101):
        another(paid.stripe_charge_id, f"ch_{number}", payment_intent=None)
    assert len(services.reconcile()) == 101


def run(*args):
    out = StringIO()
    try:
        call_command("reconcile_payments", *args, stdout=out)
    except SystemExit as end:
        return end.code, out.getvalue()
    return 0, out.getvalue()


def test_the_command_lists_them_and_ends_with_one(paid):
    assert run() == (0, "The ledger and Stripe tell the same.\n")
    gone(paid.stripe_charge_id)
    code, said = run("--days", "3")
    assert code == 1
    assert paid.code in said
    assert "a charge that Stripe doesn't know" in said


def test_the_command_says_that_stripe_is_away(paid):
    with testing.outage("connection"), pytest.raises(CommandError) as error:
        call_command("reconcile_payments")
    assert error.value.returncode == 2


def test_staff_see_it_first_and_have_the_list(login, paid):
    gone(paid.stripe_charge_id)
    PERIODICS["payments.tasks.reconcile"].function()
    client = login(UserFactory(staff=True))
    page = client.get(reverse("admin:index")).content.decode()
    assert "1 difference between the ledger and Stripe" in page
    listing = reverse("admin:payments_difference_changelist")
    assert f"{listing}?open=yes" in page
    assert paid.code in client.get(f"{listing}?open=yes").content.decode()
    assert "0 of" not in client.get(f"{listing}?open=no").content.decode()
