"""Settings, one file: what differs from one installation to the next comes from the environment.

The plug-in lists and the workers' settings stand at the end.
"""

import os
import sys
from pathlib import Path

import environ
from django.core.exceptions import ImproperlyConfigured

from smartagent.postgres.config import database, replica, through_pool
from smartagent.setup.redis_url import with_timeout
from smartagent.setup.secret_key import secret_key
from smartagent.shell.navigation import UNFOLD as UNFOLD
from smartagent.shell.security_headers import CONTENT_SECURITY_POLICY as CONTENT_SECURITY_POLICY

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
environ.Env.read_env(BASE_DIR / ".env")

VAR = Path(env.str("VAR_DIR", default=str(BASE_DIR / "var")))
SECRET_KEY = env.str("SECRET_KEY", default="") or secret_key(VAR)
# Keys that were used before: what they signed and encrypted can still be read.
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
# Signs the chain of the activity log; previous keys verify what they have signed. It must not stand in the database.
AUDIT_KEY = env.str("AUDIT_KEY", default="") or secret_key(VAR, "audit_key")
AUDIT_KEY_FALLBACKS = env.list("AUDIT_KEY_FALLBACKS", default=[])
# Where the newest link of the chain is written each day, out of reach of who can write the database.
AUDIT_ANCHOR_FILE = env.str("AUDIT_ANCHOR_FILE", default="")
AUDIT_ANCHOR_URL = env.str("AUDIT_ANCHOR_URL", default="")
AUDIT_ANCHOR_EMAIL = env.str("AUDIT_ANCHOR_EMAIL", default="")
# Whether reads of other people's records by those who may see them are in the activity log.
LOG_READS = env.bool("LOG_READS", default=False)
DEBUG = env.bool("DEBUG", default=False)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
# Set HTTPS=on where the address that people type begins with https://
HTTPS = env.bool("HTTPS", default=False)

INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "smartagent.shell.admin_config.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_filters",
    "django_q",
    "simple_history",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "rules",
    "notifications",
    "optimizer",
    "smartagent",
]

MIDDLEWARE = [
    "smartagent.monitoring.probes.ProbeMiddleware",
    "smartagent.shell.request_id.RequestIdMiddleware",
    "smartagent.monitoring.http_metrics.HTTPMetricsMiddleware",
    "smartagent.shell.security_headers.SecurityHeadersMiddleware",
    "smartagent.shell.program_errors.ProgramErrorsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "smartagent.rest.deprecations.DeprecationMiddleware",
    "csp.middleware.CSPMiddleware",
    "smartagent.shell.request_limits.RequestLimitsMiddleware",
    "smartagent.rest.rate_limits.RateLimitMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "smartagent.shell.middleware.FormSizeMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "smartagent.accounts.middleware.SessionUseMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "smartagent.shell.middleware.VisibleMiddleware",
    "smartagent.shell.middleware.TimeZoneMiddleware",
    "smartagent.read_log.middleware.ReadLogMiddleware",
    "smartagent.shell.row_security.RowSecurityMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
    "smartagent.accounts.middleware.SignInRulesMiddleware",
    "smartagent.shell.middleware.MissingColumnMiddleware",
    "smartagent.shell.replica_reads.ReplicaMiddleware",
]

ROOT_URLCONF = "smartagent.urls"
WSGI_APPLICATION = "smartagent.wsgi.application"
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

# Where DATABASE_URL leads through a pool in transaction mode, such as PgBouncer's: the server itself, for what needs a
# session: evaluations, work that one process does at a time, and commands.
DATABASE_DIRECT_URL = env.str("DATABASE_DIRECT_URL", default="")
DATABASE_URL = env.str("DATABASE_URL", default="") or None
DATABASES = {
    "default": through_pool(DATABASE_URL, DATABASE_DIRECT_URL, VAR, sys.argv)
    if DATABASE_DIRECT_URL
    else database(DATABASE_URL, VAR)
}
# A streaming replica, from which lists, exports and statistics are read while it is not further behind than this.
DATABASE_REPLICA_URL = env.str("DATABASE_REPLICA_URL", default="")
REPLICA_MAX_LAG_SECONDS = env.int("REPLICA_MAX_LAG_SECONDS", default=30)
if DATABASE_REPLICA_URL:
    DATABASES["default"]["REPLICA"] = replica(DATABASE_REPLICA_URL, VAR)
