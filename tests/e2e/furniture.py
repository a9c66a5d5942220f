"""What the pages of the admin show besides records: people, a group, a token."""

import datetime as dt

from django.contrib.auth.models import Group, Permission, User
from django.utils import timezone
from oauth2_provider.models import AccessToken, Application

from certstates.models import ClientCredentials, GraphSource, Scope, SyncedState

KNOWN = 1001  # the id of each of them, which their pages' addresses have
GONE = "sample-05-expires-this-quarter"  # vanished from its source
CLIENT = KNOWN + 1  # the application that has a secret
PASSWORD = "seen-by-nobody-else"
# What `manage.py shell -c` is given on the desk.
FURNISH = "from tests.e2e.furniture import furnish; furnish()"


def furnish():
    seeing = Permission.objects.filter(codename__startswith="view_")
    group = Group.objects.create(id=KNOWN, name="Night shift")
    group.permissions.set(seeing)
    viewer = User.objects.create_user(
        "viewer", id=KNOWN, password=PASSWORD, is_staff=True
    )
    viewer.groups.add(group)
    editor = User.objects.create_user("editor", password=PASSWORD, is_staff=True)
    editor.groups.add(Group.objects.get(name="Editor"))
    User.objects.create_user("newcomer", password=PASSWORD, is_staff=True)
    application = Application.objects.create(
        id=KNOWN,
        name="Nightly import",
        user=viewer,
        client_type=Application.CLIENT_CONFIDENTIAL,
        authorization_grant_type=Application.GRANT_CLIENT_CREDENTIALS,
    )
    client = Application.objects.create(
        id=CLIENT,
        name="Compliance report of the whole organisation, every morning at six",
        client_type=Application.CLIENT_CONFIDENTIAL,
        authorization_grant_type=Application.GRANT_CLIENT_CREDENTIALS,
    )
    ClientCredentials.objects.create(
        application=client, scope=Scope.READ_WRITE, secret_created=timezone.now()
    )
    AccessToken.objects.create(
        id=KNOWN,
        token="not-a-token-that-opens-anything",
        application=application,
        expires=timezone.now() + dt.timedelta(days=90),
        scope="DeviceManagementConfiguration.Read.All",
    )
    furnish_sources()


def furnish_sources():
    """Have records come from elsewhere: one is there still, and one vanished."""
    now = timezone.now()
    source = GraphSource.objects.create(
        id=KNOWN,
        base_url="https://another-instance-with-a-long-name.contoso.example/beta",
        filter="certificateIssuerName eq 'CN=Contoso Issuing CA 2, O=Contoso, C=PT'",
        began=now,
        completed=now,
        present=1,
        vanished=1,
    )
    GraphSource.objects.create(
        base_url="https://fabrikam.example", under_way=True, began=now, progressed=now
    )
    for id, vanished in (("sample-04-expires-this-month", None), (GONE, now)):
        SyncedState.objects.create(
            state_id=id,
            source=source,
            first_seen=now,
            last_seen=now,
            vanished_at=vanished,
        )
