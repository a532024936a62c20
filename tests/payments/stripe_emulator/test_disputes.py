"""Disputes: opened by the cardholder, answered by the platform, decided by the bank."""

import datetime as dt

import pytest
import stripe

from payments.stripe_emulator import sweep, testing
from tests.conftest import Freeze
from tests.payments.stripe_emulator.world import World

DISPUTED = "4000000000000259"


def balance(world: World) -> int:
    held = world.stripe.v1.balance.retrieve()
    return sum(each.amount for each in [*held.available, *held.pending])


def test_the_card_that_is_disputed_pays_first(world: World) -> None:
    charge = world.paid(card=DISPUTED)
    assert (charge.status, charge.disputed) == ("succeeded", False)
    assert (sweep.open_disputes(), sweep.open_disputes()) == (1, 0)
    assert world.stripe.v1.charges.retrieve(charge.id).disputed
    (dispute,) = world.stripe.v1.disputes.list({"charge": charge.id}).data
    assert (dispute.status, dispute.amount, dispute.currency) == ("needs_response", 6000, "eur")
    told = testing.event_types()[-2:]
    assert told == ["charge.dispute.created", "charge.dispute.funds_withdrawn"]


def test_what_was_refunded_in_time_is_not_disputed(world: World) -> None:
    charge = world.paid(card=DISPUTED)
    world.stripe.v1.refunds.create({"charge": charge.id})
    assert (sweep.open_disputes(), sweep.open_disputes()) == (0, 0)
    assert not world.stripe.v1.disputes.list().data


def test_a_dispute_takes_the_money_and_a_fee(world: World) -> None:
    charge = world.paid()
    before = balance(world)
    testing.open_dispute(charge.id)
    assert balance(world) == before - 6000 - 2000
    assert testing.books_add_up()


def test_only_what_is_left_of_a_charge_is_disputed(world: World) -> None:
    charge = world.paid()
    world.stripe.v1.refunds.create({"charge": charge.id, "amount": 1000})
    dispute = testing.open_dispute(charge.id)
    assert world.stripe.v1.disputes.retrieve(dispute).amount == 5000


def test_another_currency_leaves_at_the_rate_at_which_it_came(world: World) -> None:
    charge = world.paid(10_000, "jpy")
    settled = world.stripe.v1.balance_transactions.retrieve(str(charge.balance_transaction))
    dispute = world.stripe.v1.disputes.retrieve(testing.open_dispute(charge.id))
    (taken,) = dispute.balance_transactions
    assert (taken.amount, taken.currency) == (-settled.amount, settled.currency)
    testing.close_dispute(dispute.id, won=True)
    assert testing.books_add_up()


def test_a_dispute_that_was_won_gives_it_back_but_for_the_fee(world: World) -> None:
    charge = world.paid()
    before = balance(world)
    dispute = testing.open_dispute(charge.id)
    testing.close_dispute(dispute, won=True)
    assert balance(world) == before - 2000
    assert world.stripe.v1.disputes.retrieve(dispute).status == "won"
    told = testing.event_types()[-2:]
    assert told == ["charge.dispute.closed", "charge.dispute.funds_reinstated"]
    assert world.stripe.v1.refunds.create({"charge": charge.id}).status == "succeeded"


def test_a_dispute_that_was_lost_changes_nothing_more(world: World) -> None:
    dispute = testing.open_dispute(world.paid().id)
    before = balance(world)
    testing.close_dispute(dispute, won=False)
    assert balance(world) == before
    assert testing.event_types()[-1] == "charge.dispute.closed"


@pytest.mark.parametrize("lost", [False, True])
def test_a_disputed_charge_can_not_be_refunded(world: World, lost: bool) -> None:
    charge = world.paid()
    dispute = testing.open_dispute(charge.id)
    if lost:
        testing.close_dispute(dispute, won=False)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        world.stripe.v1.refunds.create({"charge": charge.id})
    assert refused.value.code == "charge_disputed"


@pytest.mark.parametrize(("word", "status"), [("winning", "won"), ("losing", "lost")])
def test_evidence_of_the_test_mode_decides_at_once(world: World, word: str, status: str) -> None:
    dispute = testing.open_dispute(world.paid().id)
    answer = world.stripe.v1.disputes.update(
        dispute, {"evidence": {"uncategorized_text": f"{word}_evidence"}}
    )
    assert answer.status == status
    assert answer.evidence_details.submission_count == 1
    assert "charge.dispute.updated" in testing.event_types()


