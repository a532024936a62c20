"""What every endpoint of the API shares: strict input, instants, pages."""

import datetime as dt
from collections.abc import Callable
from typing import Annotated, Any, Generic, TypeVar

from django.db.models import QuerySet, TextChoices
from django.http import HttpResponse
from django.utils.translation import gettext as _
from ninja import Schema
from pydantic import (
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    ValidationInfo,
    WithJsonSchema,
    model_validator,
)

from mentormatch import times
from mentormatch.errors import InvalidInput

Item = TypeVar("Item")


def _aware(value: Any) -> dt.datetime:
    instant = value if isinstance(value, dt.datetime) else times.parse_instant(value)
    if instant is None or instant.utcoffset() is None:
        raise ValueError("Give the time as RFC 3339 with an offset, like 2030-01-31T18:00:00Z.")
    return instant.astimezone(dt.UTC)


# In: RFC 3339 with an offset, a naive time is refused. Out: UTC with `Z`.
Instant = Annotated[
    dt.datetime,
    BeforeValidator(_aware),
    PlainSerializer(times.format_instant, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]


# A row's number: what a database can hold.
RowId = Annotated[int, Field(ge=1, le=2**63 - 1)]


# What the parser asks of each text, said of those that are free.
STORABLE: dict[str, Any] = {"pattern": r"^[^\u0000]*$"}


def values_of(choices: type[TextChoices]) -> WithJsonSchema:
    """Describes a field by the values that it can have, in place.

    As a component it would have the class's own name, and two apps have a `Status`.
    """
    return WithJsonSchema({"type": "string", "enum": choices.values})


class Strict(Schema):
    """A body: unknown fields are refused, and `false` is not an integer."""

    model_config = ConfigDict(extra="forbid", strict=True, from_attributes=True)


def shown_as(example: Callable[[], dict[str, Any]]) -> Callable[[dict[str, Any]], None]:
    """For `json_schema_extra`: an example made anew whenever the description is read."""

    def add(schema: dict[str, Any]) -> None:
        schema["examples"] = [example()]

    return add


class StrictQuery(Schema):
    """What may be asked in an address; another name in it is refused, as it may be mistyped."""

    @model_validator(mode="before")
    @classmethod
    def _known(cls, values: Any, info: ValidationInfo) -> Any:
        # Ninja hands on what has a field, and drops the rest.
        request = (info.context or {}).get("request")
        names = {field.alias or name for name, field in cls.model_fields.items()}
        for name in request.GET if request else ():
            if name not in names:
                raise InvalidInput(_("There is no such parameter."), field=name)
        return values


class PageQuery(StrictQuery):
    """Which page of a list, and how long a page is."""

    page: int = Field(1, ge=1, le=100_000)
    page_size: int = Field(20, ge=1, le=100)

    @property
    def start(self) -> int:
        """How many rows come before it."""
        return (self.page - 1) * self.page_size

    def count_with(self, found: int) -> int | None:
        """How many rows there are on all pages, where so many on this one tell."""
        is_last = found < self.page_size and (found or self.page == 1)
        return self.start + found if is_last else None


class Page(Schema, Generic[Item]):
    """One page of a list, and how many rows there are on all of them."""

    items: list[Item]
    count: int


def paginate(queryset: QuerySet[Any], query: PageQuery) -> dict[str, Any]:
    """The rows of that page and the count of all, in two queries; in one where it is the last."""
    items = list(queryset[query.start : query.start + query.page_size])
    count = query.count_with(len(items))
    return {"items": items, "count": queryset.count() if count is None else count}


def told(answer: Schema) -> HttpResponse:
    """An answer whose values are right already, written down without checking them once more."""
    return HttpResponse(
        answer.model_dump_json(by_alias=True), content_type="application/json; charset=utf-8"
    )


class FieldError(Schema):
    field: str
    message: str


class Problem(Schema):
    """Every refusal of the API (RFC 9457).

    Some bring more members: `slot_unavailable` the `nearest` free slots.
    """

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    code: str
    errors: list[FieldError]
