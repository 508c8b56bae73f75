"""Right or wrong: how an answer to a `SkillItem` is judged. Pure functions of item and answer.

Rules (issue: "The embedded base"):

- exact: the answer is one of the right ones, but for case, articles, punctuation and a leading
  "because" or preposition;
- idk: the answer is "I don't know.";
- pairs: a pair is right when its answer is a fact's value and its question is nearer to that
  fact's questions than to any other fact's; a fact is covered when a right pair asks for it;
- rewrite: the share of facts whose value (and subject) is kept; nothing counts once a name or a
  number stands in the answer that neither the text nor the request holds, or when the answer says
  more than nine tenths of the text again, word for word: that is no rewriting in other words;
- list: the share of lines that state a fact and quote words which stand in the text and hold its
  value, over the number of facts or of lines, whichever is more.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from difflib import SequenceMatcher

from training import prompts
from training.pocket.language.sample import UNKNOWN, Check, Expected, SkillItem

DROPPED = re.compile(
    r"^(?:(?:because|since|as|in|at|on|to|for|from|with|by|of|the|a|an|it|is|was|my|his|her|their) )+"
)
MOST_REPEATED = 0.9  # of a text's words; its names and values have to stay
LIKE_ENOUGH = 0.5  # shared words over all words of two questions that ask the same


def normal(text: str) -> str:
    """``text`` for comparison: NFKC, small letters, no punctuation, no lead-in, no genitive."""
    folded = unicodedata.normalize("NFKC", text).casefold().replace("’", "'")
    folded = re.sub(r"[\s.,;:!?\"()\[\]]+", " ", folded).strip()
    return DROPPED.sub("", folded).removesuffix("'s")


def is_exact(answer: str, right: Iterable[str]) -> bool:
    """Whether an answer is one of the right ones."""
    mine = normal(answer)
    return any(mine == normal(one) for one in right)


def is_unknown(answer: str) -> bool:
    """Whether an answer says that it does not know."""
    return normal(answer) == normal(UNKNOWN)


def words(text: str) -> frozenset[str]:
    """The words and numbers of a text, in small letters."""
    return frozenset(re.findall(r"\w+", text.casefold()))


def likeness(one: str, other: str) -> float:
    """Shared words over all words (Jaccard index) of two questions."""
    left, right = words(one), words(other)
    return len(left & right) / max(1, len(left | right))


def fact_of_pair(question: str, answer: str, facts: tuple[Expected, ...]) -> Expected | None:
    """The fact that a pair is about and gives rightly, or None."""
    best: Expected | None = None
    highest = 0.0
    for fact in facts:
        near = max((likeness(question, wording) for wording in fact.questions), default=0.0)
        if near > highest and is_exact(answer, fact.answers):
            best, highest = fact, near
    if best is None or highest < LIKE_ENOUGH:
        return None
    nearest = max(likeness(question, w) for fact in facts for w in fact.questions)
    return best if highest >= nearest else None


def score_pairs(item: SkillItem, answer: str) -> dict[str, float]:
    """The share of pairs that are right, and the share of facts that are covered."""
    pairs = prompts.read_pairs(answer)
    right = [fact_of_pair(question, reply, item.facts) for question, reply in pairs]
    covered = {id(fact) for fact in right if fact is not None}
    return {
        item.skill: sum(fact is not None for fact in right) / max(1, len(pairs)),
        f"{item.skill}_coverage": len(covered) / max(1, len(item.facts)),
    }


def holds(text: str, value: str) -> bool:
    """Whether ``value`` stands in ``text`` as whole words; punctuation, case and genitives aside."""
    inside, wanted = (normal(part).replace("'s ", " ") for part in (f"x {text}", value))
    return f" {wanted} " in f" {inside} "


def inventions(answer: str, source: str) -> set[str]:
    """Names and numbers of the answer that its source does not hold.

    A name is a word with a large first letter that does not begin a sentence or a line.
    """
    named = set(re.findall(r"(?<=[a-z,;] )[A-Z]\w+", answer)) | set(re.findall(r"\w*\d\w*", answer))
    known = words(source)
    return {word for word in named if word.casefold() not in known}


def share_repeated(text: str, answer: str) -> float:
    """The share, 0 to 1, of the words of ``text`` that ``answer`` says again in their order."""
    same, given = (re.findall(r"\w+", part.casefold()) for part in (text, answer))
    blocks = SequenceMatcher(None, same, given, autojunk=False).get_matching_blocks()
    return sum(block.size for block in blocks) / max(1, len(same))


def score_rewrite(item: SkillItem, answer: str) -> dict[str, float]:
    """The share of facts kept, nothing if any is invented or the text is hardly reworded."""
    request = item.turns[-1].text
    if inventions(answer, f"{item.text} {request}"):
        return {item.skill: 0.0}
    if share_repeated(item.text, answer) > MOST_REPEATED:
        return {item.skill: 0.0}
    kept = sum(
        any(holds(answer, value) for value in fact.answers)
        and (not fact.subject or any(w in words(answer) for w in words(fact.subject)))
        for fact in item.facts
    )
    return {item.skill: kept / max(1, len(item.facts))}


def score_list(item: SkillItem, answer: str) -> dict[str, float]:
    """The share of right lines."""
    lines = prompts.read_facts(answer)
    text = " ".join(item.text.split())
    left = list(item.facts)
    right = 0
    for line, quote in lines:
        if " ".join(quote.split()) not in text:
            continue
        for fact in left:
            if any(holds(line, v) and holds(quote, v) for v in fact.answers):
                left.remove(fact)
                right += 1
                break
    return {item.skill: right / max(1, len(item.facts), len(answer.strip().splitlines()))}


def score(item: SkillItem, answer: str) -> Mapping[str, float]:
    """The points of an answer, from 0 to 1, by row of the model card."""
    if item.check is Check.PAIRS:
        return score_pairs(item, answer)
    if item.check is Check.REWRITE:
        return score_rewrite(item, answer)
    if item.check is Check.LIST:
        return score_list(item, answer)
    right = is_unknown(answer) if item.check is Check.UNKNOWN else is_exact(answer, item.answers)
    return {item.skill: float(right)}