# Members' requests run as a database role that sees their own rows only, where the account may take it.
ROW_LEVEL_SECURITY = env.bool("ROW_LEVEL_SECURITY", default=True)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

SESSION_ENGINE = "smartagent.accounts.session_store"
AUTH_USER_MODEL = "smartagent.User"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.BCryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]  # fmt: skip
# Tokens of the legacy project, for its clients: its secret (HS256), or where its public keys are (RS256, ES256). With
# an audience and an issuer, tokens for or by others are refused.
LEGACY_JWT_SECRET = env.str("LEGACY_JWT_SECRET", default="")
LEGACY_JWKS_URL = env.str("LEGACY_JWKS_URL", default="")
LEGACY_JWT_AUDIENCE = env.str("LEGACY_JWT_AUDIENCE", default="")
LEGACY_JWT_ISSUER = env.str("LEGACY_JWT_ISSUER", default="")
# Second factors: django-allauth. Its own limits are off; ours count in the database, see accounts.sign_in_limits.
ACCOUNT_ADAPTER = "smartagent.accounts.allauth_adapters.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_RATE_LIMITS = False
ACCOUNT_FORMS = {"reauthenticate": "smartagent.accounts.second_factor_forms.ConfirmByPasswordForm"}
MFA_ADAPTER = "smartagent.accounts.allauth_adapters.MFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not HTTPS  # browsers allow it on localhost only
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_ALLOW_UNVERIFIED_EMAIL = True  # nobody signs up: administrators and the provider say who has an account
MFA_TOTP_ISSUER = "Smart Agent"
MFA_TOTP_TOLERANCE = 1  # codes: the last one is accepted for half a minute
MFA_RATE_LIMITS = False
MFA_FORMS = {
    "authenticate": "smartagent.accounts.second_factor_forms.CodeForm",
    "reauthenticate": "smartagent.accounts.second_factor_forms.ConfirmByCodeForm",
    "activate_totp": "smartagent.accounts.second_factor_forms.ActivateAppForm",
    "add_webauthn": "smartagent.accounts.second_factor_forms.AddPasskeyForm",
}
# Who must have a second factor: everybody, or the people of these groups.
MFA_REQUIRED = env.bool("MFA_REQUIRED", default=False)
MFA_REQUIRED_GROUPS = env.list("MFA_REQUIRED_GROUPS", default=[])
# Single sign-on by OpenID Connect, where a provider is named. OIDC_ROLES gives roles by the groups of the provider:
# group=role,group=role
OIDC_SERVER_URL = env.str("OIDC_SERVER_URL", default="")
OIDC_NAME = env.str("OIDC_NAME", default="single sign-on")
OIDC_GROUPS_CLAIM = env.str("OIDC_GROUPS_CLAIM", default="groups")
OIDC_ROLES = env.list("OIDC_ROLES", default=[])
OIDC_CREATE_PEOPLE = env.bool("OIDC_CREATE_PEOPLE", default=True)
OIDC_APP = {
    "provider_id": "sso",
    "name": OIDC_NAME,
    "client_id": env.str("OIDC_CLIENT_ID", default=""),
    "secret": env.str("OIDC_CLIENT_SECRET", default=""),
    "settings": {"server_url": OIDC_SERVER_URL, "oauth_pkce_enabled": True},
}
SOCIALACCOUNT_PROVIDERS = {
    "openid_connect": {
        "APPS": [OIDC_APP] if OIDC_SERVER_URL else [],
        "SCOPE": ["openid", "profile", "email", *env.list("OIDC_SCOPES", default=[])],
    }
}
# Off: nobody signs in by a password, only by single sign-on and passkeys.
PASSWORD_SIGN_IN = env.bool("PASSWORD_SIGN_IN", default=True)
SOCIALACCOUNT_ADAPTER = "smartagent.accounts.single_sign_on.SingleSignOnAdapter"
SOCIALACCOUNT_LOGIN_ON_GET = True  # a link leads there: a form may only be sent to ourselves
SOCIALACCOUNT_EMAIL_VERIFICATION = "none"
# How long after a sign-in secrets, tokens, roles and “Stop everything” ask for nothing more.
REAUTHENTICATION_MINUTES = env.int("REAUTHENTICATION_MINUTES", default=15)
ACCOUNT_REAUTHENTICATION_TIMEOUT = REAUTHENTICATION_MINUTES * 60
# How many wrong passwords an account, and an address, may have before the next must wait, each time twice as long.
# 0: no limit.
SIGN_IN_ATTEMPTS_PER_ACCOUNT = env.int("SIGN_IN_ATTEMPTS_PER_ACCOUNT", default=10)
SIGN_IN_ATTEMPTS_PER_ADDRESS = env.int("SIGN_IN_ATTEMPTS_PER_ADDRESS", default=50)
# How many reverse proxies stand before us, each of which appends to X-Forwarded-For: who calls is read there.
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", default=0)
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"

