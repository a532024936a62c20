"""What a mentor has already comes back with a refund: in proportion, once, to the last cent."""

import datetime as dt
from dataclasses import replace

import pytest

from bookings import services as bookings
from mentormatch import times
from mentormatch.errors import Conflict, StripeError
from mentormatch.notifications.models import Mail
from mentormatch.notifications.rendering import write
from payments import earnings, services
from payments.models import Reversal, Transaction, WebhookEvent
from payments.services import ledger
from payments.stripe_emulator import context, testing
from payments.stripe_emulator.models import StripeObject
from payments.stripe_emulator.resources import refunds as refunds_at_stripe
from payments.stripe_emulator.resources import transfer_reversals
from payments.stripe_service import StripeService
from tests.factories import BookingFactory
from tests.payments.money import check_books, taken_back

pytestmark = pytest.mark.django_db
Status = Transaction.Status


@pytest.fixture
def sold(mentor, work, freeze):
    """`sold(1025, 103)` is the charge of a session of that price whose net the mentor has."""

    def at(price_minor: int, fee_minor: int, currency: str = "eur") -> Transaction:
        terms = {"price_minor": price_minor, "platform_fee_minor": fee_minor, "currency": currency}
        booking = BookingFactory(mentor=mentor, to_pay=True, **terms)
        row = services.open_checkout(booking=booking, user=booking.mentee)
        testing.pay(row.stripe_checkout_session_id)
        services.settle(booking=booking)
        bookings.complete_booking(booking=booking, now=booking.ends_at)
        freeze(booking.ends_at + dt.timedelta(hours=48))
        services.send_due_transfers()
        work()
        row.refresh_from_db()
        return row

    return at


def test_a_refund_after_the_transfer_takes_its_net_back(passed_on, work):
    row = services.request_refund(charge=passed_on, amount_minor=2000, reason="a bad line")
    work()
    row.refresh_from_db()
    payout = passed_on.children.payouts().get()
    reversal = payout.reversals.get()
    assert (row.status, row.reversed_minor) == (Status.SUCCEEDED, 1800)
    assert (payout.status, payout.reversed_minor) == (Status.PARTIALLY_REFUNDED, 1800)
    assert (reversal.status, reversal.amount_minor) == ("succeeded", 1800)
    assert row.stripe_reversal_id == reversal.stripe_reversal_id
    assert taken_back() == [1800]
    check_books()


def test_all_of_it_back_leaves_nothing(passed_on, work):
    services.refund_by_staff(charge=passed_on, reason="nobody came")
    work()
    passed_on.refresh_from_db()
    payout = passed_on.children.payouts().get()
    assert (passed_on.status, payout.status) == (Status.REFUNDED, Status.REFUNDED)
    assert taken_back() == [5400]
    [totals] = earnings.books_of(passed_on.mentor, now=times.now(), zone=dt.UTC).totals()
    assert (totals.earned_minor, totals.paid_out_minor) == (0, 0)
    assert services.send_due_transfers() == 0
    check_books()


@pytest.mark.parametrize(
    "parts", [[1025], [1, 1024], [512, 513], [333, 333, 359], [25] * 41], ids=len
)
def test_parts_that_add_up_to_the_whole_leave_nothing(sold, work, parts):
    """10.25 with a fee of 1.03 and a net of 9.22."""
    charge = sold(1025, 103)
    assert [row.amount_minor for row in charge.children.payouts()] == [922]
    for part in parts[:6]:
        services.request_refund(charge=charge, amount_minor=part, reason="a part")
    if rest := sum(parts[6:]):
        services.request_refund(charge=charge, amount_minor=rest, reason="the rest")
    work()
    charge.refresh_from_db()
    refunds = [*charge.children.refunds()]
    assert sum(row.platform_fee_minor for row in refunds) == 103
    assert sum(row.net_minor for row in refunds) == 922
    assert sum(taken_back()) == 922
    for row in refunds:
        assert row.reversed_minor == row.net_minor
    assert charge.status == Status.REFUNDED
    assert charge.children.payouts().get().status == Status.REFUNDED
    check_books()


