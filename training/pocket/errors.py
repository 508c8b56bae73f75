"""What can be wrong with the pocket model's files or with a wish to rebuild it."""

import sys
from collections.abc import Callable

from personald.errors import PersonaldError


class PocketWeightsMissing(PersonaldError):
    """A file of the shipped model is not there."""

    title = "The pocket model is incomplete"


class PocketWeightsDamaged(PersonaldError):
    """A file of the shipped model is not what was shipped."""

    title = "The pocket model is damaged"


class PocketTokenizerMismatch(PersonaldError):
    """Tokenizer and weights do not belong together."""

    title = "The pocket model's tokenizer does not fit its weights"


class PretrainingOptions(PersonaldError):
    """A pretraining run was asked for in a way that cannot be carried out."""

    title = "Cannot pretrain"


class PretrainingBroken(PersonaldError):
    """A process that computed gradients ended by itself."""

    title = "Pretraining cannot go on"


def told(main: Callable[[], int]) -> int:
    """Run a command line of this room; what goes wrong is one line for the person.

    Returns:
        Its exit code, or the error's.
    """
    try:
        return main()
    except PersonaldError as error:
        print(error, file=sys.stderr)
        return error.exit_code
