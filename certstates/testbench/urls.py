"""The addresses of the test bench, for a request that begins with its name."""

from django.urls import re_path

from certstates.addresses import any_case
from certstates.testbench import views
from certstates.views import unknown_segment

BENCH = any_case("testbench")

urlpatterns = [
    re_path(rf"^{BENCH}/?\Z", views.Bench.as_view()),
    re_path(rf"^{BENCH}/reset/?\Z", views.Reset.as_view()),
    re_path(rf"^{BENCH}/snapshots/?\Z", views.Snapshots.as_view()),
    re_path(rf"^{BENCH}/snapshots/(?P<name>[^/]+)/?\Z", views.OneSnapshot.as_view()),
    re_path(rf"^{BENCH}/restore/?\Z", views.Restore.as_view()),
    re_path(rf"^{BENCH}/faults/?\Z", views.Faults.as_view()),
    re_path("", unknown_segment),
]
