"""allauth's mails go through the mail log like all others."""

from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.template.loader import TemplateDoesNotExist, get_template

from mentormatch.accounts.models import User
from mentormatch.ids import public_id
from mentormatch.notifications.models import ACCOUNT_KINDS
from mentormatch.notifications.services import queue_mail


class AccountAdapter(DefaultAccountAdapter):
    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Queue it as `account_…`: what is in it, links and codes, staff don't get to see."""
        kind = f"{ACCOUNT_KINDS}{template_prefix.rpartition('/')[2].removesuffix('_signup')}"
        texts = {k: _at_home(v) for k, v in context.items() if isinstance(v, str)}
        if not _is_ours(kind):
            # Rarer ones (a changed password, say) in allauth's own words.
            written = self.render_mail(template_prefix, email, {"email": email, **context})
            kind, texts = f"{ACCOUNT_KINDS}notice", {"title": written.subject, "body": written.body}
        queue_mail(
            kind=kind,
            recipient=User.objects.filter(email=email.lower()).first(),
            to_address=email,
            context=texts,
            dedupe_key=f"account:{public_id()}",
        )


def _is_ours(kind: str) -> bool:
    try:
        get_template(f"mail/{kind}.txt")
    except TemplateDoesNotExist:
        return False
    return True


def _at_home(value: str) -> str:
    """An absolute link with our `SITE_URL` instead of the host the request came by."""
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"}:
        return value
    path = parts._replace(scheme="", netloc="").geturl()
    return f"{settings.SITE_URL}{path}"
