"""The one writer of the ledger: rows are added and moved here, never edited."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.db.models import Sum
from django.utils.translation import gettext as _

from bookings.models import Booking
from bookings.policy import Price
from mentormatch import money, times
from mentormatch.errors import Conflict
from payments.models import Dispute, Reversal, Subscription, Tip, Transaction

Status, Type = Transaction.Status, Transaction.Type
Sold = Booking | Tip | Subscription
Row = Transaction | Reversal
# What is sold, and the type of its charge, which is also the name of the field that points at it.
KINDS: Mapping[type[Sold], str] = {
    Booking: Type.BOOKING,
    Tip: Type.TIP,
    Subscription: Type.SUBSCRIPTION,
}
# Each status, and where it may be entered from. A declined card leaves the checkout open, so a
# failed charge can still succeed.
ENTERED_FROM: Mapping[str, tuple[str, ...]] = {
    Status.PROCESSING: (Status.PENDING,),
    Status.SUCCEEDED: (Status.PENDING, Status.PROCESSING, Status.FAILED),
    Status.FAILED: (Status.PENDING, Status.PROCESSING),
}
# A card that was declined leaves the checkout open as well for one that can be authorised.
AUTHORIZED_FROM = (Status.PENDING, Status.FAILED)
# A bank may send back a refund that had gone through.
REFUND_FAILS_FROM = (*ENTERED_FROM[Status.FAILED], Status.SUCCEEDED)


def move(*, transaction: Row, to: str, **facts: Any) -> bool:
    """Enter a status, with what Stripe said; False where it was entered before, or never can be.

    A compare-and-swap: of many who come with the same news one gets True. Safe to repeat.
    """
    fails = transaction.type == Type.REFUND and to == Status.FAILED
    return _enter(transaction, to, REFUND_FAILS_FROM if fails else ENTERED_FROM[to], facts)


def authorize(*, transaction: Transaction, capture_before_at: dt.datetime, **facts: Any) -> bool:
    """The bank holds a charge's price until then: as `move`, to processing."""
    facts |= {"capture_before_at": capture_before_at}
    return _enter(transaction, Status.PROCESSING, AUTHORIZED_FROM, facts)


def _enter(transaction: Row, to: str, sources: tuple[str, ...], facts: dict[str, Any]) -> bool:
    rows = type(transaction)._default_manager.filter(pk=transaction.pk, status__in=sources)
    if not rows.update(status=to, updated_at=times.now(), **facts):
        return False
    transaction.refresh_from_db()
    return True


def note(*, transaction: Row, **facts: Any) -> None:
    """Write down what isn't a status: how the call to Stripe goes, what staff must look at."""
    if "status" in facts:
        raise ValueError("A status is entered by `move`.")
    rows = type(transaction)._default_manager.filter(pk=transaction.pk)
    rows.update(updated_at=times.now(), **facts)
    transaction.refresh_from_db()


def take_off_list(*, transaction: Row) -> bool:
    """Nobody need look at it any more; False where somebody saw to it before.

    A compare-and-swap with what the caller read.
    """
    rows = type(transaction)._default_manager.filter(
        pk=transaction.pk, needs_attention=transaction.needs_attention
    )
    done = rows.exclude(needs_attention="").update(needs_attention="", updated_at=times.now())
    transaction.refresh_from_db()
    return bool(done)


def open_charge(*, booking: Booking, now: dt.datetime) -> Transaction:
    """The pending row of what that booking costs. Within the caller's transaction."""
    price = Price(booking.price_minor, booking.platform_fee_minor, booking.currency)
    return open_charge_of(booking, price=price, now=now)


def open_charge_of(of: Sold, *, price: Price, now: dt.datetime, **facts: Any) -> Transaction:
    """The pending row of what is asked for a thing that is sold, a part of it the platform's fee.

    Within the caller's transaction.
    """
    kind = KINDS[type(of)]
    return Transaction.objects.create(
        type=kind,
        mentor=of.mentor,
        mentee=of.mentee,
        amount_minor=price.amount_minor,
        platform_fee_minor=price.platform_fee_minor,
        net_minor=price.amount_minor - price.platform_fee_minor,
        currency=price.currency,
        created_at=now,
        **{str(kind): of},
        **facts,
    )


