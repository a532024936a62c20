"""What a key brings with it: the endpoints of its events, and whether all is as it must be.

Asks Stripe; nothing of the ledger is read or written.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from mentormatch.errors import StripeError
from mentormatch.ids import public_id
from payments import handlers, mirror
from payments.stripe_service import StripeRefused, StripeService, why
from payments.stripe_service.platform import Endpoint

PLATFORM, CONNECT = "platform", "connect"
SECRETS = {PLATFORM: "STRIPE_WEBHOOK_SECRET", CONNECT: "STRIPE_CONNECT_WEBHOOK_SECRET"}
PATH = "/api/v1/payments/webhook"
STAND_IN = "the built-in stand-in answers: no STRIPE_SECRET_KEY is set"


def webhook_url() -> str:
    """Where Stripe is to send its events."""
    return f"{settings.SITE_URL}{PATH}"


def events_for(purpose: str) -> list[str]:
    """The kinds of events that we work on, of our own account or of connected ones."""
    wanted = purpose == CONNECT
    return sorted(kind for kind in handlers.HANDLERS if handlers.is_of_connect(kind) == wanted)


# --- Endpoints ---------------------------------------------------------------------------


@dataclass(frozen=True)
class SetUp:
    """What was done about an endpoint; `secret` where it was made just now."""

    purpose: str
    endpoint: Endpoint
    did: str

    @property
    def variable(self) -> str:
        return SECRETS[self.purpose]

    @property
    def has_new_secret(self) -> bool:
        """Whether the environment has yet to be told."""
        secret = self.endpoint.secret
        return bool(secret) and secret != getattr(settings, self.variable)


def set_up_webhooks() -> list[SetUp]:
    """Make both endpoints, or bring them to this address and to the events that we work on.

    And the rows of dj-stripe's that stand for them. Safe to repeat; raises `StripeError`.
    """
    found = StripeService().webhook_endpoints()
    return [_set_up(purpose, endpoint_for(purpose, found)) for purpose in SECRETS]


def endpoint_for(purpose: str, found: list[Endpoint]) -> Endpoint | None:
    """The one that we made, else one of this address that was made by hand."""
    ours = [each for each in found if each.purpose == purpose]
    by_hand = [
        each
        for each in found
        if not each.purpose and each.url == webhook_url() and set(each.events) & _telling(purpose)
    ]
    return next(iter([*ours, *by_hand]), None)


def _telling(purpose: str) -> set[str]:
    """Events that an endpoint of the other purpose isn't asked for."""
    return set(events_for(purpose))


def _set_up(purpose: str, present: Endpoint | None) -> SetUp:
    wanted: Any = {
        "url": webhook_url(),
        "events": events_for(purpose),
        "purpose": purpose,
        "key": f"webhook-{purpose}-{public_id()}",
    }
    if present is None:
        done = SetUp(purpose, StripeService().create_webhook_endpoint(**wanted), "made")
    elif problem_of(present, purpose) or present.purpose != purpose:
        changed = StripeService().update_webhook_endpoint(present, **wanted)
        done = SetUp(purpose, changed, "changed")
    else:
        done = SetUp(purpose, present, "as it should be")
    secret = getattr(settings, done.variable) or done.endpoint.secret
    mirror.keep_endpoint(done.endpoint, secret=secret)
    return done


def problem_of(endpoint: Endpoint, purpose: str) -> str:
    """What is wrong with an endpoint, in words; empty where nothing is."""
    missing = [] if "*" in endpoint.events else set(events_for(purpose)) - set(endpoint.events)
    if endpoint.url != webhook_url():
        return f"it leads to {endpoint.url}"
    if not endpoint.is_enabled:
        return "it is disabled"
    if missing:
        return f"it lacks {', '.join(sorted(missing))}"
    return ""


# --- What live needs ---------------------------------------------------------------------


@dataclass(frozen=True)
class Line:
    """One thing that live needs: how it is, and what to do where it isn't good."""

    what: str
    words: str
    to_do: str = ""

    @property
    def is_good(self) -> bool:
        return not self.to_do


def check() -> Iterator[Line]:
    """A line for each thing; none of them stops the others."""
    yield _mode()
    yield _publishable()
    try:
        account = StripeService().own_account()
    except StripeError as error:
        yield Line("key", why(error), "put a key of this account into STRIPE_SECRET_KEY")
        return
    yield Line("key", f"Stripe knows it: account {account['id']}")
    yield from _of_account(account)
    for what, ask in ASKED.items():
        yield from _asked(what, lambda ask=ask: ask(account))  # type: ignore[misc]  # a default binds the loop's variable


def _asked(what: str, ask: Callable[[], Iterator[Line]]) -> Iterator[Line]:
    try:
        yield from ask()
    except StripeError as error:
        yield Line(what, why(error), "see what Stripe says, and run this again")


