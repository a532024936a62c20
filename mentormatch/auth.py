"""Who is asking: of the pages a mentor or not, of the API the bearer of an access token.

A token counts only while its session does, so that one of a logged-out, deactivated or deleted
person is refused at once. The site's cookies are not looked at: a page can't be made to act here.
"""

from typing import Any

from allauth.headless.tokens.strategies.jwt.internal import validate_access_token
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja.security import HttpBearer

from mentormatch.accounts.models import User
from mentormatch.errors import Forbidden
from mentormatch.mentors.models import MentorProfile


class LoggedInRequest(HttpRequest):
    """What a view behind a log-in gets, and an endpoint behind a token."""

    user: User


def own_mentor(request: LoggedInRequest) -> MentorProfile:
    """The profile of the mentor who asks; `Forbidden` for everyone else."""
    mentor: MentorProfile | None = getattr(request.user, "mentor_profile", None)
    if mentor is None:
        raise Forbidden(_("This is for mentors. Set up your mentor profile first."))
    return mentor


class AccessToken(HttpBearer):
    """Refuses whoever has no valid token; sets `request.user`."""

    openapi_bearerFormat = "JWT"  # noqa: N815  # ninja's name

    def authenticate(self, request: HttpRequest, token: str) -> User | None:
        found = validate_access_token(token)
        if found is None or not found[0].is_active:
            return None
        user: User = found[0]
        request.user = user
        return user


class OptionalAccessToken(AccessToken):
    """Lets everyone read, and knows those who bring a token; a bad one is still refused."""

    def __call__(self, request: HttpRequest) -> Any:
        if "Authorization" in request.headers:
            return super().__call__(request)
        request.user = AnonymousUser()
        return request.user


access_token = AccessToken()
optional_auth = OptionalAccessToken()
