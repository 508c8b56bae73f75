"""Receipts: what was forgotten, when, what was destroyed for it, and how well it is gone; signed by this device.

A receipt holds no word of what was forgotten: documents stand in it as keyed hashes of their random ids, everything else
is counts, times and figures. It is JSON in the clear, for the person to keep; with its signature anybody who knows the
device can tell that it was not altered. What is found out later (the examination of a rebuilt memory) is added, and the
whole is signed anew.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from personald.errors import PersonaldError, UsageError
from sync.framing import length_prefixed
from sync.identity import Identity, PublicIdentity
from training.sealing import derive, write_whole

FORMAT = 1
CONTEXT = b"pd1 forgetting receipt"
ID_BYTES = 6


class ReceiptRefused(PersonaldError):
    """A receipt is damaged, or was altered after it was signed."""

    title = "The receipt cannot be trusted"


@dataclass(frozen=True, slots=True)
class Examination:
    """How well one memory has lost what was forgotten.

    Attributes:
        domain: whose memory.
        version: which one ("people/4").
        how: "suppressed" (kept silent until the next training) or "rebuilt" (trained without it).
        at: when it was examined.
        asked: held-out questions about what was forgotten.
        recalled: how many of them it answered with the forgotten value, as it serves.
        recalled_by_weights: the same of its weights alone, without the guards around them.
        kept: share right of the questions about everything else: for an overlay, of those that the memory before it was
            asked as well; for a rebuilt memory, of its own held-out questions.
        kept_before: the same of the memory that was destroyed; None when it is not known.
        ratios: how many truth ratios were compared (arXiv 2401.06121); 0 when none.
        distance, p: Kolmogorov–Smirnov distance to a memory that never saw the documents, and its p-value.
        overlay_p: the same p-value of the overlay that served before, held against the rebuilt memory.
    """

    domain: str
    version: str
    how: str
    at: str
    asked: int
    recalled: int
    recalled_by_weights: int
    kept: float
    kept_before: float | None = None
    ratios: int = 0
    distance: float | None = None
    p: float | None = None
    overlay_p: float | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the person keeps.

    Attributes:
        id: 12 hexadecimal characters.
        forgotten_at: when, with a time zone.
        documents: keyed hashes of their ids.
        versions: how many stored versions of them are gone.
        facts: how many facts memories knew only from them, where these were counted.
        domains: in which they lay.
        destroyed: names of the adapter versions that had learnt from them.
        silent: domain → why its memory says nothing at all until the next training.
        examinations: what was found, oldest first.
        open: domains whose memory has not been rebuilt and examined yet.
        told_other_devices: whether the shared folder tells the others to destroy theirs.
        left_in_store: how many of the documents are still stored: 0.
        backed_up_at: when the last backup file was made, which was meant to be kept and still holds them.
    """

    id: str
    forgotten_at: str
    documents: tuple[str, ...]
    versions: int = 0
    facts: int = 0
    domains: tuple[str, ...] = ()
    destroyed: tuple[str, ...] = ()
    silent: Mapping[str, str] = field(default_factory=dict)
    examinations: tuple[Examination, ...] = ()
    open: tuple[str, ...] = ()
    told_other_devices: bool = False
    left_in_store: int = 0
    backed_up_at: str | None = None

    def examined(self, examination: Examination) -> Receipt:
        """The receipt with one more examination; one of a rebuilt memory closes its domain."""
        closes = examination.how == "rebuilt"
        still = tuple(name for name in self.open if not (closes and name == examination.domain))
        return replace(self, examinations=(*self.examinations, examination), open=still)

    def to_json(self) -> dict[str, Any]:
        """The fields by name."""
        return {"format": FORMAT, **asdict(self)}


