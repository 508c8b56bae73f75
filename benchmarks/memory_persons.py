"""Made-up persons of any size: their documents, as the extractors give them, and facts that nobody else has.

Of 150 facts about half stand on contact cards, the others in notes of `Key: value` lines, in plain sentences and in the
headers of mails, and one fact in fifteen leads on to a contact card ("My dentist is Anna Weiss."). Everything is drawn
from a seed, so that two runs mean the same person and another seed means a person who shares no value but by chance.
No rule or wording was fitted to these persons.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import islice, product

from extractors.document import Document, Domain
from training.synthesis.people import given_names
from training.synthesis.sources import Owner, SourceDocument, owner_of

OWNER = "Robin Ashworth <robin@ashworth.example>"

SURNAMES = """Abbott Alvarez Bakke Barlow Becker Blom Brandt Bright Calder Castro Conti Dahl Davies Duarte Egede Ekman
    Falk Ferrari Finch Fischer Garnier Gruber Haas Hale Hansen Herrera Holm Hughes Ito Jensen Kaplan Keller Kovacs Lange
    Larkin Lefevre Lorenz Lund Marsh Medina Meyer Moreau Nagy Neumann Okafor Olsen Osei Pace Palmer Petrov Pike Prior
    Rossi Ruiz Sand Schmidt Silva Sorel Strand Tanaka Thorne Toft Urban Vance Varga Vogel Wade Weiss Winter Zeller""".split()
STREETS = """Harbour Mill Church Station Garden Bridge Castle Market School Forest River Park Linden Chestnut Orchard
    Meadow Tower Abbey Quarry Ferry Windmill Lantern Juniper Copper""".split()
TOWNS = """Bergen Ghent Malmo Turku Graz Leeds Porto Vigo Basel Aarhus Cork Nantes Lucca Gdansk Tartu Utrecht Bath Salzburg
    Split Braga""".split()
FIRMS = """Skala Northwind Brightwater Halden Corvus Meridian Lumen Alder Granite Tidewater Sable Finch Orbit Cobalt
    Kestrel Juniper Quill Ember Vertex Harrow""".split()
KINDS_OF_FIRM = (
    "Systems Foods Logistics Press Energy Textiles Instruments Design Shipping Partners".split()
)
JOBS = """carpenter nurse pilot baker translator surveyor florist geologist welder librarian beekeeper chemist conductor
    optician tailor brewer potter cartographer midwife diver""".split()
INSTRUMENTS = (
    "cello oboe trumpet harp bassoon viola accordion clarinet banjo flute tuba mandolin".split()
)
CALLED = """Havorn Pepper Biscuit Comet Juno Marble Otter Sparrow Tansy Willow Bramble Clover Domino Ember Fable Ginger
    Hazel Indigo Jasper Kipper Lotus Maple Nimbus Opal Pixel Quince Rusty Saffron Tango Umber Velvet Waffle""".split()
THINGS = "boiler boat cabin bicycle freezer printer piano caravan greenhouse sauna stove kayak trailer tent".split()
BRANDS = (
    "Norvik Tessel Aurum Belling Castor Drava Elbe Fjell Gamma Holt Isar Jura Kelo Lech".split()
)
COLOURS = "dark green, pale yellow, brick red, navy blue, cream white, slate grey, bright orange, plum".split(
    ", "
)
SENTENCES = (
    ("{name} plays the {value}.", INSTRUMENTS),
    ("{name}'s dog is called {value}.", CALLED),
    ("{name} works as a {value}.", JOBS),
    ("{name}'s boat is called {value}.", CALLED),
)
ROLES = (
    "dentist lawyer landlord plumber vet hairdresser accountant electrician optician tutor".split()
)
SUBJECTS = "Plans for, Photos from, News about, Tickets to, Questions about, A parcel for, The keys to, Dinner in".split(
    ", "
)
FIRST_DAY = datetime(2024, 1, 8, 9, 30, tzinfo=UTC)

FACTS_OF_A_CARD, FACTS_OF_A_NOTE, FACTS_OF_A_MAIL, SENTENCES_OF_A_NOTE = 4, 3, 2, 4


@dataclass(frozen=True, slots=True)
class Person:
    """A made-up person.

    Attributes:
        seed: what they were drawn from.
        documents: everything they keep.
        owner: who they are.
    """

    seed: int
    documents: tuple[SourceDocument, ...]
    owner: Owner


def person(facts: int, seed: int) -> Person:
    """A person of about so many facts, fewer by those few that contradict one another.

    Args:
        facts: 25 or more.
        seed: who it is.
    """
    draw = random.Random(f"person/{seed}")
    known = list(islice(_names(draw), max(4, round(facts * 0.55 / FACTS_OF_A_CARD))))
    mails, notes = round(facts * 0.1 / FACTS_OF_A_MAIL), round(facts * 0.15 / FACTS_OF_A_NOTE)
    links = round(facts / 15)
    told = [
        *_links(known, links, draw),
        *islice(_sentences(known, draw), facts - links - _other_facts(known, mails, notes)),
    ]
    documents = [
        *(_card(name, draw) for name in known),
        *_notes(notes, draw),
        *_told(told, draw),
        *_mails(known, mails, draw),
    ]
    return Person(seed, tuple(documents), owner_of(documents, (OWNER,)))


def _other_facts(known: Sequence[str], mails: int, notes: int) -> int:
    """How many facts stand elsewhere than in plain sentences."""
    return len(known) * FACTS_OF_A_CARD + mails * FACTS_OF_A_MAIL + notes * FACTS_OF_A_NOTE


def changed(whose: Person, share: float, seed: int) -> Person:
    """The same person some days later: so large a share of the documents has other values, in a new version.

    Args:
        whose: the person.
        share: of the documents, 0 to 1; at least one.
        seed: which ones, and what is new in them.
    """
    draw = random.Random(f"changed/{whose.seed}/{seed}")
    cards = [source for source in whose.documents if source.document.kind == "contact"]
    wanted = max(1, round(share * len(whose.documents)))
    new = {
        source.id: replace(_card(source.document.title, draw), version=source.version + 1)
        for source in draw.sample(cards, wanted)
    }
    documents = tuple(new.get(source.id, source) for source in whose.documents)
    return Person(whose.seed, documents, whose.owner)


def _names(draw: random.Random) -> Iterator[str]:
    """Full names, none twice, and no first name twice where there are enough of them."""
    first = sorted(name.title() for name in given_names() if name.isascii() and name.isalpha())
    draw.shuffle(first)
    for number, name in enumerate(first):
        yield f"{name} {draw.choice(SURNAMES) if number % 2 else SURNAMES[number % len(SURNAMES)]}"


def _source(document: Document) -> SourceDocument:
    """A document with an identity that follows from where it lies."""
    return SourceDocument(hashlib.sha256(document.origin.encode()).hexdigest()[:32], 1, document)


def _phone(draw: random.Random) -> str:
    return f"{draw.randrange(200, 1000)} {draw.randrange(100, 1000)}"


def address_of(name: str) -> str:
    """Somebody's mail address, of which only the part before the @ follows from the name."""
    firm = FIRMS[random.Random(name).randrange(len(FIRMS))]
    return f"{name.split()[0]}@{firm}.example".lower()


