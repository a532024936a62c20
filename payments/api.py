"""Payments for programs: onboarding, checkout, the ledger, and Stripe's webhook."""

from typing import Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from ninja import Query, Router, Status

from bookings.models import Booking
from mentormatch.auth import LoggedInRequest
from mentormatch.errors import Forbidden
from mentormatch.idempotency.api import idempotent
from mentormatch.mentors.models import MentorProfile
from mentormatch.schemas import Page, PageQuery, paginate
from payments import services
from payments.models import PaymentAccount, Payout, Transaction
from payments.schemas import (
    AccountOut,
    CheckoutIn,
    CheckoutOut,
    LinkOut,
    PayoutOut,
    Received,
    TipIn,
    TipOut,
    TransactionOut,
    TransactionQuery,
)
from payments.stripe_service import WEBHOOK_LIMIT_BYTES, TooLarge
from sessions_app.models import Session

router = Router(tags=["Payments"])


def _mentor(request: LoggedInRequest) -> MentorProfile:
    mentor = MentorProfile.objects.filter(user=request.user).first()
    if mentor is None:
        raise Forbidden(_("Only mentors have an account to be paid on."))
    return mentor


@router.post("/connect/onboard", response=LinkOut, summary="Start or go on with onboarding")
@idempotent
def onboard(request: LoggedInRequest) -> Any:
    return services.start_onboarding(mentor=_mentor(request))


@router.get("/connect/status", response=AccountOut, summary="What the account may do")
def connect_status(request: LoggedInRequest) -> Any:
    mentor = _mentor(request)
    account = PaymentAccount.objects.filter(mentor=mentor).first()
    return account or PaymentAccount(mentor=mentor)


@router.post("/checkout", response=CheckoutOut, summary="Pay for a booking")
@idempotent
def checkout(request: LoggedInRequest, body: CheckoutIn) -> Any:
    mine = Booking.objects.for_user(request.user).with_people()
    booking = get_object_or_404(mine, code=body.booking_id)
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
    return paginate(Payout.objects.filter(mentor=_mentor(request)), query)
