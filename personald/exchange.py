"""Adapters travel: what serves here is offered to the owner's other devices, and what they offer is tried here.

`sync` carries blobs and knows nothing of adapters; `training.registry` keeps adapters and knows nothing of devices. This
module is the bridge: one blob for each domain (card and tensors of the version that serves), one that names the documents
that this device has forgotten, so that all others destroy what learnt from them, and a careful way in. A
signature proves which of the owner's devices sent an adapter, not that it is good: the card is read as untrusted input,
the tensors must be exactly those of this device's own base, and an adapter for another base waits as it is.

It imports mlx (to check tensors), so it runs in commands and children, never in the daemon.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from dataclasses import dataclass

from personald.errors import PersonaldError
from sync.engine import Engine
from sync.inbox import Received
from sync.outbox import Blob
from training.base import Base
from training.card import Card
from training.registry import Registry, State
from training.serving import BaseChanged, admit

FORGOTTEN = "forgotten."
"""Before a device's id: the name of the blob that says which documents adapters were destroyed for there."""


class AdapterNotWanted(PersonaldError):
    """An adapter from another device is not let in."""

    title = "An adapter from another device was refused"


@dataclass(frozen=True, slots=True)
class Arrival:
    """What became of one piece of news.

    Attributes:
        domain: which memory; "" for what was forgotten.
        device: the name of the device it came from.
        outcome: "installed", "kept ours", "withdrawn", "forgotten", "waiting" or "refused".
        reason: one line.
        version: the local name of the installed version, "" otherwise.
    """

    domain: str
    device: str
    outcome: str
    reason: str
    version: str = ""


def offers(registry: Registry) -> list[Blob]:
    """One blob for every domain in which a settled version serves, and a tombstone for what was forgotten.

    A domain whose every version was destroyed says so, that the other devices destroy theirs as well.
    """
    blobs = []
    for domain in sorted({version.domain for version in registry.versions()}):
        version = registry.settled(domain)
        if version is not None and version.bytes:
            card, tensors = registry.payload(version.id)
            blobs.append(Blob(domain, struct.pack(">I", len(card)) + card + tensors, version.id))
        elif any(item.state is State.FORGOTTEN for item in registry.versions(domain)):
            blobs.append(Blob(domain, None, "forgotten"))
    return blobs


def forgotten_documents(registry: Registry, device: str) -> list[Blob]:
    """The documents (random ids, which say nothing) that adapters were destroyed for here; nothing where there are none.

    A list of its own beside the adapters: a device that was away while a domain was silent, and meets only the rebuilt
    adapter, destroys what it still keeps all the same.
    """
    documents = sorted(registry.forgotten())
    return [Blob(FORGOTTEN + device, json.dumps(documents).encode())] if documents else []


def push(engine: Engine, registry: Registry) -> bool:
    """Offer what serves here, and say what was forgotten; True when something new was written.

    Superseded objects are deleted at once where something was forgotten here, else after the usual two weeks.
    """
    forgotten = forgotten_documents(registry, engine.member.device_id)
    return engine.publish([*offers(registry), *forgotten], purge=bool(forgotten))


def pull(
    engine: Engine, registry: Registry, base: Callable[[], Base]
) -> tuple[list[Arrival], tuple[str, ...]]:
    """Take in what the others offer.

    Args:
        engine: this device's view of the shared folder.
        registry: where adapters are installed.
        base: loads this device's base model; called only when there is an adapter to check.

    Returns:
        What became of each piece of news, and the folder's problems, one line each.
    """
    news = engine.poll()
    arrivals = []
    # What was forgotten first: an adapter that learnt from it must not come in beside it.
    for received in sorted(news.received, key=lambda item: not item.name.startswith(FORGOTTEN)):
        try:
            arrival = _take(received, registry, base)
        except PersonaldError as error:
            arrival = Arrival(received.name, received.device_name, "refused", error.detail)
        arrivals.append(arrival)
        if arrival.outcome != "waiting":
            engine.mark_installed(received)
    return arrivals, news.problems


def _take(received: Received, registry: Registry, base: Callable[[], Base]) -> Arrival:
    domain, device = received.name, received.device_name
    if domain.startswith(FORGOTTEN):
        return _destroy(received, registry)
    if received.payload is None:
        return _withdraw(received, registry)
    raw_card, tensors = _unpack(received.payload)
    card = Card.from_json(raw_card)
    if not (card.verdict or {}).get("passed"):
        raise AdapterNotWanted("Its card says that it did not pass the gates where it was made.")
    if card.domain != domain:
        raise AdapterNotWanted(f"It was offered for {domain} and is one of {card.domain}.")
    if registry.forgotten() & {document for document, _ in card.documents}:
        raise AdapterNotWanted("It learnt from a document that was forgotten.")
    here = registry.settled(domain)
    if here is not None and here.id == received.meta:
        return Arrival(domain, device, "kept ours", "it is the one that serves here", here.name)
    try:
        added = admit(registry, base(), raw_card, tensors, f"received from {device}")
    except BaseChanged as error:
        return Arrival(domain, device, "waiting", error.detail)
    if added.state is State.FORGOTTEN:
        raise AdapterNotWanted("It was destroyed here because of what was forgotten.")
    if added.state is State.CANDIDATE:
        registry.promote(added.id, f"it passed the gates on {device}")
    return Arrival(domain, device, "installed", f"trained on {device}", added.name)


def _unpack(payload: bytes) -> tuple[bytes, bytes]:
    """Card and tensors, as `offers` put them together."""
    if len(payload) < 4:
        raise AdapterNotWanted("It is empty.")
    (length,) = struct.unpack(">I", payload[:4])
    if length > len(payload) - 4:
        raise AdapterNotWanted("Its card is cut short.")
    return payload[4 : 4 + length], payload[4 + length :]


def _destroy(received: Received, registry: Registry) -> Arrival:
    """Another device forgot some documents: destroy every adapter here that learnt from one of them."""
    try:
        named = json.loads(received.payload or b"[]")
        documents = {str(document) for document in named}
    except (ValueError, TypeError) as error:
        raise AdapterNotWanted("Its list of what was forgotten cannot be read.") from error
    gone = registry.forget(
        documents, f"{received.device_name} has forgotten what it was trained on"
    )
    names = ", ".join(version.name for version in gone) or "nothing here learnt from it"
    return Arrival("", received.device_name, "forgotten", names)


def _withdraw(received: Received, registry: Registry) -> Arrival:
    """Another device forgot what this domain's adapters were trained on: destroy ours of the same descent."""
    documents = {
        document
        for version in registry.versions(received.name)
        for document, _ in version.card.documents
        if version.history and version.history[0].reason.startswith("received from")
    }
    if documents:
        registry.forget(documents, f"{received.device_name} has forgotten what it was trained on")
    return Arrival(
        received.name, received.device_name, "withdrawn", "the other device has forgotten it"
    )
