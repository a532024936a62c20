"""A kind of contract that import-linter lacks (see `[tool.importlinter]` in pyproject.toml)."""

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output


class SelfContained(Contract):
    """A package that imports nothing of the project but itself."""

    type_name = "self_contained"
    package = fields.ModuleField()

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        package = str(self.package)
        inside = {package} | graph.find_descendants(package)
        found = sorted(
            (module, imported)
            for module in inside
            for imported in graph.find_modules_directly_imported_by(module)
            if imported not in inside and not graph.is_module_squashed(imported)
        )
        return ContractCheck(kept=not found, metadata={"found": found})

    def render_broken_contract(self, check: ContractCheck) -> None:
        for module, imported in check.metadata["found"]:
            output.print_error(f"{module} imports {imported}, which is outside {self.package}.")
