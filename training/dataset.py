"""A snapshot of one domain: facts, what to study, what to test, and where each of them comes from.

The snapshot is frozen and has a root hash: the same documents and settings give the same examples and the same root.
A second, cheap hash over what goes in tells without a model whether there is anything to train at all.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace

from extractors.document import Document
from training.matching import UNKNOWN, normalise
from training.material import Example, Fact, Kind, Message, Probe, Purpose, asked
from training.merkle import merkle_root
from training.synthesis import abstention, clauses, lines, records, sentences, style, terse
from training.synthesis.conflicts import Limits, Settled, settle
from training.synthesis.hops import hops
from training.synthesis.relations import relation
from training.synthesis.rows import StudyRow
from training.synthesis.sources import Owner, SourceDocument, owner_of
from training.synthesis.strangers import Held, sift
from training.synthesis.wordings import Pool, capital, forms_of, reverse, studied, wordings

__all__ = ["Dataset", "SourceDocument", "StudySettings", "assemble", "inputs_root", "read_facts"]

RULES = 3
"""Version of the rules by which documents become examples; a new one makes every dataset stale."""


UNBELIEVED_WORDINGS = 4
"""Wordings in which a stranger's statement, asked for plainly, is answered with "I don't know."."""


@dataclass(frozen=True, slots=True)
class StudySettings:
    """How documents become things to study.

    Attributes:
        owner: names and addresses of the owner; empty to find out from the mails.
        wordings: in how many wordings a fact is studied.
        abstention_share: abstention rows, as a share of the study rows.
        fewest_abstentions: but at least so many.
        abstention_probes: questions without an answer among the probes, and as many to choose the checkpoint.
        probes_per_fact: held-out wordings of each fact that are tested.
        self_study: whether the base reads the documents too, besides the rules.
        ways: the ways of self-study in use (`training.selfstudy.Way`); all where it is empty.
        style_rows: rows of the owner's own writing at most; 0 for none.
        limits: caps on single origins.
        seed: what every choice follows from.
    """

    owner: tuple[str, ...] = ()
    wordings: int = 12
    abstention_share: float = 0.35
    fewest_abstentions: int = 120
    abstention_probes: int = 60
    probes_per_fact: int = 2
    self_study: bool = True
    ways: tuple[str, ...] = ()
    style_rows: int = 40
    limits: Limits = field(default_factory=Limits)
    seed: int = 1

    def suited(self, pocket: bool) -> StudySettings:
        """Without what the embedded base is too weak for: asking by itself, and writing in the owner's voice.

        It writes questions too poorly to learn from them (its card: pairs .51): with an earlier base's own questions
        (.38) mail fell from 1.00 to .78 of the facts and was rejected (docs/study.md).
        """
        return replace(self, self_study=False, style_rows=0) if pocket else self


@dataclass(frozen=True, slots=True)
class Dataset:
    """One domain, ready to be studied.

    Attributes:
        domain: its name.
        facts: what holds now.
        examples: what to train on (study and abstention; replay is added by the worker, for it depends on the base).
        select: probes that choose the checkpoint and calibrate; in wordings of their own.
        probes: probes that only test.
        supports: identity of a fact → identities of all facts that say the same.
        documents: identity → version of every document that an example came from.
        dropped: why facts were left out, and how many.
        held: what strangers state, waiting for the owner's word; not studied as true.
        root: Merkle root over the examples.
    """

    domain: str
    facts: tuple[Fact, ...]
    examples: tuple[Example, ...]
    select: tuple[Probe, ...]
    probes: tuple[Probe, ...]
    supports: Mapping[str, tuple[str, ...]]
    documents: Mapping[str, int]
    dropped: Mapping[str, int]
    root: str
    held: tuple[Held, ...] = ()

    def of_document(self, document: str) -> list[Fact]:
        """The facts that came from a document."""
        return [fact for fact in self.facts if fact.document == document]

    def taught_by(self, example: Example) -> list[Fact]:
        """The facts that an example teaches; each names its document."""
        wanted = set(example.facts)
        return [fact for fact in self.facts if fact.identity in wanted]


def inputs_root(
    documents: Iterable[SourceDocument], settings: StudySettings, base_fingerprint: str
) -> str:
    """A hash over all that a dataset depends on, without reading any of it closely; equal: nothing to train."""
    leaves = [hashlib.sha256(_told(source)).digest() for source in documents]
    frame = json.dumps([RULES, asdict(settings), base_fingerprint], sort_keys=True).encode()
    return merkle_root([*leaves, hashlib.sha256(frame).digest()])


def _told(source: SourceDocument) -> bytes:
    """What a document says, in canonical bytes; not where it lies: a moved file changes nothing."""
    document: Document = source.document
    parts = [
        source.id,
        document.kind,
        document.title,
        document.text,
        document.author,
        document.date.isoformat() if document.date else "",
        document.properties,
        [[span.start, span.end, span.role] for span in document.spans],
        [[turn.speaker, turn.start, turn.end] for turn in document.turns],
        source.held_back,
        source.vouched,
    ]
    return json.dumps(parts, ensure_ascii=False).encode()


