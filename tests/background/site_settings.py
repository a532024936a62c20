"""The product's settings for processes of the tests that are to be killed (see `faults.py`)."""

from tests.server_settings import *  # noqa: F403  # nothing is collected or compressed
from tests.server_settings import INSTALLED_APPS

INSTALLED_APPS += ["tests.background.faults.FaultsConfig"]
