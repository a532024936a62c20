"""What tests of money look at in the end: what Stripe has made, and whether all of it adds up."""

from payments.models import Transaction, WebhookEvent
from payments.stripe_emulator import testing
from payments.stripe_emulator.models import StripeObject


def sent() -> list[int]:
    """What every transfer was of, in minor units, the first one first."""
    return _amounts("transfer")


def taken_back() -> list[int]:
    """What every reversal of a transfer was of."""
    return _amounts("transfer_reversal")


def _amounts(kind: str) -> list[int]:
    rows = StripeObject.objects.filter(type=kind).order_by("seq")
    return [row.body["amount"] for row in rows]


def check_books(*, staff_know: bool = False) -> None:
    """The emulator's books and ours agree; unless `staff_know`, there is nothing to look at."""
    assert not WebhookEvent.objects.exclude(needs_attention="").exists()
    assert staff_know or not Transaction.objects.exclude(needs_attention="").exists()
    assert testing.books_add_up()
    assert testing.differences() == []


def child(
    parent: Transaction, kind: str, amount: int, fee: int = 0, **facts: object
) -> Transaction:
    """A refund or payout of a charge, through, and written by no service."""
    through = {"status": Transaction.Status.SUCCEEDED, "succeeded_at": parent.succeeded_at}
    return Transaction.objects.create(
        type=kind,
        parent=parent,
        booking=parent.booking,
        tip=parent.tip,
        mentor=parent.mentor,
        mentee=parent.mentee,
        amount_minor=amount,
        platform_fee_minor=fee,
        net_minor=amount - fee,
        currency=parent.currency,
        **(through | facts),
    )
