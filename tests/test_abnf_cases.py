"""What the OData ABNF takes is read or refused by name; what it refuses is refused.

The test cases of OASIS are not part of this project. Where they lie on the machine,
``ODATA_ABNF_TESTCASES=/path/odata-abnf-testcases.json pytest tests/test_abnf_cases.py``
sorts all of them; cases of this project's own stand for each sort in any run.
"""

import os
import re
from collections import Counter
from dataclasses import dataclass

import pytest
from django.conf import settings

from tests.abnf import (
    LENIENT,
    NOT_OFFERED,
    OWN,
    PASSED_OVER,
    READ,
    READERS,
    REFUSED,
    Case,
    ending_of,
    load,
)

DOCUMENT = settings.BASE_DIR / "docs/odata.md"


@dataclass(frozen=True)
class Reason:
    """Why cases do not end as the ABNF has it.

    ``pattern`` is looked for in the rule, the text and the words of the refusal.
    """

    ending: str
    pattern: str
    sentence: str
    example: Case

    def explains(self, case, ending, words):
        whole = f"{case.rule}: {case.text} -> {words}"
        return ending == self.ending and re.search(self.pattern, whole) is not None


REASONS = [
    Reason(
        NOT_OFFERED,
        r"The path ",
        "There are no annotations of records, and nothing else to refer to.",
        Case("filter", "$filter=@Core.Label eq 'North'"),
    ),
    Reason(
        NOT_OFFERED,
        r"The operator (any|all) ",
        "There is no collection to look into.",
        Case("filter", "$filter=usages/any(u:u eq 'Email')"),
    ),
    Reason(
        NOT_OFFERED,
        r"The operator has ",
        "The revocation status is no set of flags.",
        Case("boolCommonExpr", "status has My.Flags'hot,cold'"),
    ),
    Reason(
        NOT_OFFERED,
        r"A (collection|complex value|parameter alias as a list) ",
        "No property holds more than a single primitive value.",
        Case("commonExpr", """{"site":"North","floors":[1,2]} eq [3]"""),
    ),
    Reason(
        NOT_OFFERED,
        r"The (function|named parameter) ",
        "A function of OData without a use here, or one of somebody else's model.",
        Case("filter", "$filter=matchesPattern(name,'^LAP')"),
    ),
    Reason(
        NOT_OFFERED,
        r"The literal (binary|geo)",
        "No property holds bytes or places.",
        Case("geographyPoint", "geography'SRID=4326;Point(7.5 47.5)'"),
    ),
    Reason(
        NOT_OFFERED,
        r"An option of ",
        "Nothing that can be selected has parts of its own.",
        Case("select", "$select=usages($top=3;$filter=contains(name,'(ok)'))"),
    ),
    Reason(
        NOT_OFFERED,
        r"\$(compute|id|index|schemaversion) is not implemented here",
        "The option is refused whatever its value.",
        Case("systemQueryOption", "$schemaversion=3"),
    ),
    Reason(
        NOT_OFFERED,
        r"solation is not implemented",
        "A service that keeps no snapshot for its clients has to say so (412).",
        Case("header", "Isolation: snapshot"),
    ),
    Reason(
        OWN,
        r"has no navigation property",
        "The entity has no relation, so that whatever is expanded does not exist.",
        Case("expand", "$expand=device($select=name)"),
    ),
    Reason(
        OWN,
        r"is not used",
        "An alias that no expression names is most likely misspelled.",
        Case("odataRelativeUri", "Devices?$filter=id eq @a&@b='1'"),
    ),
    Reason(
        OWN,
        r"is given more than once",
        "Only one of them could be followed.",
        Case("queryOptions", "$format=json&$format=application/json"),
    ),
    Reason(
        OWN,
        r"is not offered; json is",
        "Answers are JSON (406).",
        Case("queryOptions", "$format=atom"),
    ),
    Reason(
        OWN,
        r"deltatoken is not a query option. Did you mean",
        "A custom option that looks like one of OData's is most likely misspelled.",
        Case("customQueryOption", "!deltatoken=7"),
    ),
    Reason(
        OWN,
        r"search.*(too early;|'(AND|OR|NOT)';) expected a word or a phrase",
        "AND, OR and NOT are operators wherever one can stand; quoted, they are words.",
        Case("queryOptions", "$search=fire AND NOT"),
    ),
    Reason(
        OWN,
        r"search='.*-> .*(quotation mark is not closed|a closing parenthesis)",
        "An apostrophe is part of a word; it does not quote.",
        Case("queryOptions", """$search='"open'"""),
    ),
    Reason(
        OWN,
        r"year 0 is out of range|second must be in|-10000-",
        "PostgreSQL and Python count the years 1 to 9999, without leap seconds.",
        Case("dateTimeOffsetValue", "0000-12-24T18:00Z"),
    ),
    Reason(
        OWN,
        r"'(-?INF|NaN)' is not an Edm.Decimal",
        "The entity's only number is a whole one.",
        Case("doubleValue", "NaN"),
    ),
    Reason(
        OWN,
        r"an id is a text",
        "The key is an Edm.String.",
        Case("guid", "0f8fad5b-d9cb-469f-a165-70867728950e"),
    ),
    Reason(
        OWN,
        r"OData-MaxVersion '0.*': 4.0 and 4.01 are served",
        "A version has at most four digits on each side, and no zero in front.",
        Case("header", "odata-maxversion: 04.00000"),
    ),
    Reason(
        PASSED_OVER,
        r"^(prefer|preference|includeAnnotationsPreference): ",
        "A preference may be passed over (RFC 7240), and the answer says what was not.",
        Case("preference", "respond-async"),
    ),
    Reason(
        PASSED_OVER,
        r"^header: (?i:AsyncResult|content-id|odata-entityid|odata-error)",
        "A header of answers or of multipart batches, without meaning in a request.",
        Case("header", "content-id: 7"),
    ),
    Reason(
        LENIENT,
        r"^filter: \$filter= ",
        "White space may stand between any two tokens, and around all of them.",
        Case("filter", "$filter= false", valid=False),
    ),
    Reason(
        LENIENT,
        r" in \(",
        "A list in parentheses may hold any expressions.",
        Case("commonExpr", "name in (subject,'x')", valid=False),
    ),
    Reason(
        LENIENT,
        r"^(binaryLiteral: X'|\w+: (any\(\)|\w+\.\w+) ->)",
        "It has the form of a name, which is then not found (400).",
        Case("commonExpr", "My.Function", valid=False),
    ),
    Reason(
        LENIENT,
        r"^booleanValue: (?i:true|false) ",
        "In quotation marks, true and false are read in any case as they are bare.",
        Case("booleanValue", "FALSE", valid=False),
    ),
    Reason(
        LENIENT,
        r"^durationValue: \+",
        "A plus in front of a duration changes nothing.",
        Case("durationValue", "+P1D", valid=False),
    ),
    Reason(
        LENIENT,
        r"&\w+ ->",
        "What follows the & is an option of the client's own, which may be empty.",
        Case("skiptoken", "$skiptoken=one&two", valid=False),
    ),
    Reason(
        LENIENT,
        r'search=(#|\w+;)|searchExpr: "\w+%22\w',
        "A word is all that holds no white space, quotation mark or parenthesis.",
        Case("queryOptions", "$search=a;b", valid=False),
    ),
]

