// What microsoft-graph-client must find; test_sdk_javascript.py feeds this to Node.
//
// Each method of `steps` is one step, with records of its own. One line of JSON for
// each says its name and its failure.

import assert from "node:assert/strict";
import {
  BatchRequestContent,
  BatchResponseContent,
  Client,
  GraphError,
  PageIterator,
} from "@microsoft/microsoft-graph-client";

const server = process.env.CERTSTATES_URL;
const states = "/deviceManagement/deviceConfigurationsAllManagedDeviceCertificateStates";

const clientWith = (authProvider) =>
  Client.init({
    baseUrl: server,
    defaultVersion: "beta",
    customHosts: new Set(["localhost", "127.0.0.1"]),
    authProvider,
  });
const graph = clientWith((done) => done(null, process.env.CERTSTATES_TOKEN));
const record = (id) => graph.api(`${states}/${encodeURIComponent(id)}`);

const wholeObject = (overrides) => ({
  "@odata.type": "#microsoft.graph.managedAllDeviceCertificateState",
  managedDeviceDisplayName: "LAPTOP-NODE",
  userPrincipalName: "ana.silva@contoso.example",
  certificateRevokeStatus: "pending",
  certificateRevokeStatusLastChangeDateTime: "2026-11-20T00:00:00Z",
  certificateIssuanceDateTime: "2026-11-23T09:00:00Z",
  certificateExpirationDateTime: "2027-11-23T09:00:00.25Z",
  certificateIssuerName: "CN=Contoso Issuing CA 2, O=Contoso, C=PT",
  certificateSubjectName: "CN=LAPTOP-NODE, O=Größe 🔑",
  certificateSerialNumber: null,
  certificateThumbprint: "9F86D081884C7D659A2FEAA0C55AD015A3BF4F1B",
  certificateKeyUsages: 160,
  certificateExtendedKeyUsages: null,
  ...overrides,
});

/** Leave out what OData says about a record: its address, type and version. */
const propertiesOf = (record) =>
  Object.fromEntries(Object.entries(record).filter(([name]) => !name.startsWith("@")));

/** Expect the SDK's own error, and return the `error` that the server sent. */
const refused = async (status, code, request) => {
  const refusal = await request.then(
    () => assert.fail("nothing was refused"),
    (error) => error,
  );
  assert(refusal instanceof GraphError, refusal);
  assert.equal(refusal.statusCode, status);
  assert.equal(refusal.code, code);
  assert(refusal.message && refusal.requestId);
  assert(!Number.isNaN(refusal.date.valueOf()));
  return JSON.parse(refusal.body);
};

const iterate = async (first) => {
  const seen = [];
  await new PageIterator(graph, first, ({ id }) => seen.push(id) > 0).iterate();
  return seen;
};

