"""What Stripe's refusals and failures are called here."""

from collections.abc import Iterator
from contextlib import contextmanager

import stripe
from django.utils.translation import gettext_lazy as _

from mentormatch.errors import StripeError


class StripeUnreachable(StripeError):
    """No answer came: what was asked may have been done, and is to be asked again."""


class StripeRateLimited(StripeError):
    """Stripe has too much to do for us just now."""

    message = _("The payment service is busy right now. Nothing was lost: try again in a minute.")


class StripeKeyRefused(StripeError):
    """Our own key is wrong or withdrawn: mended by whoever runs this site, and then for all."""


class StripeBroken(StripeError):
    """Stripe failed while it worked on this.

    Under the same key it tells what it came to the first time: what it made, or that it failed.
    """

    def __init__(self, *, needs_new_key: bool = False) -> None:
        super().__init__()
        self.needs_new_key = needs_new_key


class StripeRefused(StripeError):
    """Stripe understood and said no: the same again is refused again."""

    message = _("The payment service refused this. No money was moved; write to us if it stays so.")
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

    @property
    def is_out_of_reach(self) -> bool:
        """The account was cut off from the platform: Stripe says nothing of it any more."""
        return self.stripe_code == "account_invalid"


class CardRefused(StripeRefused):
    """The bank said no to this card; `decline_code` is its reason, where it gives one."""

    code = "card_declined"
    message = _("Your bank declined this card. Nothing was paid: try another card.")

    def __init__(self, detail: str, *, decline_code: str = "", **facts: str) -> None:
        super().__init__(detail, **facts)
        self.decline_code = decline_code

    @property
    def needs_authentication(self) -> bool:
        """The bank wants to see the cardholder, on a page of Stripe's."""
        return self.stripe_code == "authentication_required"


def why(error: StripeError) -> str:
    """What Stripe said, for staff."""
    return str(getattr(error, "detail", "") or error.__cause__ or error)[:500]


@contextmanager
def translated() -> Iterator[None]:
    """Turn what the SDK raises into our errors."""
    try:
        yield
    except stripe.APIConnectionError as error:
        raise StripeUnreachable from error
    except stripe.RateLimitError as error:
        raise StripeRateLimited from error
    except stripe.AuthenticationError as error:
        raise StripeKeyRefused from error
    except stripe.IdempotencyError as error:
        if error.http_status == 409:  # the first request with this key is still being worked on
            raise StripeRateLimited from error
        raise StripeRefused(str(error), stripe_code="idempotency") from error
    except stripe.CardError as error:
        raise _card_refused(error) from error
    except stripe.InvalidRequestError as error:
        code, param = str(error.code or ""), str(error.param or "")
        raise StripeRefused(str(error), stripe_code=code, param=param) from error
    except stripe.PermissionError as error:
        # The SDK hands the code of this kind of error on in its body alone.
        code = str(getattr(error.error, "code", "") or "")
        raise StripeRefused(str(error), stripe_code=code) from error
    except stripe.StripeError as error:
        replayed = (error.headers or {}).get("Idempotent-Replayed") == "true"
        raise StripeBroken(needs_new_key=replayed) from error


def _card_refused(error: stripe.CardError) -> CardRefused:
    return CardRefused(
        str(error),
        stripe_code=str(error.code or ""),
        param=str(error.param or ""),
        decline_code=str(getattr(error.error, "decline_code", "") or ""),
    )
