"""Stripe: the only module of ours that imports its SDK.

Every write carries an idempotency key made of our row's random code and its attempt, so that it
may be repeated after a crash or a lost answer. Nothing here may be called inside a transaction of
ours: an answer that takes seconds would hold its locks, and a rollback would forget what Stripe
did.
"""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import stripe
from django.conf import settings
from django.db import connection
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mentormatch import times
from mentormatch.errors import DomainError, InvalidInput, StripeError
from payments.models import PaymentAccount, Transaction
from payments.stripe_types import (
    AccountStatus,
    Checkout,
    IncomingEvent,
    Link,
    Payment,
    Refund,
    Transfer,
)

# Connect and read: with no retry of the SDK's own, a page that asks twice still answers in time.
TIMEOUT_SECONDS = (2.0, 6.0)
WEBHOOK_LIMIT_BYTES = 256 * 1024
WEBHOOK_TOLERANCE_SECONDS = 300
PAYMENT_PARTS = "latest_charge.balance_transaction"
EVENT_ID = re.compile(r"evt_[A-Za-z0-9_]{1,90}")
EVENT_TYPE = re.compile(r"[a-z0-9_.]{1,100}")
ACCOUNT_ID = re.compile(r"(acct_[A-Za-z0-9]{1,59})?")


class StripeBroken(StripeError):
    """Stripe failed while it worked on this.

    Under the same key it tells what it came to the first time: what it made, or that it failed.
    """

    def __init__(self, *, needs_new_key: bool = False) -> None:
        super().__init__()
        self.needs_new_key = needs_new_key


class StripeRefused(StripeError):
    """Stripe understood and said no: the same again is refused again."""

    message = gettext_lazy(
        "The payment service refused this. No money was moved; write to us if it stays so."
    )
    retryable = False

    def __init__(self, detail: str, *, stripe_code: str = "", param: str = "") -> None:
        super().__init__()
        self.detail = detail
        self.stripe_code = stripe_code
        self.param = param

    @property
    def needs_new_key(self) -> bool:
        """The parameters changed since this key was first used, or grew too old."""
        return self.stripe_code == "idempotency" or self.param == "expires_at"


class TooLarge(DomainError):
    """413: more than Stripe ever sends."""

    code = "too_large"
    status = 413
    message = gettext_lazy("The body is larger than 256 kB.")


def install(http_client: stripe.HTTPClient | None = None) -> None:
    """Set how every call leaves this process, dj-stripe's included; by default over HTTPS."""
    stripe.default_http_client = http_client or stripe.RequestsClient(timeout=TIMEOUT_SECONDS)
    stripe.max_network_retries = 0


def why(error: StripeError) -> str:
    """What Stripe said, for staff."""
    return str(getattr(error, "detail", "") or error.__cause__ or error)[:500]


@contextmanager
def translated() -> Iterator[None]:
    """Turn what the SDK raises into our errors."""
    try:
        yield
    except (stripe.APIConnectionError, stripe.RateLimitError) as error:
        raise StripeError from error
    except stripe.AuthenticationError as error:  # our key is wrong: mended by us, and for all
        raise StripeError from error
    except stripe.IdempotencyError as error:
        if error.http_status == 409:  # the first request with this key is still being worked on
            raise StripeError from error
        raise StripeRefused(str(error), stripe_code="idempotency") from error
    except (stripe.InvalidRequestError, stripe.CardError) as error:
        code, param = str(error.code or ""), str(error.param or "")
        raise StripeRefused(str(error), stripe_code=code, param=param) from error
    except stripe.PermissionError as error:
        raise StripeRefused(str(error), stripe_code=str(error.code or "")) from error
    except stripe.StripeError as error:
        replayed = (error.headers or {}).get("Idempotent-Replayed") == "true"
        raise StripeBroken(needs_new_key=replayed) from error


def _refuse_transaction() -> None:
    """As Django's `durable=True`: a test case's own transaction doesn't count."""
    blocks = connection.atomic_blocks
    if blocks and not blocks[-1]._from_testcase:  # type: ignore[attr-defined]  # Django's own mark
        raise RuntimeError("Stripe must not be called inside a transaction.")


def _url(name: str, *args: str) -> str:
    return f"{settings.SITE_URL}{reverse(name, args=args)}"


def _key(row: Transaction, verb: str) -> stripe.RequestOptions:
    return {"idempotency_key": f"{row.code}-{verb}-{row.attempts}"}


