"""Settings, read top to bottom. docs/settings.md lists every environment variable."""

from django.conf import global_settings
from django.core.exceptions import ImproperlyConfigured

from project.environment import (
    BASE_DIR,
    env_bool,
    env_choice,
    env_choices,
    env_database,
    env_graph,
    env_guid,
    env_https,
    env_int,
    env_list,
    env_meanings,
    env_origin,
    env_origins,
    env_pairs,
    env_required_list,
    env_secret_key,
    env_text,
    env_words,
    need_all_or_none,
)
from project.logging import logging_config

# --- The product ---------------------------------------------------------------------

# On: plain http, on one's own desk only.
DEBUG = env_bool("DEBUG", default=False)
# On: others' test suites may reset and break this server; with DEBUG only.
TESTBENCH = env_bool("TESTBENCH", default=False)
TESTBENCH_FAULTS = env_text("TESTBENCH_FAULTS")

# documented: every property of Graph's create page must be present.
# metadata: only those that the CSDL calls not nullable, as live Graph behaves.
CREATE_REQUIRES = env_choice("CREATE_REQUIRES", "documented", "metadata")
# What clients call this server, where a proxy in front hides it; a path is allowed.
PUBLIC_URL = env_origin("PUBLIC_URL")
# Bytes; the largest record that obeys the length limits is far below.
MAX_BODY_SIZE = env_int("MAX_BODY_SIZE", default=1024 * 1024)

# Seconds that one question to the database may take while serving; 0 is no limit.
STATEMENT_TIMEOUT = env_int("STATEMENT_TIMEOUT", default=30, most=86_400)

# --- Django --------------------------------------------------------------------------

SECRET_KEY = env_secret_key()
ALLOWED_HOSTS = env_list("ALLOWED_HOSTS", default="localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = env_list("CSRF_TRUSTED_ORIGINS", default="")
ROOT_URLCONF = "project.urls"
# Where who signs in goes, where that was not said, or not believed.
LOGIN_REDIRECT_URL = "admin:index"
WSGI_APPLICATION = "project.wsgi.application"

INSTALLED_APPS = [
    "axes",
    "certstates",
    "project.apps.CertstatesAdminConfig",
    "csp",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.staticfiles",
    "django.forms",
    "pghistory",
    "pgtrigger",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "project.apps.ApiClientsConfig",
    "rest_framework",
]

MIDDLEWARE = [
    "certstates.policy.EveryAnswerMiddleware",
    "certstates.monitoring.probes.ProbesMiddleware",
    "certstates.monitoring.requests.RequestsMiddleware",
    "certstates.middleware.GraphMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "certstates.policy.PagePolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "certstates.history.name_staff",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
]

if TESTBENCH and DEBUG:  # certstates/checks.py refuses the one without the other
    MIDDLEWARE.insert(
        MIDDLEWARE.index("certstates.middleware.GraphMiddleware") + 1,
        "certstates.testbench.middleware.TestBenchMiddleware",
    )

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
            ]
        },
    }
]

# The templates of widgets are found like all others, so ours can stand before Django's.
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

DATABASES = {
    "default": {**env_database(), "CONN_MAX_AGE": None, "CONN_HEALTH_CHECKS": True}
}

# Graph speaks English and UTC, and so does every page.
LANGUAGE_CODE = "en-us"
USE_I18N = False
TIME_ZONE = "UTC"
USE_TZ = True
FORMAT_MODULE_PATH = "project.formats"

STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True  # no collectstatic needed; files are found at start-up
WHITENOISE_AUTOREFRESH = False

# --- Transport security: on unless DEBUG, which means plain http on one's own desk ----

SECURE_SSL_REDIRECT = not DEBUG
SECURE_HSTS_SECONDS = 0 if DEBUG else 365 * 24 * 60 * 60
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SESSION_COOKIE_SECURE = not DEBUG
CSRF_COOKIE_SECURE = not DEBUG
BEHIND_TLS_PROXY = env_bool("BEHIND_TLS_PROXY", default=False)
# How many of the last entries of X-Forwarded-For are our own proxies' word.
TRUSTED_PROXIES = env_int("TRUSTED_PROXIES", default=int(BEHIND_TLS_PROXY))
if BEHIND_TLS_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# --- Browsers: what our pages may load, and whose pages may call the API --------------

