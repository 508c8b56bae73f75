"""Checksums and other tests that tell a sensitive value from one that only looks like it."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Mapping

# ISO 13616 (SWIFT IBAN Registry): how long an IBAN is in each country.
IBAN_LENGTHS = {
    country: int(length)
    for country, length in (
        entry.split(":")
        for entry in (
            "AD:24 AE:23 AL:28 AT:20 AZ:28 BA:20 BE:16 BG:22 BH:22 BR:29 BY:28 CH:21 CR:22 CY:28 CZ:24 DE:22 DK:18"
            " DO:28 EE:20 EG:29 ES:24 FI:18 FO:18 FR:27 GB:22 GE:22 GI:23 GL:18 GR:27 GT:28 HR:21 HU:28 IE:22 IL:23"
            " IQ:23 IS:26 IT:27 JO:30 KW:30 KZ:20 LB:28 LC:32 LI:21 LT:20 LU:20 LV:21 MC:27 MD:24 ME:22 MK:19 MR:27"
            " MT:31 MU:30 NL:18 NO:15 PK:24 PL:28 PS:29 PT:25 QA:29 RO:24 RS:22 SA:24 SC:31 SE:24 SI:19 SK:24 SM:27"
            " ST:25 SV:28 TN:24 TR:26 UA:29 VA:22 VG:24 XK:20"
        ).split()
    )
}

# Words that follow "password:" in ordinary sentences and forms.
_NOT_PASSWORDS = frozenset(
    "required reset changed expired wrong incorrect invalid forgotten correct protected needed optional hidden empty"
    " none null true false stored saved sent secure strong weak safe good same different about used being only also"
    " very never always still this that what when where here there your yours mine with from kept written longer"
    " shorter case-sensitive unknown important managed encrypted hashed updated manager field policy forgot".split()
)


# "test_12", "option-2": a name with a number, as programs have them; "100metres": a number with its unit.
_COUNTED = r"(?i)[a-z]+(?:[_-][a-z]+)*[_-]?\d{1,2}|\d+(?:metres|meters|miles|times|hours|minutes|percent|people|years)"


def luhn(value: str) -> bool:
    """True when the digits pass the Luhn check of payment cards (ISO/IEC 7812-1, annex B) and are not all the same."""
    digits = [int(character) for character in value if character.isdigit()]
    total = 0
    for place, digit in enumerate(reversed(digits)):
        doubled = digit * 2 if place % 2 else digit
        total += doubled - 9 if doubled > 9 else doubled
    return total % 10 == 0 and len(set(digits)) > 1


def iban(value: str) -> bool:
    """True when the length fits the country and the remainder modulo 97 is 1 (ISO 7064, MOD 97-10)."""
    compact = value.replace(" ", "")
    if IBAN_LENGTHS.get(compact[:2]) != len(compact):
        return False
    turned = compact[4:] + compact[:4]
    return int("".join(str(int(character, 36)) for character in turned)) % 97 == 1


def fodselsnummer(value: str) -> bool:
    """True when both check digits of a Norwegian national number fit (Skatteetaten, modulus 11)."""
    digits = [int(character) for character in value if character.isdigit()]
    first = (3, 7, 6, 1, 8, 9, 4, 5, 2, 1)
    second = (5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1)
    return len(digits) == 11 and all(
        sum(weight * digit for weight, digit in zip(weights, digits, strict=False)) % 11 == 0
        for weights in (first, second)
    )


def account(value: str) -> bool:
    """True when there are at least eight digits and they do not read as a date or a telephone number."""
    digits = re.sub(r"\D", "", value)
    return len(digits) >= 8 and not re.fullmatch(r"(?:19|20)\d\d[ .-]\d\d[ .-]\d\d", value.strip())


def password(value: str) -> bool:
    """True when a word after "password is" reads as one: not an everyday word, and not a placeholder."""
    word = value.strip(".:!?()[]{}*_").lower()
    if len(word) < 4 or word in _NOT_PASSWORDS or re.fullmatch(r"[*•x.<>{}\[\]$_-]+", value):
        return False
    if value.startswith(("<", "${", "{{", "[", "http://", "https://")):
        return False
    kinds = [
        any(map(kind, value.rstrip(".")))
        for kind in (str.islower, str.isupper, str.isdigit, lambda c: not c.isalnum())
    ]
    return sum(kinds) >= 2 or len(word) >= 9


def bare_password(value: str) -> bool:
    """True when a word after a mere "pass" can hardly be anything else: a digit, and letters enough to be no unit."""
    letters = sum(map(str.isalpha, value))
    return any(map(str.isdigit, value)) and letters >= 4 and not re.fullmatch(_COUNTED, value)


def blood_pressure(value: str) -> bool:
    """True for systolic/diastolic in mmHg that a person who sits at home can have."""
    systolic, diastolic = map(int, value.split("/"))
    return 70 <= systolic <= 260 and 40 <= diastolic <= 160 and systolic - diastolic >= 10


CHECKS: Mapping[str, Callable[[str], bool]] = {
    "luhn": luhn,
    "iban": iban,
    "fodselsnummer": fodselsnummer,
    "account": account,
    "password": password,
    "bare_password": bare_password,
    "blood_pressure": blood_pressure,
}


def entropy(value: str) -> float:
    """Return the Shannon entropy of a value's characters, in bits for each character."""
    counts = Counter(value)
    return -sum(n / len(value) * math.log2(n / len(value)) for n in counts.values())
