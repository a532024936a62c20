"""dj-stripe's schema in one migration: its own take a minute of CPU to build the same.

`MIGRATION_MODULES` points here. The stand-in *replaces* upstream's migrations, so a database
that ran those counts as migrated, and one built here counts as having run them. Upstream's folder
stays on the path, so migrations of its later releases are found and run on top. A test holds both
schemas against each other; when it or `makemigrations --check` fails after an upgrade that only
adds migrations, nothing is to be done here.
"""

from pathlib import Path

import djstripe

__path__ = [*__path__, str(Path(djstripe.__file__).parent / "migrations")]
