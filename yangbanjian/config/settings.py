"""One settings file, driven by the environment. What may be set is listed in docs/reference."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

PACKAGE = Path(__file__).resolve().parent.parent


def _set(name: str, default: str = "") -> str:
    """What stands in the environment; what is empty there is not set."""
    return os.environ.get(name) or default


HOME = Path(_set("YBJ_HOME", "var")).resolve()

YBJ_SANDBOX = _set("YBJ_SANDBOX") == "1"
YBJ_PUBLIC_URL = _set("YBJ_PUBLIC_URL").rstrip("/")
YBJ_PORT = int(_set("YBJ_PORT", "8000"))
# Open data: the prefix that the Open Contracting Partnership has given the publisher, the licence.
YBJ_OCDS_PREFIX = _set("YBJ_OCDS_PREFIX", "ocds-000000")
YBJ_DATA_LICENSE = _set("YBJ_DATA_LICENSE", "https://creativecommons.org/licenses/by/4.0/")


def _secret() -> str:
    """The signing key: from a file that only the operator reads; made by the supervisor."""
    path = Path(_set("YBJ_SECRET_FILE", str(HOME / "secrets" / "django.key")))
    if path.exists():
        return path.read_text().strip()
    return _set("YBJ_SECRET_KEY")


# Without a data folder (checks, tests) a key of the moment: never one that somebody could know.
SECRET_KEY = _secret() or secrets.token_urlsafe(32)
DEBUG = False


def database(url: str) -> dict[str, Any]:
    """Django's settings for a postgresql:// URL (sockets: ?host=/folder)."""
    parts = urlsplit(url)
    # A socket folder stands percent-encoded where the host does, and its case matters.
    host = unquote(parts.netloc.rpartition("@")[2].partition(":")[0])
    query = {k: v[-1] for k, v in parse_qs(parts.query).items()}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": query.pop("host", host),
        "PORT": query.pop("port", str(parts.port or "")),
        # For the statements of ground/database/prepared.py; the mapper's are never kept.
        "OPTIONS": {"prepare_threshold": 0, **query},
    }


_URL = _set("DATABASE_URL", "postgresql:///ybj?host=/nowhere")
DATABASES = {"default": database(_URL)}
if os.environ.get("YBJ_MIGRATE_URL"):
    DATABASES["migrator"] = database(os.environ["YBJ_MIGRATE_URL"])
    # The tables' owner is bound by the row policies too: a migration of rows works as the house.
    DATABASES["migrator"]["OPTIONS"]["options"] = "-c ybj.system=on"
if os.environ.get("YBJ_POOL"):
    DATABASES["default"]["OPTIONS"]["pool"] = {"min_size": 1, "max_size": 8, "timeout": 10}

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "procrastinate.contrib.django",
    "yangbanjian.ground.database",
    "yangbanjian.ground.clock",
    "yangbanjian.ground.journal",
    "yangbanjian.ground.people",
    "yangbanjian.ground.site",
    "yangbanjian.ground.files",
    "yangbanjian.ground.codes",
    "yangbanjian.ground.rulebook",
    "yangbanjian.ground.messages.apps.Messages",
    "yangbanjian.ground.access",
    "yangbanjian.ground.keys",
    "yangbanjian.ground.credentials",
    "yangbanjian.ground.log",
    "yangbanjian.ground.intake",
    "yangbanjian.ground.ledger",
    "yangbanjian.ground.bank",
    "yangbanjian.libraries.records",
    "yangbanjian.libraries.achievements",
    "yangbanjian.libraries.demands",
    "yangbanjian.libraries.experts",
    "yangbanjian.engines.matching",
    "yangbanjian.market.trading",
    "yangbanjian.market.certificates",
    "yangbanjian.market.openness",
    "yangbanjian.faces.web",
    "yangbanjian.faces.sheets",
    "yangbanjian.faces.cli",
    "ninja",
]
PROCRASTINATE_AUTODISCOVER_MODULE_NAME = "jobs"

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "yangbanjian.faces.web.middleware.SecurityHeaders",
    "django.middleware.http.ConditionalGetMiddleware",
    "yangbanjian.faces.web.middleware.OneTransaction",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "yangbanjian.faces.web.middleware.WhoActs",
    "yangbanjian.faces.web.refusing.RefusalPages",
    "yangbanjian.faces.api.middleware.Api",
]
ROOT_URLCONF = "yangbanjian.config.urls"
WSGI_APPLICATION = "yangbanjian.config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.messages.context_processors.messages",
                "yangbanjian.faces.web.context.page",
            ],
            "builtins": [
                "django.templatetags.i18n",
                "django.templatetags.static",
                "yangbanjian.faces.web.templatetags.ui",
            ],
        },
    },
]

