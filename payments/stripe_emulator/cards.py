"""Stripe's well-known test cards and what each does."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop


@dataclass(frozen=True)
class Decline:
    """Why the bank says no."""

    code: str
    decline_code: str
    message: str


@dataclass(frozen=True)
class TestCard:
    """One card number of Stripe's test mode."""

    __test__ = False  # it is no test class, whatever pytest makes of its name

    number: str
    label: str | Promise
    brand: str = "visa"
    country: str = "US"
    funding: str = "credit"
    decline: Decline | None = None
    decline_later: Decline | None = None  # once it is saved and nobody is there
    authenticates: bool = False
    authenticates_always: bool = False
    available_at_once: bool = False
    is_disputed: bool = False
    token: str = ""

    @property
    def last4(self) -> str:
        """The digits that may be shown."""
        return self.number[-4:]


DECLINED = Decline("card_declined", "generic_decline", gettext_noop("Your card was declined."))
INSUFFICIENT = Decline(
    "card_declined", "insufficient_funds", gettext_noop("Your card has insufficient funds.")
)
EXPIRED = Decline("expired_card", "expired_card", gettext_noop("Your card has expired."))
BAD_CVC = Decline(
    "incorrect_cvc", "incorrect_cvc", gettext_noop("Your card's security code is incorrect.")
)
PROCESSING = Decline(
    "processing_error",
    "processing_error",
    gettext_noop("An error occurred while processing your card. Try again in a little bit."),
)
UNAUTHENTICATED = Decline(
    "payment_intent_authentication_failure",
    "authentication_required",
    gettext_noop(
        "We are unable to authenticate your payment method. "
        "Please choose a different payment method and try again."
    ),
)
AWAY = Decline(
    "authentication_required",
    "authentication_required",
    gettext_noop("Your card was declined. This transaction requires authentication."),
)
NOT_A_TEST_CARD = Decline(
    "card_declined",
    "test_mode_live_card",
    gettext_noop(
        "Your card was declined. Your request was in test mode, but used a non test card. "
        "For a list of valid test cards, visit: https://stripe.com/docs/testing."
    ),
)

ALL = (
    TestCard("4242424242424242", _("succeeds"), token="pm_card_visa"),
    TestCard("4000002500003155", _("asks for authentication"), authenticates=True,
             token="pm_card_authenticationRequiredOnSetup"),
    TestCard("4000002760003184", _("asks for authentication each time"), authenticates=True,
             authenticates_always=True, token="pm_card_authenticationRequired"),
    TestCard("4000000000000002", _("is declined"), decline=DECLINED,
             token="pm_card_visa_chargeDeclined"),
    TestCard("4000000000009995", _("has insufficient funds"), decline=INSUFFICIENT,
             token="pm_card_visa_chargeDeclinedInsufficientFunds"),
    TestCard("4000000000000259", _("succeeds, and is disputed later"),
             is_disputed=True, token="pm_card_createDispute"),
    TestCard("4000000000000077", _("succeeds, and its funds are available at once"),
             available_at_once=True, token="pm_card_bypassPending"),
    TestCard("4000000000000069", _("has expired"), decline=EXPIRED,
             token="pm_card_chargeDeclinedExpiredCard"),
    TestCard("4000000000000127", _("has another security code"), decline=BAD_CVC,
             token="pm_card_chargeDeclinedIncorrectCvc"),
    TestCard("4000000000000119", _("meets a processing error"), decline=PROCESSING,
             token="pm_card_chargeDeclinedProcessingError"),
    TestCard("4000000000000341", _("succeeds at first, is declined when charged again later"),
             decline_later=DECLINED, token="pm_card_chargeCustomerFail"),
    TestCard("5555555555554444", _("succeeds (Mastercard)"), brand="mastercard",
             token="pm_card_mastercard"),
)  # fmt: skip
BY_NUMBER = {card.number: card for card in ALL}
BY_TOKEN = {card.token: card for card in ALL}


def passes_luhn(number: str) -> bool:
    """Whether the check digit fits."""
    digits = [int(digit) for digit in reversed(number)]
    doubled = (sum(divmod(2 * digit, 10)) for digit in digits[1::2])
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0


def by_number(number: str) -> TestCard:
    """The test card; any other number is a card that test mode declines."""
    return BY_NUMBER.get(number) or TestCard(number, "", decline=NOT_A_TEST_CARD)
