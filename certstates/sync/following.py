"""From page to page, along the server's own links."""

from __future__ import annotations

from collections.abc import Iterator

from certstates.sync.fetching import Graph
from certstates.sync.pages import Page
from certstates.sync.refusals import LinkLeadsNowhere


def follow(graph: Graph, url: str, *, is_linked: bool) -> Iterator[Page]:
    """Yield the pages from this address on; raise LinkLeadsNowhere in a circle."""
    circle = Circle(url)
    while True:
        page = graph.page(url, is_linked=is_linked)
        if page.next_link is not None:
            circle.refuse(page.next_link)
        yield page
        if page.next_link is None:
            return
        url, is_linked = page.next_link, True


class Circle:
    """Finds that links repeat themselves, and remembers one of them only.

    It is Brent's way: the one is changed after 1, 2, 4, 8 … links, and so lies within
    any circle after a while, and is met again.
    """

    def __init__(self, link: str) -> None:
        self.kept, self.since, self.power = link, 0, 1

    def refuse(self, link: str) -> None:
        if link == self.kept:
            raise LinkLeadsNowhere(
                "The server's links lead in a circle: the same @odata.nextLink came "
                "again."
            )
        self.since += 1
        if self.since == self.power:
            self.kept, self.since, self.power = link, 0, 2 * self.power
