"""A value of every shape a life writes down, one maker per slot type.

`make(kind, draw)` is the one way in. Every value composed at random (dates, codes, amounts)
obeys the held-out rule as a whole text; every word taken from a list obeys it as a word.
"""

from collections.abc import Callable

from training.pocket.language import names, shapes, words
from training.pocket.language.draw import Draw
from training.pocket.language.template import TemplateError, Value, with_article_an

OPEN_SHARE = 0.3  # of dishes, events, hobbies …: made of open-world words, not from the list


def thing(draw: Draw) -> str:
    """An open-world thing: a word for its look or nature, and a noun."""
    head = words.of_kind("object", draw) if draw.chance(0.5) else words.noun(draw)
    style = draw.random.random()
    if style < 0.25:
        return f"{words.of_kind('colour', draw)} {head}"
    if style < 0.65:
        return f"{words.adjective(draw)} {head}"
    if style < 0.85:
        return f"{words.noun(draw)} {head}"
    return head


def title(draw: Draw) -> str:
    """A title of a book, a film or a song."""
    noun, other = words.noun(draw).capitalize(), words.noun(draw).capitalize()
    adjective = words.adjective(draw).capitalize()
    return draw.choose(
        (
            f"The {adjective} {noun}",
            f"{noun} and {other}",
            f"The {noun} of {names.city(draw)}",
            f"{adjective} {noun}s",
            f"A {noun} for {names.first_name(draw, names.gender_of(draw))}",
            f"The {noun}'s {other}",
            f"{noun} in {draw.choose(shapes.MONTHS)}",
            f"No {noun}, no {other}",
        )
    )


def opened(kind: str, pattern: Callable[[Draw], str]) -> Callable[[Draw], str]:
    """A maker that mostly takes from the closed list and sometimes makes an open-world one."""
    return lambda draw: pattern(draw) if draw.chance(OPEN_SHARE) else words.of_kind(kind, draw)


def platform(draw: Draw) -> str:
    """A platform of a station."""
    return f"{draw.integer(1, 24)}{draw.choose(('', '', '', 'a', 'b'))}"


def school(draw: Draw) -> str:
    """A school or a nursery."""
    end = draw.choose(
        "Primary School|High School|Grammar School|Academy|Nursery|College".split("|")
    )
    return f"{names.last_name(draw) if draw.chance(0.5) else names.city(draw)} {end}"


def dose(draw: Draw) -> str:
    """How much of a medicine."""
    return draw.choose(
        (
            f"{draw.integer(1, 80) * 5} mg",
            f"{draw.choose(shapes.SPELT[1:5])} tablet{draw.choose(('s', 's twice a day', 's a day'))}",
            f"{draw.integer(5, 30)} drops",
            f"{draw.integer(1, 20)} ml",
            f"{draw.integer(1, 9)}.{draw.integer(0, 9)} mg",
        )
    )


def age(draw: Draw) -> str:
    """An age in years."""
    return str(draw.integer(1, 97))


def noun_phrase(draw: Draw) -> str:
    """Adjective and noun, both open-world."""
    return f"{words.adjective(draw)} {words.noun(draw)}"


def compound(draw: Draw) -> str:
    """Two nouns."""
    return f"{words.noun(draw)} {words.noun(draw)}"


def listed(kind: str) -> Callable[[Draw], str]:
    """A maker from a closed list."""
    return lambda draw: words.of_kind(kind, draw)


