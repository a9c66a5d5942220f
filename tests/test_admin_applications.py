"""Applications in the admin: a secret is shown once, renewed, narrowed, taken away."""

import datetime as dt
import re

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.contrib.messages import get_messages
from django.urls import reverse
from oauth2_provider.models import AccessToken, Application

from certstates.models import ClientCredentials, Scope
from certstates.permissions import READ, READ_WRITE
from certstates.tokens import issue_token
from tests.make import URL, ApiClient, make_body, make_token
from tests.oauth import ask, refusal_of
from tests.staff import browser_of, make_person

pytestmark = pytest.mark.django_db

LIST = "/admin/oauth2_provider/application/"
ADD = f"{LIST}add/"
NEW = {"name": "nightly", "scope": READ_WRITE}
SECRET = re.compile(r"certstates_secret_[\w-]{43}")


def page_of(application, page):
    name = f"admin:oauth2_provider_application_{page}"
    return reverse(name, args=[application.pk])


def secret_in(response):
    assert response.status_code == 200
    [secret] = SECRET.findall(response.content.decode())
    return secret


def seen_in(response):
    return re.search(r'name="seen" value="([^"]+)"', response.content.decode())[1]


def test_an_application_is_made_and_its_secret_works(staff):
    response = staff.post(ADD, NEW)
    secret = secret_in(response)
    assert "no-store" in response.headers["Cache-Control"]
    made = ClientCredentials.objects.get()
    page = response.content.decode()
    for shown in (
        made.application.client_id,
        "https://testserver/certstates/oauth2/v2.0/token",
        "https://testserver/.default",
        READ_WRITE,
    ):
        assert f"<code>{shown}</code>" in page or f">{shown}</code>" in page
    assert (made.application.name, made.scope) == ("nightly", READ_WRITE)
    api = ApiClient(ask((made, secret)).json()["access_token"])
    assert api.create(make_body()).status_code == 201


def test_the_form_asks_for_a_name_and_offers_one_way_to_save(staff):
    page = staff.get(ADD).content.decode()
    assert "_addanother" not in page
    assert "_continue" not in page
    assert f'<option value="{READ}" selected>' in page


def test_the_secret_is_kept_nowhere(staff, caplog):
    caplog.set_level("DEBUG")
    response = staff.post(ADD, NEW)
    secret = secret_in(response)
    made = ClientCredentials.objects.get()
    assert made.application.client_secret.startswith("client_secret$1$")
    kept = [
        *(str(vars(entry)) for entry in LogEntry.objects.all()),
        *(str(message) for message in get_messages(response.wsgi_request)),
        str(dict(staff.session)),
        str(staff.cookies),
        caplog.text,
        staff.get(page_of(made.application, "change")).content.decode(),
        staff.get(page_of(made.application, "history")).content.decode(),
        staff.get(LIST).content.decode(),
    ]
    assert [text for text in kept if secret in text] == []
    assert LogEntry.objects.count() == 1


def test_a_reload_makes_no_second_application(staff):
    secret = secret_in(staff.post(ADD, NEW))
    again = staff.post(ADD, NEW).content.decode()
    assert "Another application with a secret has this name." in again
    assert not SECRET.search(again)
    made = ClientCredentials.objects.get()
    assert ask((made, secret)).status_code == 200


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"name": ""}, "required"),
        ({"name": "x" * 256}, "at most 255"),
        ({"name": "a\u200bb"}, "printable"),
        ({"scope": ""}, "required"),
        ({"scope": "User.Read"}, "valid choice"),
    ],
)
def test_what_cannot_be_made_is_told(staff, values, words):
    page = staff.post(ADD, {**NEW, **values}).content.decode()
    assert words in page
    assert not Application.objects.exists()


def test_a_new_secret_ends_the_old_one(staff, writer_app):
    made, _ = writer_app
    api = ApiClient(ask(writer_app).json()["access_token"])
    url = page_of(made.application, "new_secret")
    assert url in staff.get(page_of(made.application, "change")).content.decode()
    question = staff.get(url)
    assert ask(writer_app).status_code == 200  # it was only asked
    new = secret_in(staff.post(url, {"seen": seen_in(question)}))
    refusal_of(ask(writer_app), 401, "invalid_client")
    assert api.get(URL).status_code == 401
    assert ask((made, new)).status_code == 200
    assert "Made a new secret." in LogEntry.objects.get().get_change_message()


def test_a_reload_makes_no_other_secret(staff, writer_app):
    url = page_of(writer_app[0].application, "new_secret")
    form = {"seen": seen_in(staff.get(url))}
    secret = secret_in(staff.post(url, form))
    response = staff.post(url, form, follow=True)
    assert "Nothing was done" in response.content.decode()
    assert not SECRET.search(response.content.decode())
    assert ask((writer_app[0], secret)).status_code == 200


def change(staff, made, **values):
    form = {"name": made.application.name, "scope": made.scope, **values}
    response = staff.post(page_of(made.application, "change"), form, follow=True)
    assert response.redirect_chain, response.content
    return response.content.decode()