LANGUAGE_CODE = "en"
USE_I18N = False
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "/static/"
# `manage.py up` collects static files for the processes that it starts: named by their content, compressed, and cached
# for good. Without it they are served from where they stand: there is no collectstatic to forget.
STATIC_COLLECTED = env.bool("STATIC_COLLECTED", default=False)
STATIC_ROOT = VAR / "static" if STATIC_COLLECTED else None
WHITENOISE_USE_FINDERS = not STATIC_COLLECTED
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if STATIC_COLLECTED
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}

SECURE_SSL_REDIRECT = HTTPS
# With the prefix a browser takes them from nobody but this host, by TLS.
SESSION_COOKIE_NAME = "__Host-sessionid" if HTTPS else "sessionid"
SESSION_COOKIE_SECURE = HTTPS
SESSION_COOKIE_SAMESITE = "Lax"  # links in messages lead to pages
CSRF_COOKIE_NAME = "__Host-csrftoken" if HTTPS else "csrftoken"
CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_HTTPONLY = True  # scripts read the token from forms
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "smartagent.shell.error_pages.form_expired"
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 32 * 1024 * 1024  # 50,000 samples as JSON are about 8 MB

EMAIL_CONFIG = env.email_url("EMAIL_URL", default="consolemail://")
globals().update(EMAIL_CONFIG)
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="Smart Agent <smartagent@localhost>")

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "smartagent.accounts.tokens.TokenAuthentication",
        "smartagent.rest.rate_limits.CountedSessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["smartagent.rest.permissions.ModelPermissions"],
    "DEFAULT_PAGINATION_CLASS": "smartagent.rest.pagination.CursorPagination",
    "DEFAULT_FILTER_BACKENDS": [
        "smartagent.rest.filters.Filters",
        "smartagent.rest.filters.Ordering",
    ],
    "DEFAULT_SCHEMA_CLASS": "smartagent.rest.schema.Schema",
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "smartagent.rest.negotiation.Negotiation",
    "DEFAULT_PARSER_CLASSES": ["smartagent.rest.parsers.JSONParser"],
    "URL_FORMAT_OVERRIDE": None,
    "EXCEPTION_HANDLER": "smartagent.rest.errors.exception_handler",
    "NON_FIELD_ERRORS_KEY": "detail",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Smart Agent",
    "DESCRIPTION": "Rules watch metrics, notify people and propose optimizations.",
    "VERSION": "0.1.0",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SWAGGER_UI_SETTINGS": {"deepLinking": False},  # its links would stand inside of buttons
    "COMPONENT_SPLIT_REQUEST": True,
    "PREPROCESSING_HOOKS": ["smartagent.rest.schema.without_versions"],
    "POSTPROCESSING_HOOKS": [
        "smartagent.rest.schema.describe_shared",
        "smartagent.rest.examples.add_examples",
        "notifications.api.webhook_description.describe_webhooks",
        "smartagent.rest.choice_labels.capitalize_labels",
    ],
    "GET_LIB_DOC_EXCLUDES": "smartagent.rest.schema.classes_without_description",
}

