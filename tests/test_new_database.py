"""A new database opens to nobody: there is no account that was always there."""

from django.contrib.auth.models import User
from oauth2_provider.models import AccessToken, Application


def test_it_has_no_account_no_application_and_no_token(db):
    assert not User.objects.exists()
    assert not Application.objects.exists()
    assert not AccessToken.objects.exists()