#: Kinds whose value is one text; most are composed, so the held-out rule judges the whole.
COMPOSED: dict[str, Callable[[Draw], str]] = {
    "phone": shapes.patterned(shapes.PHONES),
    "email": shapes.email,
    "address": shapes.address,
    "street": names.street,
    "time": shapes.time,
    "time_range": shapes.time_range,
    "duration": shapes.duration,
    "amount": shapes.amount,
    "number": shapes.number,
    "percent": lambda d: f"{d.integer(1, 99)}{d.choose(('%', '%', ' per cent'))}",
    "code": shapes.patterned(shapes.CODES),
    "reference": shapes.patterned(shapes.REFERENCES),
    "plate": shapes.patterned(shapes.PLATES),
    "flight": shapes.flight,
    "room": shapes.room,
    "seat": shapes.seat,
    "url": shapes.url,
    "filename": shapes.filename,
    "measure": shapes.quantity(2, 400, " cm", " mm", " m", "cm", " inches", " feet"),
    "weight": shapes.quantity(1, 120, " kg", "kg", " g", " pounds", " tonnes"),
    "length": shapes.quantity(2, 300, " m", " cm", " km", " metres", " feet"),
    "distance": shapes.quantity(2, 900, " km", " miles", "km", " kilometres", " m"),
    "temperature": shapes.quantity(-9, 230, "°C", " degrees", "°", "°F"),
    "size": shapes.size,
    "dose": dose,
    "year": shapes.year,
    "score": shapes.score,
}
#: Kinds made of words that obey the held-out rule one by one, or too few to be split.
WORDED: dict[str, Callable[[Draw], str]] = {
    "city": names.city,
    "country": names.country,
    "place": names.place,
    "company": names.company,
    "shop": names.shop,
    "platform": platform,
    "product": lambda d: f"{names.invented(d, 2)} {d.choose((shapes.shape(d, 'A9'), shapes.shape(d, '99'), 'Pro', 'Mini', shapes.shape(d, 'AA-999')))}",
    "thing": thing,
    "noun": words.noun,
    "adjective": words.adjective,
    "dish": opened("dish", lambda d: f"{words.adjective(d)} {words.of_kind('ingredient', d)} {d.choose(('soup', 'pie', 'stew', 'salad', 'curry', 'cake', 'bake'))}"),
    "drink": opened("drink", lambda d: f"{words.noun(d)} {d.choose(('tea', 'juice', 'beer', 'wine', 'cordial', 'liqueur'))}"),
    "pet_name": opened("pet_name", lambda d: d.held(lambda e: names.invented(e, 2))),
    "hobby": opened("hobby", lambda d: f"{words.noun(d)} {d.choose(('collecting', 'making', 'painting', 'racing', 'spotting'))}"),
    "sport": listed("sport"),
    "team": opened("team", lambda d: f"{names.city(d)} {d.choose(('United', 'Rovers', 'Tigers', 'Lions', 'City', 'Wanderers'))}"),
    "artist": opened("artist", lambda d: f"the {words.adjective(d).capitalize()} {words.noun(d).capitalize()}s"),
    "event": opened("event", lambda d: f"{words.noun(d)} {d.choose(('workshop', 'meeting', 'evening', 'festival', 'club', 'lesson', 'tour', 'talk', 'party', 'fair'))}"),
    "tool": opened("tool", lambda d: f"{words.noun(d)} {d.choose(('cutter', 'drill', 'saw', 'brush', 'gauge', 'clamp'))}"),
    "vehicle": opened("vehicle", lambda d: f"{words.of_kind('colour', d)} {words.of_kind('vehicle', d)}"),
    "job": opened("job", lambda d: f"{words.noun(d)} {d.choose(('inspector', 'designer', 'manager', 'seller', 'consultant', 'trainer'))}"),
    "colour": listed("colour"),
    "book": title,
    "film": title,
    "song": title,
    "school": school,
    "age": age,
    "phrase": noun_phrase,
    "compound": compound,
}  # fmt: skip
#: Values that also have other forms.
FORMED: dict[str, Callable[[Draw], Value]] = {
    "person": names.person,
    "woman": lambda d: names.person(d, "woman"),
    "man": lambda d: names.person(d, "man"),
    "first": names.first,
    "last": names.last,
    "date": shapes.date,
}


def make(kind: str, draw: Draw) -> Value:
    """A new value of a slot type, on the draw's side of the held-out rule.

    Raises:
        TemplateError: there is no such slot type.
    """
    if kind in FORMED:
        return FORMED[kind](draw)
    if kind in COMPOSED:
        maker = COMPOSED[kind]
        return Value(kind, draw.fresh(lambda d: d.held(maker)))
    if kind in WORDED:
        maker = WORDED[kind]
        return Value(kind, draw.fresh(lambda d: with_article_an(maker(d))))
    if kind in words.kinds():
        return Value(kind, draw.fresh(lambda d: words.of_kind(kind, d)))
    raise TemplateError(f"there is no slot type {kind!r}")


def slot_types() -> frozenset[str]:
    """Every slot type there is."""
    return frozenset(FORMED) | frozenset(COMPOSED) | frozenset(WORDED) | frozenset(words.kinds())