# What a Prometheus may send as its bearer token to read /metrics, also while the database is down.
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")
if METRICS_TOKEN and len(METRICS_TOKEN) < 16:
    raise ImproperlyConfigured("METRICS_TOKEN can be guessed: set one of at least 16 random characters, or none.")
LOGGING_CONFIG = "smartagent.setup.log_config.configure"
LOGGING = {
    "level": env.str("LOG_LEVEL", default="INFO"),
    "format": env.str("LOG_FORMAT", default="logfmt"),
    "sentry": {
        "dsn": env.str("SENTRY_DSN"),
        "environment": env.str("SENTRY_ENVIRONMENT", default="production"),
        "release": f"smartagent@{SPECTACULAR_SETTINGS['VERSION']}",
    }
    if env.str("SENTRY_DSN", default="")
    else None,
}
# An evaluation whose common statement takes longer keeps its plan. 0: none does.
SLOW_EVALUATION_SECONDS = env.float("SLOW_EVALUATION_SECONDS", default=10.0)
# Traces are sent where OpenTelemetry's own variables say.
TRACES = bool(env.str("OTEL_EXPORTER_OTLP_ENDPOINT", default=""))

EMAIL_TIMEOUT = 10
# The address that people reach us by; links in messages begin with it. `up` sets it where nobody has.
SITE_URL = (env.str("SITE_URL", default="") or "http://localhost:8000").rstrip("/")
# How many messages of a minute go to one channel by themselves; the rest is bundled. 0: all of them.
NOTIFICATIONS_PER_MINUTE = env.int("NOTIFICATIONS_PER_MINUTE", default=6)
# How many days archived notifications, and settled deliveries with their attempts, are kept. 0: for ever.
NOTIFICATIONS_KEEP_DAYS = env.int("NOTIFICATIONS_KEEP_DAYS", default=90)
DELIVERIES_KEEP_DAYS = env.int("DELIVERIES_KEEP_DAYS", default=365)
# How many days samples are kept, to the end of a month. 0: for ever.
SAMPLES_KEEP_DAYS = env.int("SAMPLES_KEEP_DAYS", default=400)
# How many days hourly and daily roll-ups of samples are kept. 0: for ever.
ROLLUPS_KEEP_DAYS = env.int("ROLLUPS_KEEP_DAYS", default=5 * 366)
# How many days entries of the activity log, runs, escalations that ended, failed tasks and the log of the admin site
# are kept. 0: for ever.
ACTIVITY_KEEP_DAYS = env.int("ACTIVITY_KEEP_DAYS", default=0)
RUNS_KEEP_DAYS = env.int("RUNS_KEEP_DAYS", default=400)
ESCALATIONS_KEEP_DAYS = env.int("ESCALATIONS_KEEP_DAYS", default=400)
TASKS_KEEP_DAYS = env.int("TASKS_KEEP_DAYS", default=30)
ADMIN_LOG_KEEP_DAYS = env.int("ADMIN_LOG_KEEP_DAYS", default=400)
# Where rows go as NDJSON before retention deletes them; while that fails nothing is deleted. Empty: they do not.
EXPORT_BEFORE_DELETION_FOLDER = env.str("EXPORT_BEFORE_DELETION_FOLDER", default="")
# Where `manage.py backup` writes a file that has no name. Where it is set, backups are made every so many hours (of a
# day or more: at night), restored into a scratch database for a check, and so many are kept. 0: none, and all.
BACKUP_FOLDER = env.str("BACKUP_FOLDER", default="")
BACKUP_EVERY_HOURS = env.int("BACKUP_EVERY_HOURS", default=24)
BACKUP_CHECK = env.bool("BACKUP_CHECK", default=True)
BACKUPS_KEEP = env.int("BACKUPS_KEEP", default=7)
# Processes of one `deliver`, one for each core, and messages that it sends at a time, in all and to one host.
DELIVERY_PROCESSES = env.int("DELIVERY_PROCESSES", default=min(os.cpu_count() or 1, 4))
DELIVERY_CONCURRENCY = env.int("DELIVERY_CONCURRENCY", default=2048)
DELIVERY_PER_HOST = env.int("DELIVERY_PER_HOST", default=1024)
TWILIO_URL = env.str("TWILIO_URL", default="https://api.twilio.com")
SENDGRID_URL = env.str("SENDGRID_URL", default="https://api.sendgrid.com")
PAGERDUTY_URL = env.str("PAGERDUTY_URL", default="https://events.pagerduty.com")
# Networks that requests of ours may reach though they are private, for example 10.0.0.0/8,192.168.1.7.
OUTBOUND_ALLOWED = env.list("OUTBOUND_ALLOWED", default=[])