def test_narrowing_ends_what_was_issued(staff, writer_app):
    made, _ = writer_app
    wide = ApiClient(ask(writer_app).json()["access_token"])
    narrow = ApiClient(ask(writer_app, scope=READ).json()["access_token"])
    assert "Tokens that allowed more than that have ended: 1." in change(
        staff, made, scope=READ
    )
    assert wide.get(URL).status_code == 401
    assert narrow.get(URL).status_code == 200
    refusal_of(ask(writer_app, scope=READ_WRITE), 400, "invalid_scope")


def test_widening_and_renaming_end_nothing(staff, reader_app):
    api = ApiClient(ask(reader_app).json()["access_token"])
    page = change(staff, reader_app[0], scope=READ_WRITE, name="weekly")
    assert "ended" not in page
    assert api.get(URL).status_code == 200
    assert ask(reader_app, scope=READ_WRITE).status_code == 200
    assert Application.objects.get().name == "weekly"


def test_a_name_is_given_once(staff, reader_app, writer_app):
    url = page_of(reader_app[0].application, "change")
    page = staff.post(url, {"name": "nightly", "scope": READ}).content.decode()
    assert "Another application with a secret has this name." in page


@pytest.mark.parametrize(
    ("name", "refusal"),
    [
        ("nightly", "Another application without a secret has this name."),
        ("night\u202ely", "A name must have 1 to 255 printable characters."),
        ("weekly", ""),
        ("with a secret", ""),
    ],
)
def test_applications_with_tokens_only_are_told_apart_too(staff, name, refusal):
    for known in ("nightly", "hourly"):
        issue_token(known, scope=READ, lifetime=dt.timedelta(days=1))
    ClientCredentials.register("with a secret", scope=READ)
    url = page_of(Application.objects.get(name="hourly"), "change")
    response = staff.post(url, {"name": name})
    assert refusal in response.content.decode()
    assert Application.objects.filter(name="hourly").exists() == bool(refusal)


def test_a_form_that_lay_open_undoes_no_new_secret(staff, writer_app, monkeypatch):
    made, _ = writer_app
    loaded = Application.objects.get()
    loaded.valid_tokens = 1
    secret = made.renew_secret()
    monkeypatch.setattr(
        "certstates.admin.applications.ApplicationAdmin.get_object",
        lambda *args: loaded,
    )
    change(staff, made, name="renamed")
    assert Application.objects.get().name == "renamed"
    assert ask((made, secret)).status_code == 200


def test_deleting_revokes_everything(staff, writer_app):
    api = ApiClient(ask(writer_app).json()["access_token"])
    staff.post(page_of(writer_app[0].application, "delete"), {"post": "yes"})
    assert not Application.objects.exists()
    assert api.get(URL).status_code == 401
    refusal_of(ask(writer_app), 401, "invalid_client")


def test_an_action_deletes_several(staff, writer_app, reader_app):
    chosen = [made.pk for made, _ in (writer_app, reader_app)]
    form = {"action": "delete_selected", "_selected_action": chosen, "post": "yes"}
    staff.post(LIST, form)
    assert not Application.objects.exists()


def test_an_application_of_static_tokens_has_no_secret_to_make(staff):
    make_token(READ)
    application = Application.objects.get()
    page = staff.get(page_of(application, "change")).content.decode()
    assert "new-secret" not in page
    assert 'name="scope"' not in page
    url = page_of(application, "new_secret")
    assert not SECRET.search(staff.post(url, follow=True).content.decode())
    assert AccessToken.objects.exists()


def test_the_list_says_who_may_what(staff, writer_app, django_assert_max_num_queries):
    make_token(READ)
    for n in range(5):
        ClientCredentials.register(f"{n}", scope=Scope.READ)
    with django_assert_max_num_queries(8):
        page = staff.get(LIST).content.decode()
    assert "Read and write" in page
    assert "tokens only" in page


@pytest.fixture
def clerk():
    """Return the browser of somebody who may see records, and edit applications."""
    person = make_person("clerk", "Viewer")
    names = [f"{verb}_application" for verb in ("view", "add", "change")]
    person.user_permissions.set(Permission.objects.filter(codename__in=names))
    return browser_of(person)


def test_nobody_gives_more_than_they_hold(clerk):
    page = clerk.get(ADD).content.decode()
    assert READ in page
    assert READ_WRITE not in page
    assert "valid choice" in clerk.post(ADD, NEW).content.decode()
    assert secret_in(clerk.post(ADD, {**NEW, "scope": READ}))


def test_nobody_takes_over_more_than_they_hold(clerk, writer_app, reader_app):
    url = page_of(writer_app[0].application, "new_secret")
    assert clerk.get(url).status_code == 403
    assert clerk.post(url).status_code == 403
    assert clerk.post(page_of(writer_app[0].application, "change")).status_code == 403
    shown = clerk.get(page_of(writer_app[0].application, "change")).content.decode()
    assert "Read and write" in shown
    assert "new-secret" not in shown
    assert ask(writer_app).status_code == 200
    assert (
        clerk.get(page_of(reader_app[0].application, "new_secret")).status_code == 200
    )
