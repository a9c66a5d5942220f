"""The entity's properties, by whatever spelling a file names them."""

from collections.abc import Iterable

from certstates import edm
from certstates.models import in_any_case
from certstates.serializers import CertificateStateSerializer
from certstates.sources.rows import MOST_NAMES, MOST_SHOWN, FileRefused, printable

FIELDS = CertificateStateSerializer.edm_fields()
ENUMERATIONS = {n for n, f in FIELDS.items() if isinstance(f, edm.EdmRevocationStatus)}


def key(name: str) -> str:
    """Return what camelCase, PascalCase and snake_case of a name have in common."""
    return in_any_case(name.strip().replace("_", ""))


PROPERTIES = {key(name): name for name in FIELDS}
# PowerShell's objects have it, and print no more than its type.
PASSED_OVER = {"additionalproperties"}


def property_of(name: str) -> str | None:
    """Return the property's name on the wire, or nothing for an unknown one."""
    return PROPERTIES.get(key(name))


def is_control_information(name: str) -> bool:
    """Say whether a name annotates: ``@odata.etag``, ``id@odata.type`` and the like."""
    return "@" in name


def note_unknown(name: str, found: str | None, unknown: dict[str, None]) -> None:
    """Remember a name to warn of, unless it is one that says nothing of the record."""
    is_silent = is_control_information(name) or key(name) in PASSED_OVER
    if found is None and not is_silent and len(unknown) <= MOST_NAMES:
        unknown[name[:MOST_SHOWN]] = None


def required() -> list[str]:
    """Return the properties that a new record must have, as a POST must."""
    serializer = CertificateStateSerializer()
    return [name for name, f in serializer.fields.items() if serializer.requires(f)]


def columns_of(header: Iterable[str], *, unknown: dict[str, None]) -> list[str | None]:
    """Return each column's property, or nothing for one to pass over.

    Raises FileRefused when two columns are one property, or when a property that a new
    record needs has no column and there is no id by which records could be known.
    """
    columns: list[str | None] = []
    for name in header:
        found = property_of(name)
        note_unknown(name, found, unknown)
        if found and found in columns:
            raise FileRefused(f"Two columns of the header are {found}.")
        columns.append(found)
    refuse_incomplete(columns, unknown)
    return columns


def refuse_incomplete(columns: list[str | None], unknown: Iterable[str]) -> None:
    if not any(columns):
        found = ", ".join(printable(name[:40]) for name in [*unknown][:8]) or "nothing"
        raise FileRefused(
            "The first row must name the columns, such as "
            f"{', '.join([*FIELDS][3:6])}; it has: {found}."
        )
    missing = [name for name in required() if name not in columns]
    if missing and "id" not in columns:
        raise FileRefused(
            f"Columns are missing: {', '.join(missing)}. (A file that only changes "
            "what exists can leave columns out, if it has the column id.)"
        )
