"""An operation that makes many models with one rendering of the project's state."""

from collections.abc import Sequence

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations import CreateModel
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState


class CreateAtOnce(Operation):
    """Does what the operations say, all of which create models or add fields to these.

    One after the other they take Django ten times as long: after each it renders every model
    again that is related to the new one, and dj-stripe's are all related to each other. Each
    table is made as it is in the end, fields of later operations included; foreign keys to
    tables that come later are no obstacle, because both engines check them at the end.
    """

    reduces_to_sql = True
    reversible = True

    def __init__(self, operations: Sequence[Operation]) -> None:
        self.operations = operations

    @property
    def names(self) -> list[str]:
        return [each.name for each in self.operations if isinstance(each, CreateModel)]

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        # Without rendered models there is nothing to render anew after each operation.
        state.__dict__.pop("apps", None)
        for operation in self.operations:
            operation.state_forwards(app_label, state)

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        for name in self.names:
            model = to_state.apps.get_model(app_label, name)
            if self.allow_migrate_model(schema_editor.connection.alias, model):
                schema_editor.create_model(model)

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        for name in reversed(self.names):
            model = from_state.apps.get_model(app_label, name)
            if self.allow_migrate_model(schema_editor.connection.alias, model):
                schema_editor.delete_model(model)

    def describe(self) -> str:
        return f"Create {len(self.names)} models at once"
