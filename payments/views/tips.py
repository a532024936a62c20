"""Giving a tip, and the way back from Stripe's page."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from bookings.models import Booking
from mentormatch.auth import LoggedInRequest
from mentormatch.errors import InvalidInput, StripeError
from mentormatch.ui.forms import UNPROCESSABLE, posted
from payments import services, trail
from payments.forms import TipForm
from payments.models import Tip
from sessions_app.models import Session


def _session(request: LoggedInRequest, code: str) -> Session:
    sessions = Session.objects.for_user(request.user).with_people()
    return get_object_or_404(sessions, code=code)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def give(request: LoggedInRequest, code: str) -> HttpResponse:
    """How much, and a note to the mentor; the button leads to Stripe's page."""
    session = _session(request, code)
    booking = session.booking_of(request.user) or session.bookings[0]
    services.check_may_tip(booking=booking, user=request.user)
    back = reverse("sessions:room", args=[code])
    form = TipForm(posted(request), currency=booking.currency, cancel_url=back)
    error = None
    if form.is_valid():
        try:
            row = services.give_tip(booking=booking, user=request.user, **form.asked)
        except InvalidInput as refusal:
            form.refuse(refusal)
        except StripeError as failure:
            error = failure
        else:
            return HttpResponseRedirect(row.checkout_url)
    return _tip_page(request, booking, form, error)


def _tip_page(
    request: LoggedInRequest, booking: Booking, form: TipForm, error: StripeError | None
) -> HttpResponse:
    page = {"booking": booking, "form": form, "error": error, "given": trail.tips_of(booking)}
    status = UNPROCESSABLE if form.errors else 200
    return render(request, "payments/tip.html", page, status=error.status if error else status)


@login_required
@require_safe
def given(request: LoggedInRequest, code: str) -> HttpResponse:
    """Back from Stripe's page: Stripe is asked what happened, the address says nothing."""
    mine = Tip.objects.filter(mentee=request.user)
    tip = get_object_or_404(
        mine.select_related("mentor__user", "booking__seat__session"), code=code
    )
    charge, error = None, None
    try:
        charge = services.settle_tip(tip=tip)
    except StripeError as failure:
        error = failure
    page = {
        "tip": tip,
        "session": tip.booking.seat.session,
        "charge": charge,
        "is_paid": charge is not None and charge.status in trail.RECEIVED,
        "error": error,
    }
    status = error.status if error else 200
    return render(request, "payments/tip_given.html", page, status=status)