class ReceiptBook:
    """The receipts of one home.

    Args:
        folder: where they lie; made when first written to.
        identity: this device's key pairs.
        key: 32 bytes that the hashes of documents are keyed under a derived key of.
    """

    def __init__(self, folder: Path, identity: Identity, key: bytes) -> None:
        self._folder, self._identity = folder, identity
        self._names = derive(key, "forgetting receipt")

    def start(self, documents: Iterable[str], at: datetime) -> Receipt:
        """A receipt for some documents, not written yet."""
        hashes = sorted(self.hashed(document) for document in documents)
        return Receipt(os.urandom(ID_BYTES).hex(), at.isoformat(), tuple(hashes))

    def hashed(self, document: str) -> str:
        """How a document stands in receipts: only this device can tell which id it belongs to."""
        return hmac.new(self._names, document.encode(), hashlib.sha256).hexdigest()[:32]

    def write(self, receipt: Receipt) -> Path:
        """Sign a receipt and keep it; one of the same id is replaced."""
        body = receipt.to_json()
        signature = self._identity.sign(_signed(body))
        public = self._identity.public
        whole = body | {
            "device": {"signing": public.signing.hex(), "receiving": public.receiving.hex()},
            "signature": base64.b64encode(signature).decode(),
        }
        path = self._folder / f"{receipt.id}.json"
        write_whole(path, json.dumps(whole, indent=1, sort_keys=True).encode())
        return path

    def all(self) -> list[Receipt]:
        """All receipts that are as they were signed, oldest first; the others are named by `refused`."""
        found = []
        for path in self._folder.glob("*.json"):
            with contextlib.suppress(ReceiptRefused):
                found.append(read(path.read_bytes())[0])
        return sorted(found, key=lambda receipt: receipt.forgotten_at)

    def refused(self) -> list[tuple[Path, str]]:
        """The files among the receipts that are none, are damaged or were altered, and why."""
        found = []
        for path in sorted(self._folder.glob("*.json")):
            try:
                read(path.read_bytes())
            except ReceiptRefused as error:
                found.append((path, error.detail))
        return found

    def get(self, id: str) -> Receipt:
        """One receipt.

        Raises:
            UsageError: there is none with this id or beginning, or several.
        """
        found = [receipt for receipt in self.all() if receipt.id.startswith(id)]
        if len(found) != 1 or not id:
            raise UsageError(
                f"{len(found) or 'No'} receipts begin with {id!r}.",
                "See: personald forget --receipts",
            )
        return found[0]

    def path(self, receipt: Receipt) -> Path:
        """The file of a receipt."""
        return self._folder / f"{receipt.id}.json"


def read(data: bytes) -> tuple[Receipt, PublicIdentity]:
    """A receipt and the device that signed it.

    Raises:
        ReceiptRefused: it is none, is damaged, or was altered.
    """
    try:
        whole = json.loads(data)
        signature = base64.b64decode(whole.pop("signature"), validate=True)
        device = whole.pop("device")
        public = PublicIdentity(
            bytes.fromhex(device["signing"]), bytes.fromhex(device["receiving"])
        )
        genuine = public.verifies(signature, _signed(whole))
        if whole.pop("format") != FORMAT:
            raise ReceiptRefused("It is of another format.", "Use a newer version of personald.")
        receipt = _receipt(whole)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ReceiptRefused("It is no receipt, or a damaged one.") from error
    if not genuine:
        raise ReceiptRefused("Its signature does not fit what it says.")
    return receipt, public


def _signed(body: Mapping[str, Any]) -> bytes:
    """The bytes that are signed: canonical JSON (sorted keys, no spaces, ASCII) behind its context."""
    canonical = json.dumps(body, sort_keys=True, separators=(",", ":")).encode("ascii")
    return length_prefixed(CONTEXT, canonical)


def _receipt(fields: dict[str, Any]) -> Receipt:
    lists = ("documents", "domains", "destroyed", "open")
    plain: dict[str, Any] = {
        name: tuple(value) if name in lists else value for name, value in fields.items()
    }
    plain["examinations"] = tuple(Examination(**entry) for entry in fields["examinations"])
    return Receipt(**plain)