# An external engine that may be asked for optimizations; without an address there is none.
OPTIMIZATION_ENGINE_URL = env.str("OPTIMIZATION_ENGINE_URL", default="")
OPTIMIZATION_ENGINE_SECRET = env.str("OPTIMIZATION_ENGINE_SECRET", default="")

# How often one person may ask in a minute for what is costly. 0: as often as they like.
LIMITS_PER_MINUTE = {
    "previews": env.int("PREVIEWS_PER_MINUTE", default=120),
    "searches": env.int("SEARCHES_PER_MINUTE", default=240),
    "silences": env.int("SILENCES_PER_MINUTE", default=60),
}
# How many requests to the API one token, one person and one address may send in a minute, in all web processes
# together. 0: as many as they like.
API_REQUESTS_PER_MINUTE = {
    "token": env.int("API_REQUESTS_PER_TOKEN", default=12_000),
    "person": env.int("API_REQUESTS_PER_PERSON", default=24_000),
    "address": env.int("API_REQUESTS_PER_ADDRESS", default=60_000),
}
# How many samples the programs of one person may send in a minute, in all web processes together. 0: no limit.
INGEST_SAMPLES_PER_MINUTE = env.int("INGEST_SAMPLES_PER_MINUTE", default=6_000_000)
# How many series a person, or the platform, may have; further ones are not made from what programs send. 0: no limit.
MAX_SERIES_PER_PERSON = env.int("MAX_SERIES_PER_PERSON", default=1_000_000)
# How many silences one person may have that are not over.
SILENCES_PER_PERSON = env.int("SILENCES_PER_PERSON", default=500)
# How many rules one person may have who may not change those of others. Each costs time in every evaluation.
RULES_PER_MEMBER = env.int("RULES_PER_MEMBER", default=10_000)

# How often all rules are evaluated. Whole minutes are a schedule of the workers; others need `manage.py evaluate`.
EVALUATE_EVERY_SECONDS = env.int("EVALUATE_EVERY_SECONDS", default=60 * env.int("DISPATCH_EVERY_MINUTES", default=5))
if EVALUATE_EVERY_SECONDS < 15:
    raise ImproperlyConfigured(
        f"EVALUATE_EVERY_SECONDS is {EVALUATE_EVERY_SECONDS}. The shortest time between two evaluations is 15."
    )
