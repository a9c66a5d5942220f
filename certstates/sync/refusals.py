"""Why a sync ends, or why it asks again."""


class SyncRefused(Exception):
    """It cannot go on; the sentence says why, and never holds a token."""


class TokenRefused(SyncRefused):
    """The server took a token for none; another one may do."""


class LinkExpired(SyncRefused):
    """The server no longer knows the page that its own link led to."""


class LinkLeadsNowhere(SyncRefused):
    """The server's links lead in a circle, or on and on to nothing."""


class TryAgain(Exception):
    """What may pass by itself. ``wait`` are the seconds that the server wants."""

    def __init__(self, reason: str, *, wait: float | None = None) -> None:
        super().__init__(reason)
        self.wait = wait
