"""Paying for a booking, and what a mentor sees of their money."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bookings.models import Booking
from bookings.services import record_consent
from mentormatch import times
from mentormatch.auth import LoggedInRequest
from mentormatch.errors import Forbidden, StripeError
from mentormatch.mentors.models import MentorProfile
from mentormatch.ui.forms import ActionForm
from mentormatch.ui.templatetags.mentormatch import money
from payments import services, trail
from payments.forms import PayForm
from payments.models import PaymentAccount, Transaction
from payments.requirements import in_words

PAGE_SIZE = 20


def _booking_to_pay(request: LoggedInRequest, code: str) -> Booking:
    """The mentee's own; the mentor is refused, for everyone else it isn't there."""
    mine = Booking.objects.for_user(request.user).with_people()
    booking: Booking = get_object_or_404(mine, code=code)
    if booking.mentee_id != request.user.pk:
        raise Forbidden(_("Only the person who booked can pay."))
    return booking


def _mentor(request: LoggedInRequest) -> MentorProfile:
    mentor = MentorProfile.objects.filter(user=request.user).first()
    if mentor is None:
        raise Forbidden(_("This page is for mentors. Set up your mentor profile first."))
    return mentor


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
    label = _("Try again") if error else _("Pay %(amount)s at Stripe") % {"amount": amount}
    now = times.now()
    page = {
        "booking": booking,
        "error": error,
        "now": now,
        "form": PayForm(
            action=reverse("payments:pay", args=[booking.code]),
            submit=label,
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
    if row is not None and row.status == Transaction.Status.PROCESSING:
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
    if booking.status == Booking.Status.CONFIRMED:
        messages.success(request, _("Paid and confirmed. We have sent you the invitation."))
    elif row is not None and row.status in trail.RECEIVED:
        messages.warning(
            request,
            _("Your payment came when the time was gone. You get all of it back."),
        )
    return redirect("bookings:detail", booking.code)


@login_required
@require_safe
def payouts(request: LoggedInRequest) -> HttpResponse:
    """How a mentor gets paid: the connected account, and what Stripe still wants."""
    mentor = _mentor(request)
    account = PaymentAccount.objects.filter(mentor=mentor).first()
    return _payouts_page(request, account)


def _payouts_page(
    request: LoggedInRequest,
    account: PaymentAccount | None,
    error: StripeError | None = None,
) -> HttpResponse:
    is_started = account is not None and account.stripe_account_id is not None
    submit = _("Go on at Stripe") if is_started else _("Set up payouts")
    due = account.requirements_due if account else []
    page = {
        "account": account if is_started else None,
        "error": error,
        "due": in_words(due),
        "delay_hours": settings.PAYOUT_DELAY_HOURS,
        "fee_percent": settings.PLATFORM_FEE_PERCENT,
        "form": ActionForm(action=reverse("payments:onboard"), submit=submit),
    }
    return render(request, "payments/payouts.html", page, status=error.status if error else 200)


@login_required
@require_POST
def onboard(request: LoggedInRequest) -> HttpResponse:
    """To Stripe's onboarding page, by a fresh link."""
    mentor = _mentor(request)
    try:
        link = services.start_onboarding(mentor=mentor)
    except StripeError as error:
        account = PaymentAccount.objects.filter(mentor=mentor).first()
        return _payouts_page(request, account, error)
    return HttpResponseRedirect(link.url)


@login_required
@require_safe
def onboarding_return(request: LoggedInRequest) -> HttpResponse:
    """Back from Stripe's onboarding page: Stripe is asked how the account stands."""
    account = get_object_or_404(PaymentAccount, mentor=_mentor(request))
    try:
        account = services.refresh_account(account=account)
    except StripeError:
        messages.info(request, _("We will hear from Stripe in a moment: reload this page."))
        return redirect("payments:payouts")
    if account.can_be_paid:
        messages.success(request, _("All set: you can be paid now."))
    else:
        messages.info(request, _("Stripe still needs something from you."))
    return redirect("payments:payouts")


@login_required
@require_safe
def onboarding_refresh(request: LoggedInRequest) -> HttpResponse:
    """Stripe sends people here whose link was used or grew old."""
    messages.info(request, _("That link to Stripe was no longer good. Here is a new start."))
    return redirect("payments:payouts")


@login_required
@require_safe
def earnings(request: LoggedInRequest) -> HttpResponse:
    """What a mentor earned, booking by booking."""
    mentor = _mentor(request)
    paginator = Paginator(trail.charges_of(mentor), PAGE_SIZE)
    found = paginator.get_page(request.GET.get("page"))
    page = {
        "mentor": mentor,
        "totals": trail.totals_of(mentor),
        "page": found,
        "trails": trail.trails(found),
        "delay_hours": settings.PAYOUT_DELAY_HOURS,
    }
    return render(request, "payments/earnings.html", page)