# Plain cases, for each reader at least one of either kind.
PLAIN = [
    Case("queryOptions", "$top=3&orderby=name desc&$count=true"),
    Case("queryOptions", "$count=perhaps", valid=False),
    Case("filter", "$filter=issuer eq @i&@i='CN=A, B'"),
    Case("filter", "$filter=name eq", valid=False),
    Case("select", "$select=name,*"),
    Case("select", "$select=name,,issuer", valid=False),
    Case("select", "$select=usages(name", valid=False),
    Case("orderby", "$orderby=length(name) desc,expiry"),
    Case("orderby", "$orderby=name upwards", valid=False),
    Case("search", '$search=(red OR "dark green") AND NOT blue'),
    Case("search", '$search="red', valid=False),
    Case("commonExpr", "-(age add 2) mul 3.5e2"),
    Case("commonExpr", "age add", valid=False),
    Case("commonExpr", "'it''s' in ['a',\"b\"]"),
    Case("commonExpr", "x/any(", valid=False),
    Case("anyExpr", "all()", valid=False),
    Case("commonExpr", "{1:2}", valid=False),
    Case("dateTimeOffsetValue", "2027-01-05T10:00:00.123456789-05:00"),
    Case("dateTimeOffsetValue", "2027-01-05T10:00:00", valid=False),
    Case("date", "2028-02-29"),
    Case("date", "20280229", valid=False),
    Case("timeOfDayValue", "23:59:59.999999999"),
    Case("timeOfDayValue", "11:22+02:00", valid=False),
    Case("durationValue", "-P1DT2H3M4.5S"),
    Case("durationValue", "P1Y", valid=False),
    Case("decimalValue", "-1.5e3"),
    Case("decimalValue", "1_000", valid=False),
    Case("decimalValue", "1.", valid=False),
    Case("boolean", "true"),
    Case("boolean", "1", valid=False),
    Case("preference", "maxpagesize=5"),
    Case("maxpagesizePreference", "maxpagesize=0", valid=False),
    Case("header", "OData-MaxVersion: 4.01"),
    Case("header", "OData-Version: 3.0", valid=False),
    Case("request-id", "a.1~b"),
]


def reasons_for(case):
    ending, words = ending_of(case)
    return [reason for reason in REASONS if reason.explains(case, ending, words)]


@pytest.mark.parametrize("case", PLAIN, ids=lambda c: f"{c.rule}: {c.text}")
def test_what_is_valid_is_read_and_what_is_not_is_refused(case):
    ending, words = ending_of(case)
    assert ending == (READ if case.valid else REFUSED), words


@pytest.mark.parametrize("reason", REASONS, ids=lambda r: r.sentence)
def test_each_reason_has_an_example(reason):
    assert reason in reasons_for(reason.example), ending_of(reason.example)


@pytest.fixture(scope="module")
def corpus():
    cases, total = load(os.environ["ODATA_ABNF_TESTCASES"])
    assert {case.rule for case in cases} <= {*READERS}
    return cases, total


@pytest.mark.corpus
def test_every_case_of_oasis_ends_as_it_says_or_for_a_reason(corpus):
    cases, _ = corpus
    unexplained = [
        (case, *ending_of(case))
        for case in cases
        if ending_of(case)[0] not in (READ, REFUSED) and not reasons_for(case)
    ]
    assert unexplained == []


@pytest.mark.corpus
def test_every_reason_is_needed(corpus):
    cases, _ = corpus
    needed = {reason.sentence for case in cases for reason in reasons_for(case)}
    assert needed == {reason.sentence for reason in REASONS}


@pytest.mark.corpus
def test_the_document_counts_them(corpus):
    cases, total = corpus
    counts = Counter(ending_of(case)[0] for case in cases)
    counts["about something that this server does not read"] = total - len(cases)
    text = DOCUMENT.read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+) \| ([^|]+?) \|", text, re.MULTILINE)
    assert {words: int(count) for count, words in rows} == counts
