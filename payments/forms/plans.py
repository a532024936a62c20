"""A mentor's plan, and the way to subscribe to one."""

from typing import Any

from crispy_forms.layout import Div, Layout
from django import forms
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_lazy, pgettext_lazy

from bookings.forms.consent import ConsentField
from mentormatch import money
from mentormatch.errors import DomainError
from mentormatch.mentors.models import MentorProfile
from mentormatch.ui.forms import LinesField, PriceField, helper
from mentormatch.ui.templatetags.mentormatch import duration
from mentormatch.ui.templatetags.mentormatch import money as in_words
from payments.models import Interval, Plan
from payments.services.plans import MOST_CREDITS, PlanFields

PER = {
    Interval.MONTHLY: gettext_lazy("a month"),
    Interval.QUARTERLY: gettext_lazy("a quarter"),
    Interval.ANNUAL: pgettext_lazy("a price", "a year"),
}
PRICES = {Interval.MONTHLY: "monthly", Interval.QUARTERLY: "quarterly", Interval.ANNUAL: "annual"}


def _price(label: str, currency: str) -> PriceField:
    """What is paid at once."""
    hint = gettext("In %(currency)s. Leave it empty not to offer it.")
    hint %= {"currency": currency.upper()}
    return PriceField(currency=currency, label=label, required=False, help_text=hint)


class PlanForm(forms.Form):
    """A mentor's plan, in the mentor's currency or, once made, in its own."""

    title = forms.CharField(label=gettext_lazy("Title"), max_length=Plan.TITLE_LENGTH)
    description = LinesField(
        label=gettext_lazy("What it includes"),
        max_length=Plan.DESCRIPTION_LENGTH,
        required=False,
        rows=3,
    )
    credits_a_month = forms.IntegerField(
        label=gettext_lazy("Sessions a month"), min_value=1, max_value=MOST_CREDITS, initial=2
    )
    session_minutes = forms.TypedChoiceField(label=gettext_lazy("Length of a session"), coerce=int)

    def __init__(
        self, *args: Any, mentor: MentorProfile, plan: Plan | None = None, **kwargs: Any
    ) -> None:
        self.currency = plan.currency if plan else mentor.currency
        kwargs["initial"] = self._initial(plan)
        super().__init__(*args, **kwargs)
        lengths = {*mentor.lengths, *([plan.session_minutes] if plan else [])}
        choices = [(minutes, duration(minutes)) for minutes in sorted(lengths)]
        self.fields["session_minutes"].choices = choices  # type: ignore[attr-defined]  # a choice field
        self.fields["monthly"] = _price(gettext("Price a month"), self.currency)
        self.fields["quarterly"] = _price(gettext("Price a quarter"), self.currency)
        self.fields["annual"] = _price(gettext("Price a year"), self.currency)
        self.helper = helper(
            submit=gettext("Save") if plan else gettext("Add this plan"),
            cancel_url=reverse("payments:plans") if plan else "",
            layout=Layout(
                "title",
                "description",
                Div("credits_a_month", "session_minutes", css_class="form-grid"),
                Div(*PRICES.values(), css_class="form-grid"),
            ),
        )

    def _initial(self, plan: Plan | None) -> dict[str, Any]:
        if plan is None:
            return {}
        names = ("title", "description", "credits_a_month", "session_minutes")
        initial: dict[str, Any] = {name: getattr(plan, name) for name in names}
        for interval, price in plan.prices:
            initial[PRICES[interval]] = money.to_major(price, self.currency)
        return initial

    def plan_fields(self) -> PlanFields:
        """What was typed, as the service takes it."""
        typed = self.cleaned_data
        return {
            "title": typed["title"],
            "description": typed["description"],
            "credits_a_month": typed["credits_a_month"],
            "session_minutes": typed["session_minutes"],
            "monthly_minor": self._minor("monthly"),
            "quarterly_minor": self._minor("quarterly"),
            "annual_minor": self._minor("annual"),
        }

    def _minor(self, name: str) -> int | None:
        typed = self.cleaned_data[name]
        return None if typed is None else money.to_minor(typed, self.currency)

    def refuse(self, error: DomainError) -> None:
        """Put what the service refused beside the field that it names."""
        name = (error.field or "").removesuffix("_minor")
        self.add_error(name if name in self.fields else None, str(error))


class SubscribeForm(forms.Form):
    """In which interval; the way to Stripe's page, with consent to how it renews and ends."""

    interval = forms.ChoiceField(label=gettext_lazy("You pay"), widget=forms.RadioSelect)
    consent = ConsentField()

    def __init__(self, *args: Any, plan: Plan, again: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["interval"].choices = [  # type: ignore[attr-defined]  # a choice field
            (interval.value, f"{in_words(price, plan.currency)} {PER[interval]}")
            for interval, price in plan.prices
        ]
        self.initial.setdefault("interval", plan.prices[0][0].value)
        self.fields["consent"].label = renewal_rule()
        self.helper = helper(
            submit=gettext("Try again") if again else gettext("Subscribe at Stripe"),
            cancel_url=reverse("mentors:detail", args=[plan.mentor.slug]),
            cancel_label=gettext("Not now"),
        )


def renewal_rule() -> SafeString:
    """How a subscription renews and ends, as one agrees to it."""
    said = gettext(
        "I agree: it renews by itself, at the price I chose, until I cancel. I can cancel at any "
        "time; it then ends with the period that is paid, and nothing of that comes back. The "
        "{terms} apply."
    )
    terms = format_html('<a href="{}">{}</a>', reverse("legal:terms"), gettext("terms of use"))
    return format_html(said, terms=terms)
