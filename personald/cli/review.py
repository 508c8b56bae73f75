"""`personald review`: what waits for the owner's word before it is studied."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from personald.cli.frame import Frame, common
from personald.cli.output import table
from personald.errors import UsageError

if TYPE_CHECKING:
    from personald.assembly import Owner
    from personald.reviewing import Decision, Matter, Review
    from personald.state import RunState

CATEGORY = click.Choice(["health", "legal", "money"])


@click.group("review")
def review() -> None:
    """What is held back because it is sensitive, or because only a stranger says so."""


@review.command("list")
@click.option("--all", "everything", is_flag=True, help="Also what was decided.")
@common
def list_matters(frame: Frame, everything: bool) -> None:
    """Everything that waits for your word."""
    from personald.reviewing import Decision

    with desk(frame) as at:
        rows = [row for row in at.rows() if everything or row["decision"] == Decision.WAITING]
    frame.show(
        {"matters": rows},
        lambda: table(
            ("n", "about", "decision", "document", "text"),
            [
                (row["number"], row["category"], row["decision"], row["title"], row["text"])
                for row in rows
            ],
        ),
    )


@review.command("show")
@click.argument("number", type=int)
@common
def show(frame: Frame, number: int) -> None:
    """One matter, and where it stands."""
    with desk(frame) as at:
        (matter,) = at.chosen([number])
        row = at.row(matter)
    frame.show(
        row,
        lambda: click.echo(
            f"{row['number']}: {row['reason']} ({row['decision']})\n"
            f"  in: {row['title']} ({row['origin']})\n\n{row['text']}"
        ),
    )


@review.command("approve")
@click.argument("numbers", type=int, nargs=-1)
@click.option("--category", type=CATEGORY, help="All of this sort, now and from now on.")
@common
def approve(frame: Frame, numbers: tuple[int, ...], category: str | None) -> None:
    """Let these be studied. Of a stranger's mail: what it states holds."""
    from personald.reviewing import Decision

    _decide(frame, numbers, category, Decision.APPROVED)


@review.command("reject")
@click.argument("numbers", type=int, nargs=-1)
@click.option("--category", type=CATEGORY, help="No more of this sort without asking.")
@common
def reject(frame: Frame, numbers: tuple[int, ...], category: str | None) -> None:
    """Keep these out of every memory for good. Retrieval finds them all the same; `forget` removes them."""
    from personald.reviewing import Decision

    _decide(frame, numbers, category, Decision.REJECTED)


def _decide(frame: Frame, numbers: Sequence[int], category: str | None, decision: Decision) -> None:
    if bool(numbers) == (category is not None):
        raise UsageError("Say which.", "Numbers of `personald review list`, or --category.")
    with desk(frame) as at:
        if category is not None:
            touched = [matter for matter in at.matters if matter.category == category]
            at.review.decide_category(category, decision)
        else:
            touched = at.chosen(numbers)
            at.review.decide([matter.key for matter in touched], decision)
        at.review.save()
        rows = [at.row(matter) for matter in touched]
        at.make_stale({matter.document for matter in touched})
    frame.show(
        {"matters": rows, "category": category},
        lambda: click.echo(f"{len(rows)} {decision}; the next training follows."),
    )


@dataclass(frozen=True, slots=True)
class Desk:
    """Everything that there is to review, numbered."""

    owner: Owner
    review: Review
    matters: list[Matter]
    domains: dict[str, str]

    def rows(self) -> list[dict[str, Any]]:
        """All matters as they are listed, in order of number."""
        return sorted(map(self.row, self.matters), key=lambda row: int(row["number"]))

    def row(self, matter: Matter) -> dict[str, Any]:
        """One matter as it is listed."""
        return {
            "number": self.review.numbers[matter.key],
            "category": matter.category,
            "decision": self.review.decision(matter.category, matter.key).value,
            "document": matter.document,
            "title": matter.title,
            "origin": matter.origin,
            "reason": matter.reason,
            "text": matter.text,
        }

    def chosen(self, numbers: Sequence[int]) -> list[Matter]:
        """The matters with these numbers; see `reviewing.chosen`."""
        from personald.reviewing import chosen

        return chosen(self.matters, self.review.numbers, numbers)

    def make_stale(self, documents: set[str]) -> None:
        """Have the domains of these documents trained again, although no document changed."""
        from personald.state import StateFile

        state = StateFile(self.owner.home.state)

        def stale(now: RunState) -> RunState:
            for domain in {self.domains[document] for document in documents}:
                now = now.with_domain(domain, revision=-1)
            return now

        state.change(stale)


@contextlib.contextmanager
def desk(frame: Frame) -> Iterator[Desk]:
    """Open the home and put everything on the desk."""
    from extractors.document import Domain
    from personald.assembly import Owner
    from personald.reviewing import sensitive_matters, strangers_matters
    from personald.study import open_review
    from training.dataset import read_facts
    from training.synthesis.sources import owner_of
    from training.synthesis.strangers import sift

    with Owner(frame.home, frame.settings) as owner:
        found = open_review(owner)
        documents = list(owner.vault().documents())
        # As if nothing had been said about strangers yet: what was decided can be decided again.
        mails = {
            stored.id: found.undecided(stored)
            for stored in documents
            if stored.document.domain is Domain.MAIL
        }
        person = owner_of([found.undecided(stored) for stored in documents])
        held = sift(list(read_facts(list(mails.values()), person)), mails, person).held
        matters = [
            *sensitive_matters(found, documents),
            *strangers_matters(found, documents, held),
        ]
        found.number(matters)
        found.save()
        yield Desk(owner, found, matters, {d.id: str(d.document.domain) for d in documents})
