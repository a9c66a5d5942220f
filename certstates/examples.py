"""One record with real values, for the docs page, the terminal and the tests."""

import json
import shlex
from pathlib import Path
from typing import Any

from certstates.addresses import COLLECTION

CREATE: dict[str, Any] = {
    "@odata.type": "#microsoft.graph.managedAllDeviceCertificateState",
    "certificateRevokeStatus": "none",
    "managedDeviceDisplayName": "LAPTOP-4711",
    "userPrincipalName": "ana.silva@contoso.example",
    "certificateExpirationDateTime": "2027-11-23T09:00:00Z",
    "certificateIssuerName": "CN=Contoso Issuing CA 2, O=Contoso, C=PT",
    "certificateThumbprint": "9F86D081884C7D659A2FEAA0C55AD015A3BF4F1B",
    "certificateSerialNumber": "5A0000004D2C1B7E9F3A6D8E20000100000A4D",
    "certificateSubjectName": "CN=LAPTOP-4711",
    "certificateKeyUsages": 160,
    "certificateExtendedKeyUsages": "Client Authentication (1.3.6.1.5.5.7.3.2)",
    "certificateIssuanceDateTime": "2026-11-23T09:00:00Z",
}


def curl_create(server: str, token: str, *, authority: Path | None = None) -> str:
    """Return a command for a shell that posts the example to ``server``.

    ``authority`` is the certificate authority to trust, if it is one of our own.
    """
    trust = f"  --cacert {shlex.quote(str(authority))} \\\n" if authority else ""
    return (
        f"curl -i {server}/beta/{COLLECTION} \\\n"
        f"{trust}"
        f'  -H "Authorization: Bearer {token}" \\\n'
        "  -H 'Content-Type: application/json' \\\n"
        f"  -d '{json.dumps(CREATE, indent=2)}'"
    )


def curl_expiring(server: str, token: str) -> str:
    """Return a command for a shell that asks what expires within 30 days."""
    options = (
        "\"\\$filter=certificateExpirationDateTime le now() add duration'P30D'\"",
        "'$orderby=certificateExpirationDateTime'",
        "'$select=managedDeviceDisplayName,certificateExpirationDateTime'",
    )
    asked = " \\\n".join(f"  --data-urlencode {option}" for option in options)
    return (
        f"curl -G {server}/beta/{COLLECTION} \\\n"
        f'  -H "Authorization: Bearer {token}" \\\n{asked}'
    )
