"""The card form of the hosted payment page, checked as Stripe's own page does."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from . import cards, config


def _text(label: Any, hint: str, autocomplete: str, missing: Any) -> forms.CharField:
    """A line of text; `autocomplete` lets browsers fill it in, and phones show digits for it."""
    attrs = {"placeholder": hint, "autocomplete": autocomplete}
    if autocomplete != "cc-name":
        attrs["inputmode"] = "numeric"
    return forms.CharField(
        label=label,
        max_length=200,
        widget=forms.TextInput(attrs=attrs),
        error_messages={"required": missing},
    )


class CardForm(forms.Form):
    """A card as it is typed. What was typed stays in it, whatever is wrong."""

    use_required_attribute = False
    template_name = "stripe_emulator/_fields.html"

    card_number = _text(
        _("Card number"), "4242 4242 4242 4242", "cc-number", _("Your card number is incomplete.")
    )
    exp_month = _text(_("Month"), "12", "cc-exp-month", _("Enter a month from 1 to 12."))
    exp_year = _text(_("Year"), "2034", "cc-exp-year", _("Enter the year, such as 2034."))
    cvc = _text(_("CVC"), "123", "cc-csc", _("Your card's security code is incomplete."))
    name = _text(_("Name on card"), "", "cc-name", _("Enter the name on the card."))

    def clean_card_number(self) -> str:
        """The number without the blanks that people type."""
        number = "".join(self.cleaned_data["card_number"].split()).replace("-", "")
        if not _is_number(number, 12, 19):
            raise forms.ValidationError(_("Your card number is incomplete."))
        if not cards.passes_luhn(number):
            raise forms.ValidationError(_("Your card number is invalid."))
        return number

    def clean_exp_month(self) -> int:
        """1 to 12."""
        month = self.cleaned_data["exp_month"]
        if not _is_number(month, 1, 2) or not 1 <= int(month) <= 12:
            raise forms.ValidationError(_("Enter a month from 1 to 12."))
        return int(month)

    def clean_exp_year(self) -> int:
        """Four digits, whether two or four were typed."""
        year = self.cleaned_data["exp_year"]
        if not _is_number(year, 2, 4) or len(year) == 3:
            raise forms.ValidationError(_("Enter the year, such as 2034."))
        return int(year) + 2000 if len(year) == 2 else int(year)

    def clean_cvc(self) -> str:
        """Three or four digits."""
        cvc: str = self.cleaned_data["cvc"]
        if not _is_number(cvc, 3, 4):
            raise forms.ValidationError(_("Your card's security code is incomplete."))
        return cvc

    def clean(self) -> dict[str, Any]:
        """The card must not have expired, by the emulator's clock."""
        values = self.cleaned_data
        if {"exp_month", "exp_year"} <= values.keys():
            now = config.now()
            if (values["exp_year"], values["exp_month"]) < (now.year, now.month):
                self.add_error("exp_year", _("Your card's expiration date is in the past."))
            elif values["exp_year"] > now.year + 50:
                self.add_error("exp_year", _("Your card's expiration year is invalid."))
        return values


def _is_number(text: str, shortest: int, longest: int) -> bool:
    return text.isascii() and text.isdecimal() and shortest <= len(text) <= longest
