import datetime as dt

import pytest
import stripe

from payments.stripe_emulator import ledger, money, testing
from tests.conftest import Freeze
from tests.payments.stripe_emulator.world import World

AVAILABLE_AT_ONCE = "4000000000000077"


def platform_balance(world: World) -> dict[str, int]:
    """What the platform has by currency, available or not; another than euros only if any."""
    balance = world.stripe.v1.balance.retrieve()
    return {
        ready.currency: ready.amount + waiting.amount
        for ready, waiting in zip(balance.available, balance.pending, strict=True)
        if ready.currency == "eur" or ready.amount + waiting.amount
    }


@pytest.mark.parametrize("by", ["charge", "payment_intent"])
def test_refund_of_all_and_again(world: World, by: str) -> None:
    charge = world.paid()
    what = {"charge": charge.id, "payment_intent": charge.payment_intent}
    refund = world.stripe.v1.refunds.create({by: what[by], "reason": "requested_by_customer"})
    assert (refund.amount, refund.status, refund.currency) == (6000, "succeeded", "eur")
    assert world.stripe.v1.charges.retrieve(charge.id).refunded
    assert platform_balance(world) == {"eur": -115}
    with pytest.raises(stripe.InvalidRequestError) as refused:
        world.stripe.v1.refunds.create({by: what[by]})
    assert refused.value.code == "charge_already_refunded"
    assert testing.event_types()[-3:] == ["refund.created", "charge.refunded", "refund.updated"]


def test_refunds_in_parts_never_exceed_the_charge(world: World) -> None:
    charge = world.paid(1000)
    for amount in (333, 333):
        world.stripe.v1.refunds.create({"charge": charge.id, "amount": amount})
    with pytest.raises(stripe.InvalidRequestError, match=r"€3.35.*€3.34"):
        world.stripe.v1.refunds.create({"charge": charge.id, "amount": 335})
    world.stripe.v1.refunds.create({"charge": charge.id})
    amounts = [each.amount for each in world.stripe.v1.refunds.list({"charge": charge.id}).data]
    assert amounts == [334, 333, 333]
    assert testing.books_add_up()


def test_labels_of_a_refund_can_be_changed(world: World) -> None:
    refund = world.stripe.v1.refunds.create(
        {"charge": world.paid().id, "amount": 100, "metadata": {"a": "1", "b": "2"}}
    )
    changed = world.stripe.v1.refunds.update(refund.id, {"metadata": {"a": "", "c": "3"}})
    assert changed.metadata.to_dict() == {"b": "2", "c": "3"}
    assert (changed.amount, changed.status) == (100, "succeeded")
    assert testing.event_types()[-1] == "refund.updated"


def test_failed_charge_has_nothing_to_refund(world: World) -> None:
    session = world.session()
    testing.pay(session.id, "4000000000000002")
    intent = world.stripe.v1.checkout.sessions.retrieve(session.id).payment_intent
    with pytest.raises(stripe.InvalidRequestError, match="does not have a successful charge"):
        world.stripe.v1.refunds.create({"payment_intent": intent})


def test_refund_at_the_rate_at_which_the_money_came(world: World) -> None:
    charge = world.paid(10_000, "sek")
    booked = world.stripe.v1.balance_transactions.retrieve(charge.balance_transaction)
    assert (booked.currency, booked.amount) == ("eur", money.exchange(10_000, "sek", "eur"))
    for _ in range(10):  # a tenth is 90.9 cents: rounded one by one they would come to one more
        world.stripe.v1.refunds.create({"charge": charge.id, "amount": 1_000})
    assert platform_balance(world) == {"eur": -booked.fee}
    assert testing.books_add_up()


@pytest.mark.parametrize("currency", ["eur", "sek"])
def test_refund_that_the_bank_sends_back(world: World, currency: str) -> None:
    charge = world.paid(6000, currency)
    refund = world.stripe.v1.refunds.create({"charge": charge.id, "amount": 2500})
    before = platform_balance(world)["eur"]
    testing.fail_refund(refund.id)
    refund = world.stripe.v1.refunds.retrieve(refund.id)
    assert (refund.status, refund.failure_reason) == ("failed", "expired_or_canceled_card")
    assert testing.event_types()[-2:] == ["refund.updated", "refund.failed"]
    assert platform_balance(world)["eur"] == before + money.exchange(2500, currency, "eur")
    assert world.stripe.v1.charges.retrieve(charge.id).amount_refunded == 0
    assert testing.differences() == []
    assert world.stripe.v1.refunds.create({"charge": charge.id}).amount == 6000
    assert testing.differences() == []


