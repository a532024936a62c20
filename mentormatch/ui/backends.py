"""Who is logged in, with what the frame of every page asks about them."""

from allauth.account.auth_backends import AuthenticationBackend

from mentormatch.accounts.models import User


class ViewerBackend(AuthenticationBackend):
    """allauth's, but the person comes with their mentor profile, in the one query.

    The navigation differs for mentors: it would cost every page a second query.
    A deactivated person is nobody, and so logged out.
    """

    def get_user(self, user_id: int) -> User | None:
        found = User.objects.select_related("mentor_profile").filter(pk=user_id)
        user = next(iter(found), None)
        return user if user and self.user_can_authenticate(user) else None