def _mode() -> Line:
    if settings.STRIPE_EMULATED:
        return Line("mode", STAND_IN, "set STRIPE_SECRET_KEY to take real payments")
    if settings.STRIPE_LIVE_MODE:
        return Line("mode", "live: real money moves")
    return Line("mode", "Stripe's test mode", "set the live keys to take real payments")


def _publishable() -> Line:
    key, what = settings.STRIPE_PUBLISHABLE_KEY, "publishable key"
    if settings.STRIPE_EMULATED or not key:
        return Line(what, "none is needed: cards are typed on Stripe's own pages")
    if key.startswith("pk_live_") == settings.STRIPE_LIVE_MODE:
        return Line(what, "of the same mode")
    return Line(what, "of the other mode", "take both keys from the same mode")


def _of_account(account: dict[str, Any]) -> Iterator[Line]:
    due = (account.get("requirements") or {}).get("currently_due") or []
    able = account.get("charges_enabled") and account.get("payouts_enabled")
    words = "can charge and be paid out" if able else "is not active"
    if due:
        words += f"; Stripe still wants: {', '.join(due)}"
    to_do = "" if able and not due else "complete the account in Stripe's dashboard"
    yield Line("account", words, to_do)
    has = account.get("capabilities") or {}
    for name in ("card_payments", "transfers"):
        state = has.get(name, "not asked for")
        to_do = "" if state == "active" else f"ask for {name} in Stripe's dashboard"
        yield Line(f"capability {name}", state, to_do)
    yield _schedule(account)


def _schedule(account: dict[str, Any]) -> Line:
    payouts = (account.get("settings") or {}).get("payouts") or {}
    interval = (payouts.get("schedule") or {}).get("interval", "unknown")
    to_do = "make it manual or weekly: a refund finds no balance after a daily payout"
    return Line("payout schedule", interval, to_do if interval in ("daily", "unknown") else "")


def _connect(account: dict[str, Any]) -> Iterator[Line]:
    try:
        StripeService().has_connect()
    except StripeRefused as refusal:
        yield Line("Connect", why(refusal), "activate Connect in Stripe's dashboard")
    else:
        yield Line("Connect", "active")


def _currencies(account: dict[str, Any]) -> Iterator[Line]:
    settled = StripeService().balance_currencies() | {str(account.get("default_currency"))}
    for currency in settings.SETTLEMENT_CURRENCIES:
        what = f"settlement in {currency.upper()}"
        if currency in settled:
            yield Line(what, "yes")
        else:
            to_do = "add a bank account in it at Stripe, or take it out of SETTLEMENT_CURRENCIES"
            yield Line(what, "no: transfers in it would be refused", to_do)


def _portal(account: dict[str, Any]) -> Iterator[Line]:
    """Where a mentee mends the card of a subscription."""
    portal, what = StripeService().billing_portal(), "billing portal"
    if portal is None:
        to_do = "save the customer portal's settings in Stripe's dashboard, in this mode"
        yield Line(what, "was never set up: nobody can change a subscription's card", to_do)
    elif not portal.changes_card:
        to_do = "let customers update their payment methods in the customer portal's settings"
        yield Line(what, "no card can be changed there", to_do)
    else:
        yield Line(what, "a subscription's card can be changed there")


def _webhooks(account: dict[str, Any]) -> Iterator[Line]:
    found = StripeService().webhook_endpoints()
    for purpose, variable in SECRETS.items():
        yield _endpoint(purpose, endpoint_for(purpose, found))
        secret = getattr(settings, variable)
        if secret.startswith("whsec_"):
            yield Line(variable, "is set")
        else:
            to_do = "put the endpoint's signing secret in: it begins with whsec_"
            yield Line(variable, "is no signing secret" if secret else "is missing", to_do)


def _endpoint(purpose: str, endpoint: Endpoint | None) -> Line:
    what, run = f"events of {purpose}", "run manage.py setup_webhooks"
    if endpoint is None:
        return Line(what, f"nothing is sent to {webhook_url()}", run)
    problem = problem_of(endpoint, purpose)
    if not problem and endpoint.api_version != settings.STRIPE_API_VERSION:
        problem = f"it speaks version {endpoint.api_version or 'of the account'}"
        run = f"delete {endpoint.id} at Stripe, then {run}"
    if problem:
        return Line(what, problem, run)
    return Line(what, f"{endpoint.id} has all {len(events_for(purpose))}")


ASKED: dict[str, Callable[[dict[str, Any]], Iterator[Line]]] = {
    "Connect": _connect,
    "settlement": _currencies,
    "billing portal": _portal,
    "events": _webhooks,
}