@pytest.mark.parametrize("is_disputed", [False, True])
def test_parts_add_up_though_the_bank_sent_one_of_them_back(
    world: World, is_disputed: bool
) -> None:
    charge = world.paid(1000, "sek")
    booked = world.stripe.v1.balance_transactions.retrieve(charge.balance_transaction)
    refund = world.stripe.v1.refunds.create
    first = refund({"charge": charge.id, "amount": 1})
    refund({"charge": charge.id, "amount": 71})
    testing.fail_refund(first.id)
    if is_disputed:
        testing.close_dispute(testing.open_dispute(charge.id), won=True)
        lost = 2000
    else:
        lost = 0
    refund({"charge": charge.id})
    assert platform_balance(world) == {"eur": -booked.fee - lost}
    assert testing.books_add_up()


def test_transfer_waits_for_the_funds_of_its_charge(world: World, freeze: Freeze) -> None:
    clock = freeze()
    account, charge = world.account(), world.paid()
    transfer = world.transferred(charge, 5400, account.id)
    assert transfer.transfer_group == f"group_{charge.id}"
    theirs = {"stripe_account": account.id}
    balance = world.stripe.v1.balance.retrieve(options=theirs)
    assert (balance.available[0].amount, balance.pending[0].amount) == (0, 5400)
    clock.shift(dt.timedelta(days=7))
    balance = world.stripe.v1.balance.retrieve(options=theirs)
    assert (balance.available[0].amount, balance.pending[0].amount) == (5400, 0)
    payment = world.stripe.v1.charges.retrieve(
        transfer.destination_payment, {"expand": ["balance_transaction"]}, theirs
    )
    assert payment.source_transfer == transfer.id
    assert payment.balance_transaction.status == "available"
    assert platform_balance(world) == {"eur": 6000 - 115 - 5400}


def test_transfer_must_be_in_the_currency_of_the_charges_balance_transaction(world: World) -> None:
    account, charge = world.account(), world.paid(6000, "usd")
    with pytest.raises(stripe.InvalidRequestError) as refused:
        world.stripe.v1.transfers.create(
            {
                "amount": 100,
                "currency": "eur",
                "destination": account.id,
                "source_transaction": charge.id,
            }
        )
    assert refused.value.user_message == (
        "The currency of source_transaction's balance transaction (usd) must be the same as the "
        "transfer currency (eur)"
    )
    transfer = world.transferred(charge, 5400, account.id)
    theirs = {"stripe_account": account.id}
    (balance,) = world.stripe.v1.balance.retrieve(options=theirs).pending
    assert (balance.currency, balance.amount) == ("eur", money.exchange(5400, "usd", "eur"))
    for _ in range(3):  # a third is 1551.67 cents: rounded one by one they would come to one more
        world.stripe.v1.transfers.reversals.create(transfer.id, {"amount": 1800})
    (balance,) = world.stripe.v1.balance.retrieve(options=theirs).pending
    assert balance.amount == 0
    assert testing.books_add_up()


def test_transfers_never_exceed_their_charge(world: World) -> None:
    account, charge = world.account(), world.paid()
    world.transferred(charge, 4000, account.id)
    with pytest.raises(stripe.InvalidRequestError, match="must not exceed"):
        world.transferred(charge, 2001, account.id)
    world.transferred(charge, 2000, account.id)


def test_transfer_without_a_charge_needs_available_funds(world: World) -> None:
    account = world.account()
    params = {"amount": 1000, "currency": "eur", "destination": account.id}
    world.paid()
    with pytest.raises(stripe.InvalidRequestError) as refused:
        world.stripe.v1.transfers.create(params)
    assert refused.value.code == "balance_insufficient"
    world.paid(card=AVAILABLE_AT_ONCE)
    assert world.stripe.v1.transfers.create(params).source_transaction is None


def test_transfer_needs_the_capability(world: World) -> None:
    charge = world.paid()
    with pytest.raises(stripe.InvalidRequestError) as refused:
        world.transferred(charge, 100, world.account(onboarded=False).id)
    assert refused.value.code == "insufficient_capabilities_for_transfer"
    with pytest.raises(stripe.InvalidRequestError) as refused:
        world.transferred(charge, 100, "acct_unknown")
    assert refused.value.code == "resource_missing"
    with pytest.raises(stripe.InvalidRequestError) as refused:
        world.transferred(charge, 100, world.account(country="AU").id)
    assert refused.value.code == "transfers_not_allowed"


