"""All settings, read from the environment; the README lists them.

A process says by ``RADASSIGN_ROLE`` what it is (``manage.py`` and ``wsgi.py`` set it), and gets
the database connections and metrics that fit. ``RADASSIGN_DB_OWNER=1`` connects as the role
that may change tables, for migrations only. Importing this module starts nothing.
"""

from __future__ import annotations

import logging
import os
from datetime import timedelta
from pathlib import Path
from typing import Any

from csp.constants import NONE, SELF

from radassign import queues
from radassign.database import database_from_url, embedded_database, for_process
from radassign.env import Env, EnvError
from radassign.hl7_transport import hl7_plain_host, hl7_tls
from radassign.secret_files import kept_secret
from radassign.stack import running_ports

env = Env()

BASE_DIR = Path(__file__).resolve().parent.parent
RADASSIGN_DATA_DIR = env.path("RADASSIGN_DATA_DIR", BASE_DIR / "var")
ROLE = env.choice("RADASSIGN_ROLE", "command", ("web", "listener", "worker", "command"))
TESTING = env.boolean("RADASSIGN_TESTING", default=False)
DEBUG = env.boolean("DEBUG", default=False)
HTTPS_ONLY = env.boolean("HTTPS_ONLY", default=False)
# Lets a person or a test set the time of a whole stack; never on a stack that serves patients.
RADASSIGN_TEST_CLOCK = env.boolean("RADASSIGN_TEST_CLOCK", default=TESTING)

# --- who answers where -----------------------------------------------------------------------
# A stack that runs on this data folder tells the other commands its ports.
_PORTS = {"HTTP_PORT": 8000, "HL7_PORT": 2575, "RIS_PORT": 2576} | running_ports(
    RADASSIGN_DATA_DIR
)
HTTP_HOST = env.text("HTTP_HOST", "127.0.0.1")
HTTP_PORT = env.port("HTTP_PORT", _PORTS["HTTP_PORT"])
HL7_HOST = env.text("HL7_HOST", "127.0.0.1")
HL7_PORT = env.port("HL7_PORT", _PORTS["HL7_PORT"])
RIS_PORT = env.port("RIS_PORT", _PORTS["RIS_PORT"])
HL7_TLS = hl7_tls(env)
HL7_TLS_PORT = HL7_TLS.port if HL7_TLS else _PORTS.get("HL7_TLS_PORT")
HL7_PLAIN_HOST = hl7_plain_host(env, HL7_HOST, HL7_TLS)
HL7_ALLOWED_PEERS = env.networks("HL7_ALLOWED_PEERS")
HL7_CONNECTIONS = env.integer("HL7_CONNECTIONS", 4096, minimum=1)
# One address cannot take every place, whoever stands behind it.
HL7_CONNECTIONS_PER_PEER = env.integer(
    "HL7_CONNECTIONS_PER_PEER", max(HL7_CONNECTIONS // 2, 1), minimum=1
)
HL7_IDLE_SECONDS = env.integer("HL7_IDLE_SECONDS", 0)
# Shown to destinations that ask for it, read anew for each connection. A key that is not set is
# in the certificate's file.
HL7_CLIENT_CERT = env.file("HL7_CLIENT_CERT")
HL7_CLIENT_KEY = env.file("HL7_CLIENT_KEY")
if HL7_CLIENT_KEY and not HL7_CLIENT_CERT:
    raise EnvError("HL7_CLIENT_CERT", None, "a certificate for HL7_CLIENT_KEY")
ALLOWED_HOSTS = ["127.0.0.1", "localhost", *env.words("ALLOWED_HOSTS")]
CSRF_TRUSTED_ORIGINS = env.words("CSRF_TRUSTED_ORIGINS")

# --- secrets ---------------------------------------------------------------------------------
try:
    SECRET_KEY = env.secret("SECRET_KEY") or kept_secret(RADASSIGN_DATA_DIR, "django.key")
    # Who holds it may have the configuration read anew, and nothing else.
    REFRESH_TOKEN = env.secret("REFRESH_TOKEN") or kept_secret(RADASSIGN_DATA_DIR, "refresh.token")
except PermissionError as error:
    # The folder of a stack that another user, often root, started before.
    raise EnvError(
        "RADASSIGN_DATA_DIR", str(RADASSIGN_DATA_DIR), "a folder that this user may write"
    ) from error
SECRET_KEY_FALLBACKS = env.words("SECRET_KEY_FALLBACKS")

# --- the parts -------------------------------------------------------------------------------
INSTALLED_APPS = [
    "apps.accounts.admin_config.RoleAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "axes",
    "csp",
    "django_htmx",
    "django_filters",
    "import_export",
    "pgtrigger",
    "django_q",
    "django_structlog",
    "apps.core",
    "apps.audit",
    "apps.catalog",
    "apps.accounts",
    "apps.roster",
    "apps.rules",
    "apps.orders",
    "apps.outbound",
    "apps.assignment",
    "apps.intake",
    "apps.trials",
    "apps.dashboard",
    "apps.monitoring",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "apps.dashboard.middleware.UnchangedBoardMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "apps.accounts.middleware.ViewerZoneMiddleware",
    "apps.accounts.middleware.AccessMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "apps.core.middleware.RequestIdMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "apps.core.middleware.NoNulMiddleware",
    "apps.core.middleware.LegibleMiddleware",
    "apps.core.middleware.ActorMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "radassign.urls"
WSGI_APPLICATION = "radassign.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
FIXTURE_DIRS = [BASE_DIR / "fixtures"]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# --- database --------------------------------------------------------------------------------
WEB_THREADS = env.integer("WEB_THREADS", 8, minimum=1, maximum=200)
WEB_PROCESSES = env.integer("WEB_PROCESSES", 2, minimum=1, maximum=64)
_AS_OWNER = env.boolean("RADASSIGN_DB_OWNER", default=False)
_APP_URL = env.secret("DATABASE_URL")
_OWNER_URL = env.secret("DATABASE_OWNER_URL") or _APP_URL


def _database() -> dict[str, Any]:
    if _AS_OWNER and _OWNER_URL:
        return database_from_url("DATABASE_OWNER_URL", _OWNER_URL)
    if _APP_URL:
        return database_from_url("DATABASE_URL", _APP_URL)
    return embedded_database(RADASSIGN_DATA_DIR, as_owner=_AS_OWNER)


USES_EMBEDDED_DATABASE = not _APP_URL
DATABASES = {"default": for_process(_database(), role=ROLE, pool_size=WEB_THREADS + 2)}

# --- queue -----------------------------------------------------------------------------------
Q_CLUSTER = queues.CLUSTERS

# A cell that begins with = + - or @ is a formula to a spreadsheet; exports write it as text.
IMPORT_EXPORT_ESCAPE_FORMULAE_ON_EXPORT = True

# What many viewers of the board see is read once: how often at most a process asks whether
# something changed, and for how long it shows what did not. Tests ask and read every time.
BOARD_ASK_SECONDS = 0.0 if TESTING else 0.25
BOARD_KEEP_SECONDS = 0.0 if TESTING else 30.0

# A roster's feed is fetched from anywhere but our own networks, unless its system stands in one.
ROSTER_FEED_PRIVATE = env.boolean("ROSTER_FEED_PRIVATE", default=False)

# The hour of the server's clock at which a sample of the day's decisions is made again.
REPLAY_CHECK_HOUR = env.integer("REPLAY_CHECK_HOUR", 3, minimum=0, maximum=23)

CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

# --- people ----------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "apps.accounts.backends.RoleBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
if TESTING:
    # A slow hash protects passwords; test users have none worth it.
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}", "OPTIONS": options}
    for name, options in (
        ("UserAttributeSimilarityValidator", {}),
        ("MinimumLengthValidator", {"min_length": 12}),
        ("CommonPasswordValidator", {}),
        ("NumericPasswordValidator", {}),
    )
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "login"
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_VERBOSE = False
AXES_LOCKOUT_TEMPLATE = "registration/locked.html"

# --- browser ---------------------------------------------------------------------------------
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "object-src": [NONE],
    },
}
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 12 * 60 * 60
CSRF_COOKIE_HTTPONLY = False  # htmx sends the token in a header, from the page
CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = HTTPS_ONLY
CSRF_COOKIE_SECURE = HTTPS_ONLY
SECURE_SSL_REDIRECT = HTTPS_ONLY
# Probes and scrapers on the same machine speak plain HTTP.
SECURE_REDIRECT_EXEMPT = [r"^health(/|$)", r"^metrics$"]
SECURE_HSTS_SECONDS = (
    env.integer("HSTS_SECONDS", 365 * 24 * 60 * 60, minimum=3600) if HTTPS_ONLY else 0
)
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS_ONLY
SECURE_HSTS_PRELOAD = HTTPS_ONLY
if env.boolean("BEHIND_TLS_PROXY", default=False):
    # Only behind a proxy that sets this header itself; otherwise any client could claim TLS.
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# --- files -----------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = RADASSIGN_DATA_DIR / "static"
STATIC_ROOT.mkdir(parents=True, exist_ok=True)
_STATIC_STORAGE = (
    "django.contrib.staticfiles.storage.StaticFilesStorage"
    if TESTING or DEBUG
    else "whitenoise.storage.CompressedManifestStaticFilesStorage"
)
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": _STATIC_STORAGE},
}
MEDIA_ROOT = RADASSIGN_DATA_DIR / "media"
WHITENOISE_USE_FINDERS = TESTING or DEBUG

