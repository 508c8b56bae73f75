"""A value of every shape a life writes down, one maker per slot type.

`make(kind, draw)` is the one way in. Every value composed at random (dates, codes, amounts)
obeys the held-out rule as a whole text; every word taken from a list obeys it as a word.
"""

from collections.abc import Callable

from training.pocket.language import names, words
from training.pocket.language.draw import Draw, split_of
from training.pocket.language.template import TemplateError, Value, with_article_an

DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
MONTHS = (
    "January February March April May June July August September October November December"
).split()
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
DIGITS = "0123456789"
OPEN_SHARE = 0.3  # of dishes, events, hobbies …: made of open-world words, not from the list


def letters(draw: Draw, count: int) -> str:
    """So many capital letters (without I and O, as plates and codes are)."""
    return "".join(draw.choose(LETTERS) for _ in range(count))


def digits(draw: Draw, count: int) -> str:
    """So many digits, not all leading zeros."""
    return str(draw.integer(1, 9)) + "".join(draw.choose(DIGITS) for _ in range(count - 1))


def shape(draw: Draw, pattern: str) -> str:
    """A code after a pattern: A a capital, a a small letter, 9 a digit, the rest itself."""
    made = []
    for mark in pattern:
        if mark == "A":
            made.append(draw.choose(LETTERS))
        elif mark == "a":
            made.append(draw.choose(LETTERS).lower())
        elif mark == "9":
            made.append(draw.choose(DIGITS))
        else:
            made.append(mark)
    return "".join(made)


# --- dates and times -----------------------------------------------------------------------


def date(draw: Draw) -> Value:
    """A day, in one of the ways people write it; forms long, short, iso and weekday.

    The weekday is not computed from the year: half of the texts name no year, and a reader of
    texts must copy, not calculate.
    """
    while True:
        day, month, year = draw.integer(1, 28), draw.integer(1, 12), draw.integer(2017, 2031)
        weekday = draw.choose(DAYS)
        name = MONTHS[month - 1]
        text = draw.weighted(
            (
                (5, f"{day} {name}"),
                (3, f"{weekday} {day} {name}"),
                (2, f"{day} {name} {year}"),
                (2, f"{name} {day}"),
                (1, f"{name} {day}, {year}"),
                (1, f"{year}-{month:02}-{day:02}"),
                (1, f"{day:02}.{month:02}.{year}"),
                (1, f"{day}/{month}"),
                (1, f"{weekday[:3]} {day} {name[:3]}"),
                (1, f"the {ordinal_number(day)} of {name}"),
                (1, f"{name} {ordinal_number(day)}"),
            )
        )
        if draw.claims(text) and split_of(text) is draw.split:
            break
    forms = {
        "long": f"{weekday} {day} {name} {year}",
        "short": f"{day} {name}",
        "iso": f"{year}-{month:02}-{day:02}",
        "weekday": weekday,
        "month": name,
        "year": str(year),
    }
    return Value("date", text, forms)


def ordinal_number(number: int) -> str:
    """1st, 2nd, 3rd, 4th, …"""
    if number % 100 in (11, 12, 13):
        return f"{number}th"
    return f"{number}{({1: 'st', 2: 'nd', 3: 'rd'}).get(number % 10, 'th')}"


def time(draw: Draw) -> str:
    """A time of day."""
    hour, minute = draw.integer(6, 22), draw.choose((0, 5, 10, 15, 20, 30, 35, 40, 45, 50, 55))
    twelve = (hour - 1) % 12 + 1
    half = "am" if hour < 12 else "pm"
    return draw.weighted(
        (
            (4, f"{hour}:{minute:02}"),
            (2, f"{twelve}.{minute:02} {half}"),
            (2, f"{twelve} {half}"),
            (2, f"{twelve}:{minute:02} {half}"),
            (1, f"{twelve}{half}"),
            (1, f"{hour}.{minute:02}"),
            (1, f"half past {SPELT[twelve]}"),
            (1, f"quarter to {SPELT[twelve]}"),
            (1, f"{SPELT[twelve]} o'clock"),
        )
    )


SPELT = "zero one two three four five six seven eight nine ten eleven twelve".split()


def time_range(draw: Draw) -> str:
    """From when to when."""
    start = draw.integer(7, 18)
    end = start + draw.integer(1, 4)
    return draw.choose(
        (
            f"{start}:00-{end}:30",
            f"{start}.30-{end}.00",
            f"between {(start - 1) % 12 + 1} and {(end - 1) % 12 + 1}",
            f"{start}:15 to {end}:00",
            f"from {(start - 1) % 12 + 1} to {(end - 1) % 12 + 1}",
            f"{start}-{end}",
        )
    )