def test_reversal_takes_back_up_to_the_transfer(world: World) -> None:
    account, charge = world.account(), world.paid()
    transfer = world.transferred(charge, 5400, account.id)
    reversal = world.stripe.v1.transfers.reversals.create(
        transfer.id, {"amount": 2700, "metadata": {"why": "refund"}}
    )
    assert (reversal.amount, reversal.transfer) == (2700, transfer.id)
    with pytest.raises(stripe.InvalidRequestError, match="greater than the unreversed amount"):
        world.stripe.v1.transfers.reversals.create(transfer.id, {"amount": 2701})
    world.stripe.v1.transfers.reversals.create(transfer.id)
    read = world.stripe.v1.transfers.retrieve(transfer.id)
    assert (read.amount_reversed, read.reversed) == (5400, True)
    assert len(read.reversals.data) == 2
    assert len(world.stripe.v1.transfers.reversals.list(transfer.id).data) == 2
    again = world.stripe.v1.transfers.reversals.retrieve(transfer.id, reversal.id)
    assert again.metadata["why"] == "refund"
    with pytest.raises(stripe.InvalidRequestError) as refused:
        world.stripe.v1.transfers.reversals.create(transfer.id)
    assert refused.value.code == "transfer_already_reversed"
    assert testing.event_types()[-1] == "transfer.reversed"
    assert platform_balance(world) == {"eur": 6000 - 115}


def test_a_reversal_is_found_under_its_own_transfer_alone(world: World) -> None:
    reversals, charge = world.stripe.v1.transfers.reversals, world.paid()
    first, second = (world.transferred(charge, 1000, world.account().id) for _ in range(2))
    reversal = reversals.create(first.id)
    assert reversals.retrieve(first.id, reversal.id).id == reversal.id
    with pytest.raises(stripe.InvalidRequestError, match="No such transfer reversal"):
        reversals.retrieve(second.id, reversal.id)


def test_an_account_passes_nothing_on_to_another(world: World) -> None:
    rich, other = world.account(), world.account()
    world.transferred(world.paid(card="4000000000000077"), 5000, rich.id)
    for destination in (other.id, rich.id):
        with pytest.raises(stripe.InvalidRequestError, match="No such destination"):
            world.stripe.v1.transfers.create(
                {"amount": 1000, "currency": "eur", "destination": destination},
                {"stripe_account": rich.id},
            )
    assert testing.books_add_up()


def test_transfers_are_found_by_group_and_destination(world: World) -> None:
    account, charge = world.account(), world.paid()
    transfer = world.transferred(charge, 100, account.id)
    world.stripe.v1.transfers.update(transfer.id, {"metadata": {"a": "1"}})
    listed = world.stripe.v1.transfers.list
    for query in ({"transfer_group": transfer.transfer_group}, {"destination": account.id}):
        assert [each.id for each in listed(query).data] == [transfer.id]
    assert listed({"transfer_group": "another"}).data == []


def test_balance_transactions_tell_every_movement(world: World) -> None:
    account, charge = world.account(), world.paid()
    transfer = world.transferred(charge, 5400, account.id)
    world.stripe.v1.refunds.create({"charge": charge.id, "amount": 500})
    world.stripe.v1.transfers.reversals.create(transfer.id, {"amount": 450})
    listed = world.stripe.v1.balance_transactions.list({"expand": ["data.source"]}).data
    assert [(each.type, each.net) for each in listed] == [
        ("transfer_refund", 450),
        ("refund", -500),
        ("transfer", -5400),
        ("charge", 5885),
    ]
    assert listed[3].source.id == charge.id
    assert sum(each.net for each in listed) == platform_balance(world)["eur"]


def test_books_notice_what_does_not_add_up(world: World) -> None:
    charge = world.paid()
    ctx = testing.context.for_platform()
    with pytest.raises(ValueError, match="does not add up"):
        ledger.move(ctx, "theft", charge.id, [("fees", "eur", 1)], ctx.now)
    assert testing.differences() == []
    ledger.move(
        ctx,
        "theft",
        charge.id,
        [("fees", "eur", 1), (ledger.balance_of(ctx.account), "eur", -1)],
        ctx.now,
    )
    (difference,) = testing.differences()
    assert "holds 5884 eur, told 5885" in difference
