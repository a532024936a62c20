"""Stripe's error envelope, and the errors that several endpoints share."""

from typing import Any


class StripeError(Exception):
    """An answer other than 2xx. What the endpoint wrote before it is rolled back."""

    def __init__(
        self,
        message: str,
        *,
        kind: str = "invalid_request_error",
        status: int = 400,
        code: str | None = None,
        param: str | None = None,
        **extra: Any,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.kind = kind
        self.status = status
        self.code = code
        self.param = param
        self.extra = extra

    def body(self) -> dict[str, Any]:
        """The JSON answer."""
        error: dict[str, Any] = {"message": self.message, "type": self.kind}
        if self.code:
            error["code"] = self.code
            error["doc_url"] = f"https://stripe.com/docs/error-codes/{self.code.replace('_', '-')}"
        if self.param:
            error["param"] = self.param
        return {"error": error | self.extra}


class CardError(StripeError):
    """A declined card: 402, and the failed attempt stays on the books."""

    def __init__(self, message: str, *, code: str, **extra: Any) -> None:
        super().__init__(message, kind="card_error", status=402, code=code, **extra)


class UnseenRequest(StripeError):
    """Refused before the endpoint began: nothing is remembered under the idempotency key."""


def unknown_parameter(name: str) -> UnseenRequest:
    """A parameter that the endpoint doesn't have (or that the emulator doesn't know)."""
    return UnseenRequest(
        f"Received unknown parameter: {name}", code="parameter_unknown", param=name
    )


def missing_parameter(name: str) -> UnseenRequest:
    """A required parameter that wasn't sent."""
    return UnseenRequest(f"Missing required param: {name}.", code="parameter_missing", param=name)


def invalid_parameter(message: str, name: str, code: str | None = None) -> UnseenRequest:
    """A parameter whose value can't be read."""
    return UnseenRequest(message, code=code, param=name)


def no_such(kind: str, stripe_id: str, *, param: str, status: int = 404) -> StripeError:
    """An id that isn't there, or isn't this account's: 404 in a path, 400 in a parameter."""
    return StripeError(
        f"No such {kind}: '{stripe_id}'", code="resource_missing", param=param, status=status
    )
