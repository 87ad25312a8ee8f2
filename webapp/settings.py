"""Settings of the web application, from the environment; README.md has the table.

Embedded by default: SQLite, a broker of files and a channel layer in memory, no server beside it.
ESPALIER_DATABASE_URL and ESPALIER_REDIS_URL name PostgreSQL and Redis.
"""

import os
from datetime import timedelta
from pathlib import Path

import django_stubs_ext
from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from whitenoise.compress import Compressor

from webapp import env
from webapp.work.task_names import ROUTES, TaskName

django_stubs_ext.monkeypatch()  # ModelAdmin[Dataset] and the like work when it runs, too

ROOT = Path(__file__).resolve().parents[1]

DEBUG = env.flag("ESPALIER_DEBUG", default=False)
VAR = env.folder("ESPALIER_VAR", ROOT / "var")
# With less free no upload is taken and no work begun: what runs shall end, and the database live.
MIN_FREE_BYTES = env.integer("ESPALIER_MIN_FREE_BYTES", 1 << 29, at_least=0, at_most=1 << 50)
# On which a worker says whether it is well; none where several share a host's ports.
HEALTH_PORT = env.port("ESPALIER_HEALTH_PORT")
# With which Prometheus asks for /metrics; without one only administrators are answered.
METRICS_TOKEN = env.token("ESPALIER_METRICS_TOKEN")
PORT = env.integer("ESPALIER_PORT", 8000, at_least=1, at_most=65535)
REDIS_URL = env.redis_url("ESPALIER_REDIS_URL")
EMBEDDED = REDIS_URL is None
HOST = env.text("ESPALIER_HOST", "127.0.0.1")
# A browser refuses Secure cookies over plain HTTP, which is how a lone machine is reached: by
# itself. Whatever others can reach has HTTPS unless somebody says that it needs none.
PUBLISHED = env.is_published(HOST)
HTTPS = env.flag("ESPALIER_HTTPS", default=PUBLISHED or not EMBEDDED)

# Proxies whose word counts on who asks, and by which scheme; uvicorn's own variable is heard, too.
TRUSTED_PROXIES = env.addresses(
    "ESPALIER_TRUSTED_PROXIES", os.environ.get("FORWARDED_ALLOW_IPS", "")
)

SECRET_KEY = env.secret_key("ESPALIER_SECRET_KEY", VAR / "secret_key" if EMBEDDED else None)
# The machine's own names always: who asks for /healthz stands inside.
ALLOWED_HOSTS = [*env.hosts("ESPALIER_ALLOWED_HOSTS"), "localhost", "127.0.0.1", "[::1]"]

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.forms",
    "axes",
    "channels",
    "csp",
    "django_htmx",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "rest_framework",
    "webapp.accounts",
    "webapp.counts",
    "webapp.checkpoints",
    "webapp.datasets",
    "webapp.trainings",
    "webapp.searches",
    "webapp.adopted",
    "webapp.live",
    "webapp.work",
    "webapp.workers",
    "webapp.upkeep",
]

MIDDLEWARE = [
    "webapp.proxies.HttpsMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "webapp.middleware.TextGZipMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "webapp.middleware.ProductErrorMiddleware",
    "webapp.middleware.PlausibleRequestMiddleware",
    "axes.middleware.AxesMiddleware",
]

FORM_RENDERER = "django.forms.renderers.TemplatesSetting"  # templates/django/forms/ is ours
ROOT_URLCONF = "webapp.urls"
ASGI_APPLICATION = "webapp.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "webapp.context.page",
            ],
            "builtins": ["webapp.number_filters", "webapp.static_files"],
        },
    },
]

# --- Database, broker, channel layer -------------------------------------------------------------

DATABASES = {
    "default": env.database(
        "ESPALIER_DATABASE_URL",
        f"sqlite:///{VAR / 'espalier.sqlite3'}",
        relative_to=ROOT,
        pool_size=env.integer("ESPALIER_DATABASE_POOL", 10, at_least=0, at_most=1000),
    )
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CHANNEL_LAYERS = {
    "default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}
    if EMBEDDED
    else {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [REDIS_URL]},
    }
}

