"""The billing portal: a customer's subscriptions, the card they are charged to, the invoices."""

import datetime as dt

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import get_language
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from . import cards, context, money, store, wording
from .context import Body, Context
from .forms import CardForm
from .models import StripeObject
from .resources import dunning, portal_sessions, subscription_bodies
from .router import ALIAS
from .views import INVALID_FORM, PAYMENT_REFUSED, find, typed_card

MOST_INVOICES = 24


@csrf_exempt  # as the other hosted pages: nobody is logged in here
@require_http_methods(["GET", "POST"])
def portal(request: HttpRequest, session_id: str) -> HttpResponse:
    """Show it all; let a subscription end or go on, and take another card."""
    row = find("billing_portal.session", session_id)
    if portal_sessions.is_over(context.for_account(row.account), row):
        return HttpResponseRedirect(row.body["return_url"])
    if request.method == "GET":
        return _page(request, row)
    if request.POST.get("action") == "card":
        return _take_card(request, row)
    with transaction.atomic(using=ALIAS):
        portal_sessions.change_end(
            context.for_account(row.account),
            row,
            request.POST.get("subscription", ""),
            ends=request.POST.get("action") == "end",
        )
    return redirect("stripe_emulator:portal", session_id)


def _take_card(request: HttpRequest, row: StripeObject) -> HttpResponse:
    form = CardForm(request.POST, label_suffix="")
    if not form.is_valid():
        return _page(request, row, form, status=INVALID_FORM)
    ctx = context.for_account(row.account)
    with transaction.atomic(using=ALIAS):
        email = store.get(ctx, "customer", row.ref).body["email"]
        refusal = portal_sessions.use_card(ctx, row, typed_card(ctx, form, email))
    if refusal:
        return _page(request, row, form, refusal.message, PAYMENT_REFUSED)
    return redirect("stripe_emulator:portal", row.stripe_id)


def _shown(ctx: Context, row: StripeObject) -> Body:
    """A subscription as the page tells it."""
    item = row.body["items"]["data"][0]
    price = item["price"]
    product = store.get(ctx, "product", price["product"])
    card = dunning.saved_card(ctx, row)
    _, end = subscription_bodies.period(row.body)
    return {
        "id": row.stripe_id,
        "name": product.body["name"],
        "price": money.on_a_page(price["unit_amount"] * item["quantity"], price["currency"]),
        "every": wording.every(price["recurring"]),
        "status": row.status,
        "ends": row.body["cancel_at_period_end"],
        "period_end": dt.datetime.fromtimestamp(end, dt.UTC),
        "last4": card.body["card"]["last4"] if card else None,
    }


def _invoices(ctx: Context, row: StripeObject) -> list[Body]:
    found = store.objects(ctx, "invoice").filter(group=row.ref).order_by("-seq")
    return [
        {
            "number": invoice.body["number"],
            "url": invoice.body["hosted_invoice_url"],
            "status": invoice.status,
            "total": money.on_a_page(invoice.body["total"], invoice.body["currency"]),
            "at": dt.datetime.fromtimestamp(invoice.body["created"], dt.UTC),
        }
        for invoice in found[:MOST_INVOICES]
    ]


def _page(
    request: HttpRequest,
    row: StripeObject,
    form: CardForm | None = None,
    refusal: str | None = None,
    status: int = 200,
) -> HttpResponse:
    ctx = context.for_account(row.account)
    locale = row.body["locale"]
    with translation.override(get_language() if locale in (None, "auto") else locale):
        page = {
            "return_url": row.body["return_url"],
            "subscriptions": [_shown(ctx, each) for each in portal_sessions.standing(ctx, row)],
            "invoices": _invoices(ctx, row),
            "form": form or CardForm(label_suffix=""),
            "refusal": refusal,
            "cards": cards.ALL,
        }
        return render(request, "stripe_emulator/portal.html", page, status=status)
