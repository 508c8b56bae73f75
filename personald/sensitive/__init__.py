"""What in a text is sensitive: secrets and numbers to be masked, and sentences to be held back from training.

Rules are data (`rules.toml`, and gitleaks' as `gitleaks` reads them); `rules` knows them all, `checks` knows the checksums
that tell a card from any number, `clues` looks at each word once and says which rules can find anything, `sentences`
finds those to be held back and `detector` puts spans together. Detection runs once for each document version, when it
is stored, and the spans are sealed with it. The original stays as it is: only what is studied is masked.
"""

from personald.sensitive.clues import forget_words
from personald.sensitive.detector import HELD_BACK, MASKED, detect, masked

__all__ = ["HELD_BACK", "MASKED", "detect", "forget_words", "masked"]
