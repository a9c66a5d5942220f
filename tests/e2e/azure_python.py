"""What azure-identity and MSAL must find; test_azure_identity.py runs this.

Each public function is one step. One line of JSON for each says its name and its
failure.
"""

import asyncio
import inspect
import json
import os
import traceback
import urllib.request
from datetime import UTC, datetime, timedelta

import msal
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import ClientSecretCredential
from azure.identity.aio import ClientSecretCredential as AsyncCredential
from kiota_authentication_azure.azure_identity_authentication_provider import (
    AzureIdentityAuthenticationProvider,
)
from msgraph_beta import GraphRequestAdapter, GraphServiceClient
from msgraph_beta.generated.models.certificate_revocation_status import (
    CertificateRevocationStatus as Status,
)
from msgraph_beta.generated.models.managed_all_device_certificate_state import (
    ManagedAllDeviceCertificateState as State,
)

SERVER = os.environ["CERTSTATES_URL"]
CLIENT = os.environ["CERTSTATES_CLIENT_ID"]
SECRET = os.environ["CERTSTATES_CLIENT_SECRET"]
GUID = "72f988bf-86f1-41af-91ab-2d7cd011db47"
DEFAULT = f"{SERVER}/.default"
READ = "DeviceManagementConfiguration.Read.All"
COLLECTION = (
    "/beta/deviceManagement/deviceConfigurationsAllManagedDeviceCertificateStates"
)


def _credential(kind=ClientSecretCredential, *, tenant="certstates", secret=SECRET):
    return kind(
        tenant, CLIENT, secret, authority=SERVER, disable_instance_discovery=True
    )


def _application(**options):
    return msal.ConfidentialClientApplication(
        options.pop("client_id", CLIENT),
        client_credential=options.pop("secret", SECRET),
        instance_discovery=False,
        **(options or {"authority": f"{SERVER}/common"}),
    )


def _is_accepted(token, method="GET", body=None):
    request = urllib.request.Request(
        SERVER + COLLECTION,
        method=method,
        headers={
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/json",
        },
        data=json.dumps(body).encode() if body is not None else None,
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            return response.status
    except urllib.error.HTTPError as error:
        return error.code


def _states():
    provider = AzureIdentityAuthenticationProvider(
        _credential(), scopes=[DEFAULT], allowed_hosts=["127.0.0.1", "localhost"]
    )
    adapter = GraphRequestAdapter(provider)
    adapter.base_url = f"{SERVER}/beta"
    client = GraphServiceClient(request_adapter=adapter)
    return client.device_management.device_configurations_all_managed_device_certificate_states  # noqa: E501 -- Graph's own name


def azure_identity_gets_a_token():
    token = _credential().get_token(DEFAULT)
    assert token.token.startswith("certstates_")
    left = datetime.fromtimestamp(token.expires_on, UTC) - datetime.now(UTC)
    assert timedelta(minutes=58) < left <= timedelta(minutes=60), left
    assert _is_accepted(token.token) == 200


def any_tenant_will_do():
    for tenant in (GUID, "contoso.onmicrosoft.com", "organizations"):
        token = _credential(tenant=tenant).get_token(DEFAULT)
        assert _is_accepted(token.token) == 200


def any_resource_will_do():
    resources = ("https://graph.microsoft.com", "http://127.0.0.1", f"{SERVER}/")
    for resource in resources:
        token = _credential().get_token(f"{resource}/.default")
        assert _is_accepted(token.token) == 200


def a_token_is_kept_until_it_expires():
    for options in ({}, {"enable_cae": True}):
        credential = _credential()
        first = credential.get_token(DEFAULT, **options)
        assert credential.get_token(DEFAULT, **options).token == first.token


def a_claims_challenge_is_no_obstacle():
    claims = '{"access_token": {"nbf": {"essential": true, "value": "1"}}}'
    token = _credential().get_token(DEFAULT, claims=claims, enable_cae=True)
    assert _is_accepted(token.token) == 200


def the_newer_call_gets_a_token_too():
    token = _credential().get_token_info(DEFAULT)
    assert token.token_type == "Bearer"
    assert _is_accepted(token.token) == 200


def an_asynchronous_credential_gets_a_token():
    async def ask():
        async with _credential(AsyncCredential) as credential:
            return await credential.get_token(DEFAULT)

    assert _is_accepted(asyncio.run(ask()).token) == 200


def a_wrong_secret_is_told_in_oauths_words():
    try:
        _credential(secret="wrong").get_token(DEFAULT)
    except ClientAuthenticationError as refused:
        words = refused.message
    assert "client id or the client secret is wrong" in words


def msal_gets_a_token_and_keeps_it():
    application = _application()
    found = application.acquire_token_for_client([DEFAULT])
    assert found["token_source"] == "identity_provider", found
    assert (found["token_type"], found["expires_in"]) == ("Bearer", 3600)
    assert _is_accepted(found["access_token"]) == 200
    again = application.acquire_token_for_client([DEFAULT])
    assert again["token_source"] == "cache"
    assert again["access_token"] == found["access_token"]


def msal_keeps_a_narrowed_token_too():
    application = _application()
    for source in ("identity_provider", "cache"):
        found = application.acquire_token_for_client([f"{SERVER}/{READ}"])
        assert found["token_source"] == source
    assert _is_accepted(found["access_token"]) == 200
    assert _is_accepted(found["access_token"], "POST", {}) == 403


def msal_checks_the_issuer():
    for tenant in ("common", "common/v2.0", f"{GUID}/v2.0"):
        application = _application(oidc_authority=f"{SERVER}/{tenant}")
        found = application.acquire_token_for_client([DEFAULT])
        assert _is_accepted(found["access_token"]) == 200


def msal_hears_what_is_wrong():
    wrong = {"secret": "wrong"}, {"client_id": "nobody"}
    for options in wrong:
        application = _application(authority=f"{SERVER}/common", **options)
        found = application.acquire_token_for_client([DEFAULT])
        assert found["error"] == "invalid_client", found
        assert found["correlation_id"]
    found = _application().acquire_token_for_client([f"{SERVER}/User.Read.All"])
    assert found["error"] == "invalid_scope", found


def graphs_sdk_lists_creates_and_deletes():
    async def work():
        states = _states()
        before = await states.get()
        now = datetime.now(UTC)
        created = await states.post(
            State(
                managed_device_display_name="LAPTOP-AZURE",
                user_principal_name="ana.silva@contoso.example",
                certificate_revoke_status=Status.None_,
                certificate_issuance_date_time=now,
                certificate_expiration_date_time=now + timedelta(days=365),
                certificate_issuer_name="CN=Contoso Issuing CA 2",
                certificate_subject_name="CN=LAPTOP-AZURE",
                certificate_serial_number="5A00",
                certificate_thumbprint="9F86D081884C7D659A2FEAA0C55AD015A3BF4F1B",
                certificate_key_usages=160,
                certificate_extended_key_usages="Client Authentication",
            )
        )
        assert before.value
        await states.by_managed_all_device_certificate_state_id(created.id).delete()

    asyncio.run(work())


def _run_all():
    for name, step in list(globals().items()):
        if inspect.isfunction(step) and step.__module__ == __name__ and name[0] != "_":
            failure = ""
            try:
                step()
            except Exception:
                failure = traceback.format_exc()
            print(json.dumps([name, failure]), flush=True)


if __name__ == "__main__":
    _run_all()
