"""What is told of a record that is gone."""

from django.db import models
from django.db.models.functions import Now

from certstates.models.fields import ID_LENGTH, version_field


class RemovedState(models.Model):
    """What is left of a removed record, so that clients can be told of it.

    A trigger writes it. It stays when a record with the same id comes again: the
    record then counts, and this does not.
    """

    id = models.CharField(primary_key=True, max_length=ID_LENGTH, db_collation="C")
    version = version_field()
    removed_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        indexes = [models.Index("version", "id", name="certstates_removed_version")]

    def __str__(self) -> str:
        return self.id
