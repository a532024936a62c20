"""The hosted invoice page: what was asked for, and paying what is still open."""

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from . import cards, context, money
from .forms import CardForm
from .models import StripeObject
from .resources import dunning, invoices
from .router import ALIAS
from .views import INVALID_FORM, PAYMENT_REFUSED, find, typed_card


@csrf_exempt  # as the other hosted pages: nobody is logged in here
@require_http_methods(["GET", "POST"])
def invoice(request: HttpRequest, invoice_id: str) -> HttpResponse:
    """Show it, and take a card for it."""
    row = find("invoice", invoice_id)
    if request.method == "GET":
        return _page(request, row)
    form = CardForm(request.POST, label_suffix="")
    if not form.is_valid():
        return _page(request, row, form, status=INVALID_FORM)
    with transaction.atomic(using=ALIAS):
        # Read it again under the lock: a second click must not pay a second time.
        row = find("invoice", invoice_id)
        refusal = _pay(row, form) if invoices.is_payable(row) else None
    if refusal:
        return _page(request, row, form, refusal, PAYMENT_REFUSED)
    return _after_attempt(row)


def _pay(row: StripeObject, form: CardForm) -> str | None:
    ctx = context.for_account(row.account)
    method = typed_card(ctx, form, row.body["customer_email"])
    decline = dunning.pay(ctx, row, method)
    return decline.message if decline else None


def _after_attempt(row: StripeObject) -> HttpResponse:
    if invoices.is_payable(row):
        intent = invoices.intent_of(context.for_account(row.account), row)
        if intent.status == "requires_action":
            return redirect("stripe_emulator:authenticate", intent.stripe_id)
    return redirect("stripe_emulator:invoice", row.stripe_id)


def _page(
    request: HttpRequest,
    row: StripeObject,
    form: CardForm | None = None,
    refusal: str | None = None,
    status: int = 200,
) -> HttpResponse:
    body = row.body
    page = {
        "invoice": body,
        "is_payable": invoices.is_payable(row),
        "total": money.on_a_page(body["total"], body["currency"]),
        "lines": [
            {**line, "shown": money.on_a_page(line["amount"], line["currency"])}
            for line in row.private["lines"]
        ],
        "form": form or CardForm(label_suffix=""),
        "refusal": refusal,
        "cards": cards.ALL,
    }
    return render(request, "stripe_emulator/invoice.html", page, status=status)
