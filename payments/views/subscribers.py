"""Who subscribed to a mentor's plan, and how the mentor ends that: one of them, or all."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import F
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from mentormatch.auth import LoggedInRequest, own_mentor
from mentormatch.errors import StripeError
from mentormatch.ui.forms import ActionForm
from payments import services
from payments.models import Plan, Subscription

PAGE_SIZE = 25


def _plan(request: LoggedInRequest, code: str) -> Plan:
    plans = Plan.objects.filter(mentor=own_mentor(request)).select_related("mentor__user")
    plan: Plan = get_object_or_404(plans, code=code)
    return plan


@login_required
@require_safe
def listing(request: LoggedInRequest, code: str) -> HttpResponse:
    """Everyone who subscribed to a plan, those who still have it first."""
    plan = _plan(request, code)
    rows = plan.subscriptions.begun().select_related("mentee")
    rows = rows.order_by(F("cancelled_at").desc(nulls_first=True), "created_at", "pk")
    page = {
        "plan": plan,
        "page": Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page")),
        "subscribers": plan.subscriptions.filter(status__in=Subscription.BEGUN).count(),
    }
    return render(request, "payments/subscribers.html", page)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def end(request: LoggedInRequest, code: str) -> HttpResponse:
    """Let one mentee's subscription run out, after reading what that means."""
    rows = Subscription.objects.filter(mentor=own_mentor(request)).begun()
    row: Subscription = get_object_or_404(
        rows.select_related("plan", "mentor__user", "mentee"), code=code
    )
    back = reverse("payments:subscribers", args=[row.plan.code])
    if request.method != "POST":
        form = ActionForm(submit=_("End the subscription"), kind="danger", cancel_url=back)
        page = {"subscription": row, "plan": row.plan, "form": form}
        return render(request, "payments/subscriptions_end.html", page)
    try:
        services.cancel_subscription(subscription=row, by=request.user)
    except StripeError:
        messages.info(request, _("Written down. It ends as soon as Stripe has heard of it."))
    else:
        names = {"who": row.mentee.get_full_name(), "plan": row.plan.title}
        messages.success(request, _("%(who)s’s subscription to %(plan)s ends.") % names)
    return redirect(back)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def close(request: LoggedInRequest, code: str) -> HttpResponse:
    """Take a plan off sale and let every subscription to it run out."""
    plan = _plan(request, code)
    if request.method == "POST":
        services.close_plan(plan=plan, by=request.user)
        messages.success(request, _("The plan is closed, and its subscriptions end."))
        return redirect("payments:plans")
    back = reverse("payments:subscribers", args=[plan.code])
    page = {
        "plan": plan,
        "subscribers": plan.subscriptions.filter(status__in=Subscription.BEGUN).count(),
        "form": ActionForm(submit=_("Close the plan"), kind="danger", cancel_url=back),
    }
    return render(request, "payments/plans_close.html", page)
