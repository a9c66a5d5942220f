"""How many requests were admitted lately: the counts that all processes share."""

from collections.abc import Mapping

from django.db import connections, models

SPAN = 20  # seconds, as Graph's limits have it
LONGEST_KEY = 100

ADMIT = "SELECT refused, wait FROM certstates_admit(%s, %s, %s)"


class ThrottleCountQuerySet(models.QuerySet["ThrottleCount"]):
    def admit(
        self, limits: Mapping[str, int], *, counting: bool = True
    ) -> tuple[str, float] | None:
        """Count one request with every key, or with none if one has its limit reached.

        Return the key that has a place again last, and the seconds until then, or
        nothing for an admitted request. It is one round trip, and a transaction of its
        own where none is open; the database's clock decides.
        """
        with connections[self.db].cursor() as cursor:
            cursor.execute(ADMIT, [[*limits], [*limits.values()], counting])
            key, wait = cursor.fetchone() or (None, 0)
        return None if key is None else (key, wait)


class ThrottleCount(models.Model):
    """What was admitted with one key in one second.

    The table is not logged: a crash of the server empties it, and counting never waits
    for the disk. What is older than the span is deleted in passing. A row a second, and
    not one for each key: an old transaction elsewhere keeps all versions of a row from
    being cleared away, and so there are never many to look through.
    """

    pk = models.CompositePrimaryKey("key", "second")
    key = models.CharField(max_length=LONGEST_KEY)
    second = models.BigIntegerField(help_text="Unix time.")
    count = models.IntegerField()

    objects = ThrottleCountQuerySet.as_manager()

    class Meta:
        default_permissions = ()  # it is nobody's to look at or to change

    def __str__(self) -> str:
        return f"{self.key} at {self.second}"
