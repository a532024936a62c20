"""What Stripe still wants to know of a mentor, in words."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

# The beginnings of Stripe's names; the first that fits counts.
# https://docs.stripe.com/connect/handling-api-verification
WORDS: tuple[tuple[str, Promise], ...] = (
    ("individual.verification", _("A photo of your identity document")),
    ("individual.", _("Your name, date of birth and address")),
    ("company.", _("Your company's name, number and address")),
    ("business_", _("What you do, and in which legal form")),
    ("external_account", _("The bank account that you want the money on")),
    ("tos_acceptance", _("That you accept Stripe's terms")),
)
OTHER = _("Some further details")


def in_words(names: list[str]) -> list[Promise]:
    """Each thing once, in the order in which Stripe names them."""
    found = (next((w for stem, w in WORDS if name.startswith(stem)), OTHER) for name in names)
    return list(dict.fromkeys(found))
