"""The hosted pages, and the API's door over HTTP."""

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import get_language
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from . import cards, config, context, money, outage, pages, signals, store, wording
from .context import Body, Context
from .forms import CardForm
from .models import StripeObject
from .resources import accounts, attempts, checkout_sessions, dunning, payment_methods
from .router import ALIAS

PAYMENT_REFUSED = 402
BAD_GATEWAY = 502
INVALID_FORM = 422


@csrf_exempt  # asked by programs with an API key, never by a browser with a cookie
def endpoint(request: HttpRequest, path: str) -> HttpResponse:
    """Stripe's API, for clients that speak HTTP."""
    # A program may put parameters into the address of a POST as well: none is left out.
    sent = (request.META.get("QUERY_STRING", ""), request.body.decode("utf-8", "replace"))
    asked = {
        "method": request.method or "GET",
        "path": f"/{path}",
        "encoded": "&".join(part for part in sent if part),
    }
    try:
        answer = outage.send(**asked, headers=request.headers)
    except outage.Unreachable as error:
        return HttpResponse(f"{error}\n", status=BAD_GATEWAY, content_type="text/plain")
    signals.exchanged.send(endpoint, **asked, status=answer.status, text=answer.text)
    response = HttpResponse(answer.text, status=answer.status)
    for name, value in answer.headers.items():
        response[name] = value
    return response


# The hosted pages stand on a host of Stripe's own, where nobody is logged in: whoever has the
# address may pay. With no cookie behind them, a forged POST gains nothing.
@csrf_exempt
@require_http_methods(["GET", "POST"])
def checkout(request: HttpRequest, session_id: str) -> HttpResponse:
    """The hosted payment page: pay, or go back."""
    row = find("checkout.session", session_id)
    if request.method == "GET":
        return _checkout_page(request, row)
    if request.POST.get("action") == "cancel" and row.body["cancel_url"]:
        return HttpResponseRedirect(row.body["cancel_url"])
    form = CardForm(request.POST, label_suffix="")
    if not form.is_valid():
        return _checkout_page(request, row, form, status=INVALID_FORM)
    with transaction.atomic(using=ALIAS):
        # Read it again under the lock: a second click must not pay a second time.
        row = find("checkout.session", session_id)
        ctx = context.for_account(row.account)
        if checkout_sessions.seen(row.body, ctx.now)["status"] == "open":
            refusal = _pay(ctx, row, form)
            if refusal:
                return _checkout_page(request, row, form, refusal, PAYMENT_REFUSED)
    return _after_attempt(request, row)


def find(kind: str, stripe_id: str) -> StripeObject:
    """What a page is about; 404 where it isn't there."""
    row = StripeObject.objects.filter(type=kind, stripe_id=stripe_id).first()
    if row is None:
        raise Http404
    return row


def typed_card(ctx: Context, form: CardForm, email: str | None) -> StripeObject:
    """The card of a form that is valid."""
    return payment_methods.create_card(
        ctx,
        cards.by_number(form.cleaned_data["card_number"]),
        exp_month=form.cleaned_data["exp_month"],
        exp_year=form.cleaned_data["exp_year"],
        name=form.cleaned_data["name"],
        email=email,
    )


def _pay(ctx: Context, row: StripeObject, form: CardForm) -> str | None:
    method = typed_card(ctx, form, (row.body["customer_details"] or {}).get("email"))
    decline = checkout_sessions.pay(ctx, row, method)
    return decline.message if decline else None


def _after_attempt(request: HttpRequest, row: StripeObject) -> HttpResponse:
    status = checkout_sessions.seen(row.body, config.timestamp())["status"]
    if status == "complete":
        return HttpResponseRedirect(checkout_sessions.success_url(row))
    if status == "open":
        return redirect("stripe_emulator:authenticate", checkout_sessions.intent_id(row))
    return _checkout_page(request, row)


def _shown(line: Body, trial_days: int | None) -> Body:
    """A line as the page tells it; a recurring one with how often it is paid."""
    price = line["price"]
    amount = price["unit_amount"] * line["quantity"]
    return line | {
        "every": wording.every(price["recurring"]) if price["recurring"] else "",
        "later": money.on_a_page(amount, line["currency"]) if trial_days else "",
        "shown": money.on_a_page(line["amount_total"], line["currency"]),
    }


