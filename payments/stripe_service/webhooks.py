"""What is posted to us as Stripe's: believed if signed, of our mode and of our time."""

import re

import stripe
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mentormatch import times
from mentormatch.errors import DomainError, InvalidInput
from mentormatch.strict_json import read_json
from payments.stripe_types import IncomingEvent

WEBHOOK_LIMIT_BYTES = 256 * 1024
WEBHOOK_TOLERANCE_SECONDS = 300
EVENT_ID = re.compile(r"evt_[A-Za-z0-9_]{1,90}")
EVENT_TYPE = re.compile(r"[a-z0-9_.]{1,100}")
ACCOUNT_ID = re.compile(r"(acct_[A-Za-z0-9]{1,59})?")


class TooLarge(DomainError):
    """413: more than Stripe ever sends."""

    code = "too_large"
    status = 413
    message = gettext_lazy("The body is larger than 256 kB.")


class Webhooks:
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
        body = read_json(text)
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