class StripeService:
    """The calls that we make; each raises `StripeError` (`retryable` or not)."""

    @contextmanager
    def _call(self) -> Iterator[stripe.StripeClient]:
        _refuse_transaction()
        with translated():
            yield stripe.StripeClient(
                settings.STRIPE_SECRET_KEY,
                http_client=stripe.default_http_client,
                max_network_retries=0,
            )

    # --- Connected accounts ---------------------------------------------------------

    def create_connect_account(self, *, account: PaymentAccount) -> str:
        """Open an Express account for that mentor and give its id. Safe to repeat."""
        mentor = account.mentor
        with self._call() as client:
            made = client.v1.accounts.create(
                {
                    "type": "express",
                    "country": mentor.country,
                    "email": mentor.user.email,
                    "capabilities": {
                        "card_payments": {"requested": True},
                        "transfers": {"requested": True},
                    },
                    "metadata": {"account": account.code},
                },
                {"idempotency_key": f"{account.code}-account"},
            )
        return made.id

    def create_connect_onboarding_link(self, *, account_id: str, key: str) -> Link:
        """A fresh way to Stripe's onboarding page: each works once and for minutes."""
        with self._call() as client:
            link = client.v1.account_links.create(
                {
                    "account": account_id,
                    "type": "account_onboarding",
                    "refresh_url": _url("payments:onboarding_refresh"),
                    "return_url": _url("payments:onboarding_return"),
                },
                {"idempotency_key": key},
            )
        return Link.read(link.to_dict())

    def get_account(self, account_id: str) -> dict[str, Any]:
        """The account as the API answers it, for the mirror."""
        with self._call() as client:
            return client.v1.accounts.retrieve(account_id).to_dict()

    def get_account_status(self, account_id: str) -> AccountStatus:
        """What Stripe lets the account do at this moment."""
        return AccountStatus.read(self.get_account(account_id))

    # --- Checkout ---------------------------------------------------------------------

    def create_checkout_session(self, *, transaction: Transaction) -> Checkout:
        """Open the page on which that charge is paid, until `checkout_expires_at`.

        Safe to repeat: the same attempt gives the same session.
        """
        with self._call() as client:
            session = client.v1.checkout.sessions.create(
                self._checkout_params(transaction),
                _key(transaction, "checkout"),
            )
        return Checkout.read(session.to_dict())

    def _checkout_params(self, row: Transaction) -> Any:
        booking, expires_at = row.sold, row.checkout_expires_at or times.now()
        # In the payer's language whoever asks, so that a repeat has the same parameters.
        with translation.override(row.mentee.language):
            name = _("Mentoring with %(mentor)s") % {"mentor": row.mentor.name}
            length = _("%(minutes)s minutes") % {"minutes": booking.duration_minutes}
        labels = {"transaction": row.code, "booking": booking.code}
        product = {"name": name, "description": length}
        price = {
            "currency": row.currency,
            "unit_amount": row.amount_minor,
            "product_data": product,
        }
        return {
            "mode": "payment",
            "payment_method_types": ["card"],
            "line_items": [{"quantity": 1, "price_data": price}],
            "customer_email": row.mentee.email,
            "client_reference_id": row.code,
            "metadata": labels,
            "payment_intent_data": {"metadata": labels, "transfer_group": booking.code},
            "locale": row.mentee.language,
            "expires_at": int(expires_at.timestamp()),
            "success_url": _url("payments:return", booking.code),
            "cancel_url": _url("payments:pay", booking.code),
        }

    def retrieve_checkout_session(self, session_id: str) -> Checkout:
        """The session as it stands, with its payment."""
        with self._call() as client:
            session = client.v1.checkout.sessions.retrieve(
                session_id, {"expand": [f"payment_intent.{PAYMENT_PARTS}"]}
            )
        return Checkout.read(session.to_dict())

    def expire_checkout_session(self, session_id: str) -> Checkout:
        """Close the page and give the session as it stands then: perhaps paid just before."""
        try:
            with self._call() as client:
                client.v1.checkout.sessions.expire(session_id)
        except StripeRefused as error:
            if error.stripe_code == "resource_missing":
                raise
        return self.retrieve_checkout_session(session_id)

    def retrieve_payment(self, intent_id: str) -> Payment:
        """The payment intent as it stands, with its charge."""
        with self._call() as client:
            intent = client.v1.payment_intents.retrieve(intent_id, {"expand": [PAYMENT_PARTS]})
        return Payment.read(intent.to_dict())

    # --- Refunds ----------------------------------------------------------------------

    def create_refund(self, *, transaction: Transaction) -> Refund:
        """Send that refund row's amount of its charge back. Safe to repeat."""
        with self._call() as client:
            refund = client.v1.refunds.create(
                {
                    "charge": transaction.charge.stripe_charge_id or "",
                    "amount": transaction.amount_minor,
                    "reason": "requested_by_customer",
                    "metadata": {"transaction": transaction.code},
                },
                _key(transaction, "refund"),
            )
        return Refund.read(refund.to_dict())

    def retrieve_refund(self, refund_id: str) -> Refund:
        """The refund as it stands."""
        with self._call() as client:
            return Refund.read(client.v1.refunds.retrieve(refund_id).to_dict())

    def refunds_of(self, charge_id: str) -> list[Refund]:
        """Every refund of that charge that Stripe knows of (at most 100)."""
        with self._call() as client:
            found = client.v1.refunds.list({"charge": charge_id, "limit": 100})
        return [Refund.read(refund.to_dict()) for refund in found.data]

    # --- Transfers --------------------------------------------------------------------

    def create_transfer(self, *, transaction: Transaction, destination: str) -> Transfer:
        """Pass that payout row's amount on to a connected account. Safe to repeat."""
        charge = transaction.charge
        with self._call() as client:
            transfer = client.v1.transfers.create(
                {
                    "amount": transaction.amount_minor,
                    "currency": transaction.currency,
                    "destination": destination,
                    "source_transaction": charge.stripe_charge_id or "",
                    "transfer_group": transaction.group,
                    "metadata": {"transaction": transaction.code},
                },
                _key(transaction, "transfer"),
            )
        return Transfer.read(transfer.to_dict())

    def transfers_of(self, group: str) -> list[Transfer]:
        """Every transfer of that group that Stripe knows of (at most 100)."""
        with self._call() as client:
            found = client.v1.transfers.list({"transfer_group": group, "limit": 100})
        return [Transfer.read(transfer.to_dict()) for transfer in found.data]

    # --- Webhooks ---------------------------------------------------------------------

    def handle_webhook(self, payload: bytes, signature: str) -> IncomingEvent:
        """Verify what was posted to us as Stripe's; writes nothing.

        Raises `InvalidInput` or `TooLarge` in words.
        """
        if len(payload) > WEBHOOK_LIMIT_BYTES:
            raise TooLarge
        text = _text(payload)
        _verify(text, signature)
        return _event(text)


