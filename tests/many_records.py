"""Thousands of records, made by PostgreSQL itself: quick, the same ones each time.

They are as uneven as real ones. Issuers follow each other, so that the expiry depends
on the issuer; few revocations are open; some names are everywhere, others nowhere.
"""

from contextlib import contextmanager

from django.db import connection

FILL = """
INSERT INTO certstates_managedalldevicecertificatestate (
    id, certificate_revoke_status, certificate_revoke_status_last_change_date_time,
    managed_device_display_name, user_principal_name, certificate_expiration_date_time,
    certificate_issuer_name, certificate_thumbprint, certificate_serial_number,
    certificate_subject_name, certificate_issuance_date_time
)
SELECT
    to_char(n, 'FM0000000') || '-' || left(md5(n::text), 8),
    CASE WHEN n %% 200 = 3 THEN 1 WHEN n %% 200 = 5 THEN 2 WHEN n %% 200 = 7 THEN 3
         WHEN n %% 20 = 11 THEN 4 ELSE 0 END,
    now() - (h %% 400) * interval '1 day',
    CASE WHEN n %% 97 = 0 THEN NULL WHEN n %% 12 = 0 THEN 'SRV-' || h %% 100000
         WHEN n %% 3 = 0 THEN 'DESKTOP-' || upper(left(md5(n::text), 7))
         ELSE 'LAPTOP-' || h %% 1000000 END,
    CASE WHEN n %% 50 = 0 THEN NULL ELSE
         (ARRAY['ana', 'bo', 'chidi', 'dora', 'emil'])[1 + h %% 5] || h %% 5000 || '@'
         || CASE WHEN n %% 10 < 7 THEN 'contoso' ELSE 'fabrikam' END || '.example' END,
    now() + (5 * n::float / %(count)s - 1.5) * interval '365 days' + h %% 40 * interval '1 day',
    CASE WHEN n %% 250 = 0 THEN NULL ELSE
         'CN=Issuing CA ' || ceil(12 * n::float / %(count)s) || CASE WHEN n %% 4 = 0
         THEN ' Wi-Fi' ELSE '' END || ', O=Contoso' END,
    CASE WHEN n %% 9 = 0 THEN rtrim(regexp_replace(left(md5(n::text) || md5('x' || n), 40),
         '(..)', '\\1:', 'g'), ':') ELSE upper(left(md5(n::text) || md5('x' || n), 40)) END,
    upper(left(md5('serial' || n), 20)),
    'CN=' || md5('subject' || n %% 1000) || ', O=Contoso',
    now() - interval '1 year'
FROM (SELECT n, ('x' || left(md5(n::text), 7))::bit(28)::int AS h
      FROM generate_series(1, %(count)s) AS n) AS numbered
"""  # noqa: E501


TABLES = ", ".join(
    f"certstates_{name}"
    for name in ("managedalldevicecertificatestate", "removedstate", "stateevent")
)


@contextmanager
def many_records(count):
    """Have so many records, committed, and PostgreSQL's statistics of them.

    Only VACUUM marks pages as visible to all, and empties the list of what an index of
    trigrams has not taken in yet; both matter to the plans. It marks what is known to
    be on the disk, for which the tests' server else does not wait.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit TO on")
        cursor.execute(FILL, {"count": count})
        cursor.execute(f"VACUUM ANALYZE {TABLES}")
        cursor.execute("RESET synchronous_commit")
        yield
        cursor.execute(f"TRUNCATE {TABLES}")
