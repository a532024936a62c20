"""The review's form: five stars as radio buttons, so that a keyboard and a screen reader can."""

from typing import Any

from crispy_forms.layout import Field, Layout
from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from mentormatch.ui.forms import LinesField, helper
from reviews.models import Review


def star_choices() -> list[tuple[int, str]]:
    """One to five, in the words of the reader's language."""
    return [(n, ngettext("%(n)d star", "%(n)d stars", n) % {"n": n}) for n in range(1, 6)]


class ReviewForm(forms.Form):
    rating = forms.TypedChoiceField(
        label=_("How was it?"),
        choices=star_choices,
        coerce=int,
        widget=forms.RadioSelect,
    )
    comment = LinesField(
        label=_("What should others know?"),
        required=False,
        max_length=Review.COMMENT_LENGTH,
        rows=5,
        help_text=_("What helped, what you took away, for whom this mentor is right."),
    )
    is_public = forms.BooleanField(
        label=_("Show it on the mentor's profile"),
        required=False,
        initial=True,
        help_text=_("Otherwise only you, your mentor and our staff see it, and it doesn't count."),
    )

    def __init__(self, *args: Any, cancel_url: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = helper(
            submit=_("Send the review"),
            cancel_url=cancel_url,
            layout=Layout(Field("rating", wrapper_class="star-choice"), "comment", "is_public"),
        )