def test_yen_have_no_smaller_part(settings, sold, work):
    settings.STRIPE_EMULATOR = settings.STRIPE_EMULATOR | {"settlement_currencies": ["eur", "jpy"]}
    charge = sold(1005, 101, "jpy")
    for part in (335, 335, 335):
        services.request_refund(charge=charge, amount_minor=part, reason="a third")
    work()
    charge.refresh_from_db()
    assert charge.status == Status.REFUNDED
    assert sum(taken_back()) == 904
    check_books()


def test_a_refund_of_the_fee_alone_takes_nothing_back(sold, work):
    """The smallest part is the platform's or the mentor's, never both."""
    charge = sold(1025, 1000)
    services.request_refund(charge=charge, amount_minor=1, reason="a cent")
    work()
    assert (taken_back(), Reversal.objects.count()) in (([], 0), ([1], 1))
    services.refund_by_staff(charge=charge, reason="the rest")
    work()
    assert sum(taken_back()) == 25
    check_books()


def test_a_tip_comes_back_whole(tipped, work):
    services.refund_by_staff(charge=tipped, amount_minor=200, reason="typed one nought too many")
    services.refund_by_staff(charge=tipped, reason="and the rest")
    work()
    tipped.refresh_from_db()
    assert tipped.status == Status.REFUNDED
    assert taken_back() == [200, 300]
    told = Mail.objects.filter(kind="refund_made", recipient=tipped.mentee)
    assert [f"of your tip for {tipped.mentor.name}" in write(mail).text for mail in told] == [
        True
    ] * 2
    check_books()


def test_before_the_transfer_nothing_has_to_come_back(paid, work):
    services.refund_by_staff(charge=paid, amount_minor=1000, reason="a bad line")
    work()
    assert (taken_back(), Reversal.objects.count()) == ([], 0)


def test_while_the_transfer_is_on_its_way_no_refund_is_made(tip, run_tasks):
    testing.pay(tip.stripe_checkout_session_id)
    services.settle_tip(tip=tip.tip)
    with pytest.raises(Conflict) as refused:
        services.refund_by_staff(charge=tip, reason="not so fast")
    assert "in a few minutes" in str(refused.value)
    run_tasks()
    services.refund_by_staff(charge=tip, reason="now it can be")
    run_tasks()
    assert taken_back() == [500]


def test_more_than_was_passed_on_never_comes_back(passed_on):
    payout = passed_on.children.payouts().get()
    services.request_reversal(payout=payout, amount_minor=5000)
    with pytest.raises(Conflict):
        services.request_reversal(payout=payout, amount_minor=401)
    services.request_reversal(payout=payout, amount_minor=400)
    with pytest.raises(Conflict):
        services.request_reversal(payout=payout, amount_minor=0)


def test_the_mentor_is_told_what_was_taken_back_and_why(passed_on, work):
    services.request_refund(charge=passed_on, amount_minor=2000, reason="a bad line")
    work()
    mail = Mail.objects.get(kind="transfer_reversed")
    assert mail.recipient == passed_on.mentor.user
    written = write(mail)
    assert "18.00" in written.subject
    assert "a bad line" in written.text


def test_a_mentor_who_has_it_no_more_leaves_it_to_staff(passed_on, work, monkeypatch):
    """Stripe takes nothing back that isn't there; the mentee has theirs all the same."""
    held = monkeypatch.context
    with held() as poor:
        poor.setattr(transfer_reversals.ledger, "held", lambda account, now: {"available": {}})
        services.refund_by_staff(charge=passed_on, reason="nobody came")
        work()
    passed_on.refresh_from_db()
    row = Reversal.objects.get()
    assert (passed_on.status, row.status) == (Status.REFUNDED, "failed")
    assert "sufficient balance" in row.needs_attention
    again = services.retry_reversal(reversal=row)
    work()
    again.refresh_from_db()
    row.refresh_from_db()
    assert (again.status, row.needs_attention) == ("succeeded", "")
    assert taken_back() == [5400]
    with pytest.raises(Conflict):
        services.retry_reversal(reversal=again)
    check_books()


