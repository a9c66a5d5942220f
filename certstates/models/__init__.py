"""The one entity, and what is kept about it."""

from certstates.models.fields import (
    ID_LENGTH,
    ID_PATTERN,
    TEXT_LENGTH,
    TransactionId,
    camel_case,
    new_id,
    refuse_unstorable,
)
from certstates.models.history import Door, StateEvent
from certstates.models.queryset import CertificateStateQuerySet
from certstates.models.removed import RemovedState
from certstates.models.revocation import RevocationStatus
from certstates.models.states import (
    FIRST_MOMENT,
    LAST_MOMENT,
    ManagedAllDeviceCertificateState,
)

__all__ = [
    "FIRST_MOMENT",
    "ID_LENGTH",
    "ID_PATTERN",
    "LAST_MOMENT",
    "TEXT_LENGTH",
    "CertificateStateQuerySet",
    "Door",
    "ManagedAllDeviceCertificateState",
    "RemovedState",
    "RevocationStatus",
    "StateEvent",
    "TransactionId",
    "camel_case",
    "new_id",
    "refuse_unstorable",
]