# --- time and language -----------------------------------------------------------------------
TIME_ZONE = "UTC"
USE_TZ = True
LANGUAGE_CODE = "en"
USE_I18N = True

# --- metrics ---------------------------------------------------------------------------------
# prometheus_client looks at this variable once, when it is first imported.
if ROLE != "command":
    _METRICS_DIR = RADASSIGN_DATA_DIR / "metrics"
    _METRICS_DIR.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", str(_METRICS_DIR))

# --- logs ------------------------------------------------------------------------------------
LOG_LEVEL = env.choice("LOG_LEVEL", "INFO", ("DEBUG", "INFO", "WARNING", "ERROR"))
LOG_FORMAT = env.choice("LOG_FORMAT", "json", ("json", "console"))
LOGGING_CONFIG = "apps.core.logs.configure"
LOGGING = {"level": LOG_LEVEL, "format": LOG_FORMAT}
DJANGO_STRUCTLOG_USER_ID_FIELD = "pk"
# The header is ours by then: RequestIdMiddleware writes it over whatever a client sent.
DJANGO_STRUCTLOG_TRUST_UPSTREAM_REQUEST_ID = True
# One line a request, at its end; a person at a terminal wants to see the others only.
DJANGO_STRUCTLOG_STATUS_START_LOG_LEVEL = logging.DEBUG
DJANGO_STRUCTLOG_STATUS_2XX_LOG_LEVEL = logging.INFO if LOG_FORMAT == "json" else logging.DEBUG
