"""How a mentor gets paid: their connected account, and the way to Stripe's onboarding."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from mentormatch.auth import LoggedInRequest, own_mentor
from mentormatch.errors import StripeError
from mentormatch.mentors.models import MentorProfile
from mentormatch.ui.forms import ActionForm
from payments import services
from payments.models import PaymentAccount, Payout
from payments.requirements import in_words

PAGE_SIZE = 20


@login_required
@require_safe
def payouts(request: LoggedInRequest) -> HttpResponse:
    """How a mentor gets paid: the connected account, what Stripe still wants, what went out."""
    return _payouts_page(request, own_mentor(request))


def _payouts_page(
    request: LoggedInRequest, mentor: MentorProfile, error: StripeError | None = None
) -> HttpResponse:
    account = PaymentAccount.objects.filter(mentor=mentor).first()
    paginator = Paginator(Payout.objects.filter(mentor=mentor), PAGE_SIZE)
    is_started = account is not None and account.stripe_account_id is not None
    submit = _("Go on at Stripe") if is_started else _("Set up payouts")
    due = account.requirements_due if account else []
    page = {
        "account": account if is_started else None,
        "error": error,
        "due": in_words(due),
        "page": paginator.get_page(request.GET.get("page")),
        "delay_hours": settings.PAYOUT_DELAY_HOURS,
        "fee_percent": settings.PLATFORM_FEE_PERCENT,
        "form": ActionForm(action=reverse("payments:onboard"), submit=submit),
    }
    return render(request, "payments/payouts.html", page, status=error.status if error else 200)


@login_required
@require_POST
def onboard(request: LoggedInRequest) -> HttpResponse:
    """To Stripe's onboarding page, by a fresh link."""
    mentor = own_mentor(request)
    try:
        link = services.start_onboarding(mentor=mentor)
    except StripeError as error:
        return _payouts_page(request, mentor, error)
    return HttpResponseRedirect(link.url)


@login_required
@require_safe
def onboarding_return(request: LoggedInRequest) -> HttpResponse:
    """Back from Stripe's onboarding page: Stripe is asked how the account stands."""
    account = get_object_or_404(PaymentAccount, mentor=own_mentor(request))
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
