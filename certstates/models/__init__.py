"""The one entity, and what is kept about it."""

from certstates.models.clients import (
    ClientCredentials,
    Scope,
    check_name,
    hold_name,
    new_secret,
    take_name,
)
from certstates.models.events import Door, Kind, StateEventQuerySet
from certstates.models.fields import (
    ID_LENGTH,
    ID_PATTERN,
    KEY_LENGTH,
    TEXT_LENGTH,
    TransactionId,
    camel_case,
    in_any_case,
    new_id,
    refuse_unstorable,
    sort_key,
)
from certstates.models.history import FIELDS, TRACKED, Difference, StateEvent
from certstates.models.identities import StaffIdentity
from certstates.models.issuers import issuers
from certstates.models.queryset import CertificateStateQuerySet
from certstates.models.removed import RemovedState
from certstates.models.revocation import RevocationStatus, Tone
from certstates.models.searches import SavedSearch
from certstates.models.states import (
    FIRST_MOMENT,
    LAST_MOMENT,
    ManagedAllDeviceCertificateState,
)
from certstates.models.suspicions import digits_of
from certstates.models.sync import GraphSource, SyncedState
from certstates.models.throttle import ThrottleCount
from certstates.models.tokens import TokenUse

__all__ = [
    "FIELDS",
    "FIRST_MOMENT",
    "ID_LENGTH",
    "ID_PATTERN",
    "KEY_LENGTH",
    "LAST_MOMENT",
    "TEXT_LENGTH",
    "TRACKED",
    "CertificateStateQuerySet",
    "ClientCredentials",
    "Difference",
    "Door",
    "GraphSource",
    "Kind",
    "ManagedAllDeviceCertificateState",
    "RemovedState",
    "RevocationStatus",
    "SavedSearch",
    "Scope",
    "StaffIdentity",
    "StateEvent",
    "StateEventQuerySet",
    "SyncedState",
    "ThrottleCount",
    "TokenUse",
    "Tone",
    "TransactionId",
    "camel_case",
    "check_name",
    "digits_of",
    "hold_name",
    "in_any_case",
    "issuers",
    "new_id",
    "new_secret",
    "refuse_unstorable",
    "sort_key",
    "take_name",
]
