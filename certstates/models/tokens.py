"""When the API's tokens were last used."""

import datetime as dt

from django.db import connection, models
from django.utils import timezone

PRECISION = dt.timedelta(minutes=1)

# One statement, which waits for nobody: a token that is being revoked is passed over,
# and so is one whose use another process is noting at this moment. The condition is
# the server's to judge, so of many processes one writes.
NOTE = """
INSERT INTO certstates_tokenuse AS known (token_id, last_used)
SELECT id, statement_timestamp() FROM oauth2_provider_accesstoken
WHERE id = %s
AND pg_try_advisory_xact_lock(hashtext('certstates_tokenuse'), hashint8(id))
FOR KEY SHARE SKIP LOCKED
ON CONFLICT (token_id) DO UPDATE SET last_used = excluded.last_used
WHERE known.last_used IS NULL
OR known.last_used <= excluded.last_used - make_interval(secs => %s)
"""


class TokenUse(models.Model):
    """What is known of one token besides what it was made with.

    The row goes with its token, by the database's own rule: Django would delete it
    first and the token then, and fail if the token was used in between.
    """

    token = models.OneToOneField(
        "oauth2_provider.AccessToken",
        primary_key=True,
        on_delete=models.DO_NOTHING,
        db_constraint=False,  # the migration makes one that cascades
        related_name="use",
    )
    last_used = models.DateTimeField(null=True, editable=False)
    # The page of the admin that made the token, if one did: it makes no second one.
    form = models.UUIDField(null=True, unique=True, editable=False)

    class Meta:
        default_permissions = ()  # who may see a token may see its use

    def __str__(self) -> str:
        return f"Use of token {self.token_id}"

    @property
    def is_recent(self) -> bool:
        """Return whether noting another use would say nothing new."""
        used = self.last_used
        return used is not None and timezone.now() - used < PRECISION

    @staticmethod
    def note(token_id: int) -> None:
        """Write that a token is used now, unless that was written a moment ago."""
        with connection.cursor() as cursor:
            cursor.execute(NOTE, [token_id, PRECISION.total_seconds()])
