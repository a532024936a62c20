"""What can go wrong on purpose: one family, translated once for pages and once for the API."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Text = str | Promise


class DomainError(Exception):
    """A refusal with a stable `code`, a text for people and an HTTP status.

    `errors` names the fields at fault: `[{"field": …, "message": …}]`. `extra` goes into the
    API's answer as it is (the nearest free slots of `slot_unavailable`, say).
    """

    code = "invalid"
    status = 400
    message: Text = _("That didn't work. Check what you entered and try again.")

    def __init__(
        self,
        message: Text | None = None,
        *,
        code: str | None = None,
        field: str | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        self.message = message or type(self).message
        self.code = code or type(self).code
        self.errors: Sequence[Mapping[str, Any]] = (
            [{"field": field, "message": self.message}] if field else []
        )
        self.field = field
        self.extra = dict(extra or {})
        super().__init__(self.code)

    def __str__(self) -> str:
        return str(self.message)


class InvalidInput(DomainError):
    """400: what was sent can't be right, whatever the state of things."""


class Forbidden(DomainError):
    """403: a participant in the wrong role."""

    code = "forbidden"
    status = 403
    message = _("You can't do that here.")


class NotFound(DomainError):
    """404: absent, or not yours."""

    code = "not_found"
    status = 404
    message = _("There is nothing here that you can see.")


class Conflict(DomainError):
    """409: right in itself, but not as things stand."""

    code = "invalid_state"
    status = 409
    message = _("That isn't possible any more: something has changed meanwhile.")


class StripeError(DomainError):
    """502: Stripe refused or can't be reached; `retryable` says which."""

    code = "stripe_error"
    status = 502
    message = _("The payment service can't be reached right now. Nothing was lost: try again.")
    retryable = True


class TryAgain(DomainError):
    """503: a passing shortage of our own (a lock, a database)."""

    code = "try_again"
    status = 503
    message = _("That took too long just now. Please try again in a moment.")