@pytest.fixture
def half_kept(passed_on, work, monkeypatch) -> Reversal:
    """30.00 went back to the mentee, and nothing of the 27.00 was left at the mentor's."""
    with monkeypatch.context() as poor:
        poor.setattr(transfer_reversals.ledger, "held", lambda account, now: {"available": {}})
        services.refund_by_staff(charge=passed_on, amount_minor=3000, reason="half an hour")
        work()
    return Reversal.objects.get()


def test_another_refund_takes_its_own_part_back_and_staff_the_other(half_kept, passed_on, work):
    row = services.refund_by_staff(charge=passed_on, amount_minor=100, reason="a bit more")
    work()
    row.refresh_from_db()
    assert (taken_back(), row.reversed_minor) == ([90], 90)
    services.retry_reversal(reversal=half_kept)
    work()
    assert taken_back() == [90, 2700]
    check_books()


def test_what_failed_is_taken_back_once_however_many_staff_ask(half_kept, passed_on, work):
    seen_by_another = Reversal.objects.get(pk=half_kept.pk)
    services.retry_reversal(reversal=half_kept)
    for asked in (seen_by_another, half_kept):
        with pytest.raises(Conflict, match="to come back"):
            services.retry_reversal(reversal=asked)
    work()
    assert taken_back() == [2700]
    check_books()


def test_a_refund_that_failed_takes_its_part_back_but_once(passed_on, work):
    row = services.request_refund(charge=passed_on, amount_minor=6000, reason="nobody came")
    work()
    row.refresh_from_db()
    testing.fail_refund(row.stripe_refund_id)
    work()
    row.refresh_from_db()
    services.retry(transaction=row)
    work()
    passed_on.refresh_from_db()
    assert passed_on.status == Status.REFUNDED
    assert taken_back() == [5400]
    check_books()


def test_what_was_refunded_at_stripe_is_taken_back_too(passed_on, work):
    charge = StripeObject.objects.get(stripe_id=passed_on.stripe_charge_id)
    values = {"charge": passed_on.stripe_charge_id, "amount": 3000}
    refunds_at_stripe.create(context.for_account(charge.account), values)
    work()
    assert taken_back() == [2700]
    check_books(staff_know=True)


def test_what_came_back_for_a_refund_that_failed_leaves_again_once_staff_say_so(passed_on, work):
    row = services.request_refund(charge=passed_on, amount_minor=6000, reason="as a favour")
    work()
    row.refresh_from_db()
    testing.fail_refund(row.stripe_refund_id)
    work()
    row.refresh_from_db()
    assert [payout.status for payout in passed_on.children.payouts()] == [Status.REFUNDED]
    services.settle_attention(row=row)
    work()
    payouts = passed_on.children.payouts().order_by("pk")
    assert [(each.status, each.amount_minor) for each in payouts] == [
        (Status.REFUNDED, 5400),
        (Status.SUCCEEDED, 5400),
    ]
    services.pass_on_again(charge=passed_on)
    assert payouts.count() == 2
    check_books()


@pytest.fixture
def in_vain(passed_on, work) -> Transaction:
    """A refund of 10.00 EUR that its bank sent back; the mentor's 9.00 had come back for it."""
    row = services.request_refund(charge=passed_on, amount_minor=1000, reason="as a favour")
    work()
    row.refresh_from_db()
    testing.fail_refund(row.stripe_refund_id)
    work()
    row.refresh_from_db()
    assert ledger.short_minor(passed_on) == 900
    return row


def kept(charge: Transaction) -> list[tuple[str, int, int]]:
    rows = charge.children.payouts().order_by("pk")
    return [(row.status, row.amount_minor, row.reversed_minor) for row in rows]


