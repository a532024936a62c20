"""The product's settings for a server that a test starts: nothing is collected or compressed."""

from mentormatch.settings import *  # noqa: F403  # as they are
from mentormatch.settings import STORAGES

STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
WHITENOISE_AUTOREFRESH = True
