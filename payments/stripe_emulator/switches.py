"""How Stripe misbehaves for every process at once, as the dashboard sets it."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from .models import Switches

ONLY = 1  # the number of the one row


def current() -> Switches:
    """As they stand; all off where nobody has touched them."""
    return Switches.objects.filter(pk=ONLY).first() or Switches(pk=ONLY)


def calm() -> None:
    """All off."""
    Switches.objects.all().delete()


def are_off(row: Switches) -> bool:
    """Whether Stripe behaves as it should."""
    return not (row.mode or row.repeat or row.delay or row.reorder or row.lose_answer or row.drop)


class SwitchesForm(forms.ModelForm[Switches]):
    """The switches as one form; types that are dropped stand one to a line."""

    use_required_attribute = False

    drop = forms.CharField(
        label=_("Types that never arrive"),
        required=False,
        max_length=2000,
        help_text=_("One to a line, such as payout.paid"),
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
    )

    class Meta:
        model = Switches
        fields = ("mode", "seconds", "repeat", "delay", "reorder", "lose_answer", "drop")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        self.initial["drop"] = "\n".join(self.instance.drop)

    def clean_drop(self) -> list[str]:
        """The types, each once."""
        return sorted(set(self.cleaned_data["drop"].split()))
