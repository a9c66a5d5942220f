"""What msgraph-beta-sdk must find; test_sdk_python.py runs this in the SDK's Python.

Each public coroutine is one step, with records of its own. One line of JSON for each
says its name and its failure.
"""

import asyncio
import contextlib
import inspect
import json
import os
import traceback
from datetime import UTC, datetime, timedelta, timezone

import httpx
from azure.core.credentials import AccessToken
from kiota_abstractions.authentication import (
    AnonymousAuthenticationProvider,
    ApiKeyAuthenticationProvider,
    KeyLocation,
)
from kiota_abstractions.base_request_configuration import RequestConfiguration
from kiota_abstractions.method import Method
from kiota_abstractions.request_information import RequestInformation
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
from msgraph_beta.generated.models.managed_all_device_certificate_state_collection_response import (  # noqa: E501 -- Graph's own name
    ManagedAllDeviceCertificateStateCollectionResponse as Page,
)
from msgraph_beta.generated.models.o_data_errors.o_data_error import ODataError
from msgraph_core.requests.batch_request_builder import BatchRequestBuilder
from msgraph_core.requests.batch_request_content import BatchRequestContent
from msgraph_core.requests.batch_request_item import BatchRequestItem
from msgraph_core.tasks.page_iterator import PageIterator

HOSTS = ["localhost", "127.0.0.1"]
SERVER = os.environ["CERTSTATES_URL"]
TOKEN = os.environ["CERTSTATES_TOKEN"]


def client_with(authentication, server=SERVER):
    adapter = GraphRequestAdapter(authentication)
    adapter.base_url = f"{server}/beta"
    return GraphServiceClient(request_adapter=adapter)


def states_of(client):
    return client.device_management.device_configurations_all_managed_device_certificate_states  # noqa: E501 -- Graph's own name


bearer = ApiKeyAuthenticationProvider(
    KeyLocation.Header, f"Bearer {TOKEN}", "Authorization", HOSTS
)
graph = client_with(bearer)
states = states_of(graph)


def record(id):
    return states.by_managed_all_device_certificate_state_id(id)


def asking(**options):
    Query = states.DeviceConfigurationsAllManagedDeviceCertificateStatesRequestBuilderGetQueryParameters  # noqa: E501, N806 -- Graph's own name
    return RequestConfiguration(query_parameters=Query(**options))


def whole_object(**overrides):
    values = {
        "managed_device_display_name": "LAPTOP-SDK",
        "user_principal_name": "ana.silva@contoso.example",
        "certificate_revoke_status": Status.Pending,
        "certificate_revoke_status_last_change_date_time": datetime(
            2026, 11, 20, tzinfo=UTC
        ),
        "certificate_issuance_date_time": datetime(2026, 11, 23, 9, tzinfo=UTC),
        "certificate_expiration_date_time": datetime(2027, 11, 23, 9, tzinfo=UTC),
        "certificate_issuer_name": "CN=Contoso Issuing CA 2, O=Contoso, C=PT",
        "certificate_subject_name": "CN=LAPTOP-SDK, O=Größe \U0001f511",
        "certificate_serial_number": "5A0000004D2C1B7E9F3A6D8E20000100000A4D",
        "certificate_thumbprint": "9F86D081884C7D659A2FEAA0C55AD015A3BF4F1B",
        "certificate_key_usages": 160,
        "certificate_extended_key_usages": "Client Authentication",
    }
    return State(**{**values, **overrides})


PROPERTIES = [name for name in vars(whole_object()) if name.startswith("certificate")]
PROPERTIES += ["managed_device_display_name", "user_principal_name"]


def values_of(state):
    return {name: getattr(state, name) for name in PROPERTIES}


async def _refused(status, code, request):
    """Expect the SDK's own typed error, and return its ``error``."""
    try:
        await request
    except ODataError as raised:
        refusal = raised
    else:
        raise AssertionError("nothing was refused")
    assert refusal.response_status_code == status, refusal
    assert refusal.error.code == code, refusal
    assert refusal.error.message
    inner = refusal.error.inner_error
    assert inner.request_id
    assert inner.client_request_id
    assert isinstance(inner.date, datetime)
    return refusal.error


async def a_whole_object_is_created_and_read_back():
    sent = whole_object()
    created = await states.post(sent)
    assert created.id
    assert created.odata_type == "#microsoft.graph.managedAllDeviceCertificateState"
    assert values_of(created) == values_of(sent)
    assert values_of(await record(created.id).get()) == values_of(sent)


