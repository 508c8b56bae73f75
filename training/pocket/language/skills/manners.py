"""Small talk, and yes or no: short turns that every conversation has."""

from training.pocket.language import attributes, documents, facts, layout
from training.pocket.language.draw import Draw
from training.pocket.language.sample import Sample, Turn

COURTESY, YES_NO = "courtesy", "yes_no"
COURTESIES: tuple[tuple[str, str], ...] = tuple(
    (asked, reply)
    for askeds, reply in (
        ("Hello|Hi|Hey|Hello there|Hi there!|Good day", "Hello!"),
        ("Good morning|Good morning!|Morning", "Good morning!"),
        ("Good evening|Evening|Good evening!", "Good evening!"),
        ("Good night|Night|Sleep well", "Good night!"),
        ("Thanks|Thank you|Thanks a lot|Cheers|Great, thanks", "You're welcome."),
        ("How are you?|How do you do?|How is it going?", "Fine, thank you."),
        ("Bye|Goodbye|See you|That's all", "Goodbye!"),
        ("Who are you?|What are you?|What is your name?", "A small model that remembers."),
        ("OK|All right|Fine|Good", "Good."),
        ("Can you help me?|I have a question|May I ask something?", "Yes, go ahead."),
    )
    for asked in askeds.split("|")
)
YES_NO_FORMS = (
    "Is {value} {subject}'s {noun}?", "Is {subject}'s {noun} {value}?", "Is it true that {subject}'s {noun} is {value}?",
    "{subject}'s {noun} is {value}, right?", "Is {value} the {noun} of {subject}?", "Does the text say that {subject}'s {noun} is {value}?",
)  # fmt: skip


def courtesy_sample(draw: Draw, level: float) -> Sample:
    """One to three courtesies."""
    del level
    turns: list[Turn] = []
    for asked, reply in draw.some(COURTESIES, draw.integer(1, 3)):
        turns += layout.turn_pair(asked, reply)
    return Sample(COURTESY, tuple(turns))


def yes_no_sample(draw: Draw, level: float) -> Sample:
    """Questions that a text answers with yes or no."""
    del level
    people = [facts.person_subject(draw) for _ in range(draw.integer(1, 2))]
    groups, pairs = [], []
    for who in people:
        options = [a for a in attributes.of_subject("person") if a.noun]
        attribute = draw.choose(options)
        fact = (
            attributes.fact(attribute, who, draw)
            if draw.chance(0.5)
            else attributes.open_fact(who, draw)
        )
        groups.append(documents.Group(who, (fact,)))
        other = attributes.fact(attribute, who, draw).points[0].answer
        right = draw.chance(0.5)
        value = fact.points[0].answer if right else other
        form = draw.choose(YES_NO_FORMS)
        asked = form.format(value=value, subject=draw.choose(who.aliases), noun=fact.label)
        pairs.append((facts.tidy(asked), "Yes" if right else "No"))
        if draw.chance(0.5):
            pairs.append((fact.points[0].ask(), fact.points[0].answer))
    text = documents.prose(draw, tuple(groups))
    return Sample(YES_NO, layout.conversation(draw, text, draw.shuffled(pairs)))
