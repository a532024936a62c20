"""Which endpoint answers which address, and the parameters it takes."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from . import params
from .context import Body
from .errors import UnseenRequest
from .resources import (
    account_links,
    accounts,
    balance,
    charges,
    checkout_sessions,
    customers,
    disputes,
    dunning,
    events,
    invoices,
    payment_intents,
    payment_methods,
    payouts,
    portal_configurations,
    portal_sessions,
    prices,
    products,
    refunds,
    renewals,
    subscribing,
    subscriptions,
    transfer_reversals,
    transfers,
    webhook_endpoints,
)

Handler = Callable[..., Body]


@dataclass(frozen=True)
class Route:
    """One endpoint. The named parts of its path become the handler's arguments."""

    method: str
    path: str
    pattern: re.Pattern[str]
    handler: Handler
    spec: params.Spec

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def _route(method: str, path: str, handler: Handler, spec: params.Spec = params.EXPAND) -> Route:
    pattern = re.sub(r"{(\w+)}", r"(?P<\1>[A-Za-z0-9_]+)", path)
    return Route(method, f"/v1/{path}", re.compile(f"^/v1/{pattern}$"), handler, spec)


ROUTES = (
    _route("GET", "account", accounts.retrieve_own),
    _route("GET", "accounts", accounts.list_all, params.PAGING),
    _route("POST", "accounts", accounts.create, accounts.CREATE),
    _route("GET", "accounts/{id}", accounts.retrieve),
    _route("POST", "accounts/{id}", accounts.update, accounts.CHANGES),
    _route("DELETE", "accounts/{id}", accounts.delete, params.NOTHING),
    _route("POST", "account_links", account_links.create, account_links.CREATE),
    _route("GET", "balance", balance.retrieve),
    _route("GET", "balance_transactions", balance.list_transactions, balance.LIST),
    _route("GET", "balance_transactions/{id}", balance.retrieve_transaction),
    _route(
        "GET",
        "billing_portal/configurations",
        portal_configurations.list_all,
        portal_configurations.LIST,
    ),
    _route("POST", "billing_portal/sessions", portal_sessions.create, portal_sessions.CREATE),
    _route("GET", "charges", charges.list_all, charges.LIST),
    _route("GET", "charges/{id}", charges.retrieve),
    _route("POST", "charges/{id}", charges.update, charges.UPDATE),
    _route("GET", "charges/{charge}/refunds", refunds.list_of_charge, params.CURSOR),
    _route("GET", "checkout/sessions", checkout_sessions.list_all, checkout_sessions.LIST),
    _route("POST", "checkout/sessions", checkout_sessions.create, checkout_sessions.CREATE),
    _route("GET", "checkout/sessions/{id}", checkout_sessions.retrieve),
    _route("POST", "checkout/sessions/{id}", checkout_sessions.update, checkout_sessions.UPDATE),
    _route("POST", "checkout/sessions/{id}/expire", checkout_sessions.expire),
    _route("GET", "checkout/sessions/{id}/line_items", checkout_sessions.line_items, params.CURSOR),
    _route("GET", "customers", customers.list_all, customers.LIST),
    _route("POST", "customers", customers.create, customers.CREATE),
    _route("GET", "customers/{id}", customers.retrieve),
    _route("POST", "customers/{id}", customers.update, customers.CHANGES),
    _route("DELETE", "customers/{id}", customers.delete, params.NOTHING),
    _route(
        "GET",
        "customers/{customer}/payment_methods",
        payment_methods.list_of_customer,
        payment_methods.LIST,
    ),
    _route("GET", "disputes", disputes.list_all, disputes.LIST),
    _route("GET", "disputes/{id}", disputes.retrieve),
    _route("POST", "disputes/{id}", disputes.update, disputes.UPDATE),
    _route("POST", "disputes/{id}/close", disputes.close),
    _route("GET", "events", events.list_all, events.LIST),
    _route("GET", "events/{id}", events.retrieve),
    _route("GET", "invoice_payments", invoices.list_payments, invoices.LIST_PAYMENTS),
    _route("GET", "invoice_payments/{id}", invoices.retrieve_payment),
    _route("GET", "invoices", invoices.list_all, invoices.LIST),
    _route("GET", "invoices/{id}", invoices.retrieve),
    _route("GET", "invoices/{id}/lines", invoices.lines, params.CURSOR),
    _route("POST", "invoices/{id}/pay", dunning.pay_now, dunning.PAY),
    _route("GET", "payment_intents", payment_intents.list_all, payment_intents.LIST),
    _route("POST", "payment_intents", payment_intents.create, payment_intents.CREATE),
    _route("GET", "payment_intents/{id}", payment_intents.retrieve),
    _route("POST", "payment_intents/{id}", payment_intents.update, payment_intents.UPDATE),
    _route("POST", "payment_intents/{id}/cancel", payment_intents.cancel, payment_intents.CANCEL),
    _route(
        "POST", "payment_intents/{id}/capture", payment_intents.capture, payment_intents.CAPTURE
    ),
    _route(
        "POST", "payment_intents/{id}/confirm", payment_intents.confirm, payment_intents.CONFIRM
    ),
    _route("GET", "payment_methods/{id}", payment_methods.retrieve),
    _route("POST", "payment_methods/{id}/attach", payment_methods.attach, payment_methods.ATTACH),
    _route("POST", "payment_methods/{id}/detach", payment_methods.detach),
    _route("GET", "payouts", payouts.list_all, payouts.LIST),
    _route("POST", "payouts", payouts.create, payouts.CREATE),
    _route("GET", "payouts/{id}", payouts.retrieve),
    _route("POST", "payouts/{id}", payouts.update, payouts.UPDATE),
    _route("POST", "payouts/{id}/cancel", payouts.cancel),
    _route("GET", "prices", prices.list_all, prices.LIST),
    _route("POST", "prices", prices.create, prices.CREATE),
    _route("GET", "prices/{id}", prices.retrieve),
    _route("POST", "prices/{id}", prices.update, prices.CHANGES),
    _route("GET", "products", products.list_all, products.LIST),
    _route("POST", "products", products.create, products.CREATE),
    _route("GET", "products/{id}", products.retrieve),
    _route("POST", "products/{id}", products.update, products.CHANGES),
    _route("GET", "products/{id}/features", products.features),
    _route("GET", "refunds", refunds.list_all, refunds.LIST),
    _route("POST", "refunds", refunds.create, refunds.CREATE),
    _route("GET", "refunds/{id}", refunds.retrieve),
    _route("POST", "refunds/{id}", refunds.update, refunds.UPDATE),
    _route("GET", "subscription_items", subscriptions.list_items, subscriptions.LIST_ITEMS),
    _route("GET", "subscription_items/{id}", subscriptions.retrieve_item),
    _route("GET", "subscriptions", subscriptions.list_all, subscriptions.LIST),
    _route("POST", "subscriptions", subscribing.create, subscribing.CREATE),
    _route("GET", "subscriptions/{id}", subscriptions.retrieve),
    _route("POST", "subscriptions/{id}", subscriptions.update, subscriptions.CHANGES),
    _route("DELETE", "subscriptions/{id}", subscriptions.cancel, subscriptions.CANCEL),
    _route("POST", "subscriptions/{id}/resume", renewals.resume, renewals.RESUME),
    _route("GET", "transfers", transfers.list_all, transfers.LIST),
    _route("POST", "transfers", transfers.create, transfers.CREATE),
    _route("GET", "transfers/{id}", transfers.retrieve),
    _route("POST", "transfers/{id}", transfers.update, transfers.UPDATE),
    _route("GET", "transfers/{transfer}/reversals", transfer_reversals.list_all, params.CURSOR),
    _route(
        "POST",
        "transfers/{transfer}/reversals",
        transfer_reversals.create,
        transfer_reversals.CREATE,
    ),
    _route("GET", "transfers/{transfer}/reversals/{id}", transfer_reversals.retrieve),
    _route("GET", "webhook_endpoints", webhook_endpoints.list_all, params.CURSOR),
    _route("POST", "webhook_endpoints", webhook_endpoints.create, webhook_endpoints.CREATE),
    _route("GET", "webhook_endpoints/{id}", webhook_endpoints.retrieve),
    _route("POST", "webhook_endpoints/{id}", webhook_endpoints.update, webhook_endpoints.CHANGES),
    _route("DELETE", "webhook_endpoints/{id}", webhook_endpoints.delete, params.NOTHING),
)


def find(method: str, path: str) -> tuple[Route, dict[str, str]]:
    """The endpoint and the named parts of its address; 404 where there is none."""
    for route in ROUTES:
        match = route.pattern.match(path) if route.method == method else None
        if match:
            return route, match.groupdict()
    raise UnseenRequest(f"Unrecognized request URL ({method}: {path[:200]}).", status=404)