BROKER_FOLDER = VAR / "broker"
CELERY_BROKER_URL = REDIS_URL or "filesystem://localhost"
CELERY_BROKER_TRANSPORT_OPTIONS = (
    {
        "data_folder_in": str(BROKER_FOLDER / "messages"),
        "data_folder_out": str(BROKER_FOLDER / "messages"),
        "control_folder": str(BROKER_FOLDER / "control"),
        "polling_interval": 0.2,
    }
    if EMBEDDED
    else {"socket_connect_timeout": 2, "socket_timeout": 10}
)
if EMBEDDED:
    for name in ("messages", "control"):  # kombu does not make them
        env.make_folder("ESPALIER_VAR", BROKER_FOLDER / name)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_DEFAULT_QUEUE = "cpu"
CELERY_TASK_ROUTES = {str(task): {"queue": queue} for task, queue in ROUTES.items()}
CELERY_TASK_CREATE_MISSING_QUEUES = True
# One message at a time, so that a long trial holds back none that another worker could take.
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR / "beat")
# Expired where no worker was there to take them: they would only say the same again.
CELERY_BEAT_SCHEDULE = {
    str(task): {"task": str(task), "schedule": 5.0, "options": {"expires": 10}}
    for task in (TaskName.RECOVER_WORK,)
}

# What a process that opens a user's file, or builds an export, may take.
PROCESS_MEMORY_BYTES = env.integer(
    "ESPALIER_PROCESS_MEMORY_BYTES", 12 << 30, at_least=1 << 26, at_most=1 << 50
)
PROCESS_SECONDS = env.integer(
    "ESPALIER_PREPARATION_LIMIT_SECONDS", 2 * 3600, at_least=1, at_most=7 * 86_400
)

# How long a body may take to arrive, however fast it is; and the disk that each user may fill.
UPLOAD_SECONDS = env.integer("ESPALIER_UPLOAD_LIMIT_SECONDS", 3600, at_least=1, at_most=86_400)
QUOTA_BYTES = env.integer("ESPALIER_QUOTA_BYTES", 100 << 30, at_least=0, at_most=1 << 50)

# Published weights of torchvision and timm; the folder may be filled by hand.
WEIGHTS_FOLDER = env.folder("ESPALIER_WEIGHTS_FOLDER", VAR / "weights")
WEIGHTS_MIRROR = env.text("ESPALIER_WEIGHTS_MIRROR", "")

# --- Accounts ------------------------------------------------------------------------------------

SESSION_ENGINE = "webapp.accounts.sessions"
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",  # first: it refuses who has guessed too often
    "django.contrib.auth.backends.ModelBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{validator}", "OPTIONS": options}
    for validator, options in (
        ("UserAttributeSimilarityValidator", {}),
        ("MinimumLengthValidator", {"min_length": 10}),
        ("CommonPasswordValidator", {}),
        ("NumericPasswordValidator", {}),
    )
]
LOGIN_URL = "sign_in"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "sign_in"

AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
# By name and address together: guessing cannot lock the owner of a name out from elsewhere.
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_LOCKOUT_CALLABLE = "webapp.accounts.views.locked_out"
AXES_DISABLE_ACCESS_LOG = True

# --- API -----------------------------------------------------------------------------------------

API_PER_MINUTE = env.integer("ESPALIER_API_PER_MINUTE", 1200, at_least=1, at_most=1_000_000)
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "webapp.accounts.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_PARSER_CLASSES": ["webapp.api.parsers.JSONParser"],  # and forms where files are taken
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    # Counted in the memory of each web process, for each account: a brake for runaway programs.
    "DEFAULT_THROTTLE_CLASSES": ["rest_framework.throttling.UserRateThrottle"],
    "DEFAULT_THROTTLE_RATES": {
        "user": f"{API_PER_MINUTE}/minute",
    },
    "DEFAULT_PAGINATION_CLASS": "webapp.api.requests.Pages",
    "DEFAULT_SCHEMA_CLASS": "webapp.api.schemas.Described",
    "EXCEPTION_HANDLER": "webapp.api.errors.handle",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Espalier",
    "DESCRIPTION": "Launch architecture searches, follow them, steer them, take the result away.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.1",
    "COMPONENT_SPLIT_REQUEST": True,  # what is sent as a file is no address of one
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "ENFORCE_NON_BLANK_FIELDS": True,
    "ENUM_NAME_OVERRIDES": {
        "PresetEnum": "search_engine.spec.presets.PRESETS",
        "FinalPresetEnum": "webapp.trainings.documents.PRESETS",
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "webapp.api.schemas.document_errors",
    ],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
}