def test_evidence_is_kept_until_it_is_sent(world: World) -> None:
    v1, dispute = world.stripe.v1, testing.open_dispute(world.paid().id)
    kept = v1.disputes.update(
        dispute, {"evidence": {"customer_name": "Mia"}, "submit": False, "metadata": {"a": "b"}}
    )
    assert (kept.status, kept.evidence_details.has_evidence) == ("needs_response", True)
    sent = v1.disputes.update(dispute, {"submit": True})
    assert (sent.status, sent.evidence.customer_name) == ("under_review", "Mia")
    assert sent.metadata["a"] == "b"


def test_a_closed_dispute_stays_closed(world: World) -> None:
    v1, dispute = world.stripe.v1, testing.open_dispute(world.paid().id)
    assert v1.disputes.close(dispute).status == "lost"
    with pytest.raises(stripe.InvalidRequestError, match="already closed"):
        v1.disputes.close(dispute)
    with pytest.raises(stripe.InvalidRequestError, match="already closed"):
        v1.disputes.update(dispute, {"evidence": {"customer_name": "Mia"}})
    assert v1.disputes.retrieve(dispute).status == "lost"


def test_a_dispute_that_nobody_answers_is_lost(world: World, freeze: Freeze) -> None:
    clock = freeze()
    dispute = testing.open_dispute(world.paid().id)
    assert sweep.lose_disputes() == 0
    clock.shift(dt.timedelta(days=15))
    assert (sweep.lose_disputes(), sweep.lose_disputes()) == (1, 0)
    late = world.stripe.v1.disputes.retrieve(dispute)
    assert (late.status, late.evidence_details.past_due) == ("lost", True)


def test_what_was_taken_back_can_be_passed_on_again(world: World) -> None:
    charge, account = world.paid(), world.account()
    transfer = world.transferred(charge, 5400, account.id)
    with pytest.raises(stripe.InvalidRequestError, match="must not exceed"):
        world.transferred(charge, 5400, account.id)
    world.stripe.v1.transfers.reversals.create(transfer.id)
    assert world.transferred(charge, 5400, account.id).amount == 5400
    assert testing.books_add_up()


def test_an_inquiry_takes_nothing_and_lets_one_refund(world: World) -> None:
    charge = world.paid()
    before = balance(world)
    inquiry = testing.open_inquiry(charge.id)
    found = world.stripe.v1.disputes.retrieve(inquiry)
    assert (found.status, found.is_charge_refundable) == ("warning_needs_response", True)
    assert (balance(world), found.balance_transactions) == (before, [])
    assert testing.event_types()[-1] == "charge.dispute.created"
    world.stripe.v1.refunds.create({"charge": charge.id, "amount": 1000})
    assert world.stripe.v1.disputes.retrieve(inquiry).status == "warning_needs_response"
    world.stripe.v1.refunds.create({"charge": charge.id})
    assert world.stripe.v1.disputes.retrieve(inquiry).status == "warning_closed"
    assert testing.event_types()[-1] == "charge.dispute.closed"
    assert testing.books_add_up()


def test_an_inquiry_becomes_a_dispute_of_what_is_left(world: World) -> None:
    charge = world.paid()
    inquiry = testing.open_inquiry(charge.id)
    world.stripe.v1.refunds.create({"charge": charge.id, "amount": 1000})
    before = balance(world)
    testing.end_inquiry(inquiry, escalates=True)
    found = world.stripe.v1.disputes.retrieve(inquiry)
    assert (found.status, found.amount, found.is_charge_refundable) == (
        "needs_response",
        5000,
        False,
    )
    assert balance(world) == before - 5000 - 2000
    told = testing.event_types()[-2:]
    assert told == ["charge.dispute.updated", "charge.dispute.funds_withdrawn"]
    testing.close_dispute(inquiry, won=True)
    assert balance(world) == before - 2000
    assert testing.books_add_up()


def test_an_inquiry_ends_with_evidence_or_after_120_days(world: World, freeze: Freeze) -> None:
    clock = freeze()
    v1 = world.stripe.v1
    asked, silent = (testing.open_inquiry(world.paid().id) for _ in range(2))
    with pytest.raises(stripe.InvalidRequestError, match="is an inquiry"):
        v1.disputes.close(asked)
    answer = v1.disputes.update(asked, {"evidence": {"customer_name": "Mia"}})
    assert answer.status == "warning_under_review"
    answer = v1.disputes.update(asked, {"evidence": {"uncategorized_text": "losing_evidence"}})
    assert answer.status == "warning_closed"
    clock.shift(dt.timedelta(days=119))
    assert (sweep.lose_disputes(), sweep.end_inquiries()) == (0, 0)
    clock.shift(dt.timedelta(days=2))
    assert (sweep.end_inquiries(), sweep.end_inquiries()) == (1, 0)
    assert v1.disputes.retrieve(silent).status == "warning_closed"
    with pytest.raises(ValueError, match="no open inquiry"):
        testing.end_inquiry(silent, escalates=False)