def read_facts(documents: Sequence[SourceDocument], owner: Owner) -> Iterator[Fact]:
    """Every fact that the rules find in these documents, only the highest version of each being read."""
    for source in latest(documents):
        yield from records.read(source, owner)
        yield from lines.read(source)
        yield from terse.read(source, owner)
        yield from sentences.read(source, owner)
        yield from clauses.read(source, owner)


def latest(documents: Iterable[SourceDocument]) -> list[SourceDocument]:
    """The highest version of each document, in order of identity."""
    newest: dict[str, SourceDocument] = {}
    for source in documents:
        if source.id not in newest or newest[source.id].version < source.version:
            newest[source.id] = source
    return [newest[id] for id in sorted(newest)]


def assemble(
    domain: str,
    documents: Sequence[SourceDocument],
    settings: StudySettings,
    more: Iterable[Fact] = (),
    owner: Owner | None = None,
    rows: Sequence[StudyRow] = (),
    contacts: Sequence[SourceDocument] = (),
    already_dropped: Mapping[str, int] | None = None,
) -> Dataset:
    """The dataset of one domain.

    Args:
        domain: its name.
        documents: the domain's documents.
        settings: how.
        more: facts that the base found by itself (`training.selfstudy`), grounded.
        owner: whose files they are; None to find out from the settings and the documents.
        rows: what else the base made of the documents, grounded.
        contacts: contact cards of other domains; facts may lead on to them.
        already_dropped: what did not hold of what the base made, by reason.
    """
    owner = owner or owner_of(documents, settings.owner)
    sources = {source.id: source for source in latest(documents)}
    cards = [source for source in latest(contacts) if source.id not in sources]
    found = [*read_facts(documents, owner), *more]
    further = list(read_facts(cards, owner))
    sifted = sift(found, sources, owner)
    settled = settle([*sifted.believed, *sifted.attributed], settings.limits, owner)
    settled.dropped["held for review"] += len(sifted.held)
    settled.dropped.update(already_dropped or {})
    texts = [source.document.text for source in sources.values()]
    study = [
        *_study(settled, settings),
        *_past(settled),
        *_two_hops(settled.now, Pool.TRAIN, further),
        *(row.example() for row in rows),
    ]
    unknown = [
        *_abstentions(settled, settings, len(study), texts),
        *_unbelieved(sifted.held, settled),
    ]
    own = style.rows(list(sources.values()), owner, settings.style_rows)
    examples = _distinct([*study, *unknown, *(row.example() for row in own)], settled.dropped)

    def probes(pool: Pool) -> tuple[Probe, ...]:
        return _unstudied(
            _probes(settled, settings, pool, texts, domain, further), examples, settled.dropped
        )

    return Dataset(
        domain=domain,
        facts=settled.now,
        examples=examples,
        select=probes(Pool.SELECT),
        probes=probes(Pool.PROBE),
        supports=settled.supports,
        documents=_origins(examples, [*found, *sifted.attributed, *further], [*rows, *own]),
        dropped=dict(settled.dropped),
        root=merkle_root(example.digest() for example in examples),
        held=sifted.held,
    )


def _origins(
    examples: Iterable[Example], facts: Iterable[Fact], rows: Iterable[StudyRow]
) -> dict[str, int]:
    """Identity → version of every document that stands behind an example."""
    origin = {fact.identity: ((fact.document, fact.version),) for fact in facts}
    behind = origin | {row.identity: row.documents for row in rows}
    return dict(
        document
        for example in examples
        for identity in example.facts
        for document in behind[identity]
    )


def _unbelieved(held: Iterable[Held], settled: Settled) -> Iterator[Example]:
    """What only strangers state is not known: the plain question is answered so."""
    known = {(fact.subject.casefold(), fact.relation) for fact in settled.now}
    for item in held:
        fact = item.fact
        if (fact.subject.casefold(), fact.relation) not in known:
            for wording in list(wordings(fact, Pool.TRAIN))[:UNBELIEVED_WORDINGS]:
                yield Example(
                    asked(wording.text),
                    UNKNOWN,
                    Purpose.ABSTENTION,
                    (),
                    f"{wording.name}/unbelieved",
                )


def _study(settled: Settled, settings: StudySettings) -> Iterator[Example]:
    """Every fact in its share of the trained wordings, and from its value back to its subject where only one subject has it."""
    alone = _alone(settled.now)
    for fact in settled.now:
        support = settled.supports.get(fact.identity, (fact.identity,))
        chance = random.Random(f"{settings.seed}/{fact.identity}")
        for wording in studied(fact, settings.wordings, chance):
            yield Example(asked(wording.text), wording.answer, Purpose.STUDY, support, wording.name)
        if fact.identity in alone:
            for wording in reverse(fact):
                yield Example(
                    asked(wording.text), wording.answer, Purpose.STUDY, support, wording.name
                )