def open_subscription_charge(
    *,
    subscription: Subscription,
    invoice_id: str,
    amount_minor: int,
    currency: str,
    now: dt.datetime,
) -> Transaction:
    """The pending row of what an invoice of that subscription costs, or the one there is.

    Within the caller's transaction, with the subscription's people locked.
    """
    known = Transaction.objects.filter(stripe_invoice_id=invoice_id).first()
    if known is not None:
        return known
    price = Price(amount_minor, money.fee_for(amount_minor, subscription.fee_percent), currency)
    return open_charge_of(subscription, price=price, now=now, stripe_invoice_id=invoice_id)


def charge_of(sold: Booking | Tip) -> Transaction | None:
    """The charge of a booking or a tip: the standing one, else the one that failed last."""
    rows = sold.transactions.charges().select_related("mentor__user", "mentee")
    return rows.standing().first() or rows.order_by("-pk").first()


def lock(transaction: Transaction) -> Transaction:
    """The row as it is now, ours until the transaction ends."""
    return Transaction.objects.select_for_update().get(pk=transaction.pk)


def is_frozen(charge: Transaction) -> bool:
    """Whether a bank took it back, and has yet to decide."""
    return Dispute.objects.freezing().filter(charge=charge).exists()


def is_held(charge: Transaction) -> bool:
    """Whether it is frozen, or a bank asks about it: nothing of it is passed on then."""
    return Dispute.objects.open().filter(charge=charge).exists()


def refuse_frozen(charge: Transaction) -> None:
    """Raise `Conflict` while the charge is disputed."""
    if is_frozen(charge):
        raise Conflict(_("This payment is disputed. Nothing of it moves until the bank decides."))


def refuse_held(charge: Transaction) -> None:
    """Raise `Conflict` while nothing of it can be passed on: it is disputed, or asked about."""
    refuse_frozen(charge)
    if is_held(charge):
        raise Conflict(_("A bank asks about this payment. Nothing is passed on until it is done."))


def refunded_minor(charge: Transaction, *, only_done: bool = False) -> int:
    """What went back of a charge, or may still: every refund that has not failed."""
    rows = charge.children.refunds()
    rows = rows.filter(status=Status.SUCCEEDED) if only_done else rows.standing()
    return int(rows.aggregate(total=Sum("amount_minor"))["total"] or 0)


def passed_on_minor(charge: Transaction) -> int:
    """What of a charge belongs to the mentor, after every refund that has not failed."""
    given_back = charge.children.refunds().standing().aggregate(total=Sum("net_minor"))["total"]
    return charge.net_minor - int(given_back or 0)


def payouts_of(charge: Transaction) -> list[Transaction]:
    """The payouts that stand, the last first: on their way, or at the mentor's at least in part.

    There is one, and more only where what came back of it has left again.
    """
    rows = charge.children.payouts().standing().exclude(status=Status.REFUNDED)
    return list(rows.order_by("-pk"))


def payout_of(charge: Transaction) -> Transaction | None:
    """The last payout of a charge that stands."""
    return next(iter(payouts_of(charge)), None)


def is_passed_on(charge: Transaction) -> bool:
    """Whether a payout of it is at the mentor's of which nothing came back."""
    return charge.children.payouts().filter(status=Status.SUCCEEDED).exists()


def left_minor(payout: Transaction) -> int:
    """What of a payout is the mentor's still, or will be: but for every standing reversal."""
    back = payout.reversals.standing().aggregate(total=Sum("amount_minor"))["total"]
    return 0 if payout.status == Status.FAILED else payout.amount_minor - int(back or 0)