# A receiver outside of this machine notifies where no request arrives after an evaluation. Its address is a secret.
HEARTBEAT_SECRET_URL = env.str("HEARTBEAT_URL", default="")
# Whether a failed evaluation is reported at once, by a request to the same address with /fail after it.
HEARTBEAT_FAILURES = env.bool("HEARTBEAT_FAILURES", default=False)
# How often rules, actions and test channels are tried out. 0: never.
SELFTEST_EVERY_MINUTES = env.int("SELFTEST_EVERY_MINUTES", default=60)
PUSHED_MAX_AGE_HOURS = env.int("PUSHED_MAX_AGE_HOURS", default=24)
MAX_INSTANCES_PER_RULE = env.int("MAX_INSTANCES_PER_RULE", default=10_000)
# How long an evaluation may wait for all queries of data sources, and how many series one query may return.
DATA_SOURCES_SECONDS = env.int("DATA_SOURCES_SECONDS", default=60)
DATA_SOURCE_MAX_SERIES = env.int("DATA_SOURCE_MAX_SERIES", default=10_000)
# How many days of quiet a silence may keep, by the role of who makes it; and how long a recurring one may go on.
SILENCE_MAX_DAYS = {
    "members": env.int("SILENCE_MAX_DAYS_MEMBERS", default=7),
    "operators": env.int("SILENCE_MAX_DAYS_OPERATORS", default=30),
    "administrators": env.int("SILENCE_MAX_DAYS_ADMINISTRATORS", default=365),
}
SILENCE_SERIES_MAX_DAYS = {
    "members": env.int("SILENCE_SERIES_MAX_DAYS_MEMBERS", default=90),
    "operators": env.int("SILENCE_SERIES_MAX_DAYS_OPERATORS", default=365),
    "administrators": env.int("SILENCE_SERIES_MAX_DAYS_ADMINISTRATORS", default=365),
}

RULES_METRICS = [
    "rules.metrics.fusion_score.FusionScoreSource",
    "rules.metrics.anomaly_count.AnomalyCount",
    "rules.metrics.integration_error_count.IntegrationErrorCount",
    "rules.metrics.integration_health.IntegrationHealth",
    "rules.metrics.agent_failed_actions.AgentFailedActions",
    "rules.metrics.agent_evaluation_lag.AgentEvaluationLag",
    "notifications.metrics.AgentFailedDeliveries",
    "optimizer.metrics.EfficiencyIndex",
    "optimizer.metrics.FusionMetrics",
]
RULES_ACTIONS = [
    "notifications.actions.Alert",
    "notifications.actions.Notify",
    "optimizer.actions.Optimize",
    "optimizer.actions.Adjust",
    "rules.actions.Log",
]
# What the activity log calls the events of each app; those of an action stand with it.
RULES_EVENTS = [
    "rules.configuration.events.CONFIGURATION_EVENTS",
    "rules.data_sources.events.DATA_SOURCE_EVENTS",
    "rules.ingest.receipts.INGEST_EVENTS",
    "rules.audit.events.AUDIT_EVENTS",
    "rules.storage.deletions.DELETION_EVENTS",
    "rules.evaluation.heartbeat.HEARTBEAT_EVENTS",
    "rules.evaluation.database_starts.DATABASE_EVENTS",
    "rules.evaluation.connection_cuts.CONNECTION_EVENTS",
    "rules.evaluation.clock_changes.CLOCK_EVENTS",
    "rules.evaluation.replica_lag.REPLICA_EVENTS",
    "notifications.escalations.events.ESCALATION_EVENTS",
    "notifications.reliability.goal.RELIABILITY_EVENTS",
    "optimizer.text.events.OPTIMIZATION_EVENTS",
    "smartagent.dashboard.subject.check.CHECK_EVENTS",
    "smartagent.accounts.events.SIGN_IN_EVENTS",
    "smartagent.accounts.account_events.ACCOUNT_EVENTS",
    "smartagent.backup.events.BACKUP_EVENTS",
    "smartagent.read_log.events.READ_EVENTS",
    "smartagent.setup.process_deaths.PROCESS_EVENTS",
    "smartagent.setup.worker_starts.WORKER_EVENTS",
    "smartagent.setup.redis_starts.REDIS_EVENTS",
]
# How changes of a kind of configuration are undone; other recorded models have a way in common.
RULES_UNDO = [
    "rules.configuration.undo_rules.RuleUndo",
    "rules.configuration.undo_records.IntegrationUndo",
    "notifications.channels.undo.ChannelUndo",
    "notifications.reliability.goal.GoalUndo",
    "rules.configuration.undo_silences.SilenceUndo",
    "rules.configuration.undo_data_sources.DataSourceUndo",
    "rules.configuration.undo_data_sources.MetricQueryUndo",
    "optimizer.policy.undo.PolicyUndo",
    "smartagent.accounts.undo.PersonUndo",
    "smartagent.accounts.undo.ServiceAccountUndo",
    "smartagent.accounts.undo.GroupUndo",
    "smartagent.accounts.undo.TokenUndo",
]
# The consequences of an entry of the activity log: who was notified, what was proposed and whether it helped.
RULES_CONSEQUENCES = [
    "notifications.inbox.consequences.Notified",
    "optimizer.text.consequences.Optimized",
    "rules.explain.judgements.Judgements",
]
RULES_HEALTH = [
    "rules.health.checks.failing.Fails",
    "rules.health.checks.owner_gone.OwnerGone",
    "notifications.rule_checks.no_recipient.NoRecipient",
    "notifications.rule_checks.broken_channel.BrokenChannel",
    "rules.health.checks.unknown_metric.UnknownMetric",
    "rules.health.checks.no_data.WithoutData",
    "rules.health.checks.noisy.Imprecise",
    "rules.health.checks.flapping.Flaps",
    "rules.health.checks.always_firing.AlwaysFiring",
    "rules.health.checks.silenced_long.SilencedLong",
    "rules.health.checks.never_fired.NeverFired",
    "rules.health.checks.forgotten_draft.ForgottenDraft",
]
NOTIFICATIONS_CHANNELS = [
    "notifications.channels.email.Email",
    "notifications.channels.slack.Slack",
    "notifications.channels.teams.Teams",
    "notifications.channels.sms.SMS",
    "notifications.channels.webhook.Webhook",
    "notifications.channels.pagerduty.PagerDuty",
    "notifications.channels.alertmanager.Alertmanager",
    "notifications.channels.sendgrid.SendGrid",
]
# Apprise opens connections of its own, which OUTBOUND_ALLOWED does not guard.
if env.bool("NOTIFICATIONS_APPRISE", default=False):
    NOTIFICATIONS_CHANNELS += ["notifications.channels.apprise.AppriseChannel"]
