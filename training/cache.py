"""What was made for an unchanged document is not made again: a sealed store of generated things.

An entry is found by a keyed hash of everything it depends on, and lies in a folder named by a keyed hash of the
document it was made from, so that forgetting a document takes everything made from it along. What several documents
were needed for goes with whichever is forgotten first, and is made again from those that are left.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from training.sealing import SealBroken, derive, open_sealed, seal, write_whole

SEVERAL = "several"
"""Stands for the document of an entry that was made from more than one."""


class GenerationCache:
    """A folder of sealed entries.

    Args:
        folder: where; made when first written to.
        key: 32 bytes that everything in it is sealed under.
    """

    def __init__(self, folder: Path, key: bytes) -> None:
        self.folder = folder
        self.key = derive(key, "generation cache")
        self.names = derive(key, "generation cache names")
        self.hits = self.misses = 0

    def get_or_make(self, document: str, inputs: Iterable[str], make: Callable[[], Any]) -> Any:
        """The entry for these inputs, made (JSON-able) and kept if it is not there or damaged.

        Args:
            document: identity of the document that it is made from; "" for none, `SEVERAL` for more than one.
            inputs: everything that the entry depends on.
            make: makes it.
        """
        purpose = json.dumps(list(inputs))
        path = self._folder(document) / self._hash(purpose)
        try:
            entry = json.loads(open_sealed(self.key, purpose, path.read_bytes()))
            self.hits += 1
            return entry
        except (FileNotFoundError, SealBroken):
            self.misses += 1
        made = make()
        write_whole(path, seal(self.key, purpose, json.dumps(made).encode()))
        return made

    def forget(self, document: str) -> None:
        """Delete everything made from a document, and everything made from more than one."""
        for name in (document, SEVERAL):
            shutil.rmtree(self._folder(name), ignore_errors=True)

    def _folder(self, document: str) -> Path:
        return self.folder / self._hash(f"document {document}")

    def _hash(self, text: str) -> str:
        return hmac.new(self.names, text.encode(), hashlib.sha256).hexdigest()[:40]
