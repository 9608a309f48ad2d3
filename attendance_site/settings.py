"""
Settings, all from the environment (see `.env.example`).

With DATABASE_URL unset the project runs on servers embedded in Python wheels, for a trial on one machine and
for tests: then, and only then, DEBUG is on unless said otherwise and a secret key is made and kept under
ROLLCALL_HOME.
"""

import sys
from pathlib import Path

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from attendance_site import embedded, env

BASE_DIR = Path(__file__).resolve().parent.parent
TESTING = "pytest" in sys.modules
if not TESTING:
    env.read_file()  # a test never meets the server that somebody's .env names
HOME = env.folder("ROLLCALL_HOME", BASE_DIR / "var")

# --- where truth lives --------------------------------------------------------------------------------------
EMBEDDED = not env.text("DATABASE_URL", default="")
# Two roles: the owner makes and changes tables (`migrate`), the application works in them and can neither
# change nor remove the history (docs/adr/0009). Tests are the owner, who may empty tables between them.
if EMBEDDED:
    DATABASE_OWNER_URL = embedded.ensure_postgres(HOME, fast=TESTING)
    DATABASE_URL = DATABASE_OWNER_URL if TESTING else embedded.as_application(DATABASE_OWNER_URL)
    DATABASE_APPLICATION_ROLE = embedded.APPLICATION
else:
    DATABASE_URL = env.text("DATABASE_URL")
    DATABASE_OWNER_URL = env.text("DATABASE_OWNER_URL", default=DATABASE_URL)
    DATABASE_APPLICATION_ROLE = env.database(DATABASE_URL)["USER"]
DATABASE_OWNER = env.database(DATABASE_OWNER_URL)
REDIS_URL = env.text("REDIS_URL", default="") or embedded.ensure_redis(HOME, fast=TESTING)

DATABASES = {
    "default": {
        **env.database(DATABASE_URL),
        "ENGINE": "django.db.backends.postgresql",
        "ATOMIC_REQUESTS": False,  # transactions belong to services
        "CONN_MAX_AGE": 0 if TESTING else 300,  # a test's server thread must not keep the database open
        "CONN_HEALTH_CHECKS": True,
        "TEST": {"NAME": env.text("ROLLCALL_TEST_DB", default="test_rollcall")},
    }
}
# A waiting lock is reported to the person instead of hanging their page.
DATABASES["default"].setdefault("OPTIONS", {})["options"] = "-c lock_timeout=10000"

# --- security -----------------------------------------------------------------------------------------------
DEBUG = env.boolean("DEBUG", default=EMBEDDED)
SECRET_KEY = embedded.secret_key(HOME) if EMBEDDED else env.required("SECRET_KEY")
ALLOWED_HOSTS = env.items(
    "ALLOWED_HOSTS",
    default=["localhost", "127.0.0.1", "[::1]", "testserver"] if EMBEDDED else [],
)
CSRF_TRUSTED_ORIGINS = env.items("CSRF_TRUSTED_ORIGINS", default=[])
HTTPS = env.boolean("HTTPS", default=not EMBEDDED)

SECURE_SSL_REDIRECT = HTTPS
SECURE_PROXY_SSL_HEADER = (
    ("HTTP_X_FORWARDED_PROTO", "https") if env.boolean("BEHIND_PROXY", default=False) else None
)
SECURE_REDIRECT_EXEMPT = [r"^healthz$"]  # the health check inside the container speaks plain HTTP
SECURE_HSTS_SECONDS = 63_072_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_NAME = "__Host-session" if HTTPS else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if HTTPS else "csrf"
CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_AGE = 12 * 60 * 60  # a school day; a shared office computer is signed out overnight
# Not in a cookie, where messages would carry pupils' names.
MESSAGE_STORAGE = "accounts.messages.CacheStorage"
# Read from the cache and written to the database: a page costs no statement for it, and a cache that is lost
# signs nobody out.
SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"
PASSWORD_RESET_TIMEOUT = 60 * 60
CSRF_FAILURE_VIEW = "accounts.views.csrf_failure"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-src": [SELF],
        "object-src": [NONE],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "manifest-src": [SELF],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2_000
SILENCED_SYSTEM_CHECKS: list[str] = []

# --- the application ----------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "demo",
    "reports",
    "escalation",
    "absences",
    "letters",
    "registers",
    "accounts",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "crispy_forms",
    "django_htmx",
    "template_partials",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django.forms",
]
MIDDLEWARE = [
    # The headers come first, so that every answer has them: files, the health check and refused hosts too.
    "accounts.middleware.ContentPolicy",
    "accounts.middleware.browser_limits",
    "django.middleware.security.SecurityMiddleware",
    "accounts.middleware.health_check",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "accounts.middleware.plain_error_pages",
    "accounts.middleware.server_timing",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "accounts.middleware.private_pages",
    "accounts.middleware.session_limit",
    "accounts.middleware.second_factor",
]
ROOT_URLCONF = "attendance_site.urls"
WSGI_APPLICATION = "attendance_site.wsgi.application"
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
                "accounts.context.navigation",
            ],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
CRISPY_TEMPLATE_PACK = "rollcall_forms"
CRISPY_ALLOWED_TEMPLATE_PACKS = ["rollcall_forms"]

