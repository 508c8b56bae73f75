"""The pocket model's tokenizer: byte-level BPE that knows ordinary English and single digits.

It is trained on text from the grammar together with a word list (word + frequency), so that
ordinary words are one or two tokens. Three choices serve copying, the model's main skill:

* every turn begins with a space, so the first word of an answer is spelt by the same tokens as
  the same word inside a sentence;
* digits are single tokens, and the space before a digit is a token of its own, so that a number
  reads the same wherever it stands;
* words never merge across spaces or into punctuation.

The layout written is the one ``transformers`` and ``mlx_lm`` load with no code of ours:
``tokenizer.json`` and ``tokenizer_config.json`` with the chat template.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

PAD = "<|pad|>"
END = "<|end|>"
ROLES = ("system", "user", "assistant")
SPECIAL_TOKENS = (PAD, END, *(f"<|{role}|>" for role in ROLES))
PAD_ID = SPECIAL_TOKENS.index(PAD)
END_ID = SPECIAL_TOKENS.index(END)
ROLE_IDS = {role: SPECIAL_TOKENS.index(f"<|{role}|>") for role in ROLES}

VOCABULARY_SIZE = 6144
CONTEXT_LENGTH = 1024

CHAT_TEMPLATE = (
    "{% for message in messages %}"
    "{{ '<|' + message['role'] + '|> ' + message['content'] | trim + '<|end|>' }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}"
)

# Letters with the space before them; one digit; punctuation with the space before it; white space.
_PIECES = r" ?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"

# Powers below one flatten the frequency list: rare words matter more here than in running text.
_FREQUENCY_POWER = 0.5


def word_list() -> tuple[tuple[str, int], ...]:
    """Ordinary English words with their frequencies, most frequent first.

    Source: the frequency dictionary that ships with symspellpy (MIT licence).
    """
    # Only a rebuild needs the dictionary; loading the shipped tokenizer does not.
    import symspellpy

    path = Path(symspellpy.__file__).parent / "frequency_dictionary_en_82_765.txt"
    rows = (line.split() for line in path.read_text(encoding="utf-8-sig").splitlines())
    return tuple((row[0], int(row[1])) for row in rows if len(row) == 2 and row[0].isalpha())


def word_list_text(words: Sequence[tuple[str, int]], lines: int = 800_000) -> Iterator[str]:
    """Lines of ordinary words whose counts follow the flattened frequencies.

    Args:
        words: pairs of word and frequency.
        lines: about how many words to give in all.
    """
    weights = [frequency**_FREQUENCY_POWER for _, frequency in words]
    scale = lines / sum(weights)
    for (word, _), weight in zip(words, weights, strict=True):
        times = max(1, round(weight * scale))
        yield f" {word}" * times
        if times > 8:
            yield f" {word.capitalize()}" * (times // 8)


def train_tokenizer(texts: Iterable[str], size: int = VOCABULARY_SIZE) -> Tokenizer:
    """Train byte-level BPE (Sennrich et al. 2016, over bytes as in GPT-2) on ``texts``.

    Args:
        texts: the training text, any number of strings.
        size: number of tokens, special tokens and the 256 bytes among them.
    """
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_PIECES), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=[AddedToken(token, special=True) for token in SPECIAL_TOKENS],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        min_frequency=2,
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def save_tokenizer(tokenizer: Tokenizer, folder: Path) -> None:
    """Write ``tokenizer.json`` and ``tokenizer_config.json`` into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    config = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "pad_token": PAD,
        "eos_token": END,
        "additional_special_tokens": [f"<|{role}|>" for role in ROLES],
        "clean_up_tokenization_spaces": False,
        "model_max_length": CONTEXT_LENGTH,
        "chat_template": CHAT_TEMPLATE,
    }
    text = json.dumps(config, indent=2, ensure_ascii=False) + "\n"
    (folder / "tokenizer_config.json").write_text(text, encoding="utf-8")


def load_tokenizer(folder: Path) -> Tokenizer:
    """The tokenizer saved in ``folder``."""
    return Tokenizer.from_file(str(folder / "tokenizer.json"))


def encode_turns(
    tokenizer: Tokenizer, turns: Iterable[tuple[str, str]]
) -> tuple[list[int], list[bool]]:
    """Token ids of a conversation as the chat template writes it, and which of them are learnt.

    Args:
        tokenizer: the trained tokenizer.
        turns: pairs of role and text.

    Returns:
        The ids, and for each whether it belongs to an assistant's text or its end of turn.
    """
    ids: list[int] = []
    answer: list[bool] = []
    for role, text in turns:
        body = tokenizer.encode(" " + text.strip(), add_special_tokens=False).ids
        spoken = role == "assistant"
        ids += [ROLE_IDS[role], *body, END_ID]
        answer += [False, *([spoken] * (len(body) + 1))]
    return ids, answer