def year(draw: Draw) -> str:
    """A year of the last century or this."""
    return str(draw.integer(1931, 2031))


def duration(draw: Draw) -> str:
    """A length of time."""
    count = draw.integer(2, 18)
    spelt = SPELT[count] if count <= 12 and draw.chance(0.5) else str(count)
    unit = draw.choose(("minutes", "hours", "days", "weeks", "months", "years"))
    if unit == "minutes":
        return f"{draw.integer(2, 19) * 5} minutes"
    return draw.weighted(
        (
            (8, f"{spelt} {unit}"),
            (1, f"{spelt} and a half {unit}"),
            (1, f"half {draw.choose(('an hour', 'a day', 'a year'))}"),
            (1, f"about {spelt} {unit}"),
        )
    )


# --- numbers, amounts, measures --------------------------------------------------------------


def amount(draw: Draw) -> str:
    """A sum of money."""
    whole = draw.integer(2, 99) if draw.chance(0.6) else draw.integer(100, 4999)
    cents = draw.integer(0, 99)
    return draw.weighted(
        (
            (3, f"£{whole}"),
            (2, f"£{whole}.{cents:02}"),
            (3, f"€{whole}"),
            (2, f"€{whole}.{cents:02}"),
            (2, f"${whole}"),
            (1, f"${whole}.{cents:02}"),
            (2, f"{whole} euros"),
            (1, f"{whole},{cents:02} €"),
            (1, f"{whole} pounds"),
            (1, f"{whole} francs"),
            (1, f"CHF {whole}"),
            (1, f"{whole} kr"),
        )
    )


def number(draw: Draw) -> str:
    """A whole number of one to four digits."""
    return str(draw.integer(2, 10 ** draw.integer(1, 4)))


def quantity(low: int, high: int, *units: str) -> Callable[[Draw], str]:
    """A maker of measures: a number in the range, and one of the units."""

    def make(draw: Draw) -> str:
        value = str(draw.integer(low, high))
        if draw.chance(0.2):
            value += f".{draw.integer(1, 9)}"
        return f"{value}{draw.choose(units)}"

    return make


def size(draw: Draw) -> str:
    """A size of clothes, shoes or things."""
    return draw.choose(
        (
            draw.choose(("XS", "S", "M", "L", "XL", "XXL")),
            str(draw.integer(34, 58)),
            f"{draw.integer(34, 47)}½",
            f"{draw.integer(20, 240)} x {draw.integer(20, 240)} cm",
            f"size {draw.integer(4, 48)}",
        )
    )


def score(draw: Draw) -> str:
    """The result of a game."""
    return f"{draw.integer(0, 9)}{draw.choose(('-', ':', '–'))}{draw.integer(0, 9)}"


# --- codes and addresses of every kind --------------------------------------------------------

CODES = (
    "9999|999999|9999#|AAA999|AA-9999|A9A9A9|aaa-999|9999-9999|AA99AA99|#9999|99A99|aaaa99|A-99-A"
)
REFERENCES = "AA-99999|999-9999999|AAA/9999/99|INV-9999|99999999|A9999999|RF99 9999|AA99999AA|2024-9999|K-9999"
PLATES = "AA99 AAA|A-AA 9999|AAA 999|99-AAA-9|AA 999 AA|AA-AA 99|9AAA 99|AAA-999"
PHONES = "07999 999999|020 7999 9999|+49 179 9999999|0199 999999|+33 6 99 99 99 99|555-9999|079 999 99 99|+48 999 999 999|0664 9999999|(999) 999-9999"


def patterned(patterns: str) -> Callable[[Draw], str]:
    """A maker of codes after one of the patterns."""
    options = tuple(patterns.split("|"))
    return lambda draw: shape(draw, draw.choose(options))


def flight(draw: Draw) -> str:
    """A flight or train number."""
    prefix = draw.choose("LH BA AF KL LX OS SK AY TP EW FR U2 ICE RE IC EC".split())
    return f"{prefix}{draw.choose(('', ' '))}{draw.integer(11, 9999)}"


