"""Group sessions as the API shows them."""

from typing import Annotated, Self

from ninja import Schema

from bookings.group_models import GroupSession
from mentormatch.schemas import Instant, PageQuery, RowId, values_of

GroupStatus = Annotated[GroupSession.Status, values_of(GroupSession.Status)]


class GroupQuery(PageQuery):
    mentor_id: RowId | None = None


class GroupOut(Schema):
    """`price` is a seat's, in the minor unit of `currency`; unpaid holds count as taken."""

    id: str
    mentor_id: int
    mentor_name: str
    title: str
    description: str
    starts_at: Instant
    ends_at: Instant
    duration_minutes: int
    seats: int
    seats_left: int
    price: int
    currency: str
    status: GroupStatus

    @classmethod
    def of(cls, group: GroupSession) -> Self:
        return cls(
            id=group.code,
            mentor_id=group.mentor_id,
            mentor_name=group.mentor.name,
            title=group.title,
            description=group.description,
            starts_at=group.starts_at,
            ends_at=group.ends_at,
            duration_minutes=group.duration_minutes,
            seats=group.seats,
            seats_left=group.seats_left,
            price=group.price_minor,
            currency=group.currency,
            status=GroupSession.Status(group.status),
        )
