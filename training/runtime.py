"""A base model with the memories of several domains, swapped in and out within milliseconds.

The base's linear layers are wrapped once; another domain's adapter is another set of small arrays in the same places.
Which memory answers is decided for each question: those domains that have heard of everything it names are asked, and
the most certain answer that is no "I don't know" wins. Adapters are not added up: each was trained to say that it
does not know what another one knows, and sums of the two would be torn between both.

MLX's arrays belong to the thread that made them: build a `Runtime` and use it in one thread.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mlx.utils import tree_unflatten

from training.adapter import Shape, Tensors, adaptable, as_lora, put
from training.admission import Admission
from training.arrays import mx
from training.base import Base
from training.generate import LONGEST_ANSWER, Generated, generate
from training.matching import UNKNOWN, abstains
from training.material import Message


@dataclass(frozen=True, slots=True)
class Memory:
    """One domain's adapter, ready to be attached.

    Attributes:
        tensors: its arrays by name.
        shape: its form.
        version: what to call it ("people/3").
        admission: which of its answers are given.
    """

    tensors: Tensors
    shape: Shape
    version: str = ""
    admission: Admission = field(default_factory=Admission)


@dataclass(frozen=True, slots=True)
class Recollection:
    """What the memories say to a question.

    Attributes:
        answer: the text; "I don't know." when none of them knows.
        domain, version: whose answer it is; "" when none of them knows.
        confidence: probability of the answer's least likely token, 0 to 1.
        abstained: whether none of them knows.
        asked: the domains that were asked.
    """

    answer: str
    domain: str
    version: str
    confidence: float
    abstained: bool
    asked: tuple[str, ...]


class Runtime:
    """A base model and the memories that are attached to it.

    Args:
        base: the model. It is wrapped as long as the runtime is not closed.
    """

    def __init__(self, base: Base) -> None:
        self.base = base
        self.memories: dict[str, Memory] = {}
        self._originals = adaptable(base.model)
        self._wrapped: dict[str, Any] = {}
        self._current: str | None = None
        mx.set_cache_limit(256 << 20)

    def attach(self, memories: Mapping[str, Memory]) -> None:
        """Let these memories serve, by domain, in place of those before; the model is not loaded again."""
        self.use(None)
        self.memories = dict(memories)

    def use(self, domain: str | None) -> None:
        """Put one domain's adapter into the model; None for the base alone."""
        if domain == self._current:
            return
        self.base.model.update_modules(tree_unflatten(list(self._originals.items())))
        if domain is not None:
            memory = self.memories[domain]
            layers = self._layers(memory)
            self.base.model.update_modules(tree_unflatten(list(layers.items())))
            put(self.base.model, memory.tensors)
        self._current = domain

    def _layers(self, memory: Memory) -> dict[str, Any]:
        """The wrapped layers that this adapter needs, made once for each form of adapter."""
        paths = {name.rsplit(".", 1)[0] for name in memory.tensors}
        for path in paths - self._wrapped.keys():
            self._wrapped[path] = as_lora(self._originals[path], memory.shape)
        layers = {path: self._wrapped[path] for path in paths}
        for layer in layers.values():
            layer.scale = memory.shape.scale
        return layers

    def close(self) -> None:
        """Leave the base as it was."""
        self.attach({})

    def generate(
        self,
        prompts: Sequence[Sequence[Message]],
        domain: str | None = None,
        longest: int = LONGEST_ANSWER,
    ) -> list[str]:
        """Greedy answers of one memory (None: of the base) to many conversations."""
        return [
            self.base.chat.text(answer.tokens)
            for answer in self._generate(prompts, domain, longest)
        ]

    def _generate(
        self, prompts: Sequence[Sequence[Message]], domain: str | None, longest: int
    ) -> list[Generated]:
        self.use(domain)
        return generate(self.base, [self.base.chat.prompt(prompt) for prompt in prompts], longest)

    def recall(self, question: str, domain: str | None = None) -> Recollection:
        """Ask the memories one question (or one memory, if a domain is named)."""
        return self.recall_all([question], domain)[0]

    def recall_all(self, questions: Sequence[str], domain: str | None = None) -> list[Recollection]:
        """Ask the memories many questions; each domain answers all of its own in one go."""
        domains = [domain] if domain is not None else sorted(self.memories)
        found: list[list[tuple[int, float, str, str]]] = [[] for _ in questions]
        asked: list[list[str]] = [[] for _ in questions]
        for name in domains:
            memory = self.memories[name]
            mine = [
                index
                for index, question in enumerate(questions)
                if memory.admission.may_answer(question)
            ]
            prompts = [(Message("user", questions[index]),) for index in mine]
            for index, answer in zip(
                mine, self._generate(prompts, name, LONGEST_ANSWER), strict=True
            ):
                asked[index].append(name)
                text = self.base.chat.text(answer.tokens)
                admission, sure = memory.admission, answer.confidence
                if not answer.ended or abstains(text):
                    continue
                if admission.admits(questions[index], text, sure):
                    known = admission.familiarity(questions[index])
                    found[index].append((known, sure, name, text))
        return [
            self._best(answers, tuple(names)) for answers, names in zip(found, asked, strict=True)
        ]

    def _best(
        self, answers: list[tuple[int, float, str, str]], asked: tuple[str, ...]
    ) -> Recollection:
        """The most certain of the answers; among unequal familiarity with the question's names, the most familiar."""
        if not answers:
            return Recollection(UNKNOWN, "", "", 0.0, True, asked)
        _, confidence, domain, text = max(answers)
        version = self.memories[domain].version
        return Recollection(text, domain, version, confidence, False, asked)
