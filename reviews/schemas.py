"""Reviews as the API shows them."""

from typing import Self

from ninja import Field, Schema

from mentormatch.schemas import Instant, Strict
from reviews.models import Review


class ReviewIn(Strict):
    session_id: str
    rating: int = Field(ge=1, le=5)
    comment: str = Field("", max_length=Review.COMMENT_LENGTH)
    is_public: bool


class ReviewOut(Schema):
    id: str
    session_id: str
    mentor_id: int
    reviewer_name: str
    rating: int
    comment: str
    is_public: bool
    created_at: Instant

    @classmethod
    def of(cls, review: Review) -> Self:
        return cls(
            id=review.code,
            session_id=review.session.code,
            mentor_id=review.mentor_id,
            reviewer_name=review.reviewer.get_short_name(),
            rating=review.rating,
            comment=review.comment,
            is_public=review.is_public,
            created_at=review.created_at,
        )


class MentorReviews(Schema):
    """`average_rating`, `review_count` and `distribution` are of the public ones alone."""

    average_rating: float | None
    review_count: int
    distribution: dict[str, int]
    items: list[ReviewOut]
    count: int


class SessionReviews(Schema):
    items: list[ReviewOut]
