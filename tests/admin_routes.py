"""Every address of the admin, and what each of the people in PEOPLE gets there.

A new page of the admin is added here, by the name of its route, or the tests fail. One
route may have several rows: for other objects, or for other things that are sent.
"""

from dataclasses import dataclass, field

from django.urls import URLResolver, reverse

from certstates.permissions import READ

PEOPLE = (
    "anonymous", "staff", "Viewer", "Editor", "Importer", "Administrator", "superuser",
)  # fmt: skip

#              anon  staff View  Edit  Imp.  Admin super
STAFF =       "302   200   200   200   200   200   200"  # fmt: skip
VIEW =        "302   403   200   200   200   200   200"  # fmt: skip
SEE_OR_AWAY = "302   302   200   200   200   200   200"  # fmt: skip
REFUSED =     "302   403   400   400   400   400   400"  # fmt: skip
ADD =         "302   403   403   200   200   200   200"  # fmt: skip
CHANGE =      "302   403   403   302   302   302   302"  # fmt: skip
DELETE_PAGE = "302   403   403   200   403   200   200"  # fmt: skip
DELETE =      "302   403   403   302   403   302   302"  # fmt: skip
IMPORT =      "302   403   403   403   200   200   200"  # fmt: skip
IMPORT_GONE = "302   403   403   403   302   302   302"  # fmt: skip
ADMINISTER =  "302   403   403   403   403   200   200"  # fmt: skip
GO =          "302   403   403   403   403   302   302"  # fmt: skip
OVER =        "302   403   403   403   403   403   200"  # fmt: skip
OVER_GO =     "302   403   403   403   403   403   302"  # fmt: skip
NOBODY =      "302   403   403   403   403   403   403"  # fmt: skip
NOTHING =     "302   404   404   404   404   404   404"  # fmt: skip
REDIRECT =    "302   302   302   302   302   302   302"  # fmt: skip
AWAY =        "302   403   302   302   302   302   302"  # fmt: skip

YES = {"post": "yes"}
SELECTED = {"action": "delete_selected", "_selected_action": "a"}
CONFIRMED = {"_selected_action": "a", "expected": "1"}


@dataclass(frozen=True)
class Row:
    """One request: ``get`` or ``post`` has the statuses, in the order of PEOPLE.

    ``args`` names objects that the test has made (see ``office`` there). A route
    without a name stands here by its pattern, and ``path`` is where it is met.
    """

    route: str
    args: tuple[str, ...] = ()
    get: str = ""
    post: str = ""
    data: dict = field(default_factory=dict)
    path: str = ""

    def __str__(self):
        method = "GET" if self.get else "POST"
        return " ".join(
            [method, self.route, *self.args, *map("=".join, self.data.items())]
        )

    @property
    def statuses(self):
        return dict(zip(PEOPLE, map(int, (self.get or self.post).split()), strict=True))

    def url(self, objects):
        args = [objects[name] for name in self.args]
        if self.path:
            return f"/admin/{self.path}".format(*args)
        return reverse(f"admin:{self.route}", args=args)


def short(app, model, obj):
    """Return a row for the short address that Django has for each object."""
    pattern = f"{app}/{model}/<path:object_id>/"
    return Row(pattern, (obj,), get=REDIRECT, path=f"{app}/{model}/{{}}/")


STATE = "certstates_managedalldevicecertificatestate"
SEARCH = "certstates_savedsearch"
SOURCE = "certstates_graphsource"
CLIENT = "oauth2_provider_application"
TOKEN = "oauth2_provider_accesstoken"

