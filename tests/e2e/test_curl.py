"""The recipe of docs/clients.md for curl."""

from tests.e2e.clients import recipe


def test_the_recipe_works_as_it_stands(served, count_records):
    records = count_records(served)
    code, out, err = served.run_shell(recipe("sh"))
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        f"{records} records",
        "created LAPTOP-CURL",
        "changed to revoked",
        "deleted",
    ]
    assert count_records(served) == records
