"""The ledger and what it is about, the mentors' accounts, and the events that Stripe sent."""

from payments.models.accounts import PaymentAccount, Payout
from payments.models.cards import SavedCard
from payments.models.differences import Difference
from payments.models.disputes import Dispute
from payments.models.events import WebhookEvent
from payments.models.ledger import Transaction, TransactionQuerySet
from payments.models.reversals import Reversal
from payments.models.subscriptions import Credit, CreditPeriod, Interval, Plan, Subscription
from payments.models.tips import Tip

__all__ = [
    "Credit",
    "CreditPeriod",
    "Difference",
    "Dispute",
    "Interval",
    "PaymentAccount",
    "Payout",
    "Plan",
    "Reversal",
    "SavedCard",
    "Subscription",
    "Tip",
    "Transaction",
    "TransactionQuerySet",
    "WebhookEvent",
]