# Pages load from here alone, without inline scripts and styles, and nobody frames them.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],  # Swagger UI's style sheet holds its icons
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
        "object-src": ["'none'"],
    }
}

# Other sites' pages that may call the API. None: its headers are not even sent.
CORS_ALLOWED_ORIGINS = env_origins("CORS_ORIGINS")
if CORS_ALLOWED_ORIGINS:
    INSTALLED_APPS.append("corsheaders")
    MIDDLEWARE.insert(3, "corsheaders.middleware.CorsMiddleware")
CORS_URLS_REGEX = r"(?i)/(?!admin|docs|static)"
CORS_ALLOW_METHODS = ["DELETE", "GET", "OPTIONS", "PATCH", "POST"]
CORS_ALLOW_HEADERS = [
    "accept", "authorization", "client-request-id", "consistencylevel", "content-type",
    "if-match", "if-none-match", "odata-maxversion", "odata-version", "prefer",
    "sdkversion",
]  # fmt: skip
if TESTBENCH:
    CORS_ALLOW_HEADERS.append("x-certstates-fault")
    CORS_ALLOW_METHODS.append("PUT")
CORS_EXPOSE_HEADERS = [
    "client-request-id", "ETag", "Location", "OData-Version", "Preference-Applied",
    "request-id", "Retry-After", "WWW-Authenticate",
]  # fmt: skip

# --- Staff: single sign-on at an identity provider, where one is named ----------------

STAFF_OIDC_ISSUER = env_https("STAFF_OIDC_ISSUER")
STAFF_OIDC_GROUPS = env_pairs("STAFF_OIDC_GROUPS", example="their-group=Viewer")
STAFF_OIDC_GROUPS_CLAIM = env_text("STAFF_OIDC_GROUPS_CLAIM", default="groups")
STAFF_OIDC_NAME = env_text("STAFF_OIDC_NAME", default="single sign-on")
PASSWORD_SIGN_IN = env_bool("PASSWORD_SIGN_IN", default=True)

# mozilla-django-oidc goes by these; certstates/staff/provider.py adds the addresses.
OIDC_RP_CLIENT_ID = env_text("STAFF_OIDC_CLIENT_ID")
OIDC_RP_CLIENT_SECRET = env_text("STAFF_OIDC_CLIENT_SECRET")
OIDC_RP_SCOPES = env_text("STAFF_OIDC_SCOPES", default="openid profile email")
OIDC_RP_SIGN_ALGO = "RS256"
OIDC_AUTHENTICATION_CALLBACK_URL = "sso_callback"
OIDC_USE_PKCE = True
OIDC_MAX_STATES = 10  # windows in which somebody may be signing in at a time
OIDC_TIMEOUT = 3
# Python itself goes by this variable; what asks for tokens has to be told.
OIDC_VERIFY_SSL = env_text("SSL_CERT_FILE") or True

need_all_or_none(
    STAFF_OIDC_ISSUER=STAFF_OIDC_ISSUER,
    STAFF_OIDC_CLIENT_ID=OIDC_RP_CLIENT_ID,
    STAFF_OIDC_CLIENT_SECRET=OIDC_RP_CLIENT_SECRET,
    STAFF_OIDC_GROUPS=STAFF_OIDC_GROUPS,
)
if not PASSWORD_SIGN_IN and not STAFF_OIDC_ISSUER:
    raise ImproperlyConfigured(
        "PASSWORD_SIGN_IN is off without STAFF_OIDC_ISSUER: nobody could sign in."
    )

# --- Staff: how they sign in, and for how long ---------------------------------------

AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",  # first: who has to wait is not looked at
    *(["certstates.staff.backends.StaffBackend"] if PASSWORD_SIGN_IN else []),
    *(["certstates.staff.sso.SingleSignOn"] if STAFF_OIDC_ISSUER else []),
]
# What the limits are stands in certstates/staff/attempts.py.
AXES_HANDLER = "certstates.staff.lockout.GrowingDelay"
AXES_LOCKOUT_CALLABLE = "certstates.staff.lockout.locked_page"
AXES_CLIENT_IP_CALLABLE = "certstates.staff.addresses.client_address"
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False  # or the page is not shown
AXES_ENABLE_ADMIN = False  # its pages would show hashes of names
AXES_VERBOSE = False

# Length counts, and not to be known; a rule about digits would make passwords worse.
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}", "OPTIONS": options}
    for name, options in (
        ("MinimumLengthValidator", {"min_length": 12}),
        ("UserAttributeSimilarityValidator", {}),
    )
] + [
    {"NAME": f"certstates.staff.passwords.{name}"}
    for name in (
        "MaximumLengthValidator",
        "KnownPasswordValidator",
        "LocalWordsValidator",
    )
]
# Names of the organisation and the like; the product's own are known.
PASSWORD_WORDS = env_words("PASSWORD_WORDS", least=4)

SESSION_ENGINE = "certstates.staff.sessions"
SESSION_COOKIE_AGE = 60 * env_int(
    "SESSION_IDLE_MINUTES", default=60, least=1, most=1440
)
SESSION_HOURS = env_int("SESSION_HOURS", default=12, least=1, most=720)
# A cookie of this prefix is taken by https only, and from no other host of the domain.
COOKIE_PREFIX = "" if DEBUG else "__Host-"
SESSION_COOKIE_NAME = f"{COOKIE_PREFIX}sessionid"
CSRF_COOKIE_NAME = f"{COOKIE_PREFIX}csrftoken"
CSRF_COOKIE_HTTPONLY = True
DEVICE_COOKIE_NAME = f"{COOKIE_PREFIX}device"
MESSAGE_STORAGE = "certstates.staff.notices.NoticeStorage"

# --- REST framework ------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "certstates.authentication.BearerAuthentication"
    ],
    "DEFAULT_PERMISSION_CLASSES": ["certstates.permissions.HasGraphScope"],
    "DEFAULT_THROTTLE_CLASSES": ["certstates.throttling.GraphThrottle"],
    "DEFAULT_PARSER_CLASSES": ["certstates.parsers.GraphJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["certstates.renderers.GraphJSONRenderer"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "certstates.negotiation.JsonErrors",
    "DEFAULT_METADATA_CLASS": None,
    "DEFAULT_SCHEMA_CLASS": "certstates.openapi.inspector.GraphSchema",
    "EXCEPTION_HANDLER": "certstates.errors.exception_handler",
    "UNAUTHENTICATED_USER": None,
    "URL_FORMAT_OVERRIDE": None,
}

SPECTACULAR_SETTINGS = {
    "DEFAULT_GENERATOR_CLASS": "certstates.openapi.document.GraphSchemaGenerator",
    "OAS_VERSION": "3.1.0",
    "POSTPROCESSING_HOOKS": [],  # nothing is left to guess
    "TITLE": "certstates",
    "DESCRIPTION": "Microsoft Graph's `managedAllDeviceCertificateState`, self-hosted.",
    "VERSION": "beta",
}

# --- Throttling ----------------------------------------------------------------------

# Requests and writes that are admitted in 20 seconds, as Graph limits them for this
# entity: of one application, and of all of them, who are the tenant. 0 is no limit.
THROTTLE = env_bool("THROTTLE", default=not DEBUG)
THROTTLE_APP_WRITES = env_int("THROTTLE_APP_WRITES", default=100)
THROTTLE_TENANT_WRITES = env_int("THROTTLE_TENANT_WRITES", default=200)
THROTTLE_APP_REQUESTS = env_int("THROTTLE_APP_REQUESTS", default=1000)
THROTTLE_TENANT_REQUESTS = env_int("THROTTLE_TENANT_REQUESTS", default=2000)

# --- OAuth: tokens that are made here ------------------------------------------------

