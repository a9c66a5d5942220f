"""Key usages and extended key usages, read from a number and from a text."""

import pytest

from certstates.usages import PURPOSES, read_key_usages, read_purposes

CLIENT = "1.3.6.1.5.5.7.3.2"
SERVER = "1.3.6.1.5.5.7.3.1"


@pytest.mark.parametrize(
    ("number", "dotnet", "intune"),
    [
        (0, (), ()),
        (1, ("encipher only",), ("key encipherment",)),
        (2, ("CRL signing",), ("digital signature",)),
        (3, 2, 2),
        (160, ("key encipherment", "digital signature"), None),
        (32768, ("decipher only",), None),
        (33023, 9, None),
        (256, None, None),
        (2147483647, None, None),
        (-1, None, None),
        (-2147483648, None, None),
    ],
)
def test_a_number_is_read_by_both_schemes_or_refused(number, dotnet, intune):
    for reading, names in zip(read_key_usages(number), (dotnet, intune), strict=True):
        assert bool(reading.objection) == (names is None)
        if isinstance(names, int):
            assert len(reading.names) == names
        else:
            assert reading.names == (names or ())


@pytest.mark.parametrize(
    ("number", "objection"),
    [(4 + 1, "no flag 4"), (256 + 512, "no flag 256 or 512"), (-1, "negative")],
)
def test_an_objection_says_which_flags_there_are_not(number, objection):
    assert objection in read_key_usages(number)[1].objection


@pytest.mark.parametrize(
    "text",
    [
        f"{CLIENT},{SERVER}",
        f"{CLIENT};{SERVER}",
        f"{CLIENT} {SERVER}.",
        f"{CLIENT}\r\n{SERVER}\t",
        f"Client Authentication ({CLIENT}), Server Authentication ({SERVER})",
        f"OID.{CLIENT}|oid{SERVER}|{CLIENT}",
        f'["{CLIENT}","{SERVER}"]',
    ],
)
def test_identifiers_are_found_whatever_separates_them(text):
    assert [(purpose.oid, purpose.name) for purpose in read_purposes(text)] == [
        (CLIENT, "client authentication"),
        (SERVER, "server authentication"),
    ]


def test_an_unknown_identifier_is_shown_as_such():
    [purpose] = read_purposes("1.3.6.1.4.1.99999.7")
    assert (purpose.oid, purpose.name) == ("1.3.6.1.4.1.99999.7", "")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Client Authentication",
        "10.0.0.1",
        "1.3",
        "3.1.4.1.5",
        "1.3.6.01.5",
        "1..3.6",
        "1\N{FULLWIDTH FULL STOP}3.6.1",
        "\N{ARABIC-INDIC DIGIT ONE}.3.6.1",
    ],
)
def test_what_is_no_identifier_is_not_read_as_one(text):
    assert read_purposes(text) == []


@pytest.mark.parametrize("oid", PURPOSES)
def test_each_known_identifier_is_found_in_a_text(oid):
    [purpose] = read_purposes(f"<{oid}>")
    assert purpose.name
