"""Valid OData that has no use here is refused by its name, and what only looks valid
is refused as wrong; neither is ever taken for something else."""

import pytest

from tests.make import JSON, URL, error_of, make_state

KEY_USAGES = "certificateKeyUsages"
EXPIRY = "certificateExpirationDateTime"

NOT_OFFERED = [
    ("$filter", "id eq 'a' or tags/any(t:t eq 'x')", "19: The operator any"),
    (
        "$filter",
        "@My.Tags/$count($filter=name eq 'x') gt 2",
        "1: The path @My.Tags/$count",
    ),
    (
        "$filter",
        "@My.Tags/$filter(name eq 'x')/$count gt 2",
        "1: The path @My.Tags/$filter/$count",
    ),
    ("$filter", "@My.Note/text eq 'x'", "1: The path @My.Note/text"),
    ("$filter", "$root/devices/name eq id", "1: The path $root/devices/name"),
    ("$filter", "My.Best(n=1)/name eq id", "1: The path My.Best()/name"),
    ("$filter", '[1,"a",[id]] eq null', "1: A collection"),
    ("$filter", 'null eq {"a":{"b":[1]}}', "9: A complex value"),
    ("$filter", "case(id eq 'x':1,true:-1) eq 1", "1: The function case"),
    ("$filter", "length(true:id) eq 1", "8: A condition with its value"),
    ("$filter", "id in (['a'],['b'])", "8: A collection"),
    ("$filter", f"{KEY_USAGES} eq INF", "25: The number INF"),
    ("$filter", "certificateRevokeStatus has 'none'", "25: The operator has"),
    ("$orderby", "@My.Note desc", "1: The path @My.Note"),
    ("$select", "id,device/name", "4: The path device/name"),
    ("$select", "@My.Note", "1: The path @My.Note"),
    ("$select", "microsoft.graph.*", "1: The path microsoft.graph.*"),
    ("$select", "id,tags($filter=x eq ')';$top=2)", "4: An option of tags"),
]


@pytest.mark.parametrize(("option", "value", "words"), NOT_OFFERED)
def test_it_is_named_with_its_place(reader, option, value, words):
    response = reader.get(URL, {option: value})
    error = error_of(response, 501, "NotImplemented")
    assert error["message"] == f"{option}, character {words} is not implemented."
    assert error["target"] == option


@pytest.mark.parametrize("name", ["$id", "id", "$index", "$compute", "$apply"])
def test_an_option_is_refused_whatever_its_value(reader, name):
    error = error_of(reader.get(URL, {name: "x"}), 501, "NotImplemented")
    assert error["target"] == name


@pytest.mark.parametrize("name", ["ids", "uid", "session-id"])
def test_a_short_name_does_not_make_others_look_wrong(reader, name):
    assert reader.get(URL, {name: "x"}).status_code == 200


@pytest.mark.parametrize(
    ("expression", "kind"),
    [
        (f"{KEY_USAGES} eq 'NaN'", "Edm.Int32"),
        (f"{KEY_USAGES} eq 'Infinity'", "Edm.Int32"),
        (f"{KEY_USAGES} in ('1','sNaN')", "Edm.Int32"),
        (f"{KEY_USAGES} eq '1_0'", "Edm.Int32"),
        (f"{KEY_USAGES} eq ' 1'", "Edm.Int32"),
        (f"{KEY_USAGES} eq 1e9999999999999999999", "Edm.Int32"),
        (f"date({EXPIRY}) eq '20270105'", "Edm.Date"),
        (f"date({EXPIRY}) eq '2027-W01-2'", "Edm.Date"),
        (f"time({EXPIRY}) eq '10'", "Edm.TimeOfDay"),
        (f"time({EXPIRY}) eq '10:00+02:00'", "Edm.TimeOfDay"),
    ],
)
def test_what_python_would_read_as_a_value_is_not_one(reader, expression, kind):
    make_state(certificate_key_usages=1)
    error = error_of(reader.get(URL, {"$filter": expression}), 400, "BadRequest")
    assert f"is not an {kind}" in error["message"]


def test_an_array_may_hold_what_a_list_may(reader):
    make_state(id="a", certificate_key_usages=-1)
    make_state(id="b", certificate_key_usages=2)
    found = reader.get(URL, {"$filter": f"{KEY_USAGES} in [-1,3 sub 2,null]"})
    assert [item["id"] for item in found.json()["value"]] == ["a"]


@pytest.mark.parametrize("header", ["Isolation", "OData-Isolation"])
def test_a_snapshot_is_refused_with_412(operator, header):
    headers = {header: "snapshot"}
    answer = operator.get(URL, headers=headers)
    assert header in error_of(answer, 412, "PreconditionFailed")["message"]
    item = {"id": "1", "method": "GET", "url": URL, "headers": headers}
    batch = operator.post("/beta/$batch", {"requests": [item]}, content_type=JSON)
    assert batch.json()["responses"][0]["status"] == 412
