"""Settings, flat and typed. What is policy is not here: see `circletime.policy`."""

from typing import Any
from urllib.parse import urlsplit

from circletime.core.languages import LANGUAGES as FAMILY_LANGUAGES
from config import database, env, places
from config.sign_in import *  # noqa: F403  what allauth is told, in a file of its own

BASE_DIR = places.BASE
VAR = env.folder("CIRCLETIME_VAR", places.data(), make=True)
BIN = env.folder("CIRCLETIME_BIN", BASE_DIR / "var" / "bin")
KEYS = env.folder("CIRCLETIME_KEYS", VAR / "keys", make=True)
KEK_IDENTITY = env.identity("CIRCLETIME_KEK")
VAULT = env.folder("CIRCLETIME_VAULT", VAR / "vault", make=True)
for _folder in (VAR / "run", VAR / "log", VAR / "static"):
    _folder.mkdir(mode=0o700, parents=True, exist_ok=True)

# Where it is reached.
PORT = env.port("PORT", 8000)
PUBLIC_URL = env.origin("CIRCLETIME_URL", f"http://localhost:{PORT}")
LISTEN = env.listen("CIRCLETIME_LISTEN", "127.0.0.1")
HTTPS = PUBLIC_URL.startswith("https://")
ALLOWED_HOSTS = env.hosts("CIRCLETIME_HOSTS", PUBLIC_URL)
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]

# Where recordings go when they have stopped: nowhere else, or into an S3-compatible bucket of their own.
STORAGES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
S3_BUCKET, S3_URL = env.text("CIRCLETIME_S3_BUCKET", ""), env.text("CIRCLETIME_S3_URL", "")
if S3_BUCKET:
    STORAGES["vault"] = {
        "BACKEND": "circletime.recordings.bucket.Bucket",
        "OPTIONS": env.bucket(S3_BUCKET, S3_URL),
    }

# The media server and the recorder.
LIVEKIT_PORT = env.port("CIRCLETIME_LIVEKIT_PORT", PORT + 1)
LIVEKIT_TCP_PORT = env.port("CIRCLETIME_LIVEKIT_TCP_PORT", PORT + 2)
LIVEKIT_UDP_PORT = env.port("CIRCLETIME_LIVEKIT_UDP_PORT", PORT + 3)
LIVEKIT_NODE_IP = env.ip("CIRCLETIME_NODE_IP", "127.0.0.1")
# Media servers that run elsewhere, all sharing one Redis; without any we start one ourselves.
LIVEKIT_ELSEWHERE = env.media_servers("CIRCLETIME_LIVEKIT_URL")
LIVEKIT_URLS = LIVEKIT_ELSEWHERE or [f"http://127.0.0.1:{LIVEKIT_PORT}"]
LIVEKIT_KEY = env.text("CIRCLETIME_LIVEKIT_KEY", "circletime")
LIVEKIT_SECRET = env.secret("livekit_secret", KEYS)
# One that we start is a node beside others when it is told of their Redis; then they reach it at an address.
LIVEKIT_LISTEN = env.ip("CIRCLETIME_LIVEKIT_LISTEN", "127.0.0.1")
LIVEKIT_REDIS = env.redis("CIRCLETIME_LIVEKIT_REDIS")
# The school's own relay, for homes where only web pages come through.
TURN_DOMAIN = env.domain("CIRCLETIME_TURN_DOMAIN")
TURN = None if LIVEKIT_ELSEWHERE else env.turn(TURN_DOMAIN)
RECORDER_SOCKET = VAR / "run" / "recorder.sock"

# Mail, sent by the worker. Without a server it is written into a folder and reaches nobody; the demo, whose
# people are invented, never sends any, and has a page that shows the folder.
DEMO = env.flag("CIRCLETIME_DEMO", False)
EMAIL_HOST = env.text("CIRCLETIME_SMTP_HOST", "")
EMAIL_PORT = env.port("CIRCLETIME_SMTP_PORT", 587)
EMAIL_HOST_USER = env.text("CIRCLETIME_SMTP_USER", "")
EMAIL_HOST_PASSWORD = env.text("CIRCLETIME_SMTP_PASSWORD", "")
_tls = env.choice("CIRCLETIME_SMTP_TLS", "starttls", ("starttls", "tls", "off"))
EMAIL_USE_TLS, EMAIL_USE_SSL = _tls == "starttls", _tls == "tls"
EMAIL_TIMEOUT = 20
MAIL_FOLDER = VAR / "mail"
EMAIL_BACKEND = (
    "django.core.mail.backends.smtp.EmailBackend"
    if EMAIL_HOST and not DEMO
    else "circletime.pages.mailfolder.FolderBackend"
)
DEFAULT_FROM_EMAIL = env.sender(
    "CIRCLETIME_MAIL_FROM", f"Circletime <circletime@{urlsplit(PUBLIC_URL).hostname}>"
)

# Who is written to when something is wrong with Circletime itself.
ALARMS_TO = env.told("CIRCLETIME_ALARMS_TO", ("office", "headteacher"))