OPTIMIZER_STRATEGIES = [
    "optimizer.strategies.efficiency_boost.EfficiencyBoost",
    "optimizer.strategies.fusion_enhancement.FusionEnhancement",
    "optimizer.strategies.integration_recovery.IntegrationRecovery",
    "optimizer.strategies.general.General",
]
OPTIMIZER_OPERATIONS = [
    "optimizer.operations.reweight_fusion_metrics.ReweightFusionMetrics",
    "optimizer.operations.adjust_weight.AdjustWeight",
    "optimizer.operations.adjust_sync_interval.AdjustSyncInterval",
    "optimizer.operations.analyze_slow_queries.AnalyzeSlowQueries",
    "optimizer.operations.retry_connection.RetryConnection",
    "optimizer.operations.validate_credentials.ValidateCredentials",
    "optimizer.operations.refresh_oauth_token.RefreshOAuthToken",
    "optimizer.operations.refresh_data.RefreshData",
    "optimizer.operations.call_engine.CallEngine",
]

# Where tasks wait for a worker: a table of the database, or this Redis, which any number of workers ask at less cost.
REDIS_URL = env.str("REDIS_URL", default="")
try:
    _BROKER = {"orm": "default"}
    if REDIS_URL:
        _BROKER = {"broker_class": "smartagent.setup.redis_queue.RedisQueue", "redis": with_timeout(REDIS_URL)}
except ValueError as _error:
    raise ImproperlyConfigured(str(_error)) from None
Q_CLUSTER = {
    **_BROKER,
    "name": "smartagent",
    "workers": env.int("WORKERS", default=2),
    "timeout": 240,
    "retry": 300,
    "max_attempts": 1,
    "ack_failures": True,
    "catch_up": False,
    "poll": 1,
    "save_limit": 1000,
    "label": "Workers",
}
