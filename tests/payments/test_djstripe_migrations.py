"""The stand-in for dj-stripe's migrations builds what they build, and gives way to later ones."""

import hashlib
import shutil
from pathlib import Path

import django
import djstripe
import pytest
from django.db import connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader

from payments import djstripe_migrations

STAND_IN = ("djstripe", "0001_squashed_0003_2_11")
ORIGINALS = [("djstripe", name) for name in ("0001_initial", "0002_2_10", "0003_2_11")]
LATER = """
from django.db import migrations

class Migration(migrations.Migration):
    dependencies = [("djstripe", "0003_2_11")]
"""


def schema_of(database: BaseDatabaseWrapper) -> dict[str, list[list[str]]]:
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


@pytest.fixture
def migrated(settings, monkeypatch, tmp_path, django_db_blocker):
    """`migrated(name, target, modules)` is the schema of a new database migrated to there."""
    settings.DATABASE_ROUTERS = []

    def schema(name, target, modules):
        settings.MIGRATION_MODULES = modules
        config = settings.DATABASES["stripe_emulator"] | {"NAME": tmp_path / f"{name}.sqlite3"}
        monkeypatch.setitem(connections.settings, name, config)
        with django_db_blocker.unblock():
            MigrationExecutor(connections[name]).migrate([target])
            made = schema_of(connections[name])
            connections[name].close()
        del connections[name]
        return made

    return schema


@pytest.fixture
def upstreams(migrated, pytestconfig):
    """The schema that upstream's migrations build, kept until they or Django change."""
    files = sorted((Path(djstripe.__file__).parent / "migrations").glob("*.py"))
    digest = hashlib.sha256(django.__version__.encode() + b"".join(f.read_bytes() for f in files))
    key = f"djstripe/{digest.hexdigest()}"
    if (known := pytestconfig.cache.get(key, None)) is None:
        known = migrated("upstream", ORIGINALS[-1], {})
        pytestconfig.cache.set(key, known)
    return known


@pytest.mark.slow  # upstream's own migrations take a minute: that is why there is a stand-in
def test_it_builds_the_same_schema_as_upstream(migrated, upstreams):
    ours = migrated("ours", STAND_IN, {"djstripe": djstripe_migrations.__name__})
    assert len(ours) > 50
    assert ours == upstreams


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