def test_a_part_that_came_back_in_vain_leaves_again_once_staff_say_so(in_vain, passed_on, work):
    services.pass_on_again(charge=passed_on)
    assert len(kept(passed_on)) == 1  # as long as nobody has decided what becomes of the refund
    services.settle_attention(row=in_vain)
    work()
    whole = [(Status.PARTIALLY_REFUNDED, 5400, 900), (Status.SUCCEEDED, 900, 0)]
    assert kept(passed_on) == whole
    services.pass_on_again(charge=passed_on)
    services.send_due_transfers()
    work()
    assert kept(passed_on) == whole
    (total,) = earnings.books_of(passed_on.mentor, now=times.now(), zone=dt.UTC).totals()
    assert (total.earned_minor, total.paid_out_minor, total.pending_minor) == (5400, 5400, 0)
    check_books()
    assert services.reconcile() == []


@pytest.mark.one_engine
@pytest.mark.parametrize(("amount", "backs"), [(500, [450]), (3000, [900, 1800]), (6000, None)])
def test_a_refund_after_that_is_taken_from_all_payouts(in_vain, passed_on, work, amount, backs):
    services.settle_attention(row=in_vain)
    work()
    row = services.request_refund(charge=passed_on, amount_minor=amount, reason="after all")
    work()
    row.refresh_from_db()
    assert taken_back()[1:] == (backs or [900, 4500])
    assert row.reversed_minor == row.net_minor
    assert ledger.short_minor(passed_on) == 0
    check_books()


@pytest.mark.one_engine
@pytest.mark.parametrize("won", [True, False])
def test_a_dispute_after_that_takes_both_back(in_vain, passed_on, work, won):
    services.settle_attention(row=in_vain)
    work()
    dispute = testing.open_dispute(passed_on.stripe_charge_id)
    work()
    assert sorted(taken_back()) == [900, 900, 4500]
    testing.close_dispute(dispute, won=won)
    work()
    assert ledger.kept_minor(passed_on) == (5400 if won else 0)
    check_books()


@pytest.mark.one_engine
@pytest.mark.parametrize("meanwhile", [True, False])
def test_a_bank_that_only_asked_makes_no_difference_to_that(in_vain, passed_on, work, meanwhile):
    """Whether staff are done with the refund meanwhile or after."""
    inquiry = testing.open_inquiry(passed_on.stripe_charge_id)
    work()
    if meanwhile:
        services.settle_attention(row=in_vain)
        work()
        assert len(kept(passed_on)) == 1
    testing.end_inquiry(inquiry, escalates=False)
    work()
    if not meanwhile:
        services.settle_attention(row=in_vain)
        work()
    assert kept(passed_on) == [(Status.PARTIALLY_REFUNDED, 5400, 900), (Status.SUCCEEDED, 900, 0)]
    check_books()


@pytest.mark.one_engine
def test_beside_a_whole_payout_nothing_leaves_and_staff_are_told(passed_on, work):
    """A part was given back, a dispute won, and only then the bank sent that part back."""
    row = services.request_refund(charge=passed_on, amount_minor=1000, reason="as a favour")
    work()
    dispute = testing.open_dispute(passed_on.stripe_charge_id)
    work()
    testing.close_dispute(dispute, won=True)
    work()
    row.refresh_from_db()
    testing.fail_refund(row.stripe_refund_id)
    work()
    row.refresh_from_db()
    services.pass_on_again(charge=passed_on)
    passed_on.refresh_from_db()
    assert not passed_on.needs_attention  # as long as nobody has decided what becomes of the refund
    services.settle_attention(row=row)
    work()
    assert kept(passed_on) == [(Status.REFUNDED, 5400, 5400), (Status.SUCCEEDED, 4500, 0)]
    passed_on.refresh_from_db()
    assert "short" in passed_on.needs_attention
    check_books(staff_know=True)


