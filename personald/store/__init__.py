"""The store: the fulltext of a life, sealed so that only its owner's trainer can read it (docs/store.md).

The story, in the order of the modules::

    records      what goes in and comes out            sealing      how one value is sealed
    schema       the file, its tables and migrations   hardening    what surrounds it
    anchor       one row that binds all rows together  watching     what the watcher may read back

    store ─► sources, files                            the writing side: the daemon's `Store`
    store ─► intake ─► transaction ─► pages            what was read from a file is stored
    vault ─► opening ─► pages; identity, counting      the reading side: the trainer's `Vault`
    vault ─► integrity                                 is all as it was written?
    vault ─► forgetting ─► rotation                    deletion that is real
    vault ─► search ─► query, scripts, shards, snippets
    backup ─► sealedfile                               one file that brings a home back
"""

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
