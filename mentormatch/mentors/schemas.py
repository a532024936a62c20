"""Mentors as the API shows them."""

import datetime as dt
from collections.abc import Callable, Iterable
from typing import Annotated, Any, Literal, Self

from django.conf import settings
from ninja import Field, Schema
from pydantic import AfterValidator, WithJsonSchema

from bookings.slots import Slot
from mentormatch.mentors.models import LONGEST, SHORTEST, MentorProfile, MentorSort
from mentormatch.mentors.profile import LANGUAGES
from mentormatch.money import MAXIMUM_CHARGE
from mentormatch.schemas import STORABLE, Instant, PageQuery, StrictQuery


def _one_of(codes: Iterable[str]) -> Callable[[str], str]:
    """Lets one of the codes through, in small letters or capitals, or nothing."""
    allowed = {"", *codes}

    def check(given: str) -> str:
        if given.lower() not in allowed:
            raise ValueError("Give one of those that the description names.")
        return given.lower()

    return check


def _described(codes: Iterable[str]) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "enum": ["", *codes]})


Language = Annotated[str, AfterValidator(_one_of(LANGUAGES)), _described(LANGUAGES)]
Currency = Annotated[
    str,
    AfterValidator(_one_of(settings.SETTLEMENT_CURRENCIES)),
    _described(settings.SETTLEMENT_CURRENCIES),
]


class MentorQuery(PageQuery):
    """The search page's filters; prices are minor units of `currency` an hour."""

    q: str = Field("", max_length=200, json_schema_extra=STORABLE)
    topic: str = Field("", max_length=60, json_schema_extra=STORABLE)
    language: Language = ""
    currency: Currency = ""
    min_price: int | None = Field(None, ge=0, le=MAXIMUM_CHARGE)
    max_price: int | None = Field(None, ge=0, le=MAXIMUM_CHARGE)
    sort: MentorSort = MentorSort.REVIEWS


class SlotQuery(StrictQuery):
    """`from` and `to` are instants, half-open; the next 7 days where they are left out."""

    start: Instant | None = Field(None, alias="from")
    end: Instant | None = Field(None, alias="to")
    duration_minutes: int | None = Field(None, ge=SHORTEST, le=LONGEST)
    session_type: Literal["one_on_one", "trial", "group"] = "one_on_one"


class TopicOut(Schema):
    slug: str
    name: str


class MentorOut(Schema):
    mentor_id: int
    slug: str
    name: str
    headline: str
    topics: list[TopicOut]
    languages: list[str]
    hourly_rate: int
    trial_rate: int | None
    currency: str
    average_rating: float | None
    review_count: int
    total_sessions: int
    next_slot_at: Instant | None

    @classmethod
    def of(cls, mentor: MentorProfile, next_slot_at: dt.datetime | None) -> Self:
        return cls(**_shown(mentor), next_slot_at=next_slot_at)


class MentorDetail(MentorOut):
    bio: str
    country: str
    time_zone: str
    lengths: list[int]
    trial_minutes: int | None
    step_minutes: int
    notice_minutes: int
    horizon_days: int
    requires_approval: bool
    is_payable: bool

    @classmethod
    def of(cls, mentor: MentorProfile, next_slot_at: dt.datetime | None) -> Self:
        return cls(
            **_shown(mentor),
            next_slot_at=next_slot_at,
            bio=mentor.bio,
            country=mentor.country,
            time_zone=mentor.time_zone,
            lengths=mentor.lengths,
            trial_minutes=mentor.trial_minutes if mentor.offers_trial else None,
            step_minutes=mentor.step_minutes,
            notice_minutes=mentor.notice_minutes,
            horizon_days=mentor.horizon_days,
            requires_approval=mentor.requires_approval,
            is_payable=mentor.sells,
        )


def _shown(mentor: MentorProfile) -> dict[str, Any]:
    average = mentor.average_rating
    return {
        "mentor_id": mentor.pk,
        "slug": mentor.slug,
        "name": mentor.name,
        "headline": mentor.headline,
        "topics": [{"slug": topic.slug, "name": topic.name} for topic in mentor.topics.all()],
        "languages": mentor.languages,
        "hourly_rate": mentor.hourly_rate_minor,
        "trial_rate": mentor.trial_rate_minor,
        "currency": mentor.currency,
        "average_rating": None if average is None else float(average),
        "review_count": mentor.review_count,
        "total_sessions": mentor.total_sessions,
    }


class SlotOut(Schema):
    starts_at: Instant
    ends_at: Instant

    @classmethod
    def told(cls, slot: Slot) -> Self:
        """For `schemas.told`: a slot's instants are right as they are."""
        return cls.model_construct(starts_at=slot.starts_at, ends_at=slot.ends_at)


class SlotList(Schema):
    """`time_zone` is the mentor's."""

    time_zone: str
    items: list[SlotOut]