ROWS = (
    # The site
    Row("index", get=STAFF),
    Row("login", get="200 302 302 302 302 302 302"),
    Row("logout", get="302 405 405 405 405 405 405"),
    Row("logout", post="302 200 200 200 200 200 200"),
    Row("password_change", get=STAFF),
    Row("password_change", post=STAFF),
    Row("password_change_done", get=STAFF),
    Row("sign_out_everywhere", get=STAFF),
    Row("sign_out_everywhere", post=REDIRECT),
    Row("jsi18n", get=STAFF),
    Row("autocomplete", get=NOBODY),
    Row("autocomplete", get=ADMINISTER, data={  # of users
        "app_label": "certstates", "model_name": "savedsearch", "field_name": "owner",
        "term": "a",
    }),
    Row("view_on_site", ("state_type", "state"), get="404 " * 7),
    Row("app_list", ("certstates",), get="302 404 200 200 200 200 200"),
    Row("app_list", ("auth",), get="302 404 404 404 404 200 200"),
    Row("app_list", ("oauth2_provider",), get="302 404 404 404 404 200 200"),
    Row("(?P<url>.*)$", get=NOTHING, path="nowhere"),

    # Records
    Row(f"{STATE}_changelist", get=VIEW),
    Row(f"{STATE}_changelist", get=VIEW, data={"q": "LAPTOP"}),
    Row(f"{STATE}_changelist", post=DELETE_PAGE, data=SELECTED),
    Row(f"{STATE}_changelist", post=ADD, data=SELECTED | {"action": "mark_failed"}),
    Row(f"{STATE}_changelist", post=VIEW, data=SELECTED | {"action": "export_csv"}),
    Row(f"{STATE}_bulk", ("deleting",), get=DELETE),
    Row(f"{STATE}_bulk", ("deleting",), post=DELETE, data=CONFIRMED),
    Row(f"{STATE}_bulk", ("marking",), get=CHANGE),
    Row(f"{STATE}_bulk", ("marking",), post=CHANGE, data=CONFIRMED),
    Row(f"{STATE}_bulk", ("inventing",), post=NOTHING, data=CONFIRMED),
    Row(f"{STATE}_changelist", post=NOBODY, data=SELECTED | {"action": "invented"}),
    Row(f"{STATE}_add", get=ADD),
    Row(f"{STATE}_add", post=ADD),
    Row(f"{STATE}_change", ("state",), get=VIEW),
    Row(f"{STATE}_change", ("state",), post=ADD),
    Row(f"{STATE}_delete", ("state",), get=DELETE_PAGE),
    Row(f"{STATE}_delete", ("state",), post=DELETE, data=YES),
    Row(f"{STATE}_history", ("state",), get=VIEW),
    Row("certstates_issuers", get=VIEW, data={"q": "CN"}),
    Row(f"{STATE}_change", ("missing",), get=AWAY),
    Row(f"{STATE}_history", ("missing",), get=AWAY),
    Row(f"{STATE}_delete", ("missing",), get=DELETE),
    short("certstates", "managedalldevicecertificatestate", "state"),

    # Their history, and what takes it back: here it would delete a record
    Row(f"{STATE}_log", get=VIEW),
    Row(f"{STATE}_batch", ("batch",), get=VIEW),
    Row(f"{STATE}_revert_change", ("event",), get=ADD),
    Row(f"{STATE}_revert_change", ("event",), post=DELETE),
    Row(f"{STATE}_revert_batch", ("batch",), get=ADD),
    Row(f"{STATE}_revert_batch", ("batch",), post=DELETE),

    # Files
    Row(f"{STATE}_export", get=VIEW),
    Row(f"{STATE}_import", get=IMPORT),
    Row(f"{STATE}_import", post=IMPORT),
    Row(f"{STATE}_import_preview", ("ticket",), get=IMPORT_GONE),
    Row(f"{STATE}_import_preview", ("ticket",), post=IMPORT_GONE),
    Row(f"{STATE}_import_refused", ("ticket",), get=IMPORT_GONE),

    # Saved searches: each person's own, one for everyone, one of somebody else
    Row(f"{SEARCH}_changelist", get=VIEW),
    Row(f"{SEARCH}_changelist", get=REFUSED, data={"owner__password__startswith": "x"}),
    Row(f"{SEARCH}_add", get=AWAY),
    Row(f"{SEARCH}_add", get=VIEW, data={"query": "q=a"}),
    Row(f"{SEARCH}_add", post=AWAY),
    Row(f"{SEARCH}_change", ("for_everyone",), get=VIEW),
    Row(f"{SEARCH}_change", ("for_everyone",), post=NOBODY),
    Row(f"{SEARCH}_change", ("private",), get=AWAY),
    Row(f"{SEARCH}_change", ("private",), post=AWAY),
    Row(f"{SEARCH}_delete", ("for_everyone",), get=ADMINISTER),
    Row(f"{SEARCH}_delete", ("for_everyone",), post=GO, data=YES),
    Row(f"{SEARCH}_delete", ("private",), post=AWAY, data=YES),
    Row(f"{SEARCH}_history", ("for_everyone",), get=SEE_OR_AWAY),
    Row(f"{SEARCH}_history", ("private",), get=REDIRECT),
    short("certstates", "savedsearch", "private"),

    # Where records were copied from
    Row(f"{SOURCE}_changelist", get=VIEW),
    Row(f"{SOURCE}_changelist", get=REFUSED, data={"next_link__startswith": "x"}),
    Row(f"{SOURCE}_add", get=NOBODY),
    Row(f"{SOURCE}_add", post=NOBODY),
    Row(f"{SOURCE}_change", ("source",), get=VIEW),
    Row(f"{SOURCE}_change", ("source",), post=NOBODY),
    Row(f"{SOURCE}_delete", ("source",), get=NOBODY),
    Row(f"{SOURCE}_delete", ("source",), post=NOBODY, data=YES),
    Row(f"{SOURCE}_history", ("source",), get=VIEW),
    short("certstates", "graphsource", "source"),

    # People
    Row("auth_user_changelist", get=ADMINISTER),
    Row("auth_user_add", get=ADMINISTER),
    Row("auth_user_add", post=ADMINISTER),
    Row("auth_user_change", ("person",), get=ADMINISTER),
    Row("auth_user_change", ("person",), post=ADMINISTER),
    Row("auth_user_change", ("root",), get=ADMINISTER),
    Row("auth_user_change", ("root",), post=OVER),
    Row("auth_user_password_change", ("person",), get=ADMINISTER),
    Row("auth_user_password_change", ("person",), post=ADMINISTER),
    Row("auth_user_password_change", ("root",), get=OVER),
    Row("auth_user_password_change", ("root",), post=OVER),
    Row("auth_user_delete", ("person",), get=ADMINISTER),
    Row("auth_user_delete", ("person",), post=GO, data=YES),
    Row("auth_user_delete", ("root",), get=OVER),
    Row("auth_user_delete", ("root",), post=OVER_GO, data=YES),
    Row("auth_user_history", ("person",), get=ADMINISTER),
    short("auth", "user", "person"),
    Row("auth_group_changelist", get=ADMINISTER),
    Row("auth_group_add", get=ADMINISTER),
    Row("auth_group_add", post=ADMINISTER),
    Row("auth_group_change", ("group",), get=ADMINISTER),
    Row("auth_group_change", ("group",), post=ADMINISTER),
    Row("auth_group_delete", ("group",), get=ADMINISTER),
    Row("auth_group_delete", ("group",), post=GO, data=YES),
    Row("auth_group_history", ("group",), get=ADMINISTER),
    short("auth", "group", "group"),

    # Clients and tokens
    Row(f"{CLIENT}_changelist", get=ADMINISTER),
    Row(f"{CLIENT}_add", get=ADMINISTER),
    Row(f"{CLIENT}_add", post=ADMINISTER),
    Row(f"{CLIENT}_add", post=ADMINISTER, data={"name": "new", "scope": READ}),
    Row(f"{CLIENT}_change", ("client",), get=ADMINISTER),
    Row(f"{CLIENT}_change", ("client",), post=GO, data={"name": "renamed"}),
    Row(f"{CLIENT}_change", ("confidential",), get=ADMINISTER),
    Row(f"{CLIENT}_change", ("confidential",), post=GO, data={
        "name": "renamed", "scope": READ,
    }),
    Row(f"{CLIENT}_new_secret", ("confidential",), get=ADMINISTER),
    Row(f"{CLIENT}_new_secret", ("confidential",), post=GO),
    Row(f"{CLIENT}_new_secret", ("client",), post=GO),
    Row(f"{CLIENT}_new_secret", ("missing",), post=GO),
    Row(f"{CLIENT}_delete", ("client",), get=ADMINISTER),
    Row(f"{CLIENT}_delete", ("client",), post=GO, data=YES),
    Row(f"{CLIENT}_history", ("client",), get=ADMINISTER),
    short("oauth2_provider", "application", "client"),
    Row(f"{TOKEN}_changelist", get=ADMINISTER),
    Row(f"{TOKEN}_changelist", get=ADMINISTER, data={"valid": "no"}),
    Row(f"{TOKEN}_add", get=ADMINISTER),
    Row(f"{TOKEN}_add", post=ADMINISTER),
    Row(f"{TOKEN}_change", ("token",), get=ADMINISTER),
    Row(f"{TOKEN}_change", ("token",), post=NOBODY),
    Row(f"{TOKEN}_delete", ("token",), get=ADMINISTER),
    Row(f"{TOKEN}_delete", ("token",), post=GO, data=YES),
    Row(f"{TOKEN}_history", ("token",), get=ADMINISTER),
    short("oauth2_provider", "accesstoken", "token"),
)  # fmt: skip


def routes_of(urls, before=""):
    """Yield the name of each route, or its pattern where it has none."""
    for entry in urls:
        pattern = f"{before}{entry.pattern}"
        if isinstance(entry, URLResolver):
            yield from routes_of(entry.url_patterns, pattern)
        else:
            yield entry.name or pattern
