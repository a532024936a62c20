"""Payments for programs: onboarding, checkout, the ledger, and Stripe's webhook."""

from typing import Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Query, Router, Status

from bookings.models import Booking
from mentormatch.auth import LoggedInRequest, optional_auth, own_mentor
from mentormatch.idempotency.api import idempotent
from mentormatch.schemas import Page, PageQuery, paginate
from payments import services
from payments.models import PaymentAccount, Payout, Plan, Subscription, Transaction
from payments.schemas import (
    AccountOut,
    CheckoutIn,
    CheckoutOut,
    LinkOut,
    PayoutOut,
    PlanOut,
    PlanQuery,
    Received,
    SubscriptionIn,
    SubscriptionOut,
    TipIn,
    TipOut,
    TransactionOut,
    TransactionQuery,
)
from payments.stripe_service import WEBHOOK_LIMIT_BYTES, TooLarge
from sessions_app.models import Session

router = Router(tags=["Payments"])


@router.post("/connect/onboard", response=LinkOut, summary="Start or go on with onboarding")
@idempotent
def onboard(request: LoggedInRequest) -> Any:
    return services.start_onboarding(mentor=own_mentor(request))


@router.get("/connect/status", response=AccountOut, summary="What the account may do")
def connect_status(request: LoggedInRequest) -> Any:
    mentor = own_mentor(request)
    account = PaymentAccount.objects.filter(mentor=mentor).first()
    return account or PaymentAccount(mentor=mentor)


@router.post("/checkout", response=CheckoutOut, summary="Pay for a booking")
@idempotent
def checkout(request: LoggedInRequest, body: CheckoutIn) -> Any:
    """The open page again if repeated.

    With `use_saved_card` it is charged at once; where its bank wants to see the cardholder, you get
    a page as without. 409 `no_saved_card`; 502 `card_declined` where the bank says no.
    """
    mine = Booking.objects.for_user(request.user).with_people()
    booking = get_object_or_404(mine, code=body.booking_id)
    if body.use_saved_card:
        return services.pay_by_one_click(booking=booking, user=request.user)
    return services.open_checkout(booking=booking, user=request.user)


@router.post("/tip", response={201: TipOut}, summary="Give a tip after a session (mentee)")
@idempotent
def tip(request: LoggedInRequest, body: TipIn) -> Status[Any]:
    """The open one again if repeated."""
    sessions = Session.objects.for_user(request.user).with_people()
    session = get_object_or_404(sessions, code=body.session_id)
    row = services.give_tip(
        booking=session.booking_of(request.user) or session.bookings[0],
        user=request.user,
        amount_minor=body.amount,
        currency=body.currency,
        message=body.message,
    )
    return Status(201, row)


@router.get(
    "/plans",
    auth=optional_auth,
    response=Page[PlanOut],
    summary="What mentors sell by subscription",
)
def plans(request: HttpRequest, query: Query[PlanQuery]) -> dict[str, object]:
    """Of one mentor or of all; what isn't on offer just now is left out."""
    found = Plan.objects.for_sale()
    if query.mentor_id:
        found = found.filter(mentor=query.mentor_id)
    page = paginate(found, query)
    return {"items": [PlanOut.of(plan) for plan in page["items"]], "count": page["count"]}


@router.get("/subscriptions", response=Page[SubscriptionOut], summary="One's subscriptions")
def subscriptions(request: LoggedInRequest, query: Query[PageQuery]) -> dict[str, object]:
    """As mentee, latest first."""
    mine = Subscription.objects.filter(mentee=request.user).shown()
    page = paginate(mine.select_related("plan"), query)
    left = services.sessions_left(page["items"])
    items = [SubscriptionOut.of(row, sessions_left=left.get(row.pk, 0)) for row in page["items"]]
    return {"items": items, "count": page["count"]}


@router.post("/subscriptions", response={201: SubscriptionOut}, summary="Subscribe to a plan")
@idempotent
def subscribe(request: LoggedInRequest, body: SubscriptionIn) -> Status[SubscriptionOut]:
    """It begins when `checkout_url` is paid; the open one again if repeated.

    409 `already_subscribed`, `plan_retired` or `not_payable`. Paying, you agree that it renews by
    itself until it is cancelled.
    """
    plans = Plan.objects.select_related("mentor__user")
    row = services.subscribe(
        plan=get_object_or_404(plans, code=body.plan_id),
        mentee=request.user,
        interval=body.interval,
    )
    return Status(201, SubscriptionOut.of(row, sessions_left=0))


@router.delete(
    "/subscriptions/{slug:subscription_id}", response=SubscriptionOut, summary="Cancel it"
)
def cancel_subscription(request: LoggedInRequest, subscription_id: str) -> SubscriptionOut:
    """It ends with the period that is paid, or at once where none is; the same if repeated.

    By its mentor too: the mentee hears of it, and can't take it back.
    """
    rows = Subscription.objects.for_user(request.user).select_related("plan", "mentor__user")
    row = get_object_or_404(rows, code=subscription_id)
    row = services.cancel_subscription(subscription=row, by=request.user)
    left = services.sessions_left([row])
    return SubscriptionOut.of(row, sessions_left=left.get(row.pk, 0))


@router.post(
    "/webhook", auth=None, throttle=[], response=Received, summary="Stripe's signed events"
)
def webhook(request: HttpRequest) -> Any:
    # Before it is read: a body is kept in memory whole.
    length = str(request.META.get("CONTENT_LENGTH", ""))
    if length.isdecimal() and int(length) > WEBHOOK_LIMIT_BYTES:
        raise TooLarge
    signature = request.headers.get("Stripe-Signature", "")
    services.receive(payload=request.body, signature=signature)
    return {"received": True}


@router.get("/transactions", response=Page[TransactionOut], summary="The ledger's rows of yours")
def transactions(request: LoggedInRequest, query: Query[TransactionQuery]) -> Any:
    rows = Transaction.objects.for_user(request.user).select_related("booking")
    if query.type:
        rows = rows.filter(type=query.type)
    if query.status:
        rows = rows.filter(status=query.status)
    return paginate(rows, query)


@router.get("/payouts", response=Page[PayoutOut], summary="What went to your bank (mentor)")
def payouts(request: LoggedInRequest, query: Query[PageQuery]) -> Any:
    return paginate(Payout.objects.filter(mentor=own_mentor(request)), query)
