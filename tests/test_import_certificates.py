"""Certificates' files into records: by the command, and on the admin's page."""

import io

import pytest
from django.core.management import CommandError, call_command

from certstates.models import ManagedAllDeviceCertificateState as State
from certstates.models import RevocationStatus
from tests.certificates import (
    alternative_names,
    der,
    make_authority,
    make_certificate,
    pem,
    pkcs12_file,
    private_key_pem,
    upn,
)
from tests.files import confirm, upload

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("upload_directory")]

BUNDLE = pem(make_certificate(), make_certificate("PC-2", serial=2), make_authority())


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Return a function that imports a file, and returns what was said."""
    monkeypatch.chdir(tmp_path)  # where a report of refused rows would be

    def run(content, **options):
        path = tmp_path / "device"
        path.write_bytes(content)
        out, err = io.StringIO(), io.StringIO()
        call_command("import_states", str(path), stdout=out, stderr=err, **options)
        return out.getvalue() + err.getvalue()

    return run


def versions():
    return {*State.objects.values_list("id", "version")}


def test_a_bundle_is_imported_and_the_second_time_changes_nothing(run):
    said = run(BUNDLE, device="LAPTOP-4711", user="ana.silva@contoso.example")
    assert "Certificates of authorities" in said
    assert "2 added" in said
    record = State.objects.get(certificate_serial_number="5A0000004D2C1B7E")
    assert record.managed_device_display_name == "LAPTOP-4711"
    assert record.user_principal_name == "ana.silva@contoso.example"
    assert record.certificate_subject_name == "CN=LAPTOP-4711, O=Contoso, C=PT"
    assert record.certificate_revoke_status == RevocationStatus.NONE
    before = versions()
    said = run(BUNDLE, device="LAPTOP-4711", user="ana.silva@contoso.example")
    assert "2 unchanged" in said
    assert versions() == before


def test_a_file_that_knows_no_device_makes_a_record_without_one(run):
    run(BUNDLE)
    assert {*State.objects.values_list("managed_device_display_name", flat=True)} == {
        None
    }


def test_what_staff_set_survives_the_next_import(run):
    content = der(make_certificate())
    run(content)
    set_by_staff = {
        "certificate_revoke_status": RevocationStatus.REVOKED,
        "managed_device_display_name": "LAPTOP-4711",
        "user_principal_name": "ana.silva@contoso.example",
    }
    State.objects.update(**set_by_staff)
    assert "1 unchanged" in run(content)
    assert State.objects.values(*set_by_staff).get() == set_by_staff


def test_the_same_certificate_on_two_devices_is_two_records(run):
    for device in ("PC-1", "PC-2", "PC-1"):
        run(BUNDLE, device=device)
    assert State.objects.count() == 4


def test_a_certificate_that_stands_in_a_file_twice_is_one_record(run):
    run(BUNDLE * 2)
    assert State.objects.count() == 2


def test_the_user_of_a_certificate_becomes_the_record_s(run):
    names = alternative_names(upn("ana@contoso.example"))
    run(pem(make_certificate(extensions=[names])))
    assert State.objects.get().user_principal_name == "ana@contoso.example"


def test_pkcs12_is_imported_by_the_password_of_a_file(run, tmp_path):
    content = pkcs12_file(make_certificate(), password=b"correct horse")
    secret = tmp_path / "password"
    secret.write_bytes(b"correct horse\n")
    run(content, password_file=str(secret))
    assert State.objects.count() == 1
    secret.write_bytes(b"battery staple\n")
    with pytest.raises(CommandError):
        run(content, password_file=str(secret))


def test_a_damaged_certificate_keeps_the_whole_file_out(run):
    with pytest.raises(CommandError):
        run(BUNDLE.replace(b"\nMII", b"\nAAA", 1))
    assert not State.objects.exists()


def test_a_name_that_no_text_can_hold_is_refused(run):
    content = der(make_certificate("ABCDEFGH"))
    assert content.count(b"ABCDEFGH") == 1
    with pytest.raises(CommandError):
        run(content.replace(b"ABCDEFGH", b"ABC\0EFGH"))
    assert not State.objects.exists()


def test_the_admin_shows_them_before_they_are_imported(staff):
    page = upload(staff, private_key_pem() + BUNDLE, "device.pem")
    said = page.content.decode()
    assert "CN=Contoso Issuing CA 2" in said
    assert "private key (1)" in said
    assert "PRIVATE" not in said
    confirm(staff, page)
    assert State.objects.count() == 2


def test_the_admin_counts_certificates_where_there_are_no_lines(staff):
    page = upload(staff, der(make_certificate()), "device.cer")
    assert page.context["place"] == "Certificate"
    confirm(staff, page)
    assert State.objects.get().certificate_serial_number == "5A0000004D2C1B7E"


def test_the_admin_opens_pkcs12_without_a_password_only(staff):
    leaf = make_certificate()
    page = upload(staff, pkcs12_file(leaf, password=b"correct horse"), "device.pfx")
    [error] = page.context["form"].errors["file"]
    assert "--password-file of the command import_states" in error
    confirm(staff, upload(staff, pkcs12_file(leaf), "device.pfx"))
    assert State.objects.count() == 1
