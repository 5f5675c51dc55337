"""People, their sessions and API tokens, failed attempts to sign in, and the answers kept for idempotency keys."""

import uuid
import zoneinfo
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, Group, PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.functions import RandomUUID
from django.contrib.sessions.base_session import AbstractBaseSession
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Lower, Now
from django.utils.text import slugify

from smartagent.kernel.token_scopes import TokenScope, every_scope
from smartagent.querysets import TokenQuerySet


def validate_time_zone(name: str) -> None:
    """Accept the name of an IANA time zone."""
    if name not in zoneinfo.available_timezones():
        raise ValidationError(f"“{name}” is not a time zone. Example: Europe/Berlin or UTC.")


class UserManager(BaseUserManager["User"]):
    """Makes people; everyone starts as a member."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Make a person of the group members, who signs in by `email`; ValueError without one."""
        if not email:
            raise ValueError("A person needs an e-mail address to sign in.")
        user = self.model(email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        user.groups.add(Group.objects.get_or_create(name="members")[0])
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Make an administrator, who may do everything."""
        return self.create_user(email, password, **fields | {"is_staff": True, "is_superuser": True})

    def get_by_natural_key(self, username: str | None) -> "User":
        """Return whoever signs in by this e-mail, in any capitals; nobody signs in to a service account."""
        return self.with_email(username).get(is_service_account=False)

    def with_email(self, email: str | None) -> models.QuerySet["User"]:
        """Whoever has this address, in any capitals. No look-alike: to iexact, which compares in capitals, a dotless ı
        is an i."""
        return self.alias(lower_email=Lower("email")).filter(lower_email=self.normalize_email(email))

    def people(self) -> models.QuerySet["User"]:
        """Return those who may sign in by a browser: service accounts may not."""
        return self.filter(is_service_account=False)

    @classmethod
    def normalize_email(cls, email: str | None) -> str:
        """E-mail addresses are compared without regard to capitals, so they are kept in lower case."""
        return (email or "").strip().lower()


class User(AbstractBaseUser, PermissionsMixin):
    """A person, who signs in by e-mail."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, db_default=RandomUUID(), editable=False)
    email = models.EmailField(
        "e-mail", unique=True, error_messages={"unique": "An account with this e-mail address already exists."}
    )
    full_name = models.CharField("full name", max_length=200, blank=True, default="", db_default="")
    time_zone = models.CharField(
        "time zone",
        max_length=64,
        default="UTC",
        db_default="UTC",
        validators=[validate_time_zone],
        help_text="Times are shown in this zone, for example Europe/Berlin.",
    )
    is_active = models.BooleanField("may sign in", default=True, db_default=True)
    is_staff = models.BooleanField(
        "sees everyone's objects",
        default=False,
        db_default=False,
        help_text="Staff can view and change objects of all owners.",
    )
    date_joined = models.DateTimeField("joined", db_default=Now(), editable=False)
    is_service_account = models.BooleanField(default=False, db_default=False, editable=False)
    owner = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="service_accounts",
        help_text="Who answers for a service account.",
    )  # fmt: skip

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        db_table = "smartagent_users"
        verbose_name = "person"
        verbose_name_plural = "people"
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                name="smartagent_users_email_ci",
                violation_error_message="An account with this e-mail address already exists.",
            )
        ]
        permissions = [
            ("view_everyone", "Can see everyone's objects"),
            ("change_everyone", "Can change everyone's objects"),
        ]

    def __str__(self) -> str:
        return self.full_name or self.email

    def become_service_account(self) -> None:
        """Make a new account that of a program: nobody signs in to it, and no mail reaches its address."""
        name = slugify(self.full_name)[:100] or "account"
        self.email = f"{name}-{self.pk.hex[:8]}@service-account.invalid"
        self.is_service_account = True
        self.set_unusable_password()

    def clean(self) -> None:
        super().clean()
        self.email = UserManager.normalize_email(self.email)

    def get_short_name(self) -> str:
        """The first name, or what stands before the @."""
        return self.full_name.split(" ")[0] if self.full_name else self.email.split("@")[0]

    def get_full_name(self) -> str:
        """The full name, or the e-mail where none is known."""
        return str(self)


