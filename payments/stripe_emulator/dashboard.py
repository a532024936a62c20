"""The dashboard: what Stripe holds and has told, and buttons for what people and time do there.

Unlike the hosted pages it changes things that aren't the visitor's own, so its forms are protected
against forgery like any other of the site.
"""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from . import acts, desk, switches
from .views import INVALID_FORM

CONFLICT = 409


@require_safe
def dashboard(request: HttpRequest) -> HttpResponse:
    """Balances, payments, payouts, events, and the switches."""
    return _page(request)


def _page(
    request: HttpRequest,
    form: switches.SwitchesForm | None = None,
    refusal: str = "",
    status: int = 200,
) -> HttpResponse:
    turned = switches.current()
    page = {
        **desk.everything(),
        "form": form or switches.SwitchesForm(instance=turned),
        "is_calm": switches.are_off(turned),
        "refusal": refusal,
    }
    return render(request, "stripe_emulator/dashboard.html", page, status=status)


@require_POST
def act(request: HttpRequest) -> HttpResponse:
    """One button of one object."""
    try:
        acts.perform(request.POST.get("act", ""), request.POST.get("id", ""))
    except acts.Impossible:
        refusal = _("That can't be done (any more): this is how it stands.")
        return _page(request, refusal=refusal, status=CONFLICT)
    return redirect("stripe_emulator:dashboard")


@require_POST
def turn(request: HttpRequest) -> HttpResponse:
    """The switches as they are sent, or all of them off."""
    if request.POST.get("action") == "calm":
        switches.calm()
        return redirect("stripe_emulator:dashboard")
    form = switches.SwitchesForm(request.POST, instance=switches.current())
    if not form.is_valid():
        return _page(request, form, status=INVALID_FORM)
    form.save()
    return redirect("stripe_emulator:dashboard")