def _card(name: str, draw: random.Random) -> SourceDocument:
    """A contact card: number, birthday, mail address, and either where they live or for whom they work."""
    birthday = datetime(1940, 1, 1) + timedelta(days=draw.randrange(70 * 365))
    last = (
        ("Address", f"{draw.randrange(1, 99)} {draw.choice(STREETS)} Street, {draw.choice(TOWNS)}")
        if draw.random() < 0.5
        else ("Organisation", f"{draw.choice(FIRMS)} {draw.choice(KINDS_OF_FIRM)}")
    )
    pairs = (
        ("Phone", _phone(draw)),
        ("Birthday", f"{birthday:%Y-%m-%d}"),
        ("Email", address_of(name)),
        last,
    )
    text = "\n".join([name, *(f"{label}: {value}" for label, value in pairs)])
    properties = (("Name", name), *pairs)
    origin = f"/contacts/{name}"
    return _source(Document(origin, Domain.PEOPLE, "contact", name, text, properties=properties))


def _notes(wanted: int, draw: random.Random) -> Iterator[SourceDocument]:
    """Notes on things, a value a line."""
    titles = [f"{thing.title()} in {town}" for thing, town in product(THINGS, TOWNS)]
    for title in draw.sample(titles, wanted):
        values = [
            ("Serial number", f"{draw.choice('ABCDEFGHKLMNPRST')}{draw.randrange(1000, 10000)}"),
            ("Colour", draw.choice(COLOURS)),
            ("Brand", draw.choice(BRANDS)),
            ("Price", f"{draw.randrange(20, 900)} euros"),
            ("Width", f"{draw.randrange(20, 300)} cm"),
        ]
        lines = [f"{label}: {value}" for label, value in draw.sample(values, FACTS_OF_A_NOTE)]
        yield _note(title, "\n".join(lines))


def _note(title: str, text: str) -> SourceDocument:
    return _source(Document(f"/notes/{title}", Domain.NOTES, "markdown", title, text))


def _links(known: Sequence[str], wanted: int, draw: random.Random) -> list[str]:
    """Sentences whose value is the name of somebody with a card; none of whom anything else is said by role."""
    whose = ["My", *(f"{name}'s" for name in known)]
    pairs = draw.sample(list(product(whose, ROLES)), wanted)
    return [
        f"{owner} {role} is {draw.choice([name for name in known if not owner.startswith(name)])}."
        for owner, role in pairs
    ]


def _sentences(known: Iterable[str], draw: random.Random) -> Iterator[str]:
    """Plain sentences about these people, none twice of one sort about one of them."""
    people = list(known)
    for form, values in SENTENCES:
        draw.shuffle(people)
        for name in people:
            yield form.format(name=name, value=draw.choice(values))


def _told(sentences: Sequence[str], draw: random.Random) -> Iterator[SourceDocument]:
    """The sentences, a few a note."""
    mixed = draw.sample(sentences, len(sentences))
    for start in range(0, len(mixed), SENTENCES_OF_A_NOTE):
        text = " ".join(mixed[start : start + SENTENCES_OF_A_NOTE])
        title = f"Diary {start // SENTENCES_OF_A_NOTE + 1}"
        yield _note(title, text)


def _mails(known: Sequence[str], wanted: int, draw: random.Random) -> Iterator[SourceDocument]:
    """Mails from people with a card; their headers say who wrote about what, and when."""
    subjects = [f"{about} {town}" for about, town in product(SUBJECTS, TOWNS)]
    for subject in draw.sample(subjects, wanted):
        name = draw.choice(known)
        sender = f"{name} <{address_of(name)}>"
        sent = FIRST_DAY + timedelta(days=draw.randrange(600))
        properties = (
            ("From", sender),
            ("To", OWNER),
            ("Date", f"{sent:%Y-%m-%d %H:%M} +0000"),
            ("Subject", subject),
        )
        text = "\n".join([*(f"{key}: {value}" for key, value in properties), "", "See you soon!"])
        mail = Document(f"/mail/{subject}", Domain.MAIL, "mail", subject, text)
        yield _source(
            replace(mail, author=sender, recipients=(OWNER,), date=sent, properties=properties)
        )
