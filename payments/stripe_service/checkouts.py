"""The pages on which people pay, and what came of it."""

from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _

from mentormatch import times
from payments.models import SavedCard, Transaction
from payments.stripe_service.client import PAYMENT_PARTS, Gateway, url
from payments.stripe_service.errors import StripeRefused
from payments.stripe_service.intents import intent_data
from payments.stripe_types import Checkout


class Checkouts(Gateway):
    def create_checkout_session(self, *, transaction: Transaction) -> Checkout:
        """Open the page on which that charge is paid, until `checkout_expires_at`.

        Safe to repeat: the same attempt gives the same session.
        """
        with self._call() as client:
            session = client.v1.checkout.sessions.create(
                self._checkout_params(transaction),
                self._key(transaction, "checkout"),
            )
        return Checkout.read(session.to_dict())

    def _checkout_params(self, row: Transaction) -> Any:
        expires_at = row.checkout_expires_at or times.now()
        labels = {"transaction": row.code, row.type: row.group}
        price = {
            "currency": row.currency,
            "unit_amount": row.amount_minor,
            "product_data": _product(row),
        }
        return {
            "mode": "payment",
            "payment_method_types": ["card"],
            "line_items": [{"quantity": 1, "price_data": price}],
            **_payer(row),
            "client_reference_id": row.code,
            "metadata": labels,
            "payment_intent_data": {**intent_data(row), **_kept(row)},
            "locale": row.mentee.language,
            "expires_at": int(expires_at.timestamp()),
            **_ways_back(row),
        }

    def retrieve_checkout_session(self, session_id: str) -> Checkout:
        """The session as it stands, with its payment."""
        with self._call() as client:
            session = client.v1.checkout.sessions.retrieve(
                session_id, {"expand": [f"payment_intent.{PAYMENT_PARTS}"]}
            )
        return Checkout.read(session.to_dict())

    def expire_checkout_session(self, session_id: str) -> Checkout | None:
        """Close the page and give the session as it stands then: perhaps paid just before.

        `None` where Stripe doesn't know it (any more): nobody can pay there either.
        """
        try:
            with self._call() as client:
                client.v1.checkout.sessions.expire(session_id)
        except StripeRefused as error:
            if error.stripe_code == "resource_missing":
                return None
        return self.retrieve_checkout_session(session_id)


def _product(row: Transaction) -> dict[str, str]:
    """What it is for, on Stripe's page.

    In the payer's language whoever asks, so that a repeat has the same parameters.
    """
    names = {"mentor": row.mentor.name}
    with translation.override(row.mentee.language):
        if row.booking is None:
            return {"name": _("A tip for %(mentor)s") % names}
        length = _("%(minutes)s minutes") % {"minutes": row.booking.duration_minutes}
        return {"name": _("Mentoring with %(mentor)s") % names, "description": length}


def _payer(row: Transaction) -> dict[str, str]:
    if row.saves_card:
        return {"customer": SavedCard.objects.customer_id(row.mentee)}
    return {"customer_email": row.mentee.email}


def _kept(row: Transaction) -> dict[str, str]:
    """Stripe's page says then that the card is kept for later payments."""
    return {"setup_future_usage": "off_session"} if row.saves_card else {}


def _ways_back(row: Transaction) -> dict[str, str]:
    """Where the payer comes back to, who has paid and who hasn't."""
    if row.booking is None:
        back = url("payments:tip_given", row.group)
        return {"success_url": back, "cancel_url": back}
    return {
        "success_url": url("payments:return", row.group),
        "cancel_url": url("payments:pay", row.group),
    }