AUTH_USER_MODEL = "people.Person"
AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
# The dotted path of an adapter to another identity provider; empty: nothing outside is asked.
YBJ_IDENTITY_PROVIDER = _set("YBJ_IDENTITY_PROVIDER")
LOGIN_URL = "/login"
CSRF_FAILURE_VIEW = "yangbanjian.faces.web.errors.csrf_failed"

LANGUAGE_CODE = "zh-hans"
# Each in its own words: whoever looks for a language reads that one.
LANGUAGES = [("zh-hans", "简体中文"), ("zh-hant", "繁體中文"), ("en", "English")]
LOCALE_PATHS = [PACKAGE / "locale"]
LANGUAGE_COOKIE_NAME = "lang"
TIME_ZONE = _set("YBJ_TIME_ZONE", "Asia/Shanghai")
USE_TZ = True
USE_I18N = True

STATIC_URL = "/static/"
STATIC_ROOT = Path(_set("YBJ_STATIC_ROOT", str(HOME / "static")))
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
MEDIA_ROOT = HOME / "files"
INDEX_ROOT = HOME / "index"
KEYS_ROOT = HOME / "secrets" / "signing"
ANCHORS_ROOT = HOME / "anchors"
# Who is sent the log's head once a day, separated by commas.
YBJ_ANCHOR_MAIL = [a for a in _set("YBJ_ANCHOR_MAIL").split(",") if a.strip()]

_hosts = [urlsplit(YBJ_PUBLIC_URL).hostname] if YBJ_PUBLIC_URL else []
ALLOWED_HOSTS = [h for h in [*_hosts, "127.0.0.1", "localhost", "[::1]"] if h]
CSRF_TRUSTED_ORIGINS = [YBJ_PUBLIC_URL] if YBJ_PUBLIC_URL else []
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if YBJ_PUBLIC_URL else None
_is_https = YBJ_PUBLIC_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _is_https
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 14 * 24 * 3600
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SECURE_HSTS_SECONDS = 31536000 if _is_https else 0
MESSAGE_STORAGE = "django.contrib.messages.storage.cookie.CookieStorage"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 4 * 1024 * 1024  # a whole batch of transfers fits
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
SILENCED_SYSTEM_CHECKS: list[str] = []

YBJ_SMTP_URL = _set("YBJ_SMTP_URL")
DEFAULT_FROM_EMAIL = _set("YBJ_MAIL_FROM", "noreply@localhost")


def mail(url: str, is_sandbox: bool) -> dict[str, Any]:
    """Django's mail settings for smtp://user:password@host:port (smtps:// for TLS from the start;
    smtp:// asks for STARTTLS unless ?tls=off). A sandbox keeps its letters in a table."""
    if is_sandbox:
        return {"EMAIL_BACKEND": "yangbanjian.ground.messages.mail.SandboxBackend"}
    if not url:
        return {"EMAIL_BACKEND": "django.core.mail.backends.dummy.EmailBackend"}
    parts = urlsplit(url)
    is_tls = parts.scheme == "smtps"
    return {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": parts.hostname or "localhost",
        "EMAIL_PORT": parts.port or (465 if is_tls else 587),
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_SSL": is_tls,
        "EMAIL_USE_TLS": not is_tls and parse_qs(parts.query).get("tls") != ["off"],
        "EMAIL_TIMEOUT": 10,
    }


globals().update(mail(YBJ_SMTP_URL, YBJ_SANDBOX))
PASSWORD_RESET_TIMEOUT = 24 * 3600

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["stderr"], "level": _set("YBJ_LOG_LEVEL", "WARNING")},
}
