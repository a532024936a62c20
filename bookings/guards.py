"""The guard that sells a stretch of time once, on both engines.

PostgreSQL holds it as an exclusion constraint. SQLite has none, so triggers raise on overlap;
they are made after every `migrate`, because Django remakes SQLite tables on many schema changes
and loses triggers without a word. Both engines answer `IntegrityError`.
"""

from typing import Any

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeBoundary, RangeOperators
from django.db import models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import Func, Q


class TsTzRange(Func):
    function = "TSTZRANGE"
    output_field = DateTimeRangeField()


class PostgresExclusion(ExclusionConstraint):
    """An `ExclusionConstraint` that other engines pass over: there, triggers do its work."""

    def constraint_sql(self, model: Any, schema_editor: Any) -> Any:
        return super().constraint_sql(model, schema_editor) if _is_pg(schema_editor) else None

    def create_sql(self, model: Any, schema_editor: Any) -> Any:
        return super().create_sql(model, schema_editor) if _is_pg(schema_editor) else None

    def remove_sql(self, model: Any, schema_editor: Any) -> Any:
        return super().remove_sql(model, schema_editor) if _is_pg(schema_editor) else None

    def validate(self, *args: Any, **kwargs: Any) -> None:
        """Left to the database: asking first would answer for a moment that has passed."""


def _is_pg(schema_editor: BaseDatabaseSchemaEditor) -> bool:
    return schema_editor.connection.vendor == "postgresql"


def overlap_guard(*, name: str, owner: str, condition: Q) -> models.constraints.BaseConstraint:
    """No two rows of one `owner` that meet `condition` overlap in [starts_at, ends_at)."""
    return PostgresExclusion(
        name=name,
        expressions=[
            (TsTzRange("starts_at", "ends_at", RangeBoundary()), RangeOperators.OVERLAPS),
            (owner, RangeOperators.EQUAL),
        ],
        condition=condition,
    )