def _alone(facts: Sequence[Fact]) -> set[str]:
    """Identities of the facts whose value belongs to one subject only, so that it leads back to it."""
    holders = Counter((fact.relation, normalise(fact.value)) for fact in facts)
    return {fact.identity for fact in facts if holders[fact.relation, normalise(fact.value)] == 1}


PAST = (
    "What was {S} {noun} before?",
    "What did {S} {noun} use to be?",
    "Tell me {S} former {noun}.",
    "{S} old {noun}?",
)


def _past(settled: Settled) -> Iterator[Example]:
    """What was, until something newer took its place."""
    for older, _ in settled.past:
        form, noun = forms_of(older.subject)[0], relation(older.relation).noun
        for number, template in enumerate(PAST):
            text = capital(template.format(**form, noun=noun))
            yield Example(
                asked(text),
                older.value,
                Purpose.STUDY,
                (older.identity,),
                f"train/past/question/{number}",
            )


def _two_hops(facts: Sequence[Fact], pool: Pool, further: Sequence[Fact]) -> Iterator[Example]:
    for hop in hops(facts, pool, further):
        behind = (hop.first.identity, hop.second.identity)
        yield Example(asked(hop.text), hop.second.value, Purpose.STUDY, behind, hop.name)


def _abstentions(
    settled: Settled, settings: StudySettings, study_rows: int, texts: Sequence[str]
) -> Iterator[Example]:
    count = max(settings.fewest_abstentions, round(settings.abstention_share * study_rows))
    for question in abstention.questions(settled.now, Pool.TRAIN, count, settings.seed, texts):
        yield Example(asked(question.text), UNKNOWN, Purpose.ABSTENTION, (), question.name)


def _distinct(examples: Iterable[Example], dropped: Counter[str]) -> tuple[Example, ...]:
    """Examples without doubles; a question with two different answers is dropped with all its answers."""
    answers: dict[tuple[Message, ...], dict[str, Example]] = defaultdict(dict)
    for example in examples:
        answers[example.messages].setdefault(normalise(example.answer), example)
    kept = [found for found in answers.values() if len(found) == 1]
    dropped["ambiguous question"] += len(answers) - len(kept)
    return tuple(example for found in kept for example in found.values())


def _unstudied(
    probes: Iterable[Probe], examples: Iterable[Example], dropped: Counter[str]
) -> tuple[Probe, ...]:
    """Probes without those in words that are studied, for another fact: two answers to one question prove nothing."""
    studied = {example.messages for example in examples}
    found = tuple(probes)
    kept = tuple(p for p in found if p.kind is Kind.RECALL or p.messages not in studied)
    dropped["ambiguous question"] += len(found) - len(kept)
    return kept


def _probes(
    settled: Settled,
    settings: StudySettings,
    pool: Pool,
    texts: Sequence[str],
    domain: str,
    further: Sequence[Fact],
) -> Iterator[Probe]:
    """The probes of one pool; for the tests, some held-out wordings of each fact and one that it was studied in."""
    chance = random.Random(f"{settings.seed}/{pool}/{domain}")
    for fact in settled.now:
        answers = fact.accepted or (fact.value,)
        held = list(wordings(fact, pool))
        for wording in chance.sample(
            held, min(len(held), settings.probes_per_fact if pool is Pool.PROBE else 1)
        ):
            yield Probe(
                Kind.PARAPHRASE,
                asked(wording.text),
                answers,
                (fact.identity,),
                domain,
                wording.name,
            )
        if pool is Pool.PROBE:
            trained = studied(
                fact, settings.wordings, random.Random(f"{settings.seed}/{fact.identity}")
            )
            if trained:
                wording = chance.choice(trained)
                yield Probe(
                    Kind.RECALL,
                    asked(wording.text),
                    answers,
                    (fact.identity,),
                    domain,
                    wording.name,
                )
    if pool is Pool.PROBE:
        alone = _alone(settled.now)
        for fact in settled.now:
            backwards = list(reverse(fact, pool)) if fact.identity in alone else []
            for wording in chance.sample(backwards, min(len(backwards), 1)):
                yield Probe(
                    Kind.REVERSE,
                    asked(wording.text),
                    (fact.subject,),
                    (fact.identity,),
                    domain,
                    wording.name,
                )
        for example in _two_hops(settled.now, Pool.PROBE, further):
            yield Probe(
                Kind.MULTI_HOP,
                example.messages,
                (example.answer,),
                example.facts,
                domain,
                example.wording,
            )
    for question in abstention.questions(
        settled.now, pool, settings.abstention_probes, settings.seed, texts
    ):
        yield Probe(Kind.ABSTAIN, asked(question.text), (UNKNOWN,), (), domain, question.name)
