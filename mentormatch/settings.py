"""Settings, all of them driven by the environment (see `.env.example`)."""

from pathlib import Path
from typing import Any
from urllib.parse import quote

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from mentormatch.environment import (
    Environment,
    cache_config,
    currencies_in,
    database_config,
    folder_of,
    load_demo_secrets,
    mail_config,
    refuse_other_keys,
    refuse_placeholder,
    refuse_short,
    site_of,
    stem_of,
)
from mentormatch.languages import WRITTEN_IN, languages_in

BASE_DIR = Path(__file__).resolve().parent.parent

environ.Env.read_env(BASE_DIR / ".env")
env = Environment()
# Everything that this installation writes: the embedded database, mail files, the demo's secrets.
VAR_DIR = folder_of("VAR_DIR", Path(env("VAR_DIR", default=str(BASE_DIR / "var"))).resolve())

# --- How it is run -------------------------------------------------------------------
DEBUG = env.switch("DEBUG")
DEMO_MODE = env.choice("MENTORMATCH_DEMO", ("", "0", "1", "public"))
DEMO = DEMO_MODE in {"1", "public"}
HOST = env("HOST", default="127.0.0.1")
PORT = env.number("PORT", default=8000, least=1, most=65535)
_host = f"[{HOST}]" if ":" in HOST else HOST
SITE_URL = env("SITE_URL", default=f"http://{_host}:{PORT}").rstrip("/")
WEB_CONCURRENCY = env.number("WEB_CONCURRENCY", default=2, least=1, most=64)
_site = site_of(SITE_URL)
_https = _site.scheme == "https"
_local_secrets = load_demo_secrets(VAR_DIR / "secrets.env") if DEMO or DEBUG else {}


def _given(name: str) -> str:
    return refuse_placeholder(name, env(name, default=""))


def _key(name: str, *kinds: str) -> str:
    return refuse_other_keys(name, _given(name), *kinds)


def _secret(name: str) -> str:
    value = _given(name) or _local_secrets.get(name, "")
    if not value:
        raise ImproperlyConfigured(
            f"{name} is missing. Set it in the environment or in .env "
            "(or start with `make run`, which makes its own)."
        )
    return value


SECRET_KEY = _secret("SECRET_KEY")
JWT_SECRET = refuse_short("JWT_SECRET", _secret("JWT_SECRET"), least=32)
ALLOWED_HOSTS = env.names("ALLOWED_HOSTS")
if not ALLOWED_HOSTS:
    ALLOWED_HOSTS = [_site.hostname or "localhost"]
    if DEMO or DEBUG:
        ALLOWED_HOSTS += ["localhost", "127.0.0.1", "[::1]"]
CSRF_TRUSTED_ORIGINS = [SITE_URL]

# --- The house -----------------------------------------------------------------------
ROOT_URLCONF = "mentormatch.urls"
WSGI_APPLICATION = "mentormatch.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "accounts.User"

INSTALLED_APPS = [
    "mentormatch.ui",
    "mentormatch.background",
    "mentormatch.accounts",
    "mentormatch.idempotency",
    "mentormatch.legal",
    "mentormatch.mentors",
    "bookings",
    "payments",
    "payments.stripe_emulator",
    "sessions_app",
    "reviews",
    "mentormatch.notifications",
    "mentormatch.demo",
    "mentormatch.ui.staff_app.StaffConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.headless",
    "corsheaders",
    "crispy_forms",
    "crispy_bootstrap5",
    "csp",
    "django_htmx",
    "django_include_bootstrap",
    "django_tasks",
    "django_tasks_db",
    "djstripe",
    "ninja",
]

MIDDLEWARE = [
    "mentormatch.background.middleware.ProbeMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "mentormatch.demo.middleware.OneHostMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "mentormatch.problems.ProblemMiddleware",
    "mentormatch.parsing.LogInBodyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "mentormatch.accounts.middleware.ViewerMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "mentormatch.ui.middleware.DomainErrorMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "mentormatch.ui.context.site",
            ],
        },
    },
]
CRISPY_ALLOWED_TEMPLATE_PACKS = "bootstrap5"
CRISPY_TEMPLATE_PACK = "bootstrap5"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