MOMENT = datetime(2026, 11, 23, tzinfo=UTC)
PARTIAL = State(
    certificate_revoke_status=Status.None_,
    certificate_issuance_date_time=MOMENT,
    certificate_expiration_date_time=MOMENT,
)


async def a_partial_object_is_refused_as_graphs_create_page_has_it():
    error = await _refused(400, "ModelValidationFailure", states.post(PARTIAL))
    details = {detail.target: detail.code for detail in error.details}
    assert details["certificateThumbprint"] == "MissingProperty"
    assert len(details) == 8


async def a_partial_object_is_created_where_the_metadata_decide():
    lenient = states_of(client_with(bearer, os.environ["LENIENT_URL"]))
    created = await lenient.post(PARTIAL)
    assert created.certificate_thumbprint is None
    assert created.certificate_revoke_status == Status.None_


async def dates_travel_unharmed():
    india = timezone(timedelta(hours=5, minutes=30))
    for moment in (
        datetime(2030, 1, 1, tzinfo=UTC),
        datetime(2030, 6, 1, 12, 30, 59, 123456, tzinfo=UTC),
        datetime(2030, 6, 1, 0, 0, 0, 100, tzinfo=india),
        datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
        datetime(1, 1, 1, tzinfo=UTC),
    ):
        sent = whole_object(certificate_expiration_date_time=moment)
        created = await states.post(sent)
        assert created.certificate_expiration_date_time == moment
        read = await record(created.id).get()
        assert read.certificate_expiration_date_time == moment


async def a_date_without_an_offset_is_refused_by_name():
    naive = datetime(2030, 1, 1)  # noqa: DTZ001 -- on purpose
    error = await _refused(
        400,
        "ModelValidationFailure",
        states.post(whole_object(certificate_expiration_date_time=naive)),
    )
    [detail] = error.details
    assert detail.target == "certificateExpirationDateTime"


async def a_fetched_object_is_changed_and_sent_back_whole():
    created = await states.post(whole_object())
    fetched = await record(created.id).get()
    fetched.managed_device_display_name = "LAPTOP-RENAMED"
    changed = await record(created.id).patch(fetched)
    assert changed.id == created.id
    assert changed.managed_device_display_name == "LAPTOP-RENAMED"
    assert {**values_of(changed), "managed_device_display_name": ""} == {
        **values_of(created),
        "managed_device_display_name": "",
    }


async def a_change_names_one_property_and_keeps_the_others():
    created = await states.post(whole_object())
    change = State(certificate_revoke_status=Status.Revoked)
    changed = await record(created.id).patch(change)
    assert changed.certificate_revoke_status == Status.Revoked
    assert changed.certificate_thumbprint == created.certificate_thumbprint
    stamp = changed.certificate_revoke_status_last_change_date_time
    assert datetime.now(UTC) - stamp < timedelta(minutes=1)


async def an_explicit_id_is_kept_and_found_again():
    for id in ("sdk-1", "50% off + \"more\" & 'less'?", "Größe #1", "a:b;c,d=e~f"):
        with contextlib.suppress(ODataError):
            await record(id).delete()
        created = await states.post(whole_object(id=id))
        assert created.id == id
        assert (await record(id).get()).id == id
        await _refused(409, "Conflict", states.post(whole_object(id=id)))


async def the_page_iterator_walks_all_pages():
    # Not by the SDK, which takes 30 milliseconds to read an object.
    url = states.to_get_request_information().url
    everything = httpx.get(url, headers={"Authorization": f"Bearer {TOKEN}"}).json()
    first = await states.get(asking(top=9))
    seen = []

    def see(state):
        seen.append(state.id)
        return True  # go on

    await PageIterator(first, graph.request_adapter).iterate(see)
    assert len(seen) > 42
    assert seen == [state["id"] for state in everything["value"]]


async def a_next_link_is_followed_by_hand():
    page = await states.get(asking(top=2))
    assert page.odata_next_link.startswith(f"{SERVER}/beta/")
    following = await states.with_url(page.odata_next_link).get()
    assert {s.id for s in following.value}.isdisjoint(s.id for s in page.value)


async def a_deleted_record_is_gone():
    created = await states.post(whole_object())
    assert await record(created.id).delete() is None
    await _refused(404, "ResourceNotFound", record(created.id).get())
    await _refused(404, "ResourceNotFound", record(created.id).delete())
    await _refused(
        404,
        "ResourceNotFound",
        record(created.id).patch(State(managed_device_display_name="x")),
    )


