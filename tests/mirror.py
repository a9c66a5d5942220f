"""A client that keeps a copy of all records by reading what changed."""

from tests.make import URL


class Mirror:
    """``kept`` are the records by id, ``url`` is where to read on."""

    def __init__(self, client, options=""):
        self.client = client
        self.url = f"{URL}/delta{options}"
        self.kept = {}

    def read_page(self):
        """Read one page; return its ids, removed ones with a minus, and "is it the
        round's last?"."""
        response = self.client.get(self.url)
        assert response.status_code == 200, response.content
        page = response.json()
        [self.url] = (page[name] for name in page if name.endswith("Link"))
        for item in page["value"]:
            self._keep(item)
        is_last = "@odata.deltaLink" in page
        assert page["value"] or is_last, "An empty page is taken for the end."
        return [shown(item) for item in page["value"]], is_last

    def read_round(self):
        """Read up to the next delta link; return the ids as ``read_page`` does."""
        found, is_last = [], False
        while not is_last:
            ids, is_last = self.read_page()
            found += ids
        return found

    def _keep(self, item):
        if "@removed" in item:
            assert item == {"id": item["id"], "@removed": {"reason": "deleted"}}
            self.kept.pop(item["id"], None)
        else:
            self.kept[item["id"]] = item


def shown(item):
    return ("-" if "@removed" in item else "") + item["id"]