# SchoolPing has no public interface: a gateway's address (mailto:…) or a webhook (https://…), else by hand.
SCHOOLPING = env.schoolping("CIRCLETIME_SCHOOLPING")
SCHOOLPING_SECRET = env.secret("schoolping_secret", KEYS) if SCHOOLPING.startswith("http") else ""

# What families' links in letters are made with; losing it only means that letters yet to be sent have none.
FAMILY_LINK_KEY = env.secret("family_link_key", KEYS)

# Who may ask how Circletime stands, and for its figures, from outside.
WATCH_TOKEN = env.secret("watch_token", KEYS)

SECRET_KEY = env.secret("django_secret", KEYS)
DEBUG = False
ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "channels",
    "csp",
    "circletime.audit",
    "circletime.people",
    "circletime.notices",
    "circletime.documents",
    "circletime.dispatch",
    "circletime.meetings",
    "circletime.recordings",
    "circletime.access",
    "circletime.oversight",
    "circletime.protection",
    "circletime.health",
    "circletime.pages",
    "allauth",  # after our own, whose templates come first
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
]

MIDDLEWARE = [
    "circletime.pages.numbered.Numbered",
    "circletime.pages.headers.Headers",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "circletime.pages.language.LanguageMiddleware",
    "circletime.pages.sessions.SessionLimits",
    "circletime.pages.second_step.SecondStepMiddleware",
    "circletime.pages.shown_lately.ShownLately",
    "circletime.pages.tripwire.Unindexed",
    "circletime.pages.troubles.AwayMiddleware",
    "circletime.pages.troubles.ZeroMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "circletime.pages.language.switcher",
                "circletime.pages.context.waiting",
            ],
        },
    }
]

# A file on this machine, or PostgreSQL at postgres://…
_server = env.text("CIRCLETIME_DATABASE", "")
DATABASES: dict[str, dict[str, Any]] = {
    "default": database.postgres(_server)
    if _server
    else database.sqlite(VAR / "db.sqlite3", VAR / "test.sqlite3")
}
# How many processes serve the pages, and how many keep the school's clock.
APPS = database.processes("CIRCLETIME_APPS", env.number("CIRCLETIME_APPS", 1), server=bool(_server))
WORKERS = database.processes("CIRCLETIME_WORKERS", env.number("CIRCLETIME_WORKERS", 1), server=bool(_server))
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# The cache holds only throttle counts; in the database, so that every process counts together
# and a restart forgets nothing.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "throttle",
        # More than anybody who guesses from many addresses can fill: what is thrown out is not counted.
        "OPTIONS": {"MAX_ENTRIES": 50_000},
    }
}

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = HTTPS
# A browser takes cookies of such a name from this very host, over https, and from nobody else.
SESSION_COOKIE_NAME = "__Host-session" if HTTPS else "sessionid"
CSRF_COOKIE_NAME = "__Host-csrf" if HTTPS else "csrftoken"
CSRF_COOKIE_HTTPONLY = True  # forms and the room's page have the token in them
CSRF_COOKIE_SECURE = HTTPS
SECURE_CONTENT_TYPE_NOSNIFF = True
# No other site ever learns an address of ours. With no-referrer a browser would send no origin either, by
# which a form of our own is told from another site's.
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
# The proxy in front sends http to https (W008); subdomains (W005) and browsers' preload lists (W021)
# are the school's whole domain, which is not ours to decide.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W008", "security.W021"]
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "object-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "media-src": ["'self'", "blob:"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'none'"],
        # No script turns text into a page or a program; neither ours nor the room client's do.
        "require-trusted-types-for": ["'script'"],
        "trusted-types": ["'none'"],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 256 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 200

# Staff read English. Families read their own language: see `circletime.pages.language`.
LANGUAGE_CODE = "en-gb"
LANGUAGES = [(one.code, one.english_name) for one in FAMILY_LANGUAGES.values()]
LANGUAGES_BIDI = [one.code for one in FAMILY_LANGUAGES.values() if one.right_to_left]
LOCALE_PATHS = [places.PACKAGE / "locale"]
TIME_ZONE = env.zone("CIRCLETIME_TIME_ZONE", "Europe/London")
USE_I18N = True
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = VAR / "static"
STATICFILES_DIRS = [("room", BASE_DIR / "room" / "dist")] if (BASE_DIR / "room" / "dist").exists() else []
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False

COLLECTOR = env.collector("CIRCLETIME_OTLP")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "plain": {
            "()": "circletime.core.logs.WithoutValues",
            "fmt": "%(asctime)s %(levelname)s %(name)s [%(about)s] %(message)s",
        },
        "json": {"()": "circletime.core.logs.AsJson"},
    },
    "filters": {"without_addresses": {"()": "circletime.core.logs.WithoutAddresses"}},
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": env.choice("CIRCLETIME_LOG", "plain", ("plain", "json")),
            "filters": ["without_addresses"],
        }
    },
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    # Request lines would put room addresses into a log; errors are still told by django.request.
    "loggers": {"uvicorn.access": {"level": "CRITICAL"}},
}
