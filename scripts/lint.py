"""Every static check, each with its own output; the last line says which of them failed."""

import os
import secrets
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
TEMPLATES = ("templates", "payments/stripe_emulator/templates")
CHECKS = {
    "format": ("ruff", "format", "--check", "--quiet", "--output-format", "concise", "."),
    "ruff": ("ruff", "check", "--quiet", "--output-format", "concise", "."),
    "house rules": ("python", "scripts/house_rules.py"),
    "catalogues": ("python", "scripts/messages.py", "--check"),
    "locks": ("python", "scripts/lock.py", "--check"),
    "layers": ("lint-imports", "--no-logo", "--cache-dir", ".import_linter_cache"),
    "types": ("mypy", "--no-error-summary"),
    "templates' format": ("djlint", "--check", *TEMPLATES),
    "templates": ("djlint", "--lint", "--quiet", *TEMPLATES),
    "migrations": ("python", "manage.py", "makemigrations", "--check", "--dry-run"),
    "deployment": ("python", "manage.py", "check", "--deploy", "--fail-level", "WARNING"),
}


def production(var_dir: str) -> dict[str, str]:
    """The environment of a real installation: what the demo allows is not looked at."""
    return {
        "VAR_DIR": var_dir,
        "DEBUG": "",
        "MENTORMATCH_DEMO": "",
        "SECRET_KEY": secrets.token_urlsafe(60),
        "JWT_SECRET": secrets.token_urlsafe(60),
        "SITE_URL": "https://mentors.example",
        "ALLOWED_HOSTS": "mentors.example",
        "DATABASE_URL": f"sqlite:///{var_dir}/lint.sqlite3",
        "CACHE_URL": "dbcache://cache",
        "EMAIL_URL": "smtp+tls://user:password@mail.example:587",
        "STRIPE_SECRET_KEY": f"sk_test_{secrets.token_hex(16)}",
        "STRIPE_PUBLISHABLE_KEY": f"pk_test_{secrets.token_hex(16)}",
        "STRIPE_WEBHOOK_SECRET": f"whsec_{secrets.token_hex(16)}",
        "STRIPE_CONNECT_WEBHOOK_SECRET": f"whsec_{secrets.token_hex(16)}",
    }


def main() -> int:
    failed = []
    with tempfile.TemporaryDirectory(prefix="mentormatch-lint-") as var_dir:
        environment = os.environ | production(var_dir)
        for name, (program, *arguments) in CHECKS.items():
            print(f"— {name}", flush=True)
            command = [str(BIN / program), *arguments]
            done = subprocess.run(command, cwd=ROOT, env=environment, check=False)  # noqa: S603  # ours
            if done.returncode:
                failed.append(name)
    print(f"Failed: {', '.join(failed)}" if failed else f"All {len(CHECKS)} checks passed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