# Graph's permissions for this entity, and what the token endpoint says of them.
GRAPH_SCOPES = {
    "DeviceManagementConfiguration.Read.All": "Read device certificate states",
    "DeviceManagementConfiguration.ReadWrite.All": "Read and change them",
}
# Minutes that a token lives which an application got by its client secret.
ACCESS_TOKEN_LIFETIME = env_int(
    "ACCESS_TOKEN_LIFETIME", default=60, least=1, most=24 * 60
)
# Client secrets have a hasher of their own; it says why.
PASSWORD_HASHERS = [
    *global_settings.PASSWORD_HASHERS,
    "certstates.oauth.hashers.ClientSecretHasher",
]

OAUTH2_PROVIDER = {
    "OAUTH2_VALIDATOR_CLASS": "certstates.oauth.validator.ClientCredentialsValidator",
    "OAUTH2_SERVER_CLASS": "oauthlib.oauth2.BackendApplicationServer",
    "ACCESS_TOKEN_GENERATOR": "certstates.oauth.validator.access_token",
    "ACCESS_TOKEN_EXPIRE_SECONDS": ACCESS_TOKEN_LIFETIME * 60,
    "CLIENT_SECRET_HASHER": "client_secret",
    "SCOPES": GRAPH_SCOPES,
    # The database keeps a SHA-256 of each token and never the token.
    "COMPLIANT_BCP_RFC9700_TOKEN_STORAGE": True,
    "COMPLIANT_BCP_RFC9700_IMPLICIT_GRANT": True,
    "COMPLIANT_BCP_RFC9700_PASSWORD_GRANT": True,
    "COMPLIANT_BCP_RFC9700_PKCE_METHOD": True,
    "COMPLIANT_BCP_RFC9700_ACCESS_TOKEN_TRANSPORT": True,
    "COMPLIANT_BCP_RFC9700_AUTHZ_RESPONSE_ISS": True,
    "COMPLIANT_BCP_RFC9700_REFRESH_TOKEN": True,
    "COMPLIANT_BCP_RFC9700_REDIRECT_URI_SCHEME": True,
    "REFRESH_TOKEN_REUSE_PROTECTION": True,
    # There are none; but cleartokens warns where it is not told.
    "REFRESH_TOKEN_EXPIRE_SECONDS": ACCESS_TOKEN_LIFETIME * 60,
    "ALLOWED_REDIRECT_URI_SCHEMES": ["https"],
}

# --- Identity provider for the API: its access tokens are accepted beside ours --------

# A tenant of Entra ID, or the issuer of any provider of OpenID Connect.
OIDC_TENANT = env_guid("OIDC_TENANT")
OIDC_ISSUER = env_https("OIDC_ISSUER", unless="OIDC_TENANT")
OIDC_JWKS_URL = env_https("OIDC_JWKS_URL")
OIDC_AUDIENCE = env_required_list(
    "OIDC_AUDIENCE", required_by="OIDC_TENANT" if OIDC_TENANT else "OIDC_ISSUER"
)
# Asymmetric ones only: a public key is no secret.
OIDC_ALGORITHMS = env_choices(
    "OIDC_ALGORITHMS",
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512", "EdDSA"),
    default="RS256",
)
OIDC_SCOPES = env_meanings("OIDC_SCOPES", *GRAPH_SCOPES)
# Seconds that clocks may differ.
OIDC_LEEWAY = env_int("OIDC_LEEWAY", default=60, most=3600)

# --- Another Graph, whose records manage.py sync_graph copies -------------------------

GRAPH = env_graph()

# --- Monitoring ----------------------------------------------------------------------

# Who may read /metrics: who has a token to read records, nobody, or anybody.
METRICS = env_choice("METRICS", "token", "off", "open")
# Where workers count; of granian's workers it is known by itself which belong together.
METRICS_DIR = env_text("METRICS_DIR")

# --- Logging --------------------------------------------------------------------------

# json: one object a line, for programs. plain: for people, and the default on a desk.
LOG_FORMAT = env_choice(
    "LOG_FORMAT", *(("plain", "json") if DEBUG else ("json", "plain"))
)
# One line for each request that was answered.
ACCESS_LOG = env_bool("ACCESS_LOG", default=not DEBUG)

LOGGING = logging_config(LOG_FORMAT, on_a_desk=DEBUG)
