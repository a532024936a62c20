"""Paying for a booking, and the way back from Stripe's page."""

import datetime as dt

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from bookings import policy
from bookings.models import Booking
from bookings.services import record_consent
from mentormatch import times
from mentormatch.auth import LoggedInRequest
from mentormatch.errors import Forbidden, StripeError
from mentormatch.ui.templatetags.mentormatch import money
from payments import services, trail
from payments.forms import PayForm
from payments.models import SavedCard, Transaction


def booking_to_pay(request: LoggedInRequest, code: str) -> Booking:
    """The mentee's own; the mentor is refused, for everyone else it isn't there."""
    mine = Booking.objects.for_user(request.user).with_people()
    booking: Booking = get_object_or_404(mine, code=code)
    if booking.mentee_id != request.user.pk:
        raise Forbidden(_("Only the person who booked can pay."))
    return booking


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def pay(request: LoggedInRequest, code: str) -> HttpResponse:
    """What is to be paid and until when; the button leads to Stripe's page."""
    booking = booking_to_pay(request, code)
    if not booking.is_to_pay:
        return redirect("bookings:detail", booking.code)
    if request.method != "POST":
        return pay_page(request, booking)
    booking = with_consent(request, booking)
    try:
        row = services.open_checkout(
            booking=booking, user=request.user, saves_card=bool(request.POST.get("save_card"))
        )
    except StripeError as error:
        return pay_page(request, booking, error)
    return HttpResponseRedirect(row.checkout_url)


def with_consent(request: LoggedInRequest, booking: Booking) -> Booking:
    """The booking, with the mentee's consent where the box was ticked."""
    if request.POST.get("consent"):
        return record_consent(booking=booking, user=request.user)
    return booking


def pay_page(
    request: LoggedInRequest, booking: Booking, error: StripeError | None = None
) -> HttpResponse:
    """What is to be paid, with the saved card or at Stripe's; `error` is why it didn't go."""
    found, now = trail.trail_of(booking), times.now()
    row = found.charge if found else None
    # Nobody knows yet what charging the saved card came to: only the same may be tried.
    is_unknown = row is not None and row.is_direct and row.status == Transaction.Status.PENDING
    card = SavedCard.objects.usable_by(request.user, now)
    page = {
        "booking": booking,
        "error": error,
        "is_unknown": is_unknown,
        "card": card,
        "now": now,
        "answer_by": policy.answer_by(booking.starts_at, now) if booking.needs_answer else None,
        "one_click": _one_click(booking, card, now) if card or is_unknown else None,
        "form": None if is_unknown else _at_stripe(booking, row, card, now, error),
    }
    return render(request, "payments/pay.html", page, status=error.status if error else 200)


def _at_stripe(
    booking: Booking,
    row: Transaction | None,
    card: SavedCard | None,
    now: dt.datetime,
    error: StripeError | None,
) -> PayForm:
    label = (
        _("Authorise %(amount)s at Stripe")
        if booking.needs_answer
        else _("Pay %(amount)s at Stripe")
    )
    if card is not None:
        label = _("Another card, at Stripe")
    elif error is not None:
        label = _("Try again")
    # Stripe's page was told once whether the card is to be kept.
    is_told = row is not None and row.stripe_checkout_session_id is not None
    return PayForm(
        action=reverse("payments:pay", args=[booking.code]),
        submit=label % {"amount": money(booking.price_minor, booking.currency)},
        kind="primary" if card is None else "secondary",
        rule_until=_rule_until(booking),
        now=now,
        keeps_card=not is_told,
    )


def _one_click(booking: Booking, card: SavedCard | None, now: dt.datetime) -> PayForm:
    label = (
        _("Authorise %(amount)s with %(card)s")
        if booking.needs_answer
        else _("Pay %(amount)s with %(card)s")
    )
    amount = money(booking.price_minor, booking.currency)
    return PayForm(
        action=reverse("payments:pay_saved", args=[booking.code]),
        submit=label % {"amount": amount, "card": card} if card else _("Try again"),
        rule_until=_rule_until(booking),
        now=now,
        keeps_card=False,
        auto_id="saved_%s",
    )


def _rule_until(booking: Booking) -> dt.datetime | None:
    return None if booking.consented_at else booking.free_cancellation_until


@login_required
@require_safe
def paid(request: LoggedInRequest, code: str) -> HttpResponse:
    """Back from Stripe's page: Stripe is asked what happened, the address says nothing."""
    booking = booking_to_pay(request, code)
    try:
        row = services.settle(booking=booking)
    except StripeError as error:
        page = {"booking": booking, "error": error}
        return render(request, "payments/processing.html", page, status=error.status)
    if row is not None and row.status == Transaction.Status.PROCESSING and not row.is_authorized:
        return render(request, "payments/processing.html", {"booking": booking})
    booking.refresh_from_db()
    return after_payment(request, booking, row)


def after_payment(
    request: LoggedInRequest, booking: Booking, row: Transaction | None
) -> HttpResponse:
    """To where the booking stands, in words."""
    if row is not None and row.has_unexpected_payment() and not booking.confirmed_at:
        messages.warning(
            request,
            _("What was paid doesn't fit this booking. We look into it: don't pay again."),
        )
        return redirect("bookings:detail", booking.code)
    if booking.is_to_pay:
        messages.info(request, _("Nothing was paid yet. Your time is still held."))
        return redirect("payments:pay", booking.code)
    if booking.is_to_answer:
        words = _("Your card is authorised. It is charged only if your mentor says yes.")
        messages.success(request, words)
    elif booking.status == Booking.Status.CONFIRMED:
        messages.success(request, _("Paid and confirmed. We have sent you the invitation."))
    elif row is not None and row.status in Transaction.RECEIVED:
        messages.warning(
            request,
            _("Your payment came when the time was gone. You get all of it back."),
        )
    elif row is not None and row.is_authorized and booking.status == Booking.Status.CANCELLED:
        messages.warning(request, _("The time was gone by then. Your card is not charged."))
    return redirect("bookings:detail", booking.code)
