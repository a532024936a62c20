"""The product's own settings, for servers that a test starts in a checkout as it is."""

from mentormatch.settings import *  # noqa: F403  # the environment is `tests.databases`'
from mentormatch.settings import STORAGES

# Nothing is collected or compressed before the tests run.
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True
# As the tests hash them.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