class BrowserSession(AbstractBaseSession):
    """A session of a browser; without a person while nobody is signed in. Deleted, it is signed out."""

    # Names it on pages, since the key is secret.
    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(User, models.CASCADE, null=True, related_name="browser_sessions", verbose_name="person")
    address = models.CharField(max_length=45, default="", db_default="")
    user_agent = models.CharField(max_length=300, default="", db_default="")
    signed_in_at = models.DateTimeField(db_default=Now())  # a sign-in changes the key, and so makes a new row
    last_used_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "smartagent_sessions"
        verbose_name = "session"
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.public_id)


class ServiceAccountManager(models.Manager["ServiceAccount"]):
    """The accounts of programs only."""

    def get_queryset(self) -> models.QuerySet["ServiceAccount"]:
        return super().get_queryset().filter(is_service_account=True)


class ServiceAccount(User):
    """An account for a program that is nobody's own: with roles and tokens, and without a password."""

    objects: ClassVar[ServiceAccountManager] = ServiceAccountManager()  # type: ignore[assignment]

    class Meta:
        proxy = True
        verbose_name = "service account"


class APIToken(models.Model):
    """A personal token for programs: only its digest is kept, the token itself is shown once."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, db_default=RandomUUID(), editable=False)
    user = models.ForeignKey(User, models.CASCADE, related_name="api_tokens", verbose_name="person")
    name = models.CharField(max_length=100, help_text="Name of the program, for example: build server.")
    prefix = models.CharField(max_length=16, editable=False)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    scopes = ArrayField(models.TextField(choices=TokenScope.choices), default=every_scope, db_default=every_scope())
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    expires_at = models.DateTimeField(null=True, blank=True, help_text="Empty: no expiry.")
    last_used_at = models.DateTimeField(null=True, editable=False)
    last_used_from = models.GenericIPAddressField(null=True, editable=False)
    replaced_by = models.ForeignKey("self", models.SET_NULL, null=True, editable=False, related_name="+")
    expiry_noticed_days = models.PositiveSmallIntegerField(
        null=True, editable=False, help_text="How many days before the expiry its person was last notified."
    )

    objects = TokenQuerySet.as_manager()

    class Meta:
        db_table = "smartagent_api_tokens"
        ordering = ["-created_at"]
        verbose_name = "API token"

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"


class IdempotencyKey(models.Model):
    """The answer that was given to a request with this key: the same request again gets it again and does nothing."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, db_default=RandomUUID(), editable=False)
    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)
    status_code = models.PositiveSmallIntegerField(null=True, help_text="Empty: the request is running.")
    answer = models.TextField(default="", db_default="", help_text="JSON.")
    headers = models.JSONField(default=dict, db_default={})
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "smartagent_idempotency_keys"
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="smartagent_idempotency_keys_once")]

    def __str__(self) -> str:
        return self.key


class ReadWindow(models.Model):
    """What a person read on one page with the same filters within ten minutes; see `smartagent.read_log`."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, db_default=RandomUUID(), editable=False)
    user = models.ForeignKey(User, models.CASCADE, related_name="+", db_index=False)
    page = models.TextField()
    query_digest = models.CharField(max_length=64, help_text="SHA-256 of the filters.")
    filters = models.JSONField(default=dict)
    started_at = models.DateTimeField()
    last_at = models.DateTimeField()
    further = models.IntegerField(default=0, help_text="Requests after the first, which has its entry.")
    records = models.BigIntegerField(default=0, help_text="What these have read.")
    people = ArrayField(models.UUIDField(), default=list)

    class Meta:
        db_table = "smartagent_read_windows"
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["started_at", "user", "page", "query_digest"], name="smartagent_read_windows_once"
            )
        ]

    def __str__(self) -> str:
        return self.page


class RequestCount(models.Model):
    """The requests of a token, person or address in its latest minute; see `kernel.request_rates`."""

    key = models.CharField(max_length=100, primary_key=True)
    minute = models.BigIntegerField(help_text="Minutes since 1970.")
    requests = models.BigIntegerField()

    class Meta:
        db_table = "smartagent_request_counts"
        default_permissions = ()

    def __str__(self) -> str:
        return self.key


class Attempts(models.Model):
    """Failed attempts under one key, an account or an address for example; see `kernel.attempts`."""

    key = models.CharField(max_length=100, primary_key=True)
    attempts = models.PositiveIntegerField()
    last_guess = models.CharField(max_length=100)
    last_at = models.DateTimeField()
    blocked_until = models.DateTimeField()

    class Meta:
        db_table = "smartagent_attempts"
        verbose_name_plural = "attempts"
        default_permissions = ()

    def __str__(self) -> str:
        return self.key
