"""The card form of the hosted payment page, checked as Stripe's own page does."""

from dataclasses import dataclass, field

from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from . import cards, config

FIELDS = ("card_number", "exp_month", "exp_year", "cvc", "name")
Message = str | Promise


@dataclass
class CardForm:
    """What was typed, as typed, and what is wrong with it."""

    values: dict[str, str] = field(default_factory=dict)
    errors: dict[str, Message] = field(default_factory=dict)

    @classmethod
    def bound(cls, data: QueryDict) -> "CardForm":
        """The form of a POST, checked."""
        form = cls({name: data.get(name, "").strip()[:200] for name in FIELDS})
        form._check_number()
        form._check_expiry()
        form._check_rest()
        return form

    @property
    def number(self) -> str:
        """The card number without the blanks that people type."""
        return "".join(self.values["card_number"].split()).replace("-", "")

    @property
    def exp_month(self) -> int:
        """1 to 12, once the form is valid."""
        return int(self.values["exp_month"])

    @property
    def exp_year(self) -> int:
        """Four digits, whether two or four were typed."""
        year = int(self.values["exp_year"])
        return year + 2000 if year < 100 else year

    def _check_number(self) -> None:
        number = self.number
        complete = number.isascii() and number.isdecimal() and 12 <= len(number) <= 19
        if not complete:
            self.errors["card_number"] = _("Your card number is incomplete.")
        elif not cards.passes_luhn(number):
            self.errors["card_number"] = _("Your card number is invalid.")

    def _check_expiry(self) -> None:
        month, year = self.values["exp_month"], self.values["exp_year"]
        if not _is_number(month, 1, 2) or not 1 <= int(month) <= 12:
            self.errors["exp_month"] = _("Enter a month from 1 to 12.")
        if not _is_number(year, 2, 4) or len(year) == 3:
            self.errors["exp_year"] = _("Enter the year, such as 2030.")
        if self.errors.keys() & {"exp_month", "exp_year"}:
            return
        now = config.now()
        if (self.exp_year, self.exp_month) < (now.year, now.month):
            self.errors["exp_year"] = _("Your card's expiration date is in the past.")
        elif self.exp_year > now.year + 50:
            self.errors["exp_year"] = _("Your card's expiration year is invalid.")

    def _check_rest(self) -> None:
        if not _is_number(self.values["cvc"], 3, 4):
            self.errors["cvc"] = _("Your card's security code is incomplete.")
        if not self.values["name"]:
            self.errors["name"] = _("Enter the name on the card.")


def _is_number(text: str, shortest: int, longest: int) -> bool:
    return text.isascii() and text.isdecimal() and shortest <= len(text) <= longest
