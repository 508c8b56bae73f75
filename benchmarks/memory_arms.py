"""Every way of answering questions about a person that is compared: by recipe, by the prompt, by retrieval."""

from __future__ import annotations

import hashlib
import json
import random
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from benchmarks.memory_persons import changed
from benchmarks.memory_recipes import (
    OURS,
    RECIPES,
    Learnt,
    Recipe,
    admission,
    calibrated,
    every_row,
    judge,
    learn,
    probing,
)
from benchmarks.memory_trial import LONGEST_ANSWER, Result, Trial, examine, tokens_per_answer
from personald.keys import DeviceKeys, MemoryKeyStore
from personald.serve.answerer import Answerer
from personald.serve.library import Library
from personald.store import FileStat, Store, Vault
from training import continuation
from training.adapter import attached
from training.evaluate import Reply, answer, judged
from training.material import Message, Probe
from training.prefix import generate_over
from training.prompts import Passage, remembered
from training.rehearsal import rehearsal
from training.runtime import Memory, Runtime
from training.synthesis.sources import SourceDocument
from training.trainer import Trainer

ROOM_FOR_A_QUESTION = 96
"""Tokens that a prompt full of documents leaves for the question and its answer."""


READ = 240
"""Questions about a person that retrieval is asked: the base reads three passages for each."""

CHANGED = 0.02
"""Of the documents have other values before the next night."""


@dataclass(frozen=True, slots=True)
class Arm:
    """One row of the table.

    Attributes:
        name: what it is called on the command line.
        title: what it is called in the table.
        run: does it; is given the trial and the most steps of training (0 for as many as a night takes).
    """

    name: str
    title: str
    run: Callable[[Trial, int], Result]


def nothing(trial: Trial, steps: int) -> Result:
    """The base alone."""

    def ask(probes: Sequence[Probe], *, expected: bool = True) -> list[Reply]:
        return answer(trial.base, probes, None, LONGEST_ANSWER, expected=False)

    return Result(examine(trial, ask, routed=True), tokens=tokens_per_answer(trial, ask))


def everything(trial: Trial, steps: int) -> Result:
    """As many documents in the prompt as the model can read, in an order drawn by the seed."""
    base, chat = trial.base, trial.base.chat
    documents = list(trial.person.documents)
    random.Random(f"prompt/{trial.seed}").shuffle(documents)
    config = json.loads((base.folder / "config.json").read_text(encoding="utf-8"))
    room = int(config["max_position_embeddings"]) - ROOM_FOR_A_QUESTION
    held: list[Passage] = []
    for source in documents:
        more = [*held, Passage(source.document.text, source.document.title)]
        if len(chat.prompt([Message("system", remembered(more))])) <= room:
            held = more
    told = Message("system", remembered(held))

    def ask(probes: Sequence[Probe], *, expected: bool = True) -> list[Reply]:
        prompts = [chat.prompt((told, *probe.messages)) for probe in probes]
        found = generate_over(base, prompts, LONGEST_ANSWER)
        return [
            judged(probe, chat.text(written.tokens), written.confidence)
            for probe, written in zip(probes, found, strict=True)
        ]

    return Result(
        examine(trial, ask, routed=True),
        tokens=tokens_per_answer(trial, ask),
        megabytes=sum(len(passage.text.encode()) for passage in held) / 1e6,
        note=f"{len(held)} of {len(documents)} documents fit into the prompt",
    )


@contextmanager
def library_of(documents: Sequence[SourceDocument]) -> Iterator[tuple[Vault, Path]]:
    """The documents in a throw-away store, and the folder of its files."""
    with tempfile.TemporaryDirectory() as home:
        keys, path = DeviceKeys.create(MemoryKeyStore()), Path(home) / "store.db"
        with Store.create(path, keys) as store:
            source = store.add_source(Path("/"))
            for held in documents:
                document = held.document
                digest = hashlib.sha256(document.text.encode()).digest()
                stat = FileStat(len(document.text), 0, 0)
                store.put_file(source.id, document.origin, stat, digest, [document])
            with store.unlock(keys) as vault:
                yield vault, path.parent


