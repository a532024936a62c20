"""The stand-in for dj-stripe's migrations builds what they build, and gives way to later ones."""

import hashlib
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import django
import djstripe
import pytest
from django.conf import settings
from django.db import connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from pytest_django import DjangoDbBlocker

from tests.budget import IS_STRESS

Factory = pytest.TempPathFactory
Schema = dict[str, list[list[str]]]
STAND_IN = ("djstripe", "0001_squashed_0003_2_11")
ORIGINALS = [("djstripe", name) for name in ("0001_initial", "0002_2_10", "0003_2_11")]
# Fingerprints of what upstream's own migrations build, by `source()`.
KNOWN = {
    "sqlite 3d3794257d718d72": "3f516564bad2ea24",
    "postgresql 3d3794257d718d72": "b1726890fbb34954",
}
LATER = """
from django.db import migrations

class Migration(migrations.Migration):
    dependencies = [("djstripe", "0003_2_11")]
"""


def schema_of(database: BaseDatabaseWrapper) -> Schema:
    """Columns and constraints of dj-stripe's tables, without the names that Django makes up."""
    introspection = database.introspection
    with database.cursor() as cursor:
        tables = introspection.table_names(cursor)
        return {
            table: [
                sorted(map(str, introspection.get_table_description(cursor, table))),
                sorted(
                    str(sorted((key, value) for key, value in made.items() if key != "definition"))
                    for made in introspection.get_constraints(cursor, table).values()
                ),
            ]
            for table in tables
            if table.startswith("djstripe_")
        }


@contextmanager
def new_database(name: str, folder: Path) -> Iterator[dict[str, Any]]:
    """The configuration of an empty database of the engine that the tests run on."""
    if not settings.IS_POSTGRES:
        yield connection.settings_dict | {"NAME": folder / f"{name}.sqlite3"}
        return
    quoted = connection.ops.quote_name(f"{connection.settings_dict['NAME']}_{name}")
    with connection._nodb_cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {quoted}")
    yield connection.settings_dict | {"NAME": quoted.strip('"')}
    with connection._nodb_cursor() as cursor:
        cursor.execute(f"DROP DATABASE {quoted}")


def build_upstreams(config: dict[str, Any]) -> Schema:
    """What upstream's own migrations make of an empty database."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(settings, "DATABASE_ROUTERS", [])
        patch.setattr(settings, "MIGRATION_MODULES", {})
        patch.setitem(connections.settings, "upstream", config)
        MigrationExecutor(connections["upstream"]).migrate([ORIGINALS[-1]])
        made = schema_of(connections["upstream"])
        connections["upstream"].close()
        del connections["upstream"]
    return made


def source() -> str:
    """What upstream's schema follows from: its migrations, Django, and the engine."""
    files = sorted((Path(djstripe.__file__).parent / "migrations").glob("*.py"))
    digest = hashlib.sha256(django.__version__.encode() + b"".join(f.read_bytes() for f in files))
    return f"{connection.vendor} {digest.hexdigest()[:16]}"


def fingerprint(schema: Schema) -> str:
    return hashlib.sha256(json.dumps(schema, sort_keys=True).encode()).hexdigest()[:16]


@pytest.fixture(scope="module")
def upstreams(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: Factory
) -> Schema:
    """The schema that upstream's migrations build, which takes them a minute.

    So it is built only where ours isn't the one that is known to be theirs, and in `make stress`.
    Of the module: before a test case watches over which databases are used.
    """
    with django_db_blocker.unblock():
        ours = schema_of(connection)
        if not IS_STRESS and fingerprint(ours) == KNOWN.get(source()):
            return ours
        with new_database("upstream", tmp_path_factory.mktemp("djstripe")) as config:
            return build_upstreams(config)


@pytest.mark.slow
@pytest.mark.stress
@pytest.mark.django_db
def test_it_builds_the_same_schema_as_upstream(upstreams: Schema) -> None:
    ours = schema_of(connection)
    assert len(ours) > 50
    assert ours == upstreams


SPOILT = {
    "a column more": "ALTER TABLE djstripe_charge ADD COLUMN more integer NULL",
    "a column less": "ALTER TABLE djstripe_charge DROP COLUMN stripe_data",
    "an index more": "CREATE INDEX spoilt ON djstripe_charge (created)",
    "a unique index more": "CREATE UNIQUE INDEX spoilt ON djstripe_charge (created)",
    "a table less": "DROP TABLE djstripe_webhookeventtrigger",
}
ONLY_POSTGRES = {
    "another type": "ALTER TABLE djstripe_charge ALTER COLUMN livemode TYPE text",
    "a null more": "ALTER TABLE djstripe_charge ALTER COLUMN id DROP NOT NULL",
    "a check more": "ALTER TABLE djstripe_charge ADD CHECK (created IS NOT NULL)",
    "a foreign key more": (
        "ALTER TABLE djstripe_charge ADD FOREIGN KEY (id) REFERENCES djstripe_account (id)"
    ),
}


@pytest.mark.django_db
@pytest.mark.parametrize(
    "statement", [*SPOILT.values(), *(ONLY_POSTGRES.values() if settings.IS_POSTGRES else ())]
)
def test_a_schema_that_differs_is_noticed(upstreams, statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)
    assert schema_of(connection) != upstreams


@pytest.mark.django_db
def test_upstreams_migrations_count_as_applied():
    applied = MigrationLoader(connection).applied_migrations
    assert {STAND_IN, *ORIGINALS} <= set(applied)


@pytest.mark.django_db
def test_a_later_migration_of_upstream_follows_the_stand_in(monkeypatch, tmp_path):
    upgraded = tmp_path / "djstripe" / "migrations"
    shutil.copytree(Path(djstripe.__file__).parent / "migrations", upgraded)
    (upgraded / "0004_later.py").write_text(LATER)
    monkeypatch.setattr(djstripe, "__file__", str(upgraded.parent / "__init__.py"))
    graph = MigrationLoader(connection).graph
    assert graph.leaf_nodes("djstripe") == [("djstripe", "0004_later")]
    parents = [node.key for node in graph.node_map["djstripe", "0004_later"].parents]
    assert parents == [STAND_IN]
