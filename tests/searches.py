"""Saved searches of the tests, and the row that shows them."""

from urllib.parse import urlencode

from django.template.loader import render_to_string
from django.test import RequestFactory

from certstates.models import SavedSearch

LIST = "/admin/certstates/managedalldevicecertificatestate/"
SEARCHES = "/admin/certstates/savedsearch/"
FAILED = "status=failed"


def add_url(query):
    return f"{SEARCHES}add/?{urlencode({'query': query})}"


def make_search(owner, name="failed", query=FAILED, **values):
    return SavedSearch.objects.create(owner=owner, name=name, query=query, **values)


def row_for(user, path="/admin/"):
    """Return the row of saved searches as a page at this path would show it."""
    request = RequestFactory().get(path)
    request.user = user
    return render_to_string("admin/certstates/saved_searches.html", request=request)
