"""Every change of a record is kept, written by triggers.

Records that are here already begin their history with what they are now. TRUNCATE, for
which PostgreSQL has no rows to show, is told as the removal of each record.
"""

import certstates.models.fields
import django.db.models.deletion
import django.db.models.functions.datetime
import django.utils.timezone
import pghistory.utils
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

STATES = "certstates_managedalldevicecertificatestate"
EVENTS = "certstates_stateevent"
COLUMNS = """
    certificate_revoke_status, certificate_revoke_status_last_change_date_time,
    managed_device_display_name, user_principal_name,
    certificate_expiration_date_time, certificate_issuer_name,
    certificate_thumbprint, certificate_serial_number, certificate_subject_name,
    certificate_key_usages, certificate_extended_key_usages,
    certificate_issuance_date_time, created_at
"""

# "migration" is a door too: what came before it is not known.
BEGIN = f"""
INSERT INTO {EVENTS} (pgh_obj_id, pgh_label, pgh_created_at, pgh_context, {COLUMNS})
SELECT id, 'insert', created_at, '{{"door": "migration"}}', {COLUMNS} FROM {STATES};
"""  # nosec B608 # names of this file's

# The path of this moment is kept: a writer may come with another one.
CREATE_TRUNCATED = f"""
CREATE FUNCTION certstates_record_all_removed() RETURNS trigger LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
BEGIN
    INSERT INTO {EVENTS} (pgh_obj_id, pgh_label, pgh_created_at, pgh_context,
                          pgh_context_id, {COLUMNS})
    SELECT id, 'delete', now(),
           nullif(current_setting('pghistory.context_metadata', true), '')::jsonb,
           nullif(current_setting('pghistory.context_id', true), '')::uuid, {COLUMNS}
    FROM {STATES};
    RETURN NULL;
END $$;

CREATE TRIGGER certstates_recorded_truncated BEFORE TRUNCATE ON {STATES}
FOR EACH STATEMENT EXECUTE FUNCTION certstates_record_all_removed();
"""  # nosec B608 # names of this file's

