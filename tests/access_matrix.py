"""Every address of the site, by every method, for everybody: what is answered.

A new route is added here by an address that leads to it, or the tests fail. The
admin's own pages stand in ``tests/admin_routes.py``.
"""

from dataclasses import dataclass

from certstates.addresses import COLLECTION, ROOTS

METHODS = (
    "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "INVENT",
)  # fmt: skip

# Who asks, and the column that has the answers. A staff session is no token, neither
# a reason to be given more with one; the site's pages know nothing else.
PEOPLE = {
    "nobody": "stranger",
    "garbage": "stranger",
    "expired token": "stranger",
    "revoked token": "stranger",
    "superuser's session": "stranger",
    "viewer's session": "stranger",
    "read scope": "reader",
    "superuser's session, read scope": "reader",
    "write scope": "writer",
    "another application, write scope": "writer",
}
# Who gets an answer without a question to the database, or by one alone.
NOT_LOOKED_UP = ("nobody", "garbage", "superuser's session", "viewer's session")
LOOKED_UP = ("expired token", "revoked token")

#           GET HEAD POST PUT PATC DEL OPT TRAC INVENT
TOKEN =    "401 401 401 401 401 401 401 401 401"  # fmt: skip
READS =    "200 200 403 403 403 403 204 403 403"  # fmt: skip
READABLE = "200 200 405 405 405 405 204 405 405"  # fmt: skip
LISTED =   "200 200 201 405 405 405 204 405 405"  # fmt: skip
RECORD =   "200 200 405 405 200 204 204 405 405"  # fmt: skip
BATCH =    "405 405 200 405 405 405 405 405 405"  # fmt: skip
GONE =     "404 404 403 403 403 403 204 403 403"  # fmt: skip
MISSING =  "404 404 405 405 404 404 204 405 405"  # fmt: skip
NO_NAME =  "400 400 403 403 403 403 204 403 403"  # fmt: skip
NAMELESS = "400 400 405 405 405 405 204 405 405"  # fmt: skip
UNKNOWN =  "400 400 400 400 400 400 400 400 400"  # fmt: skip
LATER =    "501 501 501 501 501 501 501 501 501"  # fmt: skip
PAGE =     "200 200 405 405 405 405 405 405 405"  # fmt: skip
MOVED =    "302 302 302 302 302 302 302 405 405"  # fmt: skip
NO_PAGE =  "404 404 404 404 404 404 404 404 404"  # fmt: skip
SIGN_IN =  "302 302 302 302 302 302 302 302 302"  # fmt: skip
DESCRIBED = "200 200 405 405 405 405 405 405 405"  # fmt: skip
FORM =     "405 405 400 405 405 405 405 405 405"  # fmt: skip
NOBODY =   "400 405 400 405 405 405 405 405 405"  # fmt: skip
WELCOME =  "200 200 200 200 200 200 200 200 200"  # fmt: skip


@dataclass(frozen=True)
class Row:
    """One address, with the statuses in the order of METHODS.

    Without a column for a reader, a writer or staff, they get what a stranger gets.
    What is not a ``page`` refuses in Graph's envelope.
    """

    path: str
    stranger: str
    reader: str = ""
    writer: str = ""
    staff: str = ""
    is_page: bool = False

    def __str__(self):
        return f"/{self.path}".replace(COLLECTION, "…States")

    def statuses(self, person):
        """Return what somebody is answered, by the method."""
        with_session = self.is_page and "session" in person
        column = getattr(self, "staff" if with_session else PEOPLE[person])
        column = column or self.stranger
        return dict(zip(METHODS, map(int, column.split()), strict=True))


def everyone(path, statuses):
    return Row(path, statuses)


def page(path, statuses, **columns):
    return Row(path, statuses, is_page=True, **columns)


def guarded(path, reader, writer):
    return Row(path, TOKEN, reader, writer)


def below(root):
    """Yield the rows of a service root; each record is ``a``, and ``b`` is none."""
    states = f"{root}{COLLECTION}"
    yield everyone(root, READABLE)
    yield everyone(f"{root}$metadata", READABLE)
    yield everyone(f"{root}unknown", UNKNOWN)
    yield everyone(f"{root}deviceManagement/unknown", UNKNOWN)
    yield guarded(f"{root}deviceManagement", READS, READABLE)
    yield guarded(f"{root}$batch", BATCH, BATCH)
    yield guarded(states, READS, LISTED)
    yield guarded(states.upper(), READS, LISTED)
    yield guarded(f"{states}/$count", READS, READABLE)
    yield guarded(f"{states}/delta", READS, READABLE)
    yield guarded(f"{states}/microsoft.graph.delta()", READS, READABLE)
    yield everyone(f"{states}/$ref", LATER)
    yield everyone(f"{states}/microsoft.graph.invented", LATER)
    yield everyone(f"{states}/$invented", UNKNOWN)
    for key in ("/a", "('a')"):
        yield guarded(f"{states}{key}", READS, RECORD)
        yield guarded(f"{states}{key}/id", READS, READABLE)
        yield guarded(f"{states}{key}/id/$value", READS, READABLE)
        yield guarded(f"{states}{key}/unknown", NO_NAME, NAMELESS)
        yield everyone(f"{states}{key}/id/unknown", UNKNOWN)
    for key in ("/b", "('b')"):
        yield guarded(f"{states}{key}", GONE, MISSING)


ROWS = (
    everyone("beta", READABLE),
    everyone("v1.0", READABLE),
    everyone("v2.0", UNKNOWN),
    everyone("graphql", UNKNOWN),
    everyone("administration", UNKNOWN),
    everyone("testbench", UNKNOWN),  # until there is one
    everyone("testbench/reset", UNKNOWN),
    *(row for root in ROOTS for row in below(root)),
    guarded("metrics", READS, READABLE),
    everyone("healthz", PAGE),
    everyone("readyz", PAGE),
    page("docs/", PAGE),
    page("docs/api/", PAGE),
    page("docs/openapi.json", PAGE),
    page("docs/unknown", NO_PAGE),
    page("docs", MOVED),
    page("docs/api", MOVED),
    page("favicon.ico", MOVED),
    page("static/certstates/icon.svg", PAGE),
    page("static/unknown", UNKNOWN),
    page("admin", MOVED),
    page("admin/", SIGN_IN, staff=WELCOME),
    page("admin/unknown", SIGN_IN, staff=NO_PAGE),
    page("admin/r/1/a", NO_PAGE),
    page("admin/sso/", NO_PAGE),  # until a provider is named
    page("admin/sso/callback/", NO_PAGE),
    # What they are sent is no form; their refusals are OAuth's, not Graph's.
    page("oauth2/v2.0/token", FORM),
    page("contoso.example/oauth2/v2.0/token", FORM),
    page("oauth2/v2.0/authorize", NOBODY),
    page("common/discovery/v2.0/keys", DESCRIBED),
    page("v2.0/.well-known/openid-configuration", DESCRIBED),
    page(".well-known/openid-configuration", DESCRIBED),
)

# The landing page answers for the service document of the bare root.
SHADOWED = frozenset({r"\Z"})
