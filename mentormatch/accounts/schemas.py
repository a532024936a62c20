"""The shapes of `/me`."""

from django.conf import settings
from ninja import Field, Schema
from pydantic import ConfigDict

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

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"time_zone": "Europe/Berlin", "language": "en"}]}
    )

    full_name: str = Field("", json_schema_extra={"minLength": 1, "maxLength": 80})
    time_zone: str = Field("", json_schema_extra={"minLength": 1, "examples": ["Europe/Berlin"]})
    language: str = Field("", json_schema_extra={"enum": [code for code, _ in settings.LANGUAGES]})
