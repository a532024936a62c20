"""The one form of ours on the way to a payment; the card is typed at Stripe's."""

import datetime as dt
from typing import Any

from bookings.forms.consent import ConsentField, rule
from mentormatch.ui.forms import ActionForm


class PayForm(ActionForm):
    """The way to Stripe's page; asks for consent to `rule_until` where it isn't there yet."""

    consent = ConsentField()

    def __init__(
        self, *args: Any, rule_until: dt.datetime | None, now: dt.datetime, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        if rule_until is None:
            del self.fields["consent"]
        else:
            self.fields["consent"].label = rule(rule_until, now)
