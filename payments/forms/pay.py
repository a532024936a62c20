"""The forms of ours on the way to a payment; the card is typed at Stripe's."""

import datetime as dt
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from bookings.forms.consent import ConsentField, rule
from mentormatch import money
from mentormatch.errors import InvalidInput
from mentormatch.ui.forms import ActionForm, LinesField, helper
from payments.models import Tip
from payments.services.tips import LEAST_MINOR, MOST_MINOR


class PayForm(ActionForm):
    """The way to pay; asks for consent to `rule_until` where it isn't there yet.

    `keeps_card`: whether to ask if the card is to be kept for the next time.
    """

    consent = ConsentField()
    save_card = forms.BooleanField(
        required=False,
        label=_("Keep this card at Stripe, so that I can pay with one click next time"),
        help_text=_("You can remove it at any time, here and in your settings."),
    )

    def __init__(
        self,
        *args: Any,
        rule_until: dt.datetime | None,
        now: dt.datetime,
        keeps_card: bool,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        if not keeps_card:
            del self.fields["save_card"]
        if rule_until is None:
            del self.fields["consent"]
        else:
            self.fields["consent"].label = rule(rule_until, now)


class TipForm(forms.Form):
    """How much, in the main unit of the session's currency, and a word with it."""

    amount = forms.DecimalField()
    message = LinesField(
        label=_("A note to your mentor"),
        required=False,
        max_length=Tip.MESSAGE_LENGTH,
        rows=3,
        help_text=_("They read it in the mail that tells them of the tip."),
    )
    # Comes back as it was shown, so that nobody gives dollars for euros.
    currency = forms.CharField(required=False, max_length=3, widget=forms.HiddenInput)

    def __init__(self, *args: Any, currency: str, cancel_url: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.sold_in = self.fields["currency"].initial = currency
        places = money.decimals(currency)
        amount = self.fields["amount"] = forms.DecimalField(
            label=_("Amount in %(currency)s") % {"currency": currency.upper()},
            max_digits=12,
            decimal_places=places,
            initial=money.to_major(5 * LEAST_MINOR, currency),
        )
        amount.widget.attrs |= {
            "min": str(money.to_major(LEAST_MINOR, currency)),
            "max": str(money.to_major(MOST_MINOR, currency)),
        }
        self.helper = helper(submit=_("Give the tip at Stripe"), cancel_url=cancel_url)

    @property
    def asked(self) -> dict[str, Any]:
        """What `give_tip` takes; of a valid form."""
        valid = self.cleaned_data
        return {
            "amount_minor": money.to_minor(valid["amount"], self.sold_in),
            "currency": valid["currency"],
            "message": valid["message"],
        }

    def refuse(self, refusal: InvalidInput) -> None:
        """Say what the service said, beside its field if that is seen."""
        is_seen = refusal.field in self.fields and refusal.field != "currency"
        self.add_error(refusal.field if is_seen else None, str(refusal))
