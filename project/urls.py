from django.contrib import admin
from django.urls import include, path, re_path
from django.views.generic import RedirectView

from certstates import pages
from certstates.views import unknown_segment

urlpatterns = [
    path("", pages.landing),
    path("docs/", pages.docs),
    path("admin/", admin.site.urls),
    path("admin", RedirectView.as_view(url="/admin/")),
    path("docs", RedirectView.as_view(url="/docs/")),
    path("favicon.ico", RedirectView.as_view(url="/static/certstates/icon.svg")),
    path("beta/", include("certstates.urls"), {"root": "beta/"}),
    path("v1.0/", include("certstates.urls"), {"root": "v1.0/"}),
    path("", include("certstates.urls"), {"root": ""}),
    re_path("", unknown_segment),
]
