"""Settings of every installation, read from the environment.

With nothing set this is the demo on one machine: `manage.py` and `make run` put the addresses of the embedded
services into DATABASE_URL and REDIS_URL before this module is read. `DRAWDOWN_ENV=production` demands a secret key
and turns on everything that HTTPS allows.
"""

import os
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from bootstrap_wrapper import get_bootstrap_dir
from celery.schedules import crontab
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from config.mail import mail

BASE_DIR = Path(__file__).resolve().parent.parent
PRODUCTION = os.environ.get("DRAWDOWN_ENV") == "production"
DEMO_KEY = "demo-key-of-the-demo-company-never-used-in-production-0123456789"

SECRET_KEY = os.environ.get("SECRET_KEY") or DEMO_KEY
if PRODUCTION and (SECRET_KEY == DEMO_KEY or len(SECRET_KEY) < 50):
    raise ImproperlyConfigured("Set SECRET_KEY to a random text of at least 50 characters: the demo key is public.")

DEBUG = False
ALLOWED_HOSTS = os.environ.get("ALLOWED_HOSTS", "" if PRODUCTION else "localhost,127.0.0.1,[::1],testserver").split(",")
CSRF_TRUSTED_ORIGINS = [origin for origin in os.environ.get("CSRF_TRUSTED_ORIGINS", "").split(",") if origin]

INSTALLED_APPS = [
    "config.apps.ConfigConfig",
    "credits.apps.CreditsConfig",
    "prepaid.apps.PrepaidConfig",
    "opportunities.apps.OpportunitiesConfig",
    "ledger.apps.LedgerConfig",
    "pages.apps.PagesConfig",
    "config.admin.SignedAdmin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.forms",
    "django_filters",
    "django_tables2",
    "crispy_forms",
    "crispy_bootstrap5",
    "django_htmx",
    "csp",
    "axes",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_static",
]

MIDDLEWARE = [
    "config.request_ids.request_ids",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "config.security.session_limits",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "config.security.htmx_sign_in",
    "config.security.SecondFactor",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

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
                "config.navigation.shell",
            ],
        },
    },
]


def database(url: str) -> dict:
    """Django's settings for a `postgresql://user:password@host:port/name?option=value` address.

    A unix socket is given as `?host=/folder`, as libpq has it.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("postgres", "postgresql"):
        raise ImproperlyConfigured(f"DATABASE_URL starts with {parts.scheme!r}; Drawdown runs on postgresql:// only.")
    options = dict(parse_qsl(parts.query))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": options.pop("host", unquote(parts.hostname or "")),
        "PORT": str(parts.port or ""),
        "OPTIONS": options,
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }


DATABASES = {"default": database(os.environ.get("DATABASE_URL", "postgresql:///drawdown"))}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# Of a file that somebody brings to be imported; it waits in the database until it is decided what becomes of it.
UPLOAD_MAX_BYTES = int(os.environ.get("UPLOAD_MAX_MB", "10")) * 1024 * 1024

# The demo writes its mail into the log of the worker, so that none leaves; production asks a relay on the same machine
# unless it is told better.
globals().update(mail(os.environ.get("EMAIL_URL") or ("smtp://localhost:25?tls=no" if PRODUCTION else "console:")))
DEFAULT_FROM_EMAIL = os.environ.get("MAIL_FROM", "drawdown@localhost")
# Where the links of a mail lead.
SITE_URL = os.environ.get("SITE_URL", "").rstrip("/") or (
    f"https://{ALLOWED_HOSTS[0].lstrip('.')}" if PRODUCTION else f"http://127.0.0.1:{os.environ.get('PORT', '8000')}"
)

CELERY_BROKER_URL = os.environ.get("REDIS_URL", "redis://localhost:6379/0")
# A Redis that never answers gets a sentence, not a page that hangs.
CELERY_BROKER_TRANSPORT_OPTIONS = {"socket_connect_timeout": 3, "socket_timeout": 10}
CELERY_TASK_IGNORE_RESULT = True
# A worker that is killed hands its message back: exactly-once comes from unique keys in PostgreSQL, not from Celery.
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULE = {
    "night": {"task": "config.tasks.run_night_if_due", "schedule": crontab(minute="*/15")},
    # A message that nobody took within the minute says nothing that the next one does not.
    "jobs": {"task": "config.tasks.take_up_jobs", "schedule": crontab(), "options": {"expires": 60}},
    "notices": {"task": "config.tasks.send_notices", "schedule": crontab(minute="*/15"), "options": {"expires": 600}},
    "tidy": {"task": "config.tasks.tidy", "schedule": crontab(hour="3", minute="7")},
}

PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "login"

LANGUAGE_CODE = "en-gb"
LANGUAGES = [("en-gb", "English")]
USE_I18N = True
USE_TZ = True
# Instants are stored and computed in UTC; the business day belongs to the company's time zone (ledger setup).
TIME_ZONE = "UTC"
DATE_FORMAT = "j M Y"

STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static", ("bootstrap", get_bootstrap_dir())]
# Hashed names need `collectstatic`, which the demo does without.
STATIC_ROOT = BASE_DIR / "staticfiles" if PRODUCTION else None
WHITENOISE_USE_FINDERS = not PRODUCTION
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}

CRISPY_ALLOWED_TEMPLATE_PACKS = "bootstrap5"
CRISPY_TEMPLATE_PACK = "bootstrap5"
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
FILTERS_EMPTY_CHOICE_LABEL = "Any"
DJANGO_TABLES2_TABLE_ATTRS = {"class": "table rows table-hover"}
# The kit of pages imports no app, so it is told who knows the day.
BUSINESS_DATE = "ledger.dates.business_date"
SIGN_CHANGES = "ledger.services.changes.made_by"
RUN_JOB = "config.tasks.run_job"

# --- Security -------------------------------------------------------------------------------------------------------

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
CSRF_FAILURE_VIEW = "config.views.csrf_failure"
CSRF_COOKIE_HTTPONLY = True
X_FRAME_OPTIONS = "DENY"

# A session ends when idle, and at latest after a working day; the cookie itself does not outlive that.
SESSION_IDLE_SECONDS = int(os.environ.get("SESSION_IDLE_MINUTES", "30")) * 60
SESSION_MAX_SECONDS = int(os.environ.get("SESSION_MAX_HOURS", "12")) * 3600
SESSION_COOKIE_AGE = SESSION_MAX_SECONDS

# Finance needs a second factor, except where a demonstration says otherwise; the pages then say so too.
SECOND_FACTOR_GROUPS = ("finance", "controller")
REQUIRE_SECOND_FACTOR = os.environ.get("REQUIRE_SECOND_FACTOR", "yes" if PRODUCTION else "no") == "yes"
OTP_TOTP_ISSUER = "Drawdown"
OTP_ADMIN_HIDE_SENSITIVE_DATA = True

# How many proxies of ours stand in front: they end HTTPS and know the address of the person.
PROXY_COUNT = int(os.environ.get("PROXY_COUNT", "0"))
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_CALLABLE = "config.sign_in.locked_out"
AXES_CLIENT_IP_CALLABLE = "config.security.client_address"
AXES_VERBOSE = False

if PRODUCTION:
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = [r"^health/$"]
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if PROXY_COUNT else None
    SECURE_HSTS_SECONDS = 365 * 24 * 3600
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"request_id": {"()": "config.request_ids.RequestIdFilter"}},
    "formatters": {"line": {"format": "{asctime} {levelname} {name} [{request_id}] {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "filters": ["request_id"], "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        "axes": {"level": "WARNING"},
    },
}
