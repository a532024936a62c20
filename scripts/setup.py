"""Make or refresh `.venv` from the locked requirements: `setup.py run` or `setup.py dev`.

For a machine with nothing but Python, so it uses nothing else; and it is read by Pythons too old
for the rest, to be able to say so. Where nothing has changed it ends at once.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "installed"
LOCKS = {"run": "requirements.txt", "dev": "requirements-dev.txt"}
OLDEST = (3, 11)
VERSION = f"{sys.version_info[0]}.{sys.version_info[1]}"


def use_a_new_enough_python() -> None:
    """Go on in a newer Python where the one that runs this is too old; end where there is none."""
    if sys.version_info >= OLDEST:
        return
    for minor in range(19, OLDEST[1] - 1, -1):
        newer = shutil.which(f"python3.{minor}")
        if newer:
            os.execv(newer, [newer, *sys.argv])  # noqa: S606  # this script again
    sys.exit(
        f"MentorMatch needs Python 3.11 or newer, and this is {VERSION}: install a newer one, "
        "or name it: make PYTHON=/path/to/python3.12"
    )


def fingerprint(kind: str) -> str:
    """What `.venv` is made from: the lock and the Python."""
    lock = (ROOT / LOCKS[kind]).read_bytes()
    return f"{kind} {VERSION} {hashlib.sha256(lock).hexdigest()}"


def is_installed(kind: str) -> bool:
    """Whether `.venv` works and holds what `kind` asks for; that of `dev` serves `run` as well."""
    if not STAMP.exists() or not PYTHON.exists():
        return False
    return fingerprint(kind) in STAMP.read_text().splitlines()


def run(*command: object) -> None:
    code = subprocess.call([str(part) for part in command], cwd=str(ROOT))  # noqa: S603  # our own
    if code:
        sys.exit("The set-up failed: the lines above say why. `make` tries again from there.")


def is_sound() -> bool:
    """Whether there is a `.venv` whose Python runs, and is this one."""
    asked = [str(PYTHON), "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
    if not PYTHON.exists():
        return False
    answer = subprocess.run(asked, capture_output=True, check=False)  # noqa: S603  # our own
    return answer.stdout.decode().strip() == VERSION


def make_venv(uv: "str | None") -> None:
    if is_sound():
        return
    if VENV.exists():
        shutil.rmtree(str(VENV))
    if uv:
        run(uv, "venv", "--quiet", "--python", sys.executable, VENV)
        return
    try:
        import ensurepip  # noqa: F401, PLC0415  # Debian keeps it in a package of its own
        import venv  # noqa: F401, PLC0415  # so does it with this one, at times
    except ImportError:
        sys.exit(
            "Python's venv module is missing. Debian and Ubuntu: "
            f"apt-get install python3-venv (or python{VERSION}-venv)"
        )
    run(sys.executable, "-m", "venv", "--clear", VENV)


def install(kind: str, uv: "str | None") -> None:
    """Install exactly what is locked, every file checked against its hash.

    Nothing is compiled ahead: of Stripe's thousands of modules most are never imported.
    """
    lock = ROOT / LOCKS[kind]
    if uv:
        run(uv, "pip", "sync", "--quiet", "--require-hashes", "--python", PYTHON, lock)
        return
    if not list(VENV.glob("lib/*/site-packages/pip")):
        run(PYTHON, "-m", "ensurepip")  # a `.venv` that uv once made has no pip
    pip = (PYTHON, "-m", "pip", "-qq", "--disable-pip-version-check", "--no-input")
    options = ("--require-hashes", "--no-deps", "--no-compile", "--only-binary", ":all:")
    run(*pip, "install", *options, "-r", lock)


def main() -> None:
    use_a_new_enough_python()
    kind = sys.argv[1]
    if is_installed(kind):
        return
    uv = shutil.which("uv")
    print(
        "Installing the locked requirements into .venv (the first time takes a minute) …",
        flush=True,
    )
    make_venv(uv)
    STAMP.unlink(missing_ok=True)
    install(kind, uv)
    done = [kind] if kind == "run" else ["run", "dev"]
    STAMP.write_text("".join(fingerprint(each) + "\n" for each in done))


if __name__ == "__main__":
    main()