DROP_TRUNCATED = f"""
DROP TRIGGER certstates_recorded_truncated ON {STATES};
DROP FUNCTION certstates_record_all_removed();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("certstates", "0003_change_tracking"),
        ("pghistory", "0007_auto_20250421_0444"),
    ]

    operations = [
        migrations.CreateModel(
            name="StateEvent",
            fields=[
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("pgh_id", models.BigAutoField(primary_key=True, serialize=False)),
                ("pgh_context", pghistory.utils.JSONField(null=True)),
                ("pgh_context_id", models.UUIDField(null=True)),
                (
                    "certificate_revoke_status",
                    models.SmallIntegerField(
                        choices=[
                            (0, "Not revoked"),
                            (1, "Revocation pending"),
                            (2, "Revocation command issued"),
                            (3, "Revocation failed"),
                            (4, "Revoked"),
                        ],
                        default=0,
                        help_text="Where the revocation of this certificate stands.",
                        verbose_name="revocation",
                    ),
                ),
                (
                    "certificate_revoke_status_last_change_date_time",
                    models.DateTimeField(
                        default=django.utils.timezone.now,
                        help_text="When the revocation status last changed (UTC). A change of the status sets it, unless a date is given with it.",
                        verbose_name="revocation changed",
                    ),
                ),
                (
                    "managed_device_display_name",
                    models.CharField(
                        blank=True,
                        help_text="The device's display name.",
                        max_length=4096,
                        null=True,
                        validators=[certstates.models.fields.refuse_unstorable],
                        verbose_name="device",
                    ),
                ),
                (
                    "user_principal_name",
                    models.CharField(
                        blank=True,
                        help_text="The user principal name (UPN) of the device's user.",
                        max_length=4096,
                        null=True,
                        validators=[certstates.models.fields.refuse_unstorable],
                        verbose_name="user",
                    ),
                ),
                (
                    "certificate_expiration_date_time",
                    models.DateTimeField(
                        help_text="The certificate is not valid after this moment (UTC).",
                        verbose_name="expires",
                    ),
                ),
                (
                    "certificate_issuer_name",
                    models.CharField(
                        blank=True,
                        help_text="The name of the certification authority that issued it.",
                        max_length=4096,
                        null=True,
                        validators=[certstates.models.fields.refuse_unstorable],
                        verbose_name="issuer",
                    ),
                ),
                (
                    "certificate_thumbprint",
                    models.CharField(
                        blank=True,
                        help_text="The certificate's hash, as the source writes it.",
                        max_length=255,
                        null=True,
                        validators=[certstates.models.fields.refuse_unstorable],
                        verbose_name="thumbprint",
                    ),
                ),
                (
                    "certificate_serial_number",
                    models.CharField(
                        blank=True,
                        help_text="The serial number, as the source writes it.",
                        max_length=255,
                        null=True,
                        validators=[certstates.models.fields.refuse_unstorable],
                        verbose_name="serial number",
                    ),
                ),
                (
                    "certificate_subject_name",
                    models.CharField(
                        blank=True,
                        help_text="The certificate's subject.",
                        max_length=4096,
                        null=True,
                        validators=[certstates.models.fields.refuse_unstorable],
                        verbose_name="subject",
                    ),
                ),
                (
                    "certificate_key_usages",
                    models.IntegerField(
                        blank=True,
                        help_text="The key usages as the number that the source sends (Int32).",
                        null=True,
                        verbose_name="key usages",
                    ),
                ),
                (
                    "certificate_extended_key_usages",
                    models.CharField(
                        blank=True,
                        help_text="The extended key usages, as the source writes them.",
                        max_length=4096,
                        null=True,
                        validators=[certstates.models.fields.refuse_unstorable],
                        verbose_name="extended key usages",
                    ),
                ),
                (
                    "certificate_issuance_date_time",
                    models.DateTimeField(
                        help_text="The certificate is not valid before this moment (UTC).",
                        verbose_name="issued",
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        editable=False,
                        verbose_name="recorded",
                    ),
                ),
            ],
            options={
                "verbose_name": "change",
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="managedalldevicecertificatestate",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "certstates_stateevent" ("certificate_expiration_date_time", "certificate_extended_key_usages", "certificate_issuance_date_time", "certificate_issuer_name", "certificate_key_usages", "certificate_revoke_status", "certificate_revoke_status_last_change_date_time", "certificate_serial_number", "certificate_subject_name", "certificate_thumbprint", "created_at", "managed_device_display_name", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "user_principal_name") VALUES (NEW."certificate_expiration_date_time", NEW."certificate_extended_key_usages", NEW."certificate_issuance_date_time", NEW."certificate_issuer_name", NEW."certificate_key_usages", NEW."certificate_revoke_status", NEW."certificate_revoke_status_last_change_date_time", NEW."certificate_serial_number", NEW."certificate_subject_name", NEW."certificate_thumbprint", NEW."created_at", NEW."managed_device_display_name", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, NOW(), \'insert\', NEW."id", NEW."user_principal_name"); RETURN NULL;',
                    hash="4699a52335fd67e2a2d97ec17dc746527c7513c4",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_b8a98",
                    table="certstates_managedalldevicecertificatestate",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="managedalldevicecertificatestate",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.id = NEW.id AND (OLD.certificate_revoke_status, OLD.certificate_revoke_status_last_change_date_time, OLD.managed_device_display_name, OLD.user_principal_name, OLD.certificate_expiration_date_time, OLD.certificate_issuer_name, OLD.certificate_thumbprint, OLD.certificate_serial_number, OLD.certificate_subject_name, OLD.certificate_key_usages, OLD.certificate_extended_key_usages, OLD.certificate_issuance_date_time, OLD.created_at) IS DISTINCT FROM (NEW.certificate_revoke_status, NEW.certificate_revoke_status_last_change_date_time, NEW.managed_device_display_name, NEW.user_principal_name, NEW.certificate_expiration_date_time, NEW.certificate_issuer_name, NEW.certificate_thumbprint, NEW.certificate_serial_number, NEW.certificate_subject_name, NEW.certificate_key_usages, NEW.certificate_extended_key_usages, NEW.certificate_issuance_date_time, NEW.created_at))",
                    func='INSERT INTO "certstates_stateevent" ("certificate_expiration_date_time", "certificate_extended_key_usages", "certificate_issuance_date_time", "certificate_issuer_name", "certificate_key_usages", "certificate_revoke_status", "certificate_revoke_status_last_change_date_time", "certificate_serial_number", "certificate_subject_name", "certificate_thumbprint", "created_at", "managed_device_display_name", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "user_principal_name") VALUES (NEW."certificate_expiration_date_time", NEW."certificate_extended_key_usages", NEW."certificate_issuance_date_time", NEW."certificate_issuer_name", NEW."certificate_key_usages", NEW."certificate_revoke_status", NEW."certificate_revoke_status_last_change_date_time", NEW."certificate_serial_number", NEW."certificate_subject_name", NEW."certificate_thumbprint", NEW."created_at", NEW."managed_device_display_name", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, NOW(), \'update\', NEW."id", NEW."user_principal_name"); RETURN NULL;',
                    hash="aab3d92850a40af5ff5d839c1de642f444a74126",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_85b72",
                    table="certstates_managedalldevicecertificatestate",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="managedalldevicecertificatestate",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "certstates_stateevent" ("certificate_expiration_date_time", "certificate_extended_key_usages", "certificate_issuance_date_time", "certificate_issuer_name", "certificate_key_usages", "certificate_revoke_status", "certificate_revoke_status_last_change_date_time", "certificate_serial_number", "certificate_subject_name", "certificate_thumbprint", "created_at", "managed_device_display_name", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "user_principal_name") VALUES (OLD."certificate_expiration_date_time", OLD."certificate_extended_key_usages", OLD."certificate_issuance_date_time", OLD."certificate_issuer_name", OLD."certificate_key_usages", OLD."certificate_revoke_status", OLD."certificate_revoke_status_last_change_date_time", OLD."certificate_serial_number", OLD."certificate_subject_name", OLD."certificate_thumbprint", OLD."created_at", OLD."managed_device_display_name", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, NOW(), \'delete\', OLD."id", OLD."user_principal_name"); RETURN NULL;',
                    hash="97f52eb1f10c50ac2b6fce0324d54af2281a9525",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_34177",
                    table="certstates_managedalldevicecertificatestate",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="managedalldevicecertificatestate",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_renamed",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.id <> NEW.id)",
                    func='INSERT INTO "certstates_stateevent" ("certificate_expiration_date_time", "certificate_extended_key_usages", "certificate_issuance_date_time", "certificate_issuer_name", "certificate_key_usages", "certificate_revoke_status", "certificate_revoke_status_last_change_date_time", "certificate_serial_number", "certificate_subject_name", "certificate_thumbprint", "created_at", "managed_device_display_name", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "user_principal_name") VALUES (NEW."certificate_expiration_date_time", NEW."certificate_extended_key_usages", NEW."certificate_issuance_date_time", NEW."certificate_issuer_name", NEW."certificate_key_usages", NEW."certificate_revoke_status", NEW."certificate_revoke_status_last_change_date_time", NEW."certificate_serial_number", NEW."certificate_subject_name", NEW."certificate_thumbprint", NEW."created_at", NEW."managed_device_display_name", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, NOW(), \'insert\', NEW."id", NEW."user_principal_name"); RETURN NULL;',
                    hash="86bf8bd31a6c92560df1c1ec6b888f9d81f76917",
                    operation="UPDATE",
                    pgid="pgtrigger_insert_renamed_e2e9f",
                    table="certstates_managedalldevicecertificatestate",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="managedalldevicecertificatestate",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_renamed",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.id <> NEW.id)",
                    func='INSERT INTO "certstates_stateevent" ("certificate_expiration_date_time", "certificate_extended_key_usages", "certificate_issuance_date_time", "certificate_issuer_name", "certificate_key_usages", "certificate_revoke_status", "certificate_revoke_status_last_change_date_time", "certificate_serial_number", "certificate_subject_name", "certificate_thumbprint", "created_at", "managed_device_display_name", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "user_principal_name") VALUES (OLD."certificate_expiration_date_time", OLD."certificate_extended_key_usages", OLD."certificate_issuance_date_time", OLD."certificate_issuer_name", OLD."certificate_key_usages", OLD."certificate_revoke_status", OLD."certificate_revoke_status_last_change_date_time", OLD."certificate_serial_number", OLD."certificate_subject_name", OLD."certificate_thumbprint", OLD."created_at", OLD."managed_device_display_name", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, NOW(), \'delete\', OLD."id", OLD."user_principal_name"); RETURN NULL;',
                    hash="96225651ab5802fbe138938b8085c4fd1b615ef9",
                    operation="UPDATE",
                    pgid="pgtrigger_delete_renamed_961dd",
                    table="certstates_managedalldevicecertificatestate",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddField(
            model_name="stateevent",
            name="pgh_obj",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="certstates.managedalldevicecertificatestate",
            ),
        ),
        migrations.AddIndex(
            model_name="stateevent",
            index=models.Index(
                models.F("pgh_obj"), models.F("pgh_id"), name="certstates_event_record"
            ),
        ),
        migrations.AddIndex(
            model_name="stateevent",
            index=models.Index(
                models.F("pgh_context_id"),
                models.F("pgh_id"),
                condition=models.Q(("pgh_context_id__isnull", False)),
                name="certstates_event_context",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="stateevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="516dda6dd13998fa93c7593258821cf7f782460a",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_1c45f",
                    table="certstates_stateevent",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.RunSQL(BEGIN, migrations.RunSQL.noop),
        migrations.RunSQL(CREATE_TRUNCATED, DROP_TRUNCATED),
    ]