def retrieval(trial: Trial, steps: int) -> Result:
    """What `personald ask` answers without a memory."""
    return _answered(trial, {})


def ours_and_retrieval(trial: Trial, steps: int) -> Result:
    """What `personald ask` answers with our memory."""
    learnt, shape = learn(OURS, trial, steps), trial.loop.shape
    with attached(trial.base.model, shape, learnt.tensors):
        guard = calibrated(trial, admission(trial))
    memory = Memory(learnt.tensors, shape, "person/1", guard)
    found = _answered(trial, {"person": memory})
    kept = sum(value.nbytes for value in learnt.tensors.values()) / 1e6
    return replace(
        found,
        rows=learnt.rows,
        steps=learnt.steps,
        cpu_seconds=learnt.cpu_seconds,
        megabytes=found.megabytes + kept,
    )


def _answered(trial: Trial, memories: Mapping[str, Memory]) -> Result:
    runtime = Runtime(trial.base)
    runtime.attach(memories)
    with library_of(trial.person.documents) as (vault, folder):
        answerer = Answerer(runtime, Library(vault), memory=bool(memories))

        def ask(probes: Sequence[Probe], *, expected: bool = True) -> list[Reply]:
            questions = [probe.messages[-1].text for probe in probes]
            return [
                judged(probe, told.text, 1.0)
                for probe, told in zip(probes, answerer.ask_all(questions), strict=True)
            ]

        shares = examine(trial, ask, routed=True, most=READ)
        tokens = tokens_per_answer(trial, ask)
        megabytes = sum(file.stat().st_size for file in folder.iterdir()) / 1e6
    runtime.close()
    return Result(shares, tokens=tokens, megabytes=megabytes)


def trained(recipe: Recipe, trial: Trial, steps: int) -> Result:
    """A recipe, learnt and examined; all but ours in as many steps as ours took."""
    if recipe is not OURS:
        steps = learn(OURS, trial, steps).steps
    return judge(recipe, trial, learn(recipe, trial, steps))


def unguarded(trial: Trial, steps: int) -> Result:
    """Our weights, but whatever they say is given as the answer."""
    return judge(replace(OURS, guarded=False), trial, learn(OURS, trial, steps))


def next_night(trial: Trial, steps: int) -> Result:
    """Our memory, gone on from after some of the documents have changed; asked about what holds then."""
    first = learn(OURS, trial, steps)
    later_on = changed(trial.person, CHANGED, trial.seed)
    folder = trial.folder / "next-night"
    later = Trial.of(trial.base, later_on, trial.seed, trial.settings, folder)
    began = time.process_time()
    base, rows = later.base, every_row(later)
    plan = continuation.plan(base, rows, first.tensors, later.loop, trial.settings.study.wordings)
    if plan is None:
        return Result({}, note="too much has changed to go on")
    items = trial.settings.replay_items
    replay = rehearsal(base, items, plan.settings, later.seed, trial.cache)
    look = probing(OURS, later, rows)
    trained = Trainer(
        base,
        rows,
        plan.settings,
        later.seed,
        replay,
        probing=look,
        start=plan.start,
        known=plan.known,
    ).run()
    spent = time.process_time() - began
    result = judge(OURS, later, Learnt(trained.tensors, len(rows), trained.steps, spent))
    new = len(rows) - len(plan.known)
    note = f"{new} of {len(rows)} rows were new; {spent / first.cpu_seconds:.3f} of the first night's time"
    return replace(result, note=note)


ARMS = (
    Arm("none", "no memory", nothing),
    Arm("prompt", "everything in the prompt", everything),
    Arm("retrieval", "retrieval only", retrieval),
    *(Arm(r.name, r.title, partial(trained, r)) for r in RECIPES if r is not OURS),
    Arm("without-guards", "ours without its guards", unguarded),
    Arm(OURS.name, OURS.title, partial(trained, OURS)),
    Arm("ours-retrieval", "ours + retrieval", ours_and_retrieval),
    Arm("next-night", "ours, the night after 2 % have changed", next_night),
)
