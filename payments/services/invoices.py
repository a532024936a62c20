"""What Stripe Billing collects for a subscription: ledger rows, and the credits that were paid."""

import datetime as dt

from bookings.services.locking import exclusive, lock_pair
from mentormatch import times
from payments.billing_types import Invoice
from payments.models import Subscription, Transaction
from payments.services import ledger, subscriptions
from payments.services.credits import grant
from payments.signals import payment_failed, payment_received
from payments.stripe_service import StripeService
from payments.stripe_types import Payment

Status = Transaction.Status
WITHOUT_PAYMENT = "An invoice counts as paid without a payment: nothing can be passed on."


def record_invoice(
    *, subscription: Subscription, invoice: Invoice, now: dt.datetime | None = None
) -> str:
    """Bring the ledger to where an invoice stands. Safe to repeat, in any order.

    A paid one is a charge, and grants the credits of its period. Gives a sentence for staff
    where nobody paid it, or paid another sum than was asked for.
    """
    now = now or times.now()
    if not invoice.is_paid or not invoice.amount_paid_minor:
        return ""
    if not invoice.payment_intent_id:
        return WITHOUT_PAYMENT
    payment = StripeService().retrieve_payment(invoice.payment_intent_id)
    if not _record(subscription, invoice, payment, now):
        return ""
    return _mismatch(subscription, invoice)


def _record(
    subscription: Subscription, invoice: Invoice, payment: Payment, now: dt.datetime
) -> bool:
    with exclusive():
        lock_pair(mentor=subscription.mentor, mentee=subscription.mentee)
        row = ledger.open_subscription_charge(
            subscription=subscription,
            invoice_id=invoice.id,
            amount_minor=invoice.amount_paid_minor,
            currency=invoice.currency,
            now=now,
        )
        if not ledger.move(
            transaction=row,
            to=Status.SUCCEEDED,
            succeeded_at=now,
            stripe_payment_intent_id=payment.intent_id,
            stripe_charge_id=payment.charge_id or None,
            settled_minor=payment.settled_minor,
            settled_currency=payment.settled_currency,
            stripe_fee_minor=payment.stripe_fee_minor,
            last_error="",
        ):
            return False
        grant(subscription=subscription, invoice=invoice)
        payment_received.send(sender=Transaction, transaction=row)
    return True


def _mismatch(subscription: Subscription, invoice: Invoice) -> str:
    came = (invoice.amount_paid_minor, invoice.currency)
    if came == (subscription.price_minor, subscription.currency):
        return ""
    asked = f"{subscription.price_minor} {subscription.currency}"
    return f"Stripe says that {came[0]} {came[1]} came for a subscription of {asked}."


def record_paid_by(*, intent_id: str, now: dt.datetime | None = None) -> Transaction | None:
    """The charge of the invoice that a payment paid, whose own event may be still on the way.

    `None` where it paid no invoice of a subscription of ours. Safe to repeat.
    """
    invoice_id = StripeService().invoice_of(intent_id)
    if not invoice_id:
        return None
    invoice = StripeService().retrieve_invoice(invoice_id)
    row = subscriptions.find(stripe_id=invoice.subscription_id, metadata=invoice.metadata)
    if row is None:
        return None
    subscriptions.follow(subscription=row, stripe_id=invoice.subscription_id, now=now)
    record_invoice(subscription=row, invoice=invoice, now=now)
    return Transaction.objects.filter(stripe_invoice_id=invoice_id).first()


def record_failure(
    *, subscription: Subscription, invoice: Invoice, now: dt.datetime | None = None
) -> None:
    """A renewal couldn't be collected; Stripe tries again, and another card may work.

    Safe to repeat, and after it was paid.
    """
    if invoice.is_paid or not invoice.amount_due_minor:
        return
    with exclusive():
        lock_pair(mentor=subscription.mentor, mentee=subscription.mentee)
        row = ledger.open_subscription_charge(
            subscription=subscription,
            invoice_id=invoice.id,
            amount_minor=invoice.amount_due_minor,
            currency=invoice.currency,
            now=now or times.now(),
        )
        if ledger.move(transaction=row, to=Status.FAILED):
            payment_failed.send(sender=Transaction, transaction=row)
