"""The guard that sells a stretch of time once, on both engines, from one declaration.

PostgreSQL holds it as an exclusion constraint. SQLite has none, so triggers raise on overlap;
they are made after every `migrate`, because Django remakes SQLite tables on many schema changes
and loses triggers without a word. Both engines answer `IntegrityError` with the guard's name.
"""

from collections.abc import Iterator
from typing import Any

from django.apps import AppConfig, apps
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeBoundary, RangeOperators
from django.db import connections, models, router, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import Func, Q
from django.db.models.sql import Query
from django.utils.translation import gettext as _

# AFTER: only then does a new row have its number, and ABORT undoes the statement all the same.
TRIGGER = """CREATE TRIGGER {name} AFTER {event} ON {table} BEGIN
SELECT RAISE(ABORT, '{guard}')
WHERE EXISTS (SELECT 1 FROM {table} WHERE {pk} = NEW.{pk} AND {condition})
AND EXISTS (SELECT 1 FROM {table} WHERE {owner} = NEW.{owner} AND {pk} <> NEW.{pk}
AND {start} < NEW.{end} AND {end} > NEW.{start} AND {condition});
END"""


class TsTzRange(Func):
    function = "TSTZRANGE"
    output_field = DateTimeRangeField()


class PostgresExclusion(ExclusionConstraint):
    """An `ExclusionConstraint` that other engines pass over: there, `triggers` do its work."""

    def constraint_sql(self, model: Any, schema_editor: Any) -> Any:
        return super().constraint_sql(model, schema_editor) if _is_pg(schema_editor) else None

    def create_sql(self, model: Any, schema_editor: Any) -> Any:
        return super().create_sql(model, schema_editor) if _is_pg(schema_editor) else None

    def remove_sql(self, model: Any, schema_editor: Any) -> Any:
        return super().remove_sql(model, schema_editor) if _is_pg(schema_editor) else None

    def validate(self, *args: Any, **kwargs: Any) -> None:
        """Left to the database: asking first would answer for a moment that has passed."""

    def triggers(self, model: type[models.Model], editor: Any) -> dict[str, str]:
        """SQLite's triggers for it: their names, and the statements that make them."""
        expressions: Any = self.expressions  # as `overlap_guard` puts them
        (period, _overlaps), (owner, _equal) = expressions
        start, end = (source.name for source in period.get_source_expressions()[:2])
        names = {"pk": model._meta.pk.name, "owner": owner, "start": start, "end": end}
        columns = {key: _column(model, name, editor) for key, name in names.items()}
        watched = {owner, start, end, *getattr(self.condition, "referenced_base_fields", ())}
        changed = sorted(_column(model, name, editor) for name in watched)
        query = Query(model, alias_cols=False)
        compiler = query.get_compiler(connection=editor.connection)
        condition = self._get_condition_sql(compiler, editor, query)  # type: ignore[attr-defined]  # not in the stubs
        return {
            f"{self.name}_{kind}": TRIGGER.format(
                name=editor.quote_name(f"{self.name}_{kind}"),
                event=event,
                table=editor.quote_name(model._meta.db_table),
                guard=self.name,
                condition=condition or "1",
                **columns,
            )
            for kind, event in [("insert", "INSERT"), ("update", f"UPDATE OF {', '.join(changed)}")]
        }


def _column(model: type[models.Model], name: str, editor: Any) -> str:
    field: Any = model._meta.get_field(name)
    return str(editor.quote_name(field.column))


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


def declared() -> Iterator[tuple[type[models.Model], PostgresExclusion]]:
    """Every guard that a model declares."""
    for model in apps.get_models():
        for constraint in model._meta.constraints:
            if isinstance(constraint, PostgresExclusion):
                yield model, constraint


def make_triggers(sender: AppConfig, *, using: str, **kwargs: Any) -> None:
    """Make SQLite's triggers anew after each `migrate`. Safe to repeat."""
    connection = connections[using]
    if connection.vendor != "sqlite":
        return
    tables = set(connection.introspection.table_names())
    with transaction.atomic(using=using), connection.cursor() as cursor:
        for model, guard in declared():
            if not router.allow_migrate_model(using, model) or model._meta.db_table not in tables:
                continue
            for name, statement in guard.triggers(model, _quoting(connection)).items():
                cursor.execute(f"DROP TRIGGER IF EXISTS {connection.ops.quote_name(name)}")
                cursor.execute(statement)


def _quoting(connection: BaseDatabaseWrapper) -> BaseDatabaseSchemaEditor:
    """A schema editor that only quotes: entered, it would end the transaction."""
    return connection.schema_editor(collect_sql=True)


def missing(connection: BaseDatabaseWrapper) -> list[str]:
    """The names of declared guards that don't stand, or stand otherwise, in that database."""
    if connection.vendor == "postgresql":
        query = "SELECT conname, '' FROM pg_constraint WHERE contype = 'x'"
        expected = {guard.name: "" for _model, guard in declared()}
    else:
        query = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
        editor = _quoting(connection)
        expected = {k: v for model, g in declared() for k, v in g.triggers(model, editor).items()}
    with connection.cursor() as cursor:
        cursor.execute(query)
        standing = dict(cursor.fetchall())
    return sorted(name for name, made in expected.items() if standing.get(name) != made)


def check_guards() -> str | None:
    """For `/readyz`: what is wrong with the guards of the default database, if anything."""
    absent = missing(connections["default"])
    if not absent:
        return None
    return _("These guards of the calendar are missing: %(names)s. Run `manage.py migrate`.") % {
        "names": ", ".join(absent)
    }
