"""Whose page it is."""

from django.utils.translation import gettext as _

from mentormatch.auth import LoggedInRequest
from mentormatch.errors import Forbidden
from mentormatch.mentors.models import MentorProfile


def the_mentor(request: LoggedInRequest) -> MentorProfile:
    """The mentor whose page this is; anyone else is refused."""
    mentor: MentorProfile | None = getattr(request.user, "mentor_profile", None)
    if mentor is None:
        raise Forbidden(_("This page is for mentors. Set up your mentor profile first."))
    return mentor