# --- Databases -----------------------------------------------------------------------
DATABASE_URL = env("DATABASE_URL", default=f"sqlite:///{VAR_DIR / 'mentormatch.sqlite3'}")
DATABASE_STEM = stem_of(DATABASE_URL)

SQLITE = {
    "ENGINE": "mentormatch.sqlite3",
    "CONN_MAX_AGE": None,
    "OPTIONS": {
        # IMMEDIATE: a transaction that reads and then writes can't fail half-way on a lock.
        "transaction_mode": "IMMEDIATE",
        # Every writer waits for all others here, and on PostgreSQL only for the same people's.
        "timeout": 10,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
    },
}
POSTGRES_OPTIONS: dict[str, Any] = {
    # A connection made per request costs ten times the request. Both waits are short, so that a
    # page says "try again" while the server is away and works as soon as it is back: between two
    # attempts the pool lets pass up to as long as it keeps on trying.
    "pool": {"min_size": 1, "max_size": 8, "timeout": 3, "reconnect_timeout": 2},
    # Statements are prepared when they come back: making a plan costs more than most of ours run.
    # (A pooler between us and the server has to know them, as PgBouncer does from 1.21 on.)
    "server_side_binding": True,
    "prepare_threshold": 5,
    "connect_timeout": 5,
    # A server that is gone without a word is noticed in half a minute, not in a quarter of an hour.
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 25_000,
    # Waiting for a row is bounded, so that a page says "try again" instead of hanging.
    "options": "-c lock_timeout=5s -c idle_in_transaction_session_timeout=60s",
}


def _database(url: str) -> dict[str, Any]:
    config = database_config(url)
    if config["ENGINE"].endswith("sqlite3"):
        return config | SQLITE
    config["OPTIONS"] = POSTGRES_OPTIONS | config.get("OPTIONS", {})
    # Each connection is tried before it is handed out: after a restart of the server all are dead.
    return config | {"CONN_MAX_AGE": 0, "CONN_HEALTH_CHECKS": True}


DATABASES = {
    "default": _database(DATABASE_URL),
    "stripe_emulator": SQLITE | {"NAME": VAR_DIR / f"{DATABASE_STEM}.stripe-emulator.sqlite3"},
}
DATABASE_ROUTERS = ["payments.stripe_emulator.router.EmulatorRouter"]
_cache = cache_config(env("CACHE_URL", default="dbcache://cache"))
_is_shared = "redis" in _cache["BACKEND"].lower()
# What limits log-ins and requests is counted in there. Django's 300 entries would be full at once,
# and whoever is thrown out of them begins anew.
_roomy = {"OPTIONS": {"MAX_ENTRIES": 20_000}}
_in_memory = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "limits"}
CACHES = {
    "default": _cache if _is_shared else _roomy | _cache,
    # Counted at every request of a program: each process for itself where it would be a row.
    "limits": _cache if _is_shared else _roomy | _in_memory,
}
# dj-stripe's own migrations take a minute of CPU; these build the same schema at once.
MIGRATION_MODULES = {"djstripe": "payments.djstripe_migrations"}

