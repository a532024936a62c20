"""What the dashboard shows, read from the books."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db.models import Prefetch, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from . import acts, config, ledger, money, store
from .models import Delivery, StripeObject

SHOWN = 15
EVENTS_SHOWN = 30
Held = dict[str, dict[str, int]]  # what `ledger.held` gives


@dataclass
class Entry:
    """One line: what it is, how it stands, and its buttons."""

    id: str
    title: str
    status: str
    created: dt.datetime | None = None
    notes: list[str] = field(default_factory=list)
    acts: list[tuple[str, str | Promise]] = field(default_factory=list)


def everything() -> dict[str, list[Entry]]:
    """The lists of the page, each newest first; the platform is the first of the accounts."""
    return {
        "accounts": [_platform(), *_accounts()],
        "charges": list(_charges()),
        "payouts": [_payout(row) for row in _rows("payout")],
        "refunds": [_refund(row) for row in _rows("refund", account=config.platform_id())],
        "events": list(_events()),
    }


def _rows(kind: str, *, account: str | None = None, limit: int = SHOWN) -> QuerySet[StripeObject]:
    """The newest of a kind, of every account unless one is named."""
    rows = StripeObject.objects.filter(type=kind).order_by("-seq")
    return (rows.filter(account=account) if account else rows)[:limit]


def _entry(row: StripeObject, title: str, notes: Iterable[str] = ()) -> Entry:
    return Entry(
        id=row.stripe_id,
        title=title,
        status=row.status,
        created=dt.datetime.fromtimestamp(row.created, dt.UTC),
        notes=[note for note in notes if note],
        acts=acts.open_to(row),
    )


def _amount(row: StripeObject) -> str:
    return money.on_a_page(row.body["amount"], row.body["currency"])


def _balances(held: Held) -> list[str]:
    """What an account holds, by currency, in words."""
    currencies = sorted({*held["available"], *held["pending"]})
    return [
        _("%(available)s available, %(pending)s on the way")
        % {name: money.on_a_page(held[name].get(currency, 0), currency) for name in held}
        for currency in currencies
    ] or [_("holds nothing")]


def _platform() -> Entry:
    own = config.platform_id()
    held = ledger.held(own, config.timestamp())
    return Entry(own, _("The platform"), "active", notes=_balances(held))


def _accounts() -> list[Entry]:
    """Those that hold money before those that hold none."""
    now = config.timestamp()
    found = [(row, ledger.held(row.stripe_id, now)) for row in _rows("account", limit=100)]
    found.sort(key=lambda pair: not _is_anything(pair[1]))
    return [_account(row, held) for row, held in found]


def _is_anything(held: Held) -> bool:
    return any(amount for part in held.values() for amount in part.values())


def _account(row: StripeObject, held: Held) -> Entry:
    due = row.body["requirements"]["currently_due"]
    wants = _("Stripe wants %(due)s") % {"due": ", ".join(due[:3])} if due else ""
    notes = [*_balances(held), wants]
    entry = _entry(row, row.body["email"] or row.stripe_id, notes)
    entry.created = None
    if row.status not in store.GONE:
        entry.status = "restricted" if due else "active"
    return entry


def _charges() -> Iterable[Entry]:
    """The cardholders' payments, each with its dispute if there is one."""
    rows = _rows("charge", account=config.platform_id())
    found = StripeObject.objects.filter(type="dispute", ref__in=[row.stripe_id for row in rows])
    by_charge = {row.ref: row for row in found}
    for row in rows:
        yield _charge(row)
        if dispute := by_charge.get(row.stripe_id):
            yield _entry(dispute, _("Dispute about %(amount)s") % {"amount": _amount(dispute)})


def _charge(row: StripeObject) -> Entry:
    """What a card paid, or is authorised for: Stripe calls that, too, a charge that succeeded."""
    body, given_back = row.body, ""
    if body["captured"] and body["amount_refunded"]:
        refunded = money.on_a_page(body["amount_refunded"], body["currency"])
        given_back = _("%(amount)s given back") % {"amount": refunded}
    labels = ", ".join(f"{name} {value}" for name, value in body["metadata"].items())
    entry = _entry(row, _amount(row), [given_back, labels, body["description"] or ""])
    if row.status == "succeeded" and not body["captured"]:
        entry.status = "canceled" if body["amount_refunded"] else "uncaptured"
    return entry


def _payout(row: StripeObject) -> Entry:
    arrives = dt.datetime.fromtimestamp(row.body["arrival_date"], dt.UTC).date().isoformat()
    notes = [
        row.account,
        _("arrives on %(day)s") % {"day": arrives},
        row.body["failure_message"] or "",
    ]
    return _entry(row, _amount(row), notes)


def _refund(row: StripeObject) -> Entry:
    return _entry(row, _amount(row), [row.ref])


def _events() -> Iterable[Entry]:
    sent = Prefetch("deliveries", Delivery.objects.order_by("pk"))
    for row in _rows("event", limit=EVENTS_SHOWN).prefetch_related(sent):
        (delivery,) = row.deliveries.all()
        tries = _("attempts: %(n)d") % {"n": delivery.attempts} if delivery.attempts > 1 else ""
        notes = [row.body.get("account", ""), tries, delivery.last_answer]
        entry = _entry(row, row.body["type"], notes)
        entry.status = delivery.status
        yield entry
