"""Query options that mean nothing, or too much: each is refused by name and place."""

import pytest

from tests.make import URL, error_of

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "options",
    [
        {"$orderby": "now()"},
        {"$orderby": "id,NOW() desc"},
        {"$orderby": "now() sub certificateExpirationDateTime"},
        {"$orderby": "@p", "@p": "now()"},
        {"$orderby": "id,@p", "@p": "certificateExpirationDateTime sub now()"},
    ],
)
def test_an_order_cannot_move_with_the_time(reader, options):
    error = error_of(reader.get(URL, options), 501, "NotImplemented")
    assert "now is not implemented" in error["message"].replace("NOW", "now")
