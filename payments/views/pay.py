"""Paying for a booking, and the way back from Stripe's page."""

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
from payments import services
from payments.forms import PayForm
from payments.models import Transaction


def _booking_to_pay(request: LoggedInRequest, code: str) -> Booking:
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
    booking = _booking_to_pay(request, code)
    if not booking.is_to_pay:
        return redirect("bookings:detail", booking.code)
    if request.method != "POST":
        return _pay_page(request, booking)
    if request.POST.get("consent"):
        booking = record_consent(booking=booking, user=request.user)
    try:
        row = services.open_checkout(booking=booking, user=request.user)
    except StripeError as error:
        return _pay_page(request, booking, error)
    return HttpResponseRedirect(row.checkout_url)


def _pay_page(
    request: LoggedInRequest, booking: Booking, error: StripeError | None = None
) -> HttpResponse:
    amount = money(booking.price_minor, booking.currency)
    asks = booking.needs_answer
    label = _("Authorise %(amount)s at Stripe") if asks else _("Pay %(amount)s at Stripe")
    now = times.now()
    page = {
        "booking": booking,
        "error": error,
        "now": now,
        "answer_by": policy.answer_by(booking.starts_at, now) if asks else None,
        "form": PayForm(
            action=reverse("payments:pay", args=[booking.code]),
            submit=_("Try again") if error else label % {"amount": amount},
            rule_until=None if booking.consented_at else booking.free_cancellation_until,
            now=now,
        ),
    }
    return render(request, "payments/pay.html", page, status=error.status if error else 200)


@login_required
@require_safe
def paid(request: LoggedInRequest, code: str) -> HttpResponse:
    """Back from Stripe's page: Stripe is asked what happened, the address says nothing."""
    booking = _booking_to_pay(request, code)
    try:
        row = services.settle(booking=booking)
    except StripeError as error:
        page = {"booking": booking, "error": error}
        return render(request, "payments/processing.html", page, status=error.status)
    if row is not None and row.status == Transaction.Status.PROCESSING and not row.is_authorized:
        return render(request, "payments/processing.html", {"booking": booking})
    booking.refresh_from_db()
    return _after_payment(request, booking, row)


def _after_payment(
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
