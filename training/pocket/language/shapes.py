"""Values composed at random: dates, times, sums, measures, codes and addresses.

Each maker draws one value in one of the ways people write it. They know nothing of the held-out
rule, `date` apart: `values.make` draws again until a value lies on the right side.
"""

from collections.abc import Callable

from training.pocket.language import names, words
from training.pocket.language.draw import Draw, split_of
from training.pocket.language.template import Value

DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
MONTHS = (
    "January February March April May June July August September October November December"
).split()
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
DIGITS = "0123456789"


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
