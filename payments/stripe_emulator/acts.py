"""What people and time do at Stripe, one click each: the buttons of the dashboard."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from . import context, store
from .context import Context
from .models import Delivery, DeliveryStatus, StripeObject
from .resources import accounts, disputes, inquiries, payouts, refunds
from .router import ALIAS


class Impossible(Exception):
    """The object isn't there, or has moved on: nothing was done."""


@dataclass(frozen=True)
class Act:
    """One button: on which kind of object it stands, when, and what it does."""

    label: str | Promise
    kind: str
    fits: Callable[[StripeObject], bool]
    do: Callable[[Context, StripeObject], object]


def _arrive(ctx: Context, row: StripeObject) -> None:
    """At once, whatever its day."""
    if row.status == "pending":
        payouts.submit(ctx, row)
    payouts.arrive(ctx, row)


def _pay_out(ctx: Context, row: StripeObject) -> None:
    if payouts.send_what_is_available(ctx) is None:
        raise Impossible


def _send_again(ctx: Context, row: StripeObject) -> None:
    Delivery.objects.filter(event=row).update(
        status=DeliveryStatus.WAITING, attempts=0, due_at=time.time(), claimed_until=0
    )


def _is_inquiry(row: StripeObject) -> bool:
    return row.status in inquiries.INQUIRIES


def _is_active(row: StripeObject) -> bool:
    return row.status not in store.GONE


def _is_whole(row: StripeObject) -> bool:
    return _is_active(row) and not row.body["requirements"]["currently_due"]


ACTS = {
    "dispute": Act(_("Dispute"), "charge", disputes.can_be_disputed, disputes.open_dispute),
    "inquire": Act(_("Ask about it"), "charge", disputes.can_be_disputed, disputes.open_inquiry),
    "escalate": Act(_("Make it a dispute"), "dispute", _is_inquiry, disputes.escalate),
    "end_inquiry": Act(_("Let it drop"), "dispute", _is_inquiry, inquiries.end),
    "win": Act(_("Win"), "dispute", lambda row: row.status in disputes.OPEN, disputes.win),
    "lose": Act(_("Lose"), "dispute", lambda row: row.status in disputes.OPEN, disputes.lose),
    "arrive": Act(_("Let it arrive"), "payout", lambda row: row.status in payouts.OPEN, _arrive),
    "fail_payout": Act(
        _("Send it back"),
        "payout",
        lambda row: row.status in (*payouts.OPEN, "paid"),
        payouts.fail,
    ),
    "fail_refund": Act(_("Send it back"), "refund", refunds.can_fail, refunds.fail),
    "pay_out": Act(_("Pay out now"), "account", _is_whole, _pay_out),
    "restrict": Act(_("Restrict"), "account", _is_whole, accounts.restrict),
    "restore": Act(
        _("Restore"),
        "account",
        lambda row: _is_active(row) and not _is_whole(row),
        accounts.complete_onboarding,
    ),
    "cut_off": Act(_("Cut off"), "account", _is_active, accounts.deauthorize),
    "send_again": Act(_("Send again"), "event", lambda row: True, _send_again),
}


def open_to(row: StripeObject) -> list[tuple[str, str | Promise]]:
    """The buttons that the object has now: name and label."""
    return [
        (name, act.label) for name, act in ACTS.items() if act.kind == row.type and act.fits(row)
    ]


def perform(name: str, stripe_id: str) -> None:
    """Do it, once: raises `Impossible` where that button isn't there (any more)."""
    act = ACTS.get(name)
    with transaction.atomic(using=ALIAS):
        row = StripeObject.objects.filter(stripe_id=stripe_id).first()
        if act is None or row is None or (name, act.label) not in open_to(row):
            raise Impossible
        act.do(context.for_account(row.account), row)