# --- People --------------------------------------------------------------------------
SESSION_ENGINE = "mentormatch.accounts.sessions"
AUTHENTICATION_BACKENDS = ["mentormatch.ui.backends.ViewerBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "bookings:list"
ACCOUNT_ADAPTER = "mentormatch.notifications.adapter.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "optional"
ACCOUNT_FORMS = {
    "login": "mentormatch.accounts.forms.LoginForm",
    "signup": "mentormatch.accounts.forms.SignupForm",
    "reset_password": "mentormatch.accounts.forms.ResetPasswordForm",
    "reset_password_from_key": "mentormatch.accounts.forms.ResetPasswordKeyForm",
    "change_password": "mentormatch.accounts.forms.ChangePasswordForm",
    "set_password": "mentormatch.accounts.forms.SetPasswordForm",
    "add_email": "mentormatch.accounts.forms.AddEmailForm",
    "reauthenticate": "mentormatch.accounts.forms.ReauthenticateForm",
}
ACCOUNT_RATE_LIMITS: dict[str, str] = (
    {"login": "300/m/ip", "login_failed": "300/m/ip", "signup": "300/m/ip"} if DEMO else {}
)
HEADLESS_CLIENTS = ("app",)
HEADLESS_TOKEN_STRATEGY = "allauth.headless.tokens.strategies.jwt.JWTTokenStrategy"  # noqa: S105  # a class
HEADLESS_JWT_ALGORITHM = "HS256"
HEADLESS_JWT_PRIVATE_KEY = JWT_SECRET
HEADLESS_JWT_STATEFUL_VALIDATION_ENABLED = True
HEADLESS_JWT_ACCESS_TOKEN_EXPIRES_IN = 900
# How many proxies of ours stand before us: a caller's address is read from what they add.
ALLAUTH_TRUSTED_PROXY_COUNT = env.number("TRUSTED_PROXIES", default=0, least=0, most=10)

# --- Programs, and other sites in a browser ------------------------------------------
# In the demo everybody has one address, and whoever measures it is welcome.
_most = 1_000_000
API_READS_A_MINUTE = env.number(
    "API_READS_A_MINUTE", default=_most if DEMO else 600, least=1, most=_most
)
API_WRITES_A_MINUTE = env.number(
    "API_WRITES_A_MINUTE", default=_most if DEMO else 60, least=1, most=_most
)
CORS_ALLOWED_ORIGINS = env.names("CORS_ALLOWED_ORIGINS")
CORS_URLS_REGEX = r"^/(api/v1|_allauth/app)/"
CORS_ALLOW_HEADERS = ("authorization", "content-type", "idempotency-key", "if-none-match")
CORS_EXPOSE_HEADERS = ("etag", "idempotency-replayed", "location", "retry-after")

# --- Language and time ---------------------------------------------------------------
TIME_ZONE = "UTC"
LANGUAGE_CODE = WRITTEN_IN
LOCALE_PATHS = [BASE_DIR / "locale"]
LANGUAGES = languages_in(LOCALE_PATHS[0])
DEMO_CLOCK_FILE = VAR_DIR / f"{DATABASE_STEM}.clock" if DEMO else None

# --- Files ---------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# --- Mail ----------------------------------------------------------------------------
EMAIL_CONFIG = mail_config(env, default=f"filemail://{quote(str(VAR_DIR / 'mail'))}")
vars().update(EMAIL_CONFIG)
EMAIL_TIMEOUT = 10
# Of the site's own name, from which a mail server takes it, and a mailbox that somebody reads:
# a mail may ask for an answer.
DEFAULT_FROM_EMAIL = env(
    "DEFAULT_FROM_EMAIL", default=f"MentorMatch <mail@{_site.hostname if _https else 'localhost'}>"
)

# --- Work in the background ----------------------------------------------------------
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}

# --- Money ---------------------------------------------------------------------------
PLATFORM_FEE_PERCENT = env.number("PLATFORM_FEE_PERCENT", default=10, least=0, most=100)
PAYOUT_DELAY_HOURS = env.number("PAYOUT_DELAY_HOURS", default=48, least=0, most=8760)
SETTLEMENT_CURRENCIES = currencies_in(env.names("SETTLEMENT_CURRENCIES", ("eur", "usd")))
STRIPE_SECRET_KEY = _key("STRIPE_SECRET_KEY", "sk", "rk")
STRIPE_PUBLISHABLE_KEY = _key("STRIPE_PUBLISHABLE_KEY", "pk")
STRIPE_WEBHOOK_SECRET = _given("STRIPE_WEBHOOK_SECRET")
STRIPE_CONNECT_WEBHOOK_SECRET = _given("STRIPE_CONNECT_WEBHOOK_SECRET")
STRIPE_KEY_IS_GIVEN = bool(STRIPE_SECRET_KEY)
STRIPE_EMULATED = not STRIPE_KEY_IS_GIVEN
if STRIPE_EMULATED and not (DEMO or DEBUG):
    raise ImproperlyConfigured(
        "STRIPE_SECRET_KEY is missing: the built-in test payments are for the demo only."
    )