def kept_minor(charge: Transaction, *, besides: Transaction | None = None) -> int:
    """What of a charge the mentor has, or will have, by all of its payouts."""
    return sum(left_minor(row) for row in payouts_of(charge) if row != besides)


def too_much_minor(charge: Transaction) -> int:
    """What the mentor has of a charge, or will, that isn't theirs: all of it during a dispute."""
    theirs = 0 if is_frozen(charge) else passed_on_minor(charge)
    return kept_minor(charge) - theirs


def short_minor(charge: Transaction) -> int:
    """What of a charge is the mentor's, and neither at them nor on its way."""
    return passed_on_minor(charge) - kept_minor(charge)


def fee_part(charge: Transaction, amount_minor: int) -> int:
    """The platform's part of an amount given back, rounded so that all parts add up.

    What is to have gone back by then, less what did: an earlier part may have failed since, and
    its rounding with it.
    """
    rows = charge.children.refunds().standing()
    sums = rows.aggregate(amount=Sum("amount_minor"), fee=Sum("platform_fee_minor"))
    after = int(sums["amount"] or 0) + amount_minor
    due = after * charge.platform_fee_minor // charge.amount_minor - int(sums["fee"] or 0)
    return min(max(due, 0), amount_minor)


def open_refund(
    *, charge: Transaction, amount_minor: int, reason: str, now: dt.datetime, **facts: Any
) -> Transaction:
    """The pending row of a refund of a locked charge. Within the caller's transaction.

    Raises `Conflict` where more would go back than came.
    """
    if not 0 < amount_minor <= charge.amount_minor - refunded_minor(charge):
        raise Conflict(_("More can't be given back than was paid."))
    fee = fee_part(charge, amount_minor)
    return Transaction.objects.create(
        type=Type.REFUND,
        parent=charge,
        booking=charge.booking,
        tip=charge.tip,
        subscription=charge.subscription,
        mentor=charge.mentor,
        mentee=charge.mentee,
        amount_minor=amount_minor,
        platform_fee_minor=fee,
        net_minor=amount_minor - fee,
        currency=charge.currency,
        reason=reason[:500],
        created_at=now,
        **facts,
    )


def open_payout(*, charge: Transaction, now: dt.datetime, **facts: Any) -> Transaction:
    """The pending row of what is the mentor's of a locked charge and they don't have yet.

    Within the caller's transaction.
    """
    net = short_minor(charge)
    return Transaction.objects.create(
        type=Type.PAYOUT,
        parent=charge,
        booking=charge.booking,
        tip=charge.tip,
        subscription=charge.subscription,
        mentor=charge.mentor,
        mentee=charge.mentee,
        amount_minor=net,
        platform_fee_minor=0,
        net_minor=net,
        currency=charge.currency,
        created_at=now,
        **facts,
    )


def count_refunds(*, charge: Transaction) -> None:
    """Bring a locked charge to where the refunds that went through put it.

    Back as well: a bank may send one back that had gone through.
    """
    done = refunded_minor(charge, only_done=True)
    whole = Status.REFUNDED if done >= charge.amount_minor else Status.PARTIALLY_REFUNDED
    came = Transaction.objects.filter(pk=charge.pk, status__in=(*Transaction.PAID, Status.REFUNDED))
    came.update(status=whole if done else Status.SUCCEEDED, updated_at=times.now())
    charge.refresh_from_db()


def count_reversals(*, payout: Transaction) -> None:
    """Bring a locked payout to where the reversals that went through put it."""
    rows = payout.reversals.filter(status=Status.SUCCEEDED)
    done = int(rows.aggregate(total=Sum("amount_minor"))["total"] or 0)
    status = Status.REFUNDED if done >= payout.amount_minor else Status.PARTIALLY_REFUNDED
    left = Transaction.objects.filter(pk=payout.pk, status__in=(*Transaction.PAID, Status.REFUNDED))
    left.update(status=status, reversed_minor=done, updated_at=times.now())
    payout.refresh_from_db()
