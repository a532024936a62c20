"""Why a bank sent a payout back, in words. https://docs.stripe.com/api/payouts/failures"""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

CLOSED = _("The bank account is closed.")
NOT_THERE = _("There is no such bank account: the number may be mistyped.")
RESTRICTED = _("The bank account takes no such payments.")
WORDS: Mapping[str, Promise] = {
    "account_closed": CLOSED,
    "account_frozen": _("The bank account is frozen."),
    "bank_account_restricted": RESTRICTED,
    "bank_ownership_changed": CLOSED,
    "debit_not_authorized": RESTRICTED,
    "incorrect_account_holder_address": _("The bank knows another address of yours."),
    "incorrect_account_holder_name": _("The bank account is under another name."),
    "invalid_account_number": NOT_THERE,
    "invalid_account_number_length": NOT_THERE,
    "invalid_currency": _("The bank account doesn't take this currency."),
    "no_account": NOT_THERE,
}
OTHER = _("The bank didn't take it.")


def in_words(code: str) -> Promise:
    """A sentence for the mentor; one that fits every reason where the code isn't known."""
    return WORDS.get(code, OTHER)
