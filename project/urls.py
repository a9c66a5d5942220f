from django.contrib import admin
from django.urls import include, path, re_path
from django.views.generic import RedirectView

import certstates.openapi.views as openapi
from certstates import pages
from certstates.addresses import ROOTS, any_case
from certstates.monitoring.probes import probe_view
from certstates.monitoring.views import metrics
from certstates.service_views import service_document
from certstates.staff import sso_views as sso
from certstates.views import unknown_segment

urlpatterns = [
    path("", pages.landing),
    path("docs/", pages.docs, name="docs"),
    path("docs/openapi.json", openapi.openapi, name="openapi"),
    path("docs/api/", openapi.interactive, name="api"),
    path("docs/api", RedirectView.as_view(url="/docs/api/")),
    path("docs/<path:rest>", pages.no_page),
    path("admin/r/<path:rest>", pages.no_page),  # nothing is to be seen "on site"
    path("admin/sso/", sso.start, name="sso_start"),
    path("admin/sso/callback/", sso.callback, name="sso_callback"),
    path("admin/", admin.site.urls),
    path("admin", RedirectView.as_view(url="/admin/")),
    path("docs", RedirectView.as_view(url="/docs/")),
    path("favicon.ico", RedirectView.as_view(url="/static/certstates/icon.svg")),
    path("metrics", metrics),
    path("healthz", probe_view),
    path("readyz", probe_view),
    path("", include("certstates.oauth.urls")),
    *(
        re_path(rf"^{any_case(root.rstrip('/'))}\Z", service_document, {"root": root})
        for root in ROOTS
        if root
    ),
    *(
        re_path(f"^{any_case(root)}", include("certstates.urls"), {"root": root})
        for root in ROOTS
    ),
    re_path("", unknown_segment),
]
