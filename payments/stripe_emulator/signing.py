"""Stripe's webhook signature."""

import hashlib
import hmac
import time


def header(payload: bytes, secret: str, *, at: int | None = None) -> str:
    """The `Stripe-Signature` of a payload, at the real clock's time unless another is given."""
    timestamp = int(time.time()) if at is None else at
    signed = str(timestamp).encode() + b"." + payload
    digest = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    return f"t={timestamp},v1={digest}"
