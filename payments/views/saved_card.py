"""Paying with the card that one keeps, and letting go of it."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from bookings.models import Booking
from mentormatch.auth import LoggedInRequest
from mentormatch.errors import StripeError
from payments import services
from payments.views.pay import after_payment, booking_to_pay, pay_page, with_consent


@login_required
@require_POST
def pay_saved(request: LoggedInRequest, code: str) -> HttpResponse:
    """Charge the saved card; to Stripe's page where its bank wants to see the cardholder."""
    booking = booking_to_pay(request, code)
    if not booking.is_to_pay:
        return redirect("bookings:detail", booking.code)
    booking = with_consent(request, booking)
    try:
        row = services.pay_by_one_click(booking=booking, user=request.user)
    except StripeError as error:
        return pay_page(request, booking, error)
    if not row.is_direct:
        return HttpResponseRedirect(row.checkout_url)
    booking.refresh_from_db()
    return after_payment(request, booking, row)


@login_required
@require_POST
def remove(request: LoggedInRequest) -> HttpResponse:
    """Let go of the saved card; back to the booking that is being paid, or to the settings."""
    if services.remove_card(user=request.user):
        messages.success(request, _("Your card is removed."))
    code = request.POST.get("booking", "")
    to_pay = Booking.objects.filter(mentee=request.user, code=code)
    if code.isalnum() and (booking := to_pay.first()):
        return redirect("payments:pay", booking.code)
    return redirect("accounts:settings")
