from crispy_forms.utils import render_crispy_form
from django import template
from django.template.context import Context

from mentormatch.accounts.forms import EmailActionForm

register = template.Library()


@register.simple_tag(takes_context=True)
def email_action(context: Context, email: str, action: str, label: str, kind: str) -> str:
    """A button that does one thing with one of the account's addresses."""
    form = EmailActionForm(email=email, action=action, submit=label, kind=kind)
    rendered: str = render_crispy_form(form, context={"csrf_token": context.get("csrf_token")})
    return rendered