# --- people who sign in -------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "landing"
ACCOUNT_ADAPTER = "accounts.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = (
    "none"  # accounts are made by the school, never by the person: the address is known
)
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 600
ACCOUNT_LOGIN_BY_CODE_MAX_ATTEMPTS = 3
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_EMAIL_NOTIFICATIONS = True  # a changed password or second factor is told to its owner
ACCOUNT_EMAIL_SUBJECT_PREFIX = "Rollcall: "
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
ALLAUTH_TRUSTED_PROXY_COUNT = env.number("TRUSTED_PROXY_COUNT", default=0)
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Rollcall"
# Passkeys work on https only; a trial on this machine speaks plain HTTP to localhost.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = DEBUG
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
PASSWORD_HASHERS = (
    ["django.contrib.auth.hashers.MD5PasswordHasher"]  # tests only: seconds saved on each run
    if TESTING
    else ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]
)

# --- language and time --------------------------------------------------------------------------------------
LANGUAGE_CODE = "en-gb"
# Staff pages are English; families choose on their own pages (absences/languages.py), each by its own name.
LANGUAGES = [
    ("en-gb", "English"),
    ("pl", "Polski"),
    ("ur", "اردو"),
    ("ro", "Română"),
    ("uk", "Українська"),
]
LANGUAGE_COOKIE_NAME = "__Host-language" if HTTPS else "language"
TIME_ZONE = "Europe/London"
USE_I18N = True
USE_TZ = True
# The demo's present moment (local ISO time); obeyed only with demo data and DEBUG, see registers/clock.py.
ROLLCALL_NOW = env.moment("ROLLCALL_NOW")

# --- files --------------------------------------------------------------------------------------------------
STATIC_URL = "static/"
STATIC_ROOT = HOME / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "attachments": {"BACKEND": "absences.cabinet.Cabinet"},  # evidence, under MEDIA_ROOT
    "staticfiles": {
        "BACKEND": (
            "django.contrib.staticfiles.storage.StaticFilesStorage"
            if DEBUG or TESTING
            else "whitenoise.storage.CompressedManifestStaticFilesStorage"
        )
    },
}
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = DEBUG or TESTING  # without collected files
MEDIA_ROOT = HOME / "media"

# --- e-mail -------------------------------------------------------------------------------------------------
EMAIL_CONFIG = environ.Env.email_url_config(env.text("EMAIL_URL", default="consolemail://"))
vars().update(EMAIL_CONFIG)
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.text("DEFAULT_FROM_EMAIL", default="rollcall@localhost")

# --- messages to parents (docs/adr/0019) --------------------------------------------------------------------
# By which back end e-mails and texts leave; on a trial machine they become files that one can open.
ROLLCALL_MESSAGES = env.choice(
    "ROLLCALL_MESSAGES", ("console", "file", "smtp", "notify"), default="file" if EMBEDDED else "smtp"
)
ROLLCALL_TEXTS = env.choice(
    "ROLLCALL_TEXTS",
    ("console", "file", "notify", "none"),
    default="none" if ROLLCALL_MESSAGES == "smtp" else ROLLCALL_MESSAGES,
)
if "console" in (ROLLCALL_MESSAGES, ROLLCALL_TEXTS) and not DEBUG:
    raise ImproperlyConfigured(
        "ROLLCALL_MESSAGES=console prints messages to parents whole, which only a trial (DEBUG) may do."
    )
ROLLCALL_TEXT_QUIET = env.hours("ROLLCALL_TEXT_QUIET", default="21:00-07:00")
MESSAGES_FOLDER = HOME / "messages"
BY_NOTIFY = "notify" in (ROLLCALL_MESSAGES, ROLLCALL_TEXTS)
NOTIFY_API_KEY = env.required("NOTIFY_API_KEY") if BY_NOTIFY else ""
NOTIFY_EMAIL_TEMPLATE = env.required("NOTIFY_EMAIL_TEMPLATE") if ROLLCALL_MESSAGES == "notify" else ""
NOTIFY_TEXT_TEMPLATE = env.required("NOTIFY_TEXT_TEMPLATE") if ROLLCALL_TEXTS == "notify" else ""
NOTIFY_BASE_URL = env.text("NOTIFY_BASE_URL", default="https://api.notifications.service.gov.uk")
NOTIFY_TIMEOUT = env.number("NOTIFY_TIMEOUT", default=30, least=1)

# --- what web processes share: how often somebody tried to sign in, and one-time codes already used ---------
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
    if TESTING
    else {"BACKEND": "accounts.cache.KeptRedisCache", "LOCATION": REDIS_URL}
}

# --- background work ----------------------------------------------------------------------------------------
CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_TIME_LIMIT = 600
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_MAX_TASKS_PER_CHILD = 500
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 1800}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_DEFAULT_QUEUE = "interactive"
# Said here and not on the tasks: a task's own `queue` is deprecated in Celery and raises a warning.
CELERY_TASK_ROUTES = {
    # A letter's page takes a tenth of a second; what a parent waits for must not stand behind a thousand.
    "letters.tasks.send_message": {"queue": "messages"},
    "letters.tasks.send_due": {"queue": "messages"},
    "letters.tasks.ask_about": {"queue": "messages"},
    "letters.tasks.*": {"queue": "letters"},
    "escalation.tasks.*": {"queue": "sweep"},
    "registers.tasks.*": {"queue": "interactive"},
}
CELERY_TIMEZONE = TIME_ZONE

# --- logs: ids only, never a name or a mark -----------------------------------------------------------------
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    # The printing library reports every style sheet it reads as news.
    # The client of GOV.UK Notify repeats in its warnings what Notify says of an address.
    "loggers": {
        "weasyprint": {"level": "WARNING"},
        "weasyprint.progress": {"level": "WARNING"},
        "notifications_python_client": {"level": "ERROR"},
    },
    "root": {
        "handlers": ["console"],
        "level": env.text("LOG_LEVEL", default="WARNING" if TESTING else "INFO"),
    },
}
