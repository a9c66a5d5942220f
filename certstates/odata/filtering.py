"""``$filter`` and ``$search``: which records a request means."""

from certstates.models import CertificateStateQuerySet
from certstates.odata import syntax
from certstates.odata.expressions import Binder
from certstates.odata.options import Options
from certstates.odata.search import OPTION as SEARCH
from certstates.odata.search import bind_search

FILTER = "$filter"


def matching(
    queryset: CertificateStateQuerySet, options: Options
) -> CertificateStateQuerySet:
    """Return the records for which both the filter and the search are true."""
    if options.search is not None:
        tree = syntax.parse(options.search, "search", option=SEARCH)
        queryset = queryset.filter(bind_search(tree).sql)
    if options.filter is not None:
        tree = syntax.parse(options.filter, "filter", option=FILTER)
        bound = Binder(FILTER, options.aliases).condition(tree)
        queryset = queryset.filter(bound.sql)
    return queryset