const steps = {
  async a_whole_object_is_created_and_read_back() {
    const sent = wholeObject();
    const created = await graph.api(states).post(sent);
    assert(created.id && created["@odata.context"].startsWith(`${server}/beta/$metadata#`));
    const read = await record(created.id).get();
    assert.equal(read["@odata.type"], sent["@odata.type"]);
    assert.deepEqual(propertiesOf(read), { id: created.id, ...propertiesOf(sent) });
  },

  async dates_are_taken_as_javascript_writes_them() {
    const moment = new Date(Date.UTC(2030, 5, 1, 12, 30, 59, 120));
    const body = wholeObject({ certificateExpirationDateTime: moment });
    const created = await graph.api(states).post(body);
    assert.deepEqual(new Date(created.certificateExpirationDateTime), moment);
  },

  async a_fetched_object_is_changed_and_sent_back_whole() {
    const created = await graph.api(states).post(wholeObject());
    const fetched = await record(created.id).get();
    const changed = await record(created.id).update({
      ...fetched,
      managedDeviceDisplayName: "LAPTOP-RENAMED",
      "@odata.etag": 'W/"0"',
    });
    assert.deepEqual(propertiesOf(changed), {
      ...propertiesOf(fetched),
      managedDeviceDisplayName: "LAPTOP-RENAMED",
    });
  },

  async the_page_iterator_walks_all_pages() {
    const everything = await graph.api(states).get();
    assert.equal(everything["@odata.nextLink"], undefined);
    const ids = everything.value.map(({ id }) => id);
    for (const top of [1, 7, ids.length]) {
      const first = await graph.api(states).top(top).get();
      assert.equal(first.value.length, top);
      assert.deepEqual(await iterate(first), ids);
    }
  },

  async an_explicit_id_is_kept_and_found_again() {
    for (const id of ["node-1", "50% off + \"more\" & 'less'?", "Größe #1"]) {
      await record(id).delete().catch(() => undefined);
      await graph.api(states).post(wholeObject({ id }));
      assert.equal((await record(id).get()).id, id);
      await refused(409, "Conflict", graph.api(states).post(wholeObject({ id })));
    }
  },

  async a_deleted_record_is_gone() {
    const { id } = await graph.api(states).post(wholeObject());
    await record(id).delete();
    await refused(404, "ResourceNotFound", record(id).get());
    await refused(404, "ResourceNotFound", record(id).delete());
    await refused(404, "ResourceNotFound", record(id).patch({ certificateKeyUsages: 1 }));
  },

  async an_unknown_property_is_refused_by_name() {
    const request = graph.api(states).post(wholeObject({ colour: "green" }));
    const { details } = await refused(400, "ModelValidationFailure", request);
    assert.deepEqual(
      details.map(({ code, target }) => [code, target]),
      [["UnknownProperty", "colour"]],
    );
  },

  async put_is_refused() {
    const { id } = await graph.api(states).post(wholeObject());
    await refused(405, "MethodNotAllowed", record(id).put(wholeObject()));
  },

  async a_client_with_a_wrong_token_is_refused() {
    const stranger = clientWith((done) => done(null, "wrong"));
    await refused(401, "InvalidAuthenticationToken", stranger.api(states).get());
  },

  async a_list_is_filtered_sorted_counted_and_cut() {
    const mark = `NODE's 50% & + ${Date.now()}`;
    for (const n of [1, 3, 2]) {
      const managedDeviceDisplayName = `${mark} #${n}`;
      await graph.api(states).post(wholeObject({ managedDeviceDisplayName }));
    }
    const ofMark = `startsWith(managedDeviceDisplayName,'${mark.replace("'", "''")}')`;
    const first = await graph
      .api(states)
      .filter(encodeURIComponent(`${ofMark} and certificateRevokeStatus eq 'pending'`))
      .orderby("managedDeviceDisplayName desc")
      .select("id", "managedDeviceDisplayName")
      .count(true)
      .top(1)
      .get();
    assert.equal(first["@odata.count"], 3);
    assert.deepEqual(Object.keys(propertiesOf(first.value[0])).sort(), [
      "id",
      "managedDeviceDisplayName",
    ]);
    const seen = [];
    const see = (state) => seen.push(state.managedDeviceDisplayName) > 0;
    await new PageIterator(graph, first, see).iterate();
    assert.deepEqual(seen, [3, 2, 1].map((n) => `${mark} #${n}`));

    const count = await graph
      .api(`${states}/$count`)
      .query({ $filter: encodeURIComponent(ofMark) })
      .get();
    assert.equal(Number(count), 3);
  },

  async a_wrong_filter_is_refused() {
    const request = graph.api(states).filter("colour eq 'green'").get();
    await refused(400, "BadRequest", request);
  },

  async a_batch_is_answered_item_by_item() {
    const { id } = await graph.api(states).post(wholeObject());
    const url = `${server}/beta${states}`;
    const headers = { "Content-Type": "application/json" };
    const body = JSON.stringify({ certificateRevokeStatus: "revoked" });
    const change = new Request(`${url}/${id}`, { method: "PATCH", headers, body });
    const content = await new BatchRequestContent([
      { id: "change", request: change },
      { id: "read", request: new Request(`${url}/${id}`), dependsOn: ["change"] },
      { id: "missing", request: new Request(`${url}/missing`), dependsOn: ["read"] },
    ]).getContent();
    const answer = new BatchResponseContent(await graph.api("/$batch").post(content));
    assert.equal(answer.getResponseById("change").status, 200);
    const read = await answer.getResponseById("read").json();
    assert.equal(read.certificateRevokeStatus, "revoked");
    const missing = answer.getResponseById("missing");
    assert.equal(missing.status, 404);
    assert.equal((await missing.json()).error.code, "ResourceNotFound");
  },

  async a_delta_tells_what_changed() {
    const round = async (link) => {
      const changes = [];
      const first = await graph.api(link).get();
      const pages = new PageIterator(graph, first, (change) => changes.push(change) > 0);
      await pages.iterate();
      return [changes, pages.getDeltaLink() ?? first["@odata.deltaLink"]];
    };
    const [everything, link] = await round(`${states}/delta?$top=30`);
    assert(everything.length > 30);
    const { id } = await graph.api(states).post(wholeObject());
    const [created, next] = await round(link);
    assert.deepEqual(created.map((change) => change.id), [id]);
    await record(id).delete();
    const [[removed]] = await round(next);
    assert.deepEqual([removed.id, removed["@removed"]], [id, { reason: "deleted" }]);
  },

  async a_path_that_graph_has_and_this_server_has_not_is_refused() {
    await refused(400, "BadRequest", graph.api("/users").get());
  },
};

for (const [name, step] of Object.entries(steps)) {
  const failure = await step().then(() => "", (error) => error.stack);
  console.log(JSON.stringify([name, failure]));
}
