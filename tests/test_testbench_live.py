"""``up --testbench``, with what only a real server can show."""

import copy
import http.client
import json
import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from certstates.addresses import COLLECTION
from certstates.testbench.server import TestBench
from tests.desk import desk_of_ones_own, free_port

if os.environ.get("DATABASE_URL"):
    pytest.skip("tests the embedded database", allow_module_level=True)

RECORDS = f"/beta/{COLLECTION}"
FAULT = "X-Certstates-Fault"


@pytest.fixture(scope="module")
def desk():
    with desk_of_ones_own() as desk:
        yield desk


@pytest.fixture(scope="module")
def running(desk):
    with desk.up("--testbench") as serving:
        assert "Test bench:" in serving.words
        assert "WARNING" not in serving.words
        yield TestBench(base_url=serving.url, token=serving.token)


@pytest.fixture
def bench(running):
    running.clear_faults()
    running.reset()
    return running


def get(bench, fault=None, path=RECORDS):
    headers = bench.headers | ({FAULT: fault} if fault else {})
    return requests.get(bench.base_url + path, headers=headers, timeout=60)


def connected(bench):
    return http.client.HTTPConnection(bench.base_url.partition("//")[2], timeout=60)


@pytest.mark.parametrize(
    ("fault", "most"), [("truncate", None), ("truncate; bytes=0", 0)]
)
def test_a_truncated_body_really_ends_early(bench, fault, most):
    whole = len(get(bench).content)
    connection = connected(bench)
    connection.request("GET", RECORDS, headers=bench.headers | {FAULT: fault})
    response = connection.getresponse()
    assert int(response.headers["Content-Length"]) == whole
    with pytest.raises(http.client.IncompleteRead) as cut:
        response.read()
    assert len(cut.value.partial) == (whole // 2 if most is None else most)
    connection.close()
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        get(bench, fault)
    assert get(bench).status_code == 200


def test_a_large_body_is_truncated_too(bench):
    bench.reset("unicode")
    whole = get(bench).content
    assert len(whole) > 50_000
    connection = connected(bench)
    fault = {FAULT: f"truncate; bytes={len(whole) - 1}"}
    connection.request("GET", RECORDS, headers=bench.headers | fault)
    with pytest.raises(http.client.IncompleteRead) as cut:
        connection.getresponse().read()
    assert cut.value.partial == whole[:-1]
    connection.close()


def test_the_next_few_are_exact_over_all_workers(bench):
    bench.fault("429; retry-after=0", next=7)
    with ThreadPoolExecutor(8) as pool:
        answers = [*pool.map(lambda _: get(bench).status_code, range(40))]
    assert answers.count(429) == 7
    assert answers.count(200) == 33
    [rule] = bench.faults()
    assert (rule["seen"], rule["injected"]) == (40, 7)


def test_one_late_answer_does_not_hold_up_another(bench):
    late = threading.Thread(target=get, args=(bench, "latency; seconds=3"))
    late.start()
    began = time.monotonic()
    bench.reset()
    assert get(bench).status_code == 200
    assert late.is_alive() or time.monotonic() - began > 3
    late.join()


def test_requests_see_all_of_a_reset_or_nothing(bench):
    """The count and the page of one answer are two questions to the database."""
    sizes = {"sample": 42, "empty": 0, "expiring": 26}
    over = threading.Event()
    seen = set()

    def watch():
        while not over.is_set():
            answer = get(bench, path=f"{RECORDS}?$count=true").json()
            seen.add((answer["@odata.count"], len(answer["value"])))

    watchers = [threading.Thread(target=watch) for _ in range(3)]
    for watcher in watchers:
        watcher.start()
    for _ in range(5):
        for name in sizes:
            bench.reset(name)
    over.set()
    for watcher in watchers:
        watcher.join()
    assert seen <= {(size, size) for size in sizes.values()}
    assert len(seen) > 1


def test_two_resets_at_once_leave_one_of_them(bench):
    with ThreadPoolExecutor(4) as pool:
        [*pool.map(bench.reset, ["expiring", "sample"] * 4)]
    assert len(get(bench).json()["value"]) in (42, 26)


def another(desk):
    """Return the same desk with a port that is free, for a server of its own."""
    other = copy.copy(desk)
    other.port = free_port()
    return other


def test_another_server_finds_snapshots_and_rules_in_the_database(bench, desk):
    bench.reset("revocations")
    bench.snapshot("kept")
    bench.reset("empty")
    bench.fault("503", next=2)
    assert get(bench).status_code == 503
    with another(desk).up("--testbench") as serving:
        second = TestBench(base_url=serving.url, token=bench.token)
        assert [get(second).status_code for _ in range(2)] == [503, 200]
        second.restore("kept")
    assert len(get(bench).json()["value"]) == 24


def test_without_the_option_it_is_as_if_there_were_none(bench, desk):
    bench.fault("503")
    with another(desk).up() as serving:
        assert "Test bench" not in serving.words
        plain = TestBench(base_url=serving.url, token=bench.token)
        assert get(plain, path="/testbench").status_code == 400
        assert get(plain, "500").status_code == 200


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        (
            {"DEBUG": "off"},
            "a test bench is for one's own desk only. Nothing was started.",
        ),
        ({"TESTBENCH_FAULTS": "503"}, "TESTBENCH_FAULTS: faults must be an array"),
        ({"TESTBENCH_FAULTS": "[503"}, "TESTBENCH_FAULTS: The body is not JSON"),
        (
            {"TESTBENCH_FAULTS": '[{"fault": "418"}]'},
            "TESTBENCH_FAULTS: There is no fault '418'",
        ),
    ],
)
def test_it_does_not_start_with_what_it_cannot_do(running, desk, environment, words):
    other = another(desk)
    other.environment = other.environment | environment
    code, out, err = other.run("up", "--testbench", "--port", str(other.port))
    assert code == 1
    assert words in err
    assert "Traceback" not in out + err


def test_rules_can_be_set_by_the_environment(bench, desk):
    other = another(desk)
    faults = [{"fault": "503", "every": 2}]
    other.environment = other.environment | {"TESTBENCH_FAULTS": json.dumps(faults)}
    bench.fault("500")
    with other.up("--testbench"):
        assert [get(bench).status_code for _ in range(4)] == [200, 503, 200, 503]


def test_it_ends_with_who_started_it(desk, running):
    """As a suite does that is killed: nobody is left to stop it."""
    other = another(desk)
    up = ("up", "--testbench", "--with-parent", "--port", str(other.port))
    suite = subprocess.Popen(
        [
            *(sys.executable, "-c", SUITE_OF_ONE_LINE),
            *(Path(sys.prefix, "bin", "python"), "manage.py", *up),
        ],
        cwd=other.path,
        env=other.environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    with suite:
        while "Ctrl-C" not in suite.stdout.readline():
            assert suite.poll() is None
        assert requests.get(other.url, timeout=10).status_code == 200
        suite.kill()
    deadline = time.monotonic() + 60
    while serving(other) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert not serving(other)
    assert get(running).status_code == 200


SUITE_OF_ONE_LINE = "import subprocess, sys; subprocess.run(sys.argv[1:])"


def serving(desk):
    return [p for p in desk.server_processes() if f"--port {desk.port}" in p]


def test_a_refusal_is_graphs_on_the_wire(bench):
    response = get(bench, "429; retry-after=5")
    error = json.loads(response.text)["error"]
    assert response.headers["Retry-After"] == "5"
    assert error["innerError"]["request-id"] == response.headers["request-id"]
