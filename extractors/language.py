"""Tag a text's language: by its script where a script means one language, by py3langid otherwise."""

from __future__ import annotations

import functools
import re
from pathlib import Path
from typing import TYPE_CHECKING

from extractors import language_model

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

# Shorter texts are guesses: from 60 characters on the library was right for 22 of 22 languages, at 20 for 19.
MIN_LETTERS = 40
SAMPLE_CHARACTERS = 240

_SCRIPTS = (
    (re.compile("[\u3040-\u30ff]"), "ja"),
    (re.compile("[\uac00-\ud7af]"), "ko"),
    (re.compile("[\u4e00-\u9fff]"), "zh"),
    (re.compile("[\u0370-\u03ff]"), "el"),
    (re.compile("[\u0590-\u05ff]"), "he"),
    (re.compile("[\u0e00-\u0e7f]"), "th"),
    (re.compile("[\u0530-\u058f]"), "hy"),
    (re.compile("[\u10a0-\u10ff]"), "ka"),
)
_LETTERS = re.compile(r"[^\W\d_]+")
_MARKS_OF_ADDRESSES = re.compile(r"[@/\\<]")
_ADDRESSES = re.compile(r"\S*[@/\\]\S*|<[^>]{0,200}>")


def tag(text: str) -> str:
    """Return the BCP 47 primary tag of the language a text is mostly in, "" where there is too little to tell."""
    sample = text[:SAMPLE_CHARACTERS]
    if _MARKS_OF_ADDRESSES.search(sample):
        sample = _ADDRESSES.sub(" ", sample)
    words = _LETTERS.findall(sample)
    letters = sum(map(len, words))
    if not sample.isascii():
        for script, language in _SCRIPTS:
            if letters and len(script.findall(sample)) > 0.25 * letters:
                return language
    if letters < MIN_LETTERS:
        return ""
    return str(_identifier().classify(" ".join(words))[0])


def keep_model_in(folder: Path) -> None:
    """Unpack the library's model into a folder, where every process finds it; to be called before the first text.

    Where the folder cannot be written, the model is unpacked in memory, as the library does: slow, and large.
    """
    global _folder
    if language_model.prepare(folder):
        _folder = folder
        _identifier.cache_clear()


_folder: Path | None = None


@functools.cache
def _identifier() -> LanguageIdentifier:
    if _folder is not None:
        return language_model.load(_folder)
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE)
