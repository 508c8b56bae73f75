"""Derive the open-world word lists from well-kept, permissively licensed packages.

Run once, by hand, when the lists should change:

    python -m training.pocket.language.build_words

It reads symspellpy's frequency dictionary (MIT) for how common a word is, lemminflect's lexicon
(MIT) for its part of speech and past tense, and Faker's locale data (MIT) for names and cities
of many cultures, and writes plain text files into `words/`, one entry a line. Nothing at run
time imports those packages: the files are the language's only source of words.
"""

import importlib
import pkgutil
import re
from collections.abc import Iterable
from pathlib import Path

WORDS = Path(__file__).parent / "words"
LATIN = re.compile(
    r"[A-ZÀ-ÖØ-ÞŁŚŠŽČĆĐ][a-zà-öø-ÿąćčđęěğıłńňőřśšşťůűźżž]{1,11}(?:-[A-Z][a-z]{2,8})?"
)
NOUNS, ADJECTIVES, VERBS = 12_000, 4_000, 2_500
FIRST_NAMES_PER_LOCALE, LAST_NAMES_PER_LOCALE, CITIES_PER_LOCALE = 70, 110, 120

#: Words that would be noise or unkind in somebody's private note; matched at the start of a word.
UNWANTED = (
    "sex|porn|nud|rape|rapi|nigg|fag|slut|whor|cunt|fuck|shit|piss|cock|dick|tit|ass|bitch|anal|"
    "anus|penis|vagin|orgas|masturb|erot|incest|nazi|bastard|bdsm|dildo|hentai|milf|semen|sperm|"
    "suicid|genital|menstr|bowel|fetish|slave|genoc|terror|tampon|bomb|bestial|spank|holoc|molest|pedo|paedo|whip|urin|faec|fece|anth?rax|negro|retard|bukkak|thumbz|blowjob|handjob|cum|jew|arab|gyps|lesb|homo|queer"
)
#: Function words and abbreviations that the lexicon also lists as nouns.
NOT_CONTENT = frozenset(
    "the and for not but with from that this you was are his her its our they have has had been "
    "were will would can could may might must shall should who what when where why how which all "
    "any some many more most much few one two three four five six seven eight nine ten yes yet "
    "than then them there here out off over under into onto upon per via about also just very too "
    "now ever never own other another each every both such same only inc ltd etc pro con www com "
    "org net html http usa jan feb mar apr jun jul aug sep sept oct nov dec mon tue wed thu fri "
    "sat sun monday tuesday wednesday thursday friday saturday sunday january february march "
    "april june july august september october november december".split()
)


def frequency_order() -> list[str]:
    """The words of symspellpy's dictionary, commonest first."""
    import symspellpy

    path = Path(symspellpy.__file__).parent / "frequency_dictionary_en_82_765.txt"
    return [line.split()[0] for line in path.read_text("utf-8-sig").splitlines() if line]


def wanted(word: str) -> bool:
    """Plain lower-case words of 3 to 12 letters that are neither function words nor unkind."""
    return (
        re.fullmatch(r"[a-z]{3,12}", word) is not None
        and word not in NOT_CONTENT
        and re.match(UNWANTED, word) is None
    )


def content_words(words: Iterable[str]) -> tuple[list[str], list[str], list[str]]:
    """Nouns, adjectives, and "base past participle" triples of regular use, commonest first."""
    from lemminflect import getAllInflections, getAllLemmas

    nouns: list[str] = []
    adjectives: list[str] = []
    verbs: list[str] = []
    for word in filter(wanted, words):
        lemmas = getAllLemmas(word)
        if word in lemmas.get("NOUN", ()) and "ADV" not in lemmas and "ADJ" not in lemmas:
            nouns.append(word)
        if word in lemmas.get("ADJ", ()) and not {"NOUN", "VERB", "ADV"} & set(lemmas):
            adjectives.append(word)
        if word in lemmas.get("VERB", ()):
            forms = getAllInflections(word, "VERB")
            if "VBD" in forms and "VBG" in forms:
                past = forms["VBD"][0]
                verbs.append(f"{word} {past} {forms.get('VBN', (past,))[0]} {forms['VBG'][0]}")
    return nouns[:NOUNS], adjectives[:ADJECTIVES], verbs[:VERBS]


def locale_modules(kind: str) -> Iterable[tuple[str, type]]:
    """Faker's `Provider` class of every locale for ``kind`` ("person" or "address")."""
    package = importlib.import_module(f"faker.providers.{kind}")
    for found in pkgutil.iter_modules(package.__path__):
        module = importlib.import_module(f"faker.providers.{kind}.{found.name}")
        yield found.name, module.Provider


def latin(provider: type, attribute: str, most: int) -> list[str]:
    """Up to ``most`` Latin-script entries of one list of a locale, spread over the list."""
    entries = [e for e in getattr(provider, attribute, ()) if isinstance(e, str)]
    kept = sorted({e for e in entries if LATIN.fullmatch(e)})
    step = max(1, len(kept) // most)
    return kept[::step][:most]


def people() -> tuple[list[str], list[str], list[str]]:
    """First names of women, of men, and last names, over all locales, without repetition."""
    women: set[str] = set()
    men: set[str] = set()
    last: set[str] = set()
    for _, provider in locale_modules("person"):
        women.update(latin(provider, "first_names_female", FIRST_NAMES_PER_LOCALE))
        men.update(latin(provider, "first_names_male", FIRST_NAMES_PER_LOCALE))
        last.update(latin(provider, "last_names", LAST_NAMES_PER_LOCALE))
    both = women & men
    return sorted(women - both), sorted(men - both), sorted(last - women - men)


def places() -> tuple[list[str], list[str]]:
    """Cities (or city-like names) over all locales, and countries in English."""
    cities: set[str] = set()
    for _, provider in locale_modules("address"):
        for attribute in ("cities", "city_names", "communities", "municipalities"):
            cities.update(latin(provider, attribute, CITIES_PER_LOCALE))
    english = importlib.import_module("faker.providers.address.en_US").Provider
    base = importlib.import_module("faker.providers.address").Provider
    countries: tuple[str, ...] = getattr(english, "countries", None) or base.countries
    return sorted(cities), sorted(c for c in countries if re.fullmatch(r"[A-Z][A-Za-z ]{2,16}", c))


def main() -> None:
    """Write every list into `words/`."""
    WORDS.mkdir(exist_ok=True)
    nouns, adjectives, verbs = content_words(frequency_order())
    women, men, last = people()
    cities, countries = places()
    lists = {
        "nouns": nouns,
        "adjectives": adjectives,
        "verbs": verbs,
        "women": women,
        "men": men,
        "last": last,
        "cities": cities,
        "countries": countries,
    }
    for name, entries in lists.items():
        (WORDS / f"{name}.txt").write_text("\n".join(entries) + "\n", "utf-8")
        print(f"{name:12} {len(entries):6}")


if __name__ == "__main__":
    main()
