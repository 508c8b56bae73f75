"""What is replayed beside the study rows, and the base's outputs on it: made once for all domains and nights."""

from __future__ import annotations

import hashlib

from training.base import Base
from training.cache import GenerationCache
from training.chat import Row
from training.loop_settings import LoopSettings
from training.losses import TopK
from training.material import Message
from training.replay import Replay, base_outputs
from training.skills import replay_items


def rehearsal(
    base: Base, wanted: int, settings: LoopSettings, seed: int, cache: GenerationCache
) -> Replay | None:
    """The replay of a run; None where the base gives nothing to replay.

    Args:
        base: without any adapter.
        wanted: how many different items.
        settings: of the loop.
        seed: what choice and order follow from.
        cache: where items and outputs are kept.
    """
    items = cache.get_or_make(
        "",
        ["replay items", base.fingerprint, str(wanted), str(seed)],
        lambda: [
            [[[message.role, message.text] for message in item.messages], item.answer]
            for item in replay_items(base, wanted, seed)
        ],
    )
    if not items:
        return None
    rows = [
        base.chat.row([Message(role, text) for role, text in messages], reply)
        for messages, reply in items
    ]
    outputs = _base_outputs(base, rows, settings.top, cache)
    return Replay(rows, outputs, settings, seed, base.chat.end)


def _base_outputs(base: Base, rows: list[Row], top: int, cache: GenerationCache) -> list[TopK]:
    wanted = hashlib.sha256(repr([top, rows]).encode()).hexdigest()
    kept = cache.get_or_make(
        "",
        ["base outputs", base.fingerprint, wanted],
        lambda: [output.to_json() for output in base_outputs(base, rows, top)],
    )
    return [TopK.from_json(entry) for entry in kept]