def _checkout_page(
    request: HttpRequest,
    row: StripeObject,
    form: CardForm | None = None,
    refusal: str | None = None,
    status: int = 200,
) -> HttpResponse:
    session = checkout_sessions.seen(row.body, config.timestamp())
    trial_days = row.private["subscription_data"].get("trial_period_days")
    locale = session["locale"]
    with translation.override(get_language() if locale in (None, "auto") else locale):
        page = {
            "session": session,
            "success_url": checkout_sessions.success_url(row),
            "total": money.on_a_page(session["amount_total"], session["currency"]),
            "lines": [_shown(line, trial_days) for line in row.private["line_items"]],
            "trial_days": trial_days,
            "form": form or CardForm(label_suffix=""),
            "refusal": refusal,
            "cards": cards.ALL,
        }
        return render(request, "stripe_emulator/checkout.html", page, status=status)


@csrf_exempt
@require_http_methods(["GET", "POST"])
def authenticate(request: HttpRequest, intent_id: str) -> HttpResponse:
    """The bank's question: is it you?"""
    row = find("payment_intent", intent_id)
    if request.method == "POST":
        passed = request.POST.get("action") == "authenticate"
        with transaction.atomic(using=ALIAS):
            row = find("payment_intent", intent_id)
            if row.status == "requires_action":
                return _answered(request, row, passed=passed)
    page = {
        "intent": row.body,
        "total": money.on_a_page(row.body["amount"], row.body["currency"]),
        "next_url": _next_url(row),
    }
    return render(request, "stripe_emulator/authenticate.html", page)


def _next_url(intent: StripeObject) -> str | None:
    """Where someone goes on who has nothing to answer (any more)."""
    ctx = context.for_account(intent.account)
    if store.find(ctx, "invoice", intent.ref):
        return pages.invoice_url(intent.ref)
    session = store.find(ctx, "checkout.session", intent.ref)
    if session is None:
        return intent.private.get("return_url")
    if session.status == "complete":
        return checkout_sessions.success_url(session)
    address: str | None = session.body["url"] or session.body["cancel_url"]
    return address


def _answered(request: HttpRequest, row: StripeObject, *, passed: bool) -> HttpResponse:
    ctx = context.for_account(row.account)
    session = store.find(ctx, "checkout.session", row.ref)
    invoice = store.find(ctx, "invoice", row.ref)
    if invoice:
        dunning.authenticate(ctx, invoice, passed=passed)
        return HttpResponseRedirect(pages.invoice_url(invoice.stripe_id))
    if session is None:
        attempts.authenticate(ctx, row, passed=passed)
        return HttpResponseRedirect(row.private.get("return_url") or config.site_url())
    if checkout_sessions.seen(session.body, ctx.now)["status"] != "open":
        return _checkout_page(request, session)
    decline = checkout_sessions.authenticate(ctx, session, passed=passed)
    if decline:
        return _checkout_page(request, session, None, decline.message, status=PAYMENT_REFUSED)
    return HttpResponseRedirect(checkout_sessions.success_url(session))


def _connected(account: str) -> StripeObject:
    """404 once it was cut off or deleted: what its owner does then is no business of ours."""
    row = store.connected(account)
    if row is None:
        raise Http404
    return row


@csrf_exempt
@require_http_methods(["GET", "POST"])
def onboarding(request: HttpRequest, token: str) -> HttpResponse:
    """The page on which a connected account tells Stripe who it is."""
    link = find("account_link", f"accl_{token}")
    account = _connected(link.ref)
    if request.method == "POST":
        if request.POST.get("action") == "complete":
            with transaction.atomic(using=ALIAS):
                account = _connected(link.ref)
                accounts.complete_onboarding(context.for_account(link.ref), account)
        return HttpResponseRedirect(link.private["return_url"])
    if link.due_at is not None and link.due_at <= config.timestamp():
        # As at Stripe: an old link leads back to the site, which makes a new one.
        return HttpResponseRedirect(link.private["refresh_url"])
    page = {
        "account": accounts.shown(account),
        "is_ready": not account.body["requirements"]["currently_due"],
        "return_url": link.private["return_url"],
    }
    return render(request, "stripe_emulator/onboarding.html", page)
