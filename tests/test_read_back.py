"""What this product exports is read back as exactly what it was."""

import gzip
import io

import pytest

from certstates.exporter import FORMATS
from certstates.models import ManagedAllDeviceCertificateState as State
from certstates.permissions import READ
from certstates.sources import open_source
from tests.files import IMPORT, upload
from tests.make import URL, ApiClient, make_state, make_token
from tests.test_export import TEXTS
from tests.test_import_refusals import text_of
from tests.test_read_containers import archive
from tests.test_read_intune import REPORT, in_csv

pytestmark = pytest.mark.django_db


@pytest.fixture
def records(db):
    """Return records with every odd text and null, as the API prints them."""
    for n, text in enumerate(TEXTS):
        make_state(
            id=f"{n:02}",
            managed_device_display_name=text,
            certificate_serial_number=text,
            certificate_thumbprint=text or None,
            user_principal_name=None,
            certificate_revoke_status=n % 5,
            certificate_key_usages=n - 3 if n % 4 else None,
        )
    found = ApiClient(make_token(READ)).get(URL).json()["value"]
    return {record["id"]: record for record in found}


@pytest.mark.parametrize("packed", [bytes, gzip.compress], ids=["plain", "gzip"])
@pytest.mark.parametrize("kind", FORMATS)
def test_every_format_is_read_back_exactly(records, kind, packed):
    content = b"".join(FORMATS[kind](State.objects.order_by("pk"), iter))
    rows = [*open_source(io.BytesIO(packed(content)))]
    assert {row.values["id"]: row.values for row in rows} == records
    assert not any(row.faults or row.is_derived for row in rows)


@pytest.mark.parametrize("name", ["AllDeviceCertificates.csv", "Export.ZIP"])
def test_the_admin_takes_intunes_download_by_either_name(staff, upload_directory, name):
    page = upload(staff, archive(("x.csv", in_csv(REPORT))), name)
    [warning] = page.context["warnings"]
    assert warning == "CertificateStatus: 'issued' in 1 row tells of no revocation."
    assert page.context["kind"] == "CSV"
    assert warning.replace("'", "&#x27;") in page.content.decode()


@pytest.mark.parametrize("name", ["x.xlsx", "x.pdf", "x"])
def test_the_admin_refuses_an_archive_whose_name_says_something_else(
    staff, upload_directory, name
):
    page = upload(staff, archive(("x.csv", in_csv(REPORT))), name)
    assert "is a ZIP archive, and its name does not say so" in text_of(page)
    assert ".zip" in staff.get(IMPORT).content.decode()