@pytest.mark.one_engine
def test_one_that_stripe_refuses_then_is_tried_again_by_staff(in_vain, passed_on, work):
    account = passed_on.mentor.payment_account.stripe_account_id
    testing.restrict_account(account)
    services.settle_attention(row=in_vain)
    work()
    refused = passed_on.children.payouts().latest("pk")
    assert (refused.status, bool(refused.needs_attention)) == (Status.FAILED, True)
    services.pass_on_again(charge=passed_on)
    assert passed_on.children.payouts().count() == 2
    testing.complete_onboarding(account)
    services.retry(transaction=refused)
    work()
    assert kept(passed_on)[-1] == (Status.SUCCEEDED, 900, 0)
    with pytest.raises(Conflict, match="through"):
        services.retry(transaction=refused)


@pytest.mark.one_engine
def test_made_again_it_takes_nothing_twice(in_vain, passed_on, work):
    services.retry(transaction=in_vain)
    work()
    services.pass_on_again(charge=passed_on)
    assert kept(passed_on) == [(Status.PARTIALLY_REFUNDED, 5400, 900)]
    assert taken_back() == [900]


def test_it_leaves_again_though_staff_were_quicker_than_the_reversal(passed_on, work, run_tasks):
    row = services.request_refund(charge=passed_on, amount_minor=6000, reason="as a favour")
    services.send_refund(transaction=row)
    services.record_refund(
        transaction=row,
        refund=replace(StripeService().retrieve_refund(row.stripe_refund_id), status="failed"),
    )
    services.settle_attention(row=row)
    run_tasks()
    payouts = passed_on.children.payouts().order_by("pk")
    assert [payout.status for payout in payouts] == [Status.REFUNDED, Status.SUCCEEDED]


def test_what_failed_at_stripe_before_we_heard_of_it_takes_nothing_back(passed_on, work):
    charge = StripeObject.objects.get(stripe_id=passed_on.stripe_charge_id)
    values = {"charge": passed_on.stripe_charge_id, "amount": 3000}
    made = refunds_at_stripe.create(context.for_account(charge.account), values)
    testing.fail_refund(made["id"])
    work()
    assert taken_back() == []
    assert not passed_on.children.refunds().exists()
    check_books()


def test_what_was_taken_back_at_stripe_is_in_our_books(passed_on, work):
    payout = passed_on.children.payouts().get()
    transfer = StripeObject.objects.get(stripe_id=payout.stripe_transfer_id)
    ctx = context.for_account(transfer.account)
    transfer_reversals.create(ctx, {"amount": 1000}, transfer=transfer.stripe_id)
    work()
    work()
    payout.refresh_from_db()
    assert (payout.status, payout.reversed_minor) == (Status.PARTIALLY_REFUNDED, 1000)
    assert "made at Stripe" in payout.reversals.get().needs_attention
    services.settle_attention(row=payout.reversals.get())
    # Of the refund that it was for, nothing is taken back a second time.
    services.request_refund(charge=passed_on, amount_minor=1111, reason="it was for this")
    work()
    assert taken_back() == [1000]
    check_books()


def test_of_a_payout_that_never_leaves_nothing_comes_back(tip, run_tasks):
    testing.pay(tip.stripe_checkout_session_id)
    services.settle_tip(tip=tip.tip)
    payout = tip.children.payouts().get()
    row = services.request_reversal(payout=payout, amount_minor=500)
    services.send_reversal(reversal=row)
    assert row.status == "pending"
    ledger.move(transaction=payout, to=Status.FAILED)
    services.send_reversal(reversal=row)
    assert (row.status, row.needs_attention) == ("failed", "")
    assert taken_back() == []


def test_an_event_before_our_own_answer_is_the_same_reversal(passed_on, work):
    """The webhook overtakes the call that it tells of."""
    services.request_refund(charge=passed_on, amount_minor=2000, reason="a bad line")
    row = Reversal.objects.get()
    with testing.outage("answer_lost"), pytest.raises(StripeError):
        services.send_reversal(reversal=row)
    testing.deliver_events()
    for event in WebhookEvent.objects.filter(handled_at=None):
        services.handle(event=event)
    row.refresh_from_db()
    assert row.status == "succeeded"
    work()
    assert (taken_back(), Reversal.objects.count()) == ([1800], 1)
