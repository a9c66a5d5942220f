"""The routes that Microsoft's libraries ask for, beside the service roots."""

from django.urls import re_path

from certstates.oauth import views
from certstates.oauth.addresses import PATTERNS

urlpatterns = [
    re_path(PATTERNS["token"], views.TokenView.as_view()),
    re_path(PATTERNS["authorize"], views.AuthorizeView.as_view()),
    re_path(PATTERNS["keys"], views.KeysView.as_view()),
    re_path(PATTERNS["configuration"], views.ConfigurationView.as_view()),
    re_path(PATTERNS["plain_configuration"], views.ConfigurationView.as_view(path="")),
]