def _text(payload: bytes) -> str:
    try:
        return payload.decode()
    except UnicodeDecodeError as error:
        raise InvalidInput(_("The body is not UTF-8."), code="invalid_body") from error


def _verify(text: str, signature: str) -> None:
    if not signature:
        raise _unsigned(_("The Stripe-Signature header is missing."))
    if not signature.isascii():
        raise _unsigned(_("The Stripe-Signature header is not ASCII."))
    stamp = re.search(r"(?:^|,)t=(\d{1,12})(?:,|$)", signature)
    if stamp is None:
        raise _unsigned(_("The Stripe-Signature header has no timestamp."))
    age = times.real_now().timestamp() - int(stamp[1])
    # The SDK refuses what is too old, and accepts whatever comes from the future.
    if abs(age) > WEBHOOK_TOLERANCE_SECONDS:
        raise _unsigned(_("The signature's timestamp is more than five minutes off."))
    secrets = (settings.STRIPE_WEBHOOK_SECRET, settings.STRIPE_CONNECT_WEBHOOK_SECRET)
    if not any(_signs(text, signature, secret) for secret in secrets if secret):
        raise _unsigned(_("The signature doesn't match the body."))


def _unsigned(message: str) -> InvalidInput:
    return InvalidInput(message, code="invalid_signature")


def _signs(text: str, signature: str, secret: str) -> bool:
    try:
        stripe.WebhookSignature.verify_header(text, signature, secret)  # type: ignore[no-untyped-call]  # the SDK's
    except stripe.SignatureVerificationError:
        return False
    return True


def _event(text: str) -> IncomingEvent:
    try:
        body = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidInput(_("The body is not JSON."), code="invalid_body") from error
    if not isinstance(body, dict):
        raise InvalidInput(_("The body is not a JSON object."), code="invalid_body")
    event_id, kind = body.get("id"), body.get("type")
    account, livemode = body.get("account") or "", body.get("livemode")
    _require(EVENT_ID, event_id, "id")
    _require(EVENT_TYPE, kind, "type")
    _require(ACCOUNT_ID, account, "account")
    data = body.get("data")
    if not isinstance(data, dict) or not isinstance(data.get("object"), dict):
        raise InvalidInput(_("The event says nothing of its object."), code="invalid_body")
    if livemode is not settings.STRIPE_LIVE_MODE:
        raise InvalidInput(_("The event belongs to Stripe's other mode."), code="wrong_mode")
    return IncomingEvent(str(event_id), str(kind), account, bool(livemode), body)


def _require(pattern: re.Pattern[str], value: object, name: str) -> None:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        message = _("The event's %(name)s is missing or malformed.") % {"name": name}
        raise InvalidInput(message, code="invalid_body")
