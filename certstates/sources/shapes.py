"""Whose names a table or an object has: the entity's own, or those of a report."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from certstates.sources import intune, names
from certstates.sources.dates import Dates
from certstates.sources.layouts import (
    Layout,
    OwnLayout,
    cells_of,
    of_cells,
    of_json,
    values_of,
)
from certstates.sources.rows import FileRefused, Source

# Another type of Graph's, which stands below the profiles; its names are like these.
OF_PROFILES = {
    "certificateenhancedkeyusage",
    "certificateerrorcode",
    "certificateissuancestate",
    "certificateissuer",
    "certificatekeyusage",
    "certificateprofiledisplayname",
    "devicedisplayname",
    "lastcertificatestatechangedatetime",
}


def layout_of_table(header: Sequence[str], source: Source) -> Layout:
    """Return the layout of a header, or refuse what lacks columns."""
    refuse_profiles(header)
    if intune.is_meant(header):
        return intune.IntuneLayout(header, source, cells_of)
    columns = names.columns_of(header, unknown=source.unknown)
    return OwnLayout(columns, of_cells(Dates(source.reading)))


def layout_of_object(header: Sequence[str], source: Source) -> Layout:
    """Return the layout of an object's names; what it lacks is told of each record."""
    refuse_profiles(header)
    if intune.is_meant(header):
        return intune.IntuneLayout(header, source, values_of)
    columns = [names.property_of(name) for name in header]
    for name, found in zip(header, columns, strict=True):
        names.note_unknown(name, found, source.unknown)
    return OwnLayout(columns, of_json(Dates(source.reading)))


def is_known(name: str) -> bool:
    return names.property_of(name) is not None or intune.known(name)


def refuse_profiles(header: Iterable[str]) -> None:
    found = [name for name in header if names.key(name) in OF_PROFILES]
    if len(found) > 1:
        raise FileRefused(
            "The file has managedDeviceCertificateStates of certificate profiles "
            f"({', '.join(found[:3])}), which are another type of Graph's. Bring "
            "deviceConfigurationsAllManagedDeviceCertificateStates or Intune's report "
            "AllDeviceCertificates."
        )
