"""What the payments' part of the API takes and gives."""

import datetime as dt
from typing import Annotated, Literal, Self

from ninja import Field, Schema

from mentormatch.schemas import Instant, PageQuery, RowId, Strict, values_of
from payments.models import (
    Interval,
    PaymentAccount,
    Payout,
    Plan,
    Subscription,
    Tip,
    Transaction,
)
from payments.services.tips import LEAST_MINOR, MOST_MINOR

TypeName = Literal["booking", "subscription", "tip", "refund", "payout"]
StatusName = Literal[
    "pending", "processing", "succeeded", "failed", "refunded", "partially_refunded"
]


class LinkOut(Schema):
    """A fresh way to Stripe's onboarding page; it works once."""

    url: str
    expires_at: Instant


class AccountOut(Schema):
    """The connected account; `account_id` is null until onboarding was started."""

    account_id: str | None
    details_submitted: bool
    charges_enabled: bool
    payouts_enabled: bool
    requirements_due: list[str]

    @staticmethod
    def resolve_account_id(account: PaymentAccount) -> str | None:
        return account.stripe_account_id


class CheckoutIn(Strict):
    """`use_saved_card`: charge the card that you keep, without a page."""

    booking_id: str
    use_saved_card: bool = False


class CheckoutOut(Schema):
    """Where the booking is paid, and until when; `status` is its payment's.

    What a saved card paid has no page: its id and address are empty, and it ends at no time.
    """

    checkout_session_id: str
    checkout_url: str
    expires_at: Instant | None
    status: StatusName

    @staticmethod
    def resolve_checkout_session_id(row: Transaction) -> str:
        return row.stripe_checkout_session_id or ""

    @staticmethod
    def resolve_expires_at(row: Transaction) -> object:
        return None if row.is_direct else row.checkout_expires_at


class TipIn(Strict):
    """`amount` in minor units of the session's currency, which `currency` may repeat."""

    session_id: str
    # The service refuses others in words.
    amount: int = Field(json_schema_extra={"minimum": LEAST_MINOR, "maximum": MOST_MINOR})
    message: str = Field("", max_length=Tip.MESSAGE_LENGTH)
    currency: str = ""


class TipOut(Schema):
    """The tip, and where it is paid; `status` is its payment's."""

    id: str
    amount: int
    platform_fee: int
    currency: str
    status: StatusName
    checkout_url: str

    @staticmethod
    def resolve_id(row: Transaction) -> str:
        return row.group

    @staticmethod
    def resolve_amount(row: Transaction) -> int:
        return row.amount_minor

    @staticmethod
    def resolve_platform_fee(row: Transaction) -> int:
        return row.platform_fee_minor


IntervalName = Annotated[Interval, values_of(Interval)]
SubscriptionStatus = Annotated[Subscription.Status, values_of(Subscription.Status)]


class PlanQuery(PageQuery):
    mentor_id: RowId | None = None


class PlanOut(Schema):
    """What a mentor sells by the month; a price is null where it isn't sold in that interval."""

    id: str
    mentor_id: int
    title: str
    description: str
    sessions_a_month: int
    session_minutes: int
    monthly: int | None
    quarterly: int | None
    annual: int | None
    currency: str

    @classmethod
    def of(cls, plan: Plan) -> Self:
        return cls(
            id=plan.code,
            mentor_id=plan.mentor_id,
            title=plan.title,
            description=plan.description,
            sessions_a_month=plan.credits_a_month,
            session_minutes=plan.session_minutes,
            monthly=plan.monthly_minor,
            quarterly=plan.quarterly_minor,
            annual=plan.annual_minor,
            currency=plan.currency,
        )


class SubscriptionIn(Strict):
    plan_id: str = Field(max_length=32)
    interval: Literal["monthly", "quarterly", "annual"]


class SubscriptionOut(Schema):
    """`checkout_url` is where it is begun, and empty once it has; the price is of one interval."""

    id: str
    mentor_id: int
    plan_id: str
    interval: IntervalName
    status: SubscriptionStatus
    price: int
    currency: str
    current_period_end: Instant | None
    cancel_at_period_end: bool
    sessions_left: int
    checkout_url: str

    @classmethod
    def of(cls, row: Subscription, *, sessions_left: int) -> Self:
        return cls.model_validate(
            {
                "id": row.code,
                "mentor_id": row.mentor_id,
                "plan_id": row.plan.code,
                "interval": row.interval,
                "status": row.status,
                "price": row.price_minor,
                "currency": row.currency,
                "current_period_end": row.current_period_end,
                "cancel_at_period_end": row.cancel_at_period_end,
                "sessions_left": sessions_left,
                "checkout_url": row.checkout_url if row.is_unpaid else "",
            }
        )


class Received(Schema):
    received: bool


class TransactionQuery(PageQuery):
    type: TypeName | None = None
    status: StatusName | None = None


class TransactionOut(Schema):
    """A row of the ledger; amounts in minor units, the type gives the direction."""

    id: str
    type: TypeName
    status: StatusName
    amount: int
    platform_fee: int
    net: int
    currency: str
    booking_id: str | None
    created_at: Instant

    @staticmethod
    def resolve_id(row: Transaction) -> str:
        return row.code

    @staticmethod
    def resolve_amount(row: Transaction) -> int:
        return row.amount_minor

    @staticmethod
    def resolve_platform_fee(row: Transaction) -> int:
        return row.platform_fee_minor

    @staticmethod
    def resolve_net(row: Transaction) -> int:
        return row.net_minor

    @staticmethod
    def resolve_booking_id(row: Transaction) -> str | None:
        return row.booking.code if row.booking else None


class PayoutOut(Schema):
    """What Stripe pays to the mentor's bank; the day on which it is there, or will be."""

    id: str
    amount: int
    currency: str
    status: Annotated[str, values_of(Payout.Status)]
    arrival_date: dt.date

    @staticmethod
    def resolve_id(row: Payout) -> str:
        return row.code

    @staticmethod
    def resolve_amount(row: Payout) -> int:
        return row.amount_minor
