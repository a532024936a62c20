"""A mentor's plans: what they sell by the month."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from mentormatch.auth import LoggedInRequest, own_mentor
from mentormatch.errors import InvalidInput
from mentormatch.ui.forms import posted, render_invalid
from payments import services
from payments.forms import PlanForm
from payments.models import Plan, Subscription


def _own(request: LoggedInRequest, code: str) -> Plan:
    mine = Plan.objects.of(request.user).select_related("mentor")
    plan: Plan = get_object_or_404(mine, code=code)
    return plan


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def listing(request: LoggedInRequest) -> HttpResponse:
    """A mentor's plans, and the form that adds one."""
    mentor = own_mentor(request)
    form = PlanForm(posted(request), mentor=mentor)
    if form.is_valid():
        try:
            services.create_plan(mentor=mentor, fields=form.plan_fields())
        except InvalidInput as error:
            form.refuse(error)
        else:
            messages.success(request, _("Your plan is on offer."))
            return redirect("payments:plans")
    alive = Q(subscriptions__status__in=Subscription.BEGUN)
    plans = Plan.objects.of(request.user).annotate(subscribers=Count("subscriptions", alive))
    page = {
        "mentor": mentor,
        "plans": plans.order_by("-is_offered", "pk"),
        "form": form,
    }
    return (render_invalid if form.is_bound else render)(request, "payments/plans.html", page)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: LoggedInRequest, code: str) -> HttpResponse:
    """Change what is sold from now on."""
    plan = _own(request, code)
    form = PlanForm(posted(request), mentor=plan.mentor, plan=plan)
    if form.is_valid():
        try:
            services.edit_plan(plan=plan, by=request.user, fields=form.plan_fields())
        except InvalidInput as error:
            form.refuse(error)
        else:
            messages.success(request, _("Saved. Whoever subscribed keeps what they have."))
            return redirect("payments:plans")
    page = {"plan": plan, "form": form}
    return (render_invalid if form.is_bound else render)(request, "payments/plans_edit.html", page)


@login_required
@require_POST
def retire(request: LoggedInRequest, code: str) -> HttpResponse:
    services.retire_plan(plan=_own(request, code), by=request.user)
    messages.success(request, _("Nobody can subscribe to it any more. Subscriptions go on."))
    return redirect("payments:plans")


@login_required
@require_POST
def offer(request: LoggedInRequest, code: str) -> HttpResponse:
    services.offer_plan(plan=_own(request, code), by=request.user)
    messages.success(request, _("Your plan is on offer."))
    return redirect("payments:plans")
