"""The import contracts of pyproject.toml hold, and each of them notices what it forbids."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from django.conf import settings

PROJECT = tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text())
CONTRACTS = PROJECT["tool"]["importlinter"]
FORBIDDEN = {
    "layers": ("bookings/models.py", "import payments.models"),
    "layers, from the ground": ("mentormatch/money.py", "import mentormatch.accounts.models"),
    "faces": ("mentormatch/accounts/models.py", "import mentormatch.schemas"),
    "faces, of the domain above": ("bookings/policy.py", "import bookings.forms.booking"),
    "stripe": ("payments/services/__init__.py", "import stripe"),
    "emulator-wiring": ("payments/models/ledger.py", "import payments.stripe_emulator.store"),
    "emulator-alone": ("payments/stripe_emulator/store.py", "import mentormatch.times"),
}


@pytest.fixture(scope="module")
def copy(tmp_path_factory) -> Path:
    """The project's modules, to be spoilt."""
    root = tmp_path_factory.mktemp("copy")
    only_python = shutil.ignore_patterns("*.html", "*.css", "*.js", "__pycache__", "static")
    for package in [*CONTRACTS["root_packages"], "scripts"]:
        shutil.copytree(settings.BASE_DIR / package, root / package, ignore=only_python)
    shutil.copy(settings.BASE_DIR / "pyproject.toml", root)
    return root


def lint(root: Path, contract: str | None = None) -> subprocess.CompletedProcess[str]:
    command = [Path(sys.executable).with_name("lint-imports"), "--no-cache", "--no-logo"]
    only = ["--contract", contract] if contract else []
    return subprocess.run([*command, *only], cwd=root, capture_output=True, text=True, check=False)


def test_every_contract_is_kept(copy):
    done = lint(copy)
    assert done.returncode == 0, done.stdout
    assert f"Contracts: {len(CONTRACTS['contracts'])} kept, 0 broken." in done.stdout


@pytest.mark.parametrize(("case", "spoilt"), FORBIDDEN.items(), ids=FORBIDDEN)
def test_a_contract_notices_what_it_forbids(copy, case, spoilt):
    path, line = copy / spoilt[0], spoilt[1]
    sound = path.read_text()
    try:
        path.write_text(f"{sound}\n{line}\n")
        done = lint(copy, case.partition(",")[0])
    finally:
        path.write_text(sound)
    assert done.returncode == 1, done.stdout
    assert "0 kept, 1 broken" in done.stdout