if STRIPE_EMULATED:
    _made = "".join(c for c in _local_secrets["STRIPE_EMULATOR_SECRET"] if c.isalnum())[:32]
    STRIPE_SECRET_KEY = f"sk_test_{_made}"
    STRIPE_WEBHOOK_SECRET = STRIPE_WEBHOOK_SECRET or f"whsec_{_made}"
    STRIPE_CONNECT_WEBHOOK_SECRET = STRIPE_CONNECT_WEBHOOK_SECRET or f"whsec_connect{_made}"
STRIPE_EMULATOR = {
    "secret_key": STRIPE_SECRET_KEY,
    "site_url": SITE_URL,
    "webhook_url": f"{SITE_URL}/api/v1/payments/webhook",
    "webhook_secret": STRIPE_WEBHOOK_SECRET,
    "connect_webhook_secret": STRIPE_CONNECT_WEBHOOK_SECRET,
    "clock": "mentormatch.times.now",
    "settlement_currencies": SETTLEMENT_CURRENCIES,
    "country": "DE",
    # Who may play Stripe may break every payment: not where the demo is open to the world.
    "dashboard": DEMO_MODE != "public",
}
STRIPE_LIVE_MODE = STRIPE_SECRET_KEY.startswith(("sk_live_", "rk_live_"))
STRIPE_LIVE_SECRET_KEY = STRIPE_SECRET_KEY if STRIPE_LIVE_MODE else ""
STRIPE_TEST_SECRET_KEY = "" if STRIPE_LIVE_MODE else STRIPE_SECRET_KEY
# What dj-stripe speaks by default, and the SDK that is pinned.
STRIPE_API_VERSION = "2026-05-27.dahlia"
DJSTRIPE_FOREIGN_KEY_TO_FIELD = "id"

# --- Video ---------------------------------------------------------------------------
VIDEO_PROVIDER = env.choice("VIDEO_PROVIDER", ("builtin",))

# --- Safety --------------------------------------------------------------------------
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],  # Bootstrap's icons are data: images
        "object-src": [NONE],
        "base-uri": [SELF],
        "frame-ancestors": [NONE],
        # A browser holds the redirect after a form to this as well: buttons lead to Stripe's
        # checkout, onboarding, invoices and billing portal.
        "form-action": [
            SELF,
            "https://billing.stripe.com",
            "https://checkout.stripe.com",
            "https://connect.stripe.com",
            "https://invoice.stripe.com",
        ],
    }
}
# The rest is as Django has it: no sniffing of types, no frames, no referrer for others.
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _https
SECURE_SSL_REDIRECT = _https
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]  # a probe asks the process, not the proxy
SECURE_HSTS_SECONDS = 31_536_000 if _https else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = _https
# TLS ends at a proxy, which says so, and lets nobody else say it.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _https else None
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_048_576
if not (DEBUG or DEMO):
    if any(host.startswith(("*", ".")) or "/" in host for host in ALLOWED_HOSTS):
        raise ImproperlyConfigured(
            "ALLOWED_HOSTS must name each host: no '*', no '.domain' and no 'https://'."
        )
    if not _https:
        raise ImproperlyConfigured("SITE_URL must start with https:// outside DEBUG and the demo.")

# --- Log -----------------------------------------------------------------------------
LOG_LEVEL = env.choice("LOG_LEVEL", ("WARNING", "DEBUG", "INFO", "ERROR"))
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "filters": {"outage": {"()": "mentormatch.logs.OutageInOneLine"}},
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["outage"]}
    },
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    # A refused form is no news for whoever runs the site.
    "loggers": {"django.request": {"level": "ERROR"}},
}
