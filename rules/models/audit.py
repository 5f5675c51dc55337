"""The chain of the activity log: entries that wait to be sealed, links with a signature, digests of sealed entries."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.contrib.postgres.fields import ArrayField
from django.db import connection, models, transaction
from django.db.models.functions import Now

# A transaction in which this is set may change and delete entries; retention and erasure set it to what they are.
PERMISSION = "smartagent.entry_changes"


@contextmanager
def entries_may_change(why: str) -> Iterator[None]:
    """Let this block, one transaction, change and delete entries; the chain still shows what was done without it."""
    with transaction.atomic():
        _permit(why)
        yield
        _permit("")


def _permit(why: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config(%s, %s, true)", [PERMISSION, why])


class UnsealedEntries(models.Model):
    """Entries of one statement, written by a trigger, whoever writes; they wait for their link."""

    id = models.BigAutoField(primary_key=True)
    entries = ArrayField(models.UUIDField())
    written_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "audit_unsealed"

    def __str__(self) -> str:
        return f"{len(self.entries)} entries"


class AuditLink(models.Model):
    """A link of the chain; `signature`: HMAC over its number, kind, time, facts and the signature before it."""

    class Kind(models.TextChoices):
        SEAL = "seal", "entries"
        LATE = "late", "entries dated long before they were seen"
        IMPORT = "import", "entries that were there before the chain, or imported"
        ERASURE = "erasure", "personal data erased"
        RETENTION = "retention", "entries deleted by retention"
        ACCEPTANCE = "acceptance", "late entries accepted"

    number = models.BigIntegerField(primary_key=True)
    kind = models.TextField(choices=Kind.choices)
    sealed_at = models.DateTimeField("sealed")
    facts = models.JSONField(default=dict)
    key_id = models.TextField("key")
    signature = models.TextField()

    class Meta:
        db_table = "audit_links"
        ordering = ["-number"]

    def __str__(self) -> str:
        return f"{self.number} {self.kind}"


class AuditBatch(models.Model):
    """The entries of a link: key, time in microseconds, and digest of each, in the same order."""

    number = models.BigIntegerField(primary_key=True)
    entries = ArrayField(models.UUIDField())
    times = ArrayField(models.BigIntegerField(null=True))
    digests = ArrayField(models.BinaryField())

    class Meta:
        db_table = "audit_batches"

    def __str__(self) -> str:
        return f"{self.number}: {len(self.entries)} entries"
