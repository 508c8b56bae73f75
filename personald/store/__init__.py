"""The store: the fulltext of a life, sealed so that only its owner's trainer can read it."""

from personald.store.forgetting import Forgotten, Maintenance
from personald.store.integrity import Finding, Problem
from personald.store.records import (
    Counts,
    FailedFile,
    FileStat,
    FileState,
    FileStatus,
    PutResult,
    SensitiveSpan,
    Source,
    State,
    StoredDocument,
)
from personald.store.search import Hit
from personald.store.store import Store
from personald.store.vault import Vault

__all__ = [
    "Counts",
    "FailedFile",
    "FileStat",
    "FileState",
    "FileStatus",
    "Finding",
    "Forgotten",
    "Hit",
    "Maintenance",
    "Problem",
    "PutResult",
    "SensitiveSpan",
    "Source",
    "State",
    "Store",
    "StoredDocument",
    "Vault",
]
