"""What can be wrong with the store: one class for each case a person can act on."""

from __future__ import annotations

from personald.errors import PersonaldError


class StoreError(PersonaldError):
    """The store cannot do what was asked."""

    title = "The store failed"


class StoreMissing(StoreError):
    """There is no store at this path."""

    title = "No store"


class StoreExists(StoreError):
    """A store is there already."""

    title = "A store exists already"


class NotAStore(StoreError):
    """The file is a database of something else, or no database at all."""

    title = "Not a store of personald"


class StoreTooNew(StoreError):
    """The store was written by a newer personald."""

    title = "The store is from a newer personald"


class StoreDamaged(StoreError):
    """The file is cut off or its structure is broken."""

    title = "The store is damaged"


class StoreForeign(StoreError):
    """The store belongs to other keys than those given."""

    title = "The store belongs to other keys"


class StoreReadOnly(StoreError):
    """The store, or the volume it lies on, cannot be written."""

    title = "The store cannot be written"


class StoreOnNetwork(StoreError):
    """The store lies on a network volume, where SQLite's write-ahead log cannot work."""

    title = "The store lies on a network volume"


class StoreBusy(StoreError):
    """Another process has been writing for longer than we wait."""

    title = "The store is busy"


class StoreFull(StoreError):
    """The disk is full; nothing of the last transaction was kept, and nothing before it was lost."""

    title = "The disk is full"


class StoreUncertain(StoreError):
    """The system failed to write or to sync; the store must be opened again to know what is on the disk."""

    title = "The disk failed"


class DocumentUnknown(StoreError):
    """There is no document or source of that name."""

    title = "Not in the store"


class DocumentDamaged(StoreError):
    """A document's row was changed or is broken; it does not open."""

    title = "A damaged document"


class BackupDamaged(StoreError):
    """The backup file is cut off, changed, or not a backup."""

    title = "The backup cannot be used"
