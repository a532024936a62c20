from crispy_forms.utils import render_crispy_form
from django import forms
from django.http import HttpResponse
from django.test import RequestFactory

from mentormatch.ui.forms import ActionForm, LinesField, TimeZoneField, helper, render_invalid
from reviews.forms import ReviewForm
from reviews.models import Review


class Sample(forms.Form):
    name = forms.CharField(label="Name", help_text="What people call you")
    secret = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.helper = helper(submit="Send <it>", cancel_url="/back/", name="action", value="go")


def test_form_has_label_help_button_and_way_back():
    shown = render_crispy_form(Sample())
    assert 'for="id_name"' in shown
    assert 'aria-describedby="id_name_helptext"' in shown
    assert 'name="action" value="go">Send &lt;it&gt;</button>' in shown
    assert 'href="/back/"' in shown
    assert "form-errors" not in shown


def test_refused_form_lists_what_is_wrong_and_keeps_what_was_typed():
    class Picky(Sample):
        def clean_name(self):
            raise forms.ValidationError("Not that one")

    shown = render_crispy_form(Picky({"name": 'Ada "the"'}))
    assert 'role="alert"' in shown
    assert '<a href="#id_name">Name</a>: Not that one' in shown
    assert "This field is required." in shown  # the hidden one's, which has no place of its own
    assert 'value="Ada &quot;the&quot;"' in shown


def test_action_form_is_a_button():
    form = ActionForm(action="/go/", submit="Go", kind="danger")
    shown = " ".join(render_crispy_form(form).split())
    assert 'action="/go/"' in shown
    assert '<button type="submit" class="btn btn-danger">Go</button>' in shown
    assert 'type="text"' not in shown


def test_render_invalid_is_422():
    answer = render_invalid(RequestFactory().post("/"), "ui/_empty.html", {"title": "No"})
    assert isinstance(answer, HttpResponse)
    assert answer.status_code == 422


def test_time_zones_can_all_be_chosen():
    field = TimeZoneField()
    shown = str(forms.BoundField(forms.Form(), field, "zone"))
    for name in ("UTC", "Europe/Berlin", "America/Argentina/Salta", "GB"):
        assert field.clean(name) == name
        assert f'value="{name}"' in shown


def test_what_a_browser_lets_one_type_fits_though_its_lines_end_in_two_characters():
    typed = "\n".join("x" * 9 for _ in range(Review.COMMENT_LENGTH // 10)) + "!"
    assert len(typed) == Review.COMMENT_LENGTH
    form = ReviewForm({"rating": "5", "comment": typed.replace("\n", "\r\n")})
    assert form.is_valid()
    assert form.cleaned_data["comment"] == typed
    assert f'maxlength="{Review.COMMENT_LENGTH}"' in str(form["comment"])
    longer = ReviewForm({"rating": "5", "comment": f"{typed}!"})
    assert not longer.is_valid()


def test_a_text_of_several_lines_may_be_none():
    assert LinesField(rows=3, required=False).clean(None) == ""
