"""Names of people, places and firms: of many cultures, and invented ones.

Half-invented names are there so that copying must be learnt: no memory of a list helps to write
"Tivro Quenzel" back. Gender decides the pronouns.
"""

from training.pocket.language import words
from training.pocket.language.draw import Draw
from training.pocket.language.template import Value, possessive

INVENTED_SHARE = 0.25
ONSETS = "b br c ch d dr f fl g gr h j k kl l m n p pl q r s sh st t th tr v w y z".split()
NUCLEI = "a e i o u ai ea ei ia io ou ae oe ya".split()
CODAS = ["", "", "", "l", "n", "r", "s", "t", "x", "m", "nd", "rk", "ll", "sk", "th", "ng"]
STREET_ENDS = "Street Street Road Lane Avenue Close Way Terrace Hill Gardens Row Square".split()
STREET_STEMS = (
    "Church Mill Station High Park Oak Elm Garden River Bridge Castle Market North South West "
    "East King Queen School Chapel Orchard Meadow Spring Harbour Forest Lake Victoria Albert "
    "Linden Birch Willow Rose Fountain Tower Abbey Baker Cooper Tanner Weaver"
).split()
CONTINENTAL = (
    "{}straße {}weg {}gasse rue_{} via_{} calle_{} {}laan {}gatan ulica_{} {}allee".split()
)
FIRM_ENDS = (
    "Ltd|GmbH|Inc.|& Sons|& Co|Group|Partners|Services|Solutions|Systems|Insurance|Bank|Energy|"
    "Logistics|Travel|Motors|Heating|Roofing|Plumbing|Electric|Telecom|Foods|Pharma|Media|Studio|"
    "Architects|Lettings|Removals|Garage|Bikes|Optics|Dental|Clinic|Legal|Works|Labs"
).split("|")
SHOP_ENDS = (
    "Bakery|Books|Bookshop|Café|Bistro|Restaurant|Pharmacy|Hardware|Florist|Butchers|Deli|Market|"
    "Cycles|Shoes|Toys|Records|Tailors|Barbers|Optician|Supermarket|Garden Centre|Tea Room|Bar|"
    "Pizzeria|Grill|Kitchen|Antiques|Furniture|Electronics|Pets|Sports|Fabrics|Wines"
).split("|")
PRONOUNS = {
    "woman": {"they": "she", "them": "her", "their": "her", "theirs": "hers"},
    "man": {"they": "he", "them": "him", "their": "his", "theirs": "his"},
}


def invented(draw: Draw, syllables: int) -> str:
    """A made-up name of so many syllables, first letter large."""
    choose = draw.choose
    name = "".join(
        choose(ONSETS) + choose(NUCLEI) + (choose(CODAS) if i == syllables - 1 else "")
        for i in range(syllables)
    )
    return name.capitalize()


def pronouns(gender: str) -> dict[str, str]:
    """The pronoun forms of a woman or a man, small and large."""
    forms = PRONOUNS[gender]
    return forms | {name.capitalize(): word.capitalize() for name, word in forms.items()}


def first_name(draw: Draw, gender: str) -> str:
    """A first name, sometimes invented."""
    if draw.chance(INVENTED_SHARE):
        return draw.held(lambda d: invented(d, d.integer(2, 3)))
    return draw.word(words.word_list("women" if gender == "woman" else "men"))


def last_name(draw: Draw) -> str:
    """A last name, sometimes invented."""
    if draw.chance(INVENTED_SHARE):
        return draw.held(lambda d: invented(d, d.integer(2, 3)))
    return draw.word(words.word_list("last"))


def gender_of(draw: Draw) -> str:
    """Woman or man, each as likely."""
    return "woman" if draw.chance(0.5) else "man"


def person(draw: Draw, gender: str = "") -> Value:
    """A person with first and last name, pronouns and genitive."""
    gender = gender or gender_of(draw)
    first = draw.fresh(lambda d: first_name(d, gender))
    last = draw.fresh(last_name)
    name = f"{first} {last}"
    forms = pronouns(gender) | {"first": first, "last": last, "s": possessive(name)}
    return Value("person", name, forms)


def first(draw: Draw) -> Value:
    """Somebody of whom the text gives the first name alone."""
    gender = gender_of(draw)
    name = draw.fresh(lambda d: first_name(d, gender))
    return Value("first", name, pronouns(gender) | {"first": name, "s": possessive(name)})


def last(draw: Draw) -> Value:
    """Somebody of whom the text gives the last name alone."""
    name = draw.fresh(last_name)
    return Value("last", name, pronouns(gender_of(draw)) | {"last": name})


def city(draw: Draw) -> str:
    """A town."""
    if draw.chance(INVENTED_SHARE):
        return draw.held(lambda d: invented(d, d.integer(2, 3)))
    return draw.word(words.word_list("cities"))


def country(draw: Draw) -> str:
    """A country."""
    return draw.word(words.word_list("countries"))


def street(draw: Draw) -> str:
    """A street with a house number, in one of several manners."""
    number = draw.integer(1, 199)
    if draw.chance(0.25):
        stem = last_name(draw)
        road = draw.choose(CONTINENTAL).format(stem).replace("_", " ")
        return f"{road} {number}"
    stem = draw.choose(STREET_STEMS) if draw.chance(0.5) else last_name(draw)
    return f"{number} {stem} {draw.choose(STREET_ENDS)}"


def place(draw: Draw) -> str:
    """A named place that is not a town: a hill, a lake, a park, a hall."""
    stem = last_name(draw) if draw.chance(0.6) else city(draw)
    end = draw.choose(
        "Park|Lake|Hill|Beach|Bridge|Castle|Museum|Hall|Station|Forest|Farm|Mill|Abbey|Harbour|"
        "Gardens|Theatre|Library|House|Hut|Valley|Bay|Pass|Square|Inn|School|Arena|Campsite".split(
            "|"
        )
    )
    return f"{stem} {end}"


def company(draw: Draw) -> str:
    """A firm."""
    style = draw.integer(0, 3)
    if style == 0:
        return f"{last_name(draw)} & {last_name(draw)}"
    if style == 1:
        return f"{draw.held(lambda d: invented(d, d.integer(1, 3)))} {draw.choose(FIRM_ENDS)}"
    if style == 2:
        return f"{last_name(draw)} {draw.choose(FIRM_ENDS)}"
    return f"{words.adjective(draw).capitalize()} {words.noun(draw).capitalize()}"


def shop(draw: Draw) -> str:
    """A shop, a café or a restaurant."""
    style = draw.integer(0, 3)
    if style == 0:
        return f"{last_name(draw)}'s"
    if style == 1:
        return f"{last_name(draw)} {draw.choose(SHOP_ENDS)}"
    if style == 2:
        return f"the {words.adjective(draw).capitalize()} {words.noun(draw).capitalize()}"
    return f"{words.noun(draw).capitalize()} & {words.noun(draw).capitalize()}"
