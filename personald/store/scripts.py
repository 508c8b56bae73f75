"""Words in any script: how text is prepared for the index, and how an index's word is found again in the text.

SQLite's unicode61 tokenizer (sqlite.org/fts5.html, 4.3.1) knows words as runs of letters and digits. Scripts that are
written without spaces would become one endless word, so each of their characters is set apart and a word in a query
becomes a phrase of characters. Vowel marks of Arabic and Hebrew, which people write or leave out, are dropped; accents of every
script are folded here, for unicode61 folds only those of Latin letters.
"""

from __future__ import annotations

import re
import unicodedata

# Scripts written without spaces between words: Thai, Lao, Myanmar, Khmer, Japanese, Chinese (Unicode 15 blocks).
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf"
    "\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
_UNSPACED_CHARACTER = re.compile(f"([{_UNSPACED}])")
_OPTIONAL_MARKS = re.compile("[\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u0640]")
_SURROGATES = re.compile("[\ud800-\udfff]")


def prepare(text: str) -> str:
    """Return text as the index shall read it."""
    if text.isascii():
        return text
    text = _SURROGATES.sub("\ufffd", unicodedata.normalize("NFKC", text))
    return fold(_UNSPACED_CHARACTER.sub(r" \1 ", _OPTIONAL_MARKS.sub("", text)))


def words(text: str) -> list[str]:
    """Return the words of a prepared text as the tokenizer divides it, not folded."""
    marked = "".join(
        character if character.isalnum() or unicodedata.category(character)[0] == "M" else " "
        for character in text
    )
    return marked.split()


def is_unspaced(word: str) -> bool:
    """True when a word is one character of a script written without spaces."""
    return _UNSPACED_CHARACTER.fullmatch(word) is not None


class _Fold(dict[int, str]):
    """Character → its folded form, always one character, so that places in folded text are places in the text."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        parts = unicodedata.normalize("NFKD", character)
        folded = parts[0].casefold() if all(map(unicodedata.combining, parts[1:])) else character
        self[code] = folded if len(folded) == 1 else character
        return self[code]


_FOLD = _Fold()


def fold(text: str) -> str:
    """Return text in lower case and without accents, character for character."""
    return text.lower() if text.isascii() else text.translate(_FOLD)
