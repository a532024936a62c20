"""What a mentee subscribed to: begun, looked at, cancelled, resumed."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Prefetch
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from mentormatch import times
from mentormatch.auth import LoggedInRequest
from mentormatch.errors import Conflict, DomainError, Forbidden, StripeError
from mentormatch.ui.forms import UNPROCESSABLE
from mentormatch.ui.undo import say_with_undo
from payments import services
from payments.forms import SubscribeForm
from payments.models import CreditPeriod, Plan, Subscription
from payments.models.subscriptions import SubscriptionQuerySet


def _mine(request: LoggedInRequest) -> SubscriptionQuerySet:
    return Subscription.objects.filter(mentee=request.user).with_people()


def _own(request: LoggedInRequest, code: str) -> Subscription:
    """The services refuse its mentor; for everyone else it isn't there."""
    rows = Subscription.objects.for_user(request.user).with_people()
    subscription: Subscription = get_object_or_404(rows, code=code)
    return subscription


@login_required
@require_safe
def listing(request: LoggedInRequest) -> HttpResponse:
    """One's subscriptions, those that are over last: how each stands, and what it is good for."""
    now = times.now()
    months = CreditPeriod.objects.covering(now).backed()
    month = Prefetch("credit_periods", months, to_attr="current_months")
    newest = _mine(request).shown().prefetch_related(month)
    mine = sorted(newest, key=lambda row: row.is_over)
    taken = {row.plan_id for row in mine if not row.is_over}
    page = {"subscriptions": mine, "taken": taken, "now": now}
    return render(request, "payments/subscriptions.html", page)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def subscribe(request: LoggedInRequest, code: str) -> HttpResponse:
    """What one subscribes to, and on what terms; the button leads to Stripe's page."""
    plans = Plan.objects.select_related("mentor__user")
    plan: Plan = get_object_or_404(plans, code=code)
    if request.method != "POST":
        asked = {"interval": request.GET["interval"]} if "interval" in request.GET else {}
        return _page(request, plan, SubscribeForm(plan=plan, initial=asked))
    form = SubscribeForm(request.POST, plan=plan)
    if not form.is_valid():
        return _page(request, plan, form, status=UNPROCESSABLE)
    try:
        row = services.subscribe(
            plan=plan,
            mentee=request.user,
            interval=form.cleaned_data["interval"],
            has_consented=form.cleaned_data["consent"],
        )
    except (Conflict, StripeError) as error:
        again = SubscribeForm(plan=plan, initial=form.cleaned_data, again=True)
        return _page(request, plan, again, error, status=error.status)
    return HttpResponseRedirect(row.checkout_url)


def _page(
    request: LoggedInRequest,
    plan: Plan,
    form: SubscribeForm,
    error: DomainError | None = None,
    status: int = 200,
) -> HttpResponse:
    """The step before Stripe's page; without its form where it leads nowhere."""
    refusal: DomainError | None = None
    try:
        services.check_subscribable(plan=plan, mentee=request.user)
    except DomainError as found:
        refusal = found
    page = {"plan": plan, "form": form, "error": refusal or error, "is_closed": refusal is not None}
    return render(request, "payments/subscriptions_new.html", page, status=status)


@login_required
@require_safe
def subscribed(request: LoggedInRequest, code: str) -> HttpResponse:
    """Back from Stripe's page: Stripe is asked what happened, the address says nothing."""
    row = _own(request, code)
    try:
        services.settle_subscription(subscription=row, by=request.user)
    except StripeError:
        messages.info(request, _("We will hear from Stripe in a moment: reload this page."))
        return redirect("payments:subscriptions")
    if row.is_usable:
        said = _("You have subscribed to %(plan)s. Now book your first session.")
        messages.success(request, said % {"plan": row.plan.title})
    elif row.status == Subscription.Status.INCOMPLETE:
        messages.info(request, _("Nothing was paid yet."))
    return redirect("payments:subscriptions")


@login_required
@require_POST
def cancel(request: LoggedInRequest, code: str) -> HttpResponse:
    row = _own(request, code)
    if row.mentee_id != request.user.pk:
        # Its mentor has a page of their own, which says first what ending it means.
        raise Forbidden(_("Only the person who subscribed can do that."))
    try:
        services.cancel_subscription(subscription=row, by=request.user)
    except (Conflict, StripeError) as error:
        messages.error(request, str(error))
        return redirect("payments:subscriptions")
    said = _("Cancelled: %(plan)s ends with the period that is paid.") % {"plan": row.plan.title}
    if row.is_over:
        messages.success(request, _("Your subscription is over."))
    elif row.end_stands:
        messages.success(request, said)
    else:
        undo = reverse("payments:subscription_resume", args=[row.code])
        say_with_undo(request, said, action=undo, fields={})
    return redirect("payments:subscriptions")


@login_required
@require_POST
def resume(request: LoggedInRequest, code: str) -> HttpResponse:
    try:
        services.resume_subscription(subscription=_own(request, code), by=request.user)
    except (Conflict, StripeError) as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("It goes on, and renews as before."))
    return redirect("payments:subscriptions")


@login_required
@require_POST
def pay(request: LoggedInRequest, code: str) -> HttpResponse:
    """To Stripe's page of the invoice that couldn't be collected."""
    try:
        address = services.overdue_invoice(subscription=_own(request, code), by=request.user)
    except (Conflict, StripeError) as error:
        messages.error(request, str(error))
        return redirect("payments:subscriptions")
    return HttpResponseRedirect(address)


@login_required
@require_POST
def card(request: LoggedInRequest, code: str) -> HttpResponse:
    """To Stripe's page where another card takes the place of the one that is charged."""
    try:
        address = services.billing_page(subscription=_own(request, code), by=request.user)
    except (Conflict, StripeError) as error:
        messages.error(request, str(error))
        return redirect("payments:subscriptions")
    return HttpResponseRedirect(address)