async def an_unknown_property_is_refused_by_name():
    error = await _refused(
        400,
        "ModelValidationFailure",
        states.post(whole_object(additional_data={"colour": "green"})),
    )
    [detail] = error.details
    assert (detail.code, detail.target) == ("UnknownProperty", "colour")


async def a_list_is_filtered_sorted_counted_and_cut():
    mark = f"SDK's 50% & + {datetime.now(UTC).timestamp()}"
    india = timezone(timedelta(hours=5, minutes=30))
    for n in (1, 3, 2):
        await states.post(
            whole_object(
                managed_device_display_name=f"{mark} #{n}",
                certificate_expiration_date_time=datetime(2030, n, 1, tzinfo=india),
            )
        )
    quoted = mark.replace("'", "''")
    of_mark = f"startswith(managedDeviceDisplayName, '{quoted}')"
    query = asking(
        filter=f"{of_mark} and certificateRevokeStatus eq 'pending' and "
        "certificateExpirationDateTime ge 2030-02-01T00:00:00+05:30",
        orderby=["managedDeviceDisplayName desc"],
        select=["id", "managedDeviceDisplayName"],
        count=True,
        top=1,
    )
    first = await states.get(query)
    assert first.odata_count == 2
    assert first.value[0].certificate_thumbprint is None
    seen = []

    def see(state):
        seen.append(state.managed_device_display_name)
        return True

    await PageIterator(first, graph.request_adapter).iterate(see)
    assert seen == [f"{mark} #3", f"{mark} #2"]

    Query = states.count.CountRequestBuilderGetQueryParameters  # noqa: N806
    counting = RequestConfiguration(query_parameters=Query(filter=of_mark))
    assert await states.count.get(counting) == 3

    found = await states.get(asking(search=f'"{mark} #2"'))
    assert [state.managed_device_display_name for state in found.value] == [
        f"{mark} #2"
    ]


async def a_wrong_filter_is_refused():
    request = states.get(asking(filter="colour eq 'green'"))
    await _refused(400, "BadRequest", request)


async def a_batch_is_answered_item_by_item():
    created = await states.post(whole_object())
    one = record(created.id)
    revoked = State(certificate_revoke_status=Status.Revoked)
    content = BatchRequestContent()
    for id, request in (
        ("change", one.to_patch_request_information(revoked)),
        ("read", one.to_get_request_information()),
        ("missing", record("missing").to_get_request_information()),
    ):
        content.add_request(id, BatchRequestItem(request, id))
    batch = BatchRequestBuilder(graph.request_adapter)
    answer = await batch.post(content, {"XXX": ODataError})
    # Only these: an object as a body, as Graph sends it, msgraph-core cannot read yet.
    statuses = answer.get_response_status_codes()
    assert statuses == {"change": 200, "read": 200, "missing": 404}, statuses
    assert (await one.get()).certificate_revoke_status == Status.Revoked


async def a_delta_tells_what_changed():
    async def read(link):
        request = RequestInformation(Method.GET)
        request.url = link
        return await graph.request_adapter.send_async(
            request, Page, {"XXX": ODataError}
        )

    url = states.to_get_request_information().url
    page = await read(f"{url}/delta?$deltatoken=latest")
    created = await states.post(whole_object())
    page = await read(page.additional_data["@odata.deltaLink"])
    assert [state.id for state in page.value] == [created.id]
    await record(created.id).delete()
    page = await read(page.additional_data["@odata.deltaLink"])
    [removed] = page.value
    assert removed.id == created.id
    assert "@removed" in removed.additional_data


async def a_client_without_a_token_is_refused():
    stranger = states_of(client_with(AnonymousAuthenticationProvider()))
    await _refused(401, "InvalidAuthenticationToken", stranger.get())


async def a_path_that_graph_has_and_this_server_has_not_is_refused():
    await _refused(400, "BadRequest", graph.users.get())


async def an_azure_credential_is_taken():
    class Credential:
        def get_token(self, *scopes, **options):
            return AccessToken(TOKEN, 2_000_000_000)

    provider = AzureIdentityAuthenticationProvider(Credential(), allowed_hosts=HOSTS)
    page = await states_of(client_with(provider)).get(asking(top=1))
    assert len(page.value) == 1


async def _run_all():
    for name, step in list(globals().items()):
        if inspect.iscoroutinefunction(step) and not name.startswith("_"):
            failure = ""
            try:
                await step()
            except Exception:
                failure = traceback.format_exc()
            print(json.dumps([name, failure]), flush=True)


if __name__ == "__main__":
    asyncio.run(_run_all())