def room(draw: Draw) -> str:
    """A room in a building."""
    return draw.choose(
        (
            str(draw.integer(1, 620)),
            f"room {draw.integer(1, 620)}",
            f"{draw.choose(LETTERS)}{draw.integer(1, 40)}",
            f"{draw.choose(LETTERS)}.{draw.integer(0, 4)}.{draw.integer(10, 40)}",
            words.of_kind("room", draw),
        )
    )


def seat(draw: Draw) -> str:
    """A seat in a train, a plane or a theatre."""
    return draw.choose(
        (
            f"{draw.integer(1, 42)}{draw.choose('ABCDEF')}",
            f"row {draw.integer(1, 30)}, seat {draw.integer(1, 40)}",
            f"coach {draw.integer(1, 14)} seat {draw.integer(1, 98)}",
            f"{draw.choose('ABCDEFGHJKLMNPQ')}{draw.integer(1, 40)}",
        )
    )


def email(draw: Draw) -> str:
    """A mail address."""
    name = ascii_word(names.first_name(draw, names.gender_of(draw)))
    last = ascii_word(names.last_name(draw))
    local = draw.choose(
        (f"{name}.{last}", f"{name[0]}{last}", f"{name}{draw.integer(1, 99)}", last)
    )
    host = draw.choose((words.noun(draw), ascii_word(names.invented(draw, 2))))
    return f"{local}@{host}.{draw.choose(('com', 'org', 'net', 'co.uk', 'de', 'eu', 'fr', 'it'))}"


def ascii_word(name: str) -> str:
    """``name`` in small ASCII letters, for addresses."""
    kept = "".join(c for c in name.lower() if "a" <= c <= "z")
    return kept or "info"


def url(draw: Draw) -> str:
    """A web address."""
    path = draw.choose(("", "/" + words.noun(draw), f"/{words.noun(draw)}/{draw.integer(1, 999)}"))
    start = draw.choose(("https://", "www.", ""))
    return f"{start}{words.noun(draw)}-{words.noun(draw)}.{draw.choose(('com', 'org', 'net', 'eu'))}{path}"


def filename(draw: Draw) -> str:
    """A file's name."""
    stem = draw.choose(
        (
            words.noun(draw),
            f"{words.noun(draw)}_{words.noun(draw)}",
            f"{words.noun(draw)}-{draw.integer(2015, 2031)}",
            f"IMG_{digits(draw, 4)}",
            f"{words.adjective(draw)}-{words.noun(draw)}-v{draw.integer(1, 9)}",
        )
    )
    return f"{stem}.{draw.choose(('pdf', 'docx', 'xlsx', 'jpg', 'png', 'txt', 'md', 'zip', 'csv'))}"


def address(draw: Draw) -> str:
    """A street, a number and a town."""
    return f"{names.street(draw)}, {names.city(draw)}"


# --- things and titles ------------------------------------------------------------------------


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
            f"{noun} in {draw.choose(MONTHS)}",
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
            f"{draw.choose(SPELT[1:5])} tablet{draw.choose(('s', 's twice a day', 's a day'))}",
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
    "phone": patterned(PHONES),
    "email": email,
    "address": address,
    "street": names.street,
    "time": time,
    "time_range": time_range,
    "duration": duration,
    "amount": amount,
    "number": number,
    "percent": lambda d: f"{d.integer(1, 99)}{d.choose(('%', '%', ' per cent'))}",
    "code": patterned(CODES),
    "reference": patterned(REFERENCES),
    "plate": patterned(PLATES),
    "flight": flight,
    "room": room,
    "seat": seat,
    "url": url,
    "filename": filename,
    "measure": quantity(2, 400, " cm", " mm", " m", "cm", " inches", " feet"),
    "weight": quantity(1, 120, " kg", "kg", " g", " pounds", " tonnes"),
    "length": quantity(2, 300, " m", " cm", " km", " metres", " feet"),
    "distance": quantity(2, 900, " km", " miles", "km", " kilometres", " m"),
    "temperature": quantity(-9, 230, "°C", " degrees", "°", "°F"),
    "size": size,
    "dose": dose,
    "year": year,
    "score": score,
}
#: Kinds made of words that obey the held-out rule one by one, or too few to be split.
WORDED: dict[str, Callable[[Draw], str]] = {
    "city": names.city,
    "country": names.country,
    "place": names.place,
    "company": names.company,
    "shop": names.shop,
    "platform": platform,
    "product": lambda d: f"{names.invented(d, 2)} {d.choose((shape(d, 'A9'), shape(d, '99'), 'Pro', 'Mini', shape(d, 'AA-999')))}",
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
    "date": date,
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
