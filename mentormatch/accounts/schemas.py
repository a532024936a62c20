"""The shapes of `/me`."""

from ninja import Schema

from mentormatch.accounts.models import User
from mentormatch.schemas import Strict


class Me(Schema):
    email: str
    full_name: str
    time_zone: str
    language: str
    mentor_id: int | None

    @staticmethod
    def resolve_mentor_id(user: User) -> int | None:
        profile = getattr(user, "mentor_profile", None)
        return profile.pk if profile else None


class MeChanges(Strict):
    """What is left out stays as it is."""

    full_name: str = ""
    time_zone: str = ""
    language: str = ""