# --- What the browser may do ---------------------------------------------------------------------

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "img-src": [SELF, "data:", "blob:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
# Who asks for these stands inside, before the proxy.
SECURE_REDIRECT_EXEMPT = [r"^(healthz|readyz|metrics)$"]
CSRF_FAILURE_VIEW = "webapp.views.csrf_failed"
# Ours stands in place of Django's SecurityMiddleware. Whether all subdomains have HTTPS, and belong
# on browsers' lists, is their owner's to say.
SILENCED_SYSTEM_CHECKS = ["security.W001", "security.W005", "security.W021"]

# --- Files, time, language, log ------------------------------------------------------------------

STATIC_URL = "/static/"
STATIC_ROOT = VAR / "static"
env.make_folder("ESPALIER_VAR", STATIC_ROOT)  # WhiteNoise looks at start
STATICFILES_DIRS = [ROOT / "static"]
# Pages name files by their content alone, and who looks into a source map has a fast line.
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = (*Compressor.SKIP_COMPRESS_EXTENSIONS, "map")
S3_BUCKET = env.text("ESPALIER_S3_BUCKET", "")
if S3_BUCKET and DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # Its transactions, which an upload is part of, lock everybody else out.
    raise ImproperlyConfigured(
        "ESPALIER_S3_BUCKET needs PostgreSQL: set ESPALIER_DATABASE_URL, or leave the bucket out"
    )
# Copies of a bucket's files, and of each host its own.
CACHE_BYTES = env.integer("ESPALIER_CACHE_BYTES", 20 << 30, at_least=0, at_most=1 << 50)
STORAGES = {
    "default": {
        "BACKEND": "webapp.storage.bucket.Bucket",
        "OPTIONS": {
            "bucket_name": S3_BUCKET,
            "location": env.text("ESPALIER_S3_PREFIX", "").strip("/"),
            "endpoint_url": env.address("ESPALIER_S3_ENDPOINT"),
            "region_name": env.text("ESPALIER_S3_REGION", "") or None,
            **env.together(
                {"access_key": "ESPALIER_S3_ACCESS_KEY", "secret_key": "ESPALIER_S3_SECRET_KEY"}
            ),
        },
    }
    if S3_BUCKET
    else {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": VAR / "files"},
    },
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "webapp.static_files.ModuleStorage"
    },
}

USE_TZ = True
TIME_ZONE = "UTC"  # pages show times in the reader's zone; Celery's log is hours off with another
LANGUAGE_CODE = "en"
USE_I18N = False

LOG_FORMAT = env.choice("ESPALIER_LOG_FORMAT", "plain", "json")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "plain": {"()": "webapp.logs.PlainFormatter"},
        "json": {"()": "webapp.logs.JsonFormatter"},
    },
    "filters": {"about": {"()": "webapp.logs.AboutFilter"}},
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": LOG_FORMAT,
            "filters": ["about"],
        },
    },
    "root": {
        "handlers": ["console"],
        "level": env.text("ESPALIER_LOG_LEVEL", "INFO"),
    },
    "loggers": {
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        "axes": {"level": "WARNING"},
        # Of these INFO says for every message that it has come.
        "celery": {"level": "WARNING"},
        "kombu": {"level": "WARNING"},
        # In our form, in place of its own. A terminal on one machine is no place for each request.
        "uvicorn": {
            "handlers": [],
            "level": "WARNING" if EMBEDDED else "INFO",
            "propagate": True,
        },
    },
}
