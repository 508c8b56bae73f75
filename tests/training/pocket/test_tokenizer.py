"""The tokenizer spells words the same wherever they stand, and knows ordinary English."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer

from training.pocket import folder
from training.pocket.tokenizer import (
    END_ID,
    ROLE_IDS,
    SPECIAL_TOKENS,
    encode_turns,
    load_tokenizer,
    save_tokenizer,
    train_tokenizer,
    word_list,
    word_list_text,
)

SHIPPED = load_tokenizer(folder())


@given(st.text(max_size=200))
def test_any_text_survives_encoding_and_decoding(text: str) -> None:
    ids = SHIPPED.encode(text, add_special_tokens=False).ids
    # The special tokens' own spellings are the only texts that do not come back.
    if not any(token in text for token in SPECIAL_TOKENS):
        assert SHIPPED.decode(ids, skip_special_tokens=False) == text


def test_a_number_is_spelt_digit_by_digit_wherever_it_stands() -> None:
    inside = SHIPPED.encode(" on 1907 it").tokens
    at_start = SHIPPED.encode("1907").tokens
    assert at_start == ["1", "9", "0", "7"]
    assert [token for token in inside if token in "0123456789"] == at_start


def test_frequent_words_are_one_or_two_tokens() -> None:
    pytest.importorskip("symspellpy", reason="only a rebuild needs the dictionary")
    frequent = [word for word, _ in word_list()[:5000]]
    short = [word for word in frequent if len(SHIPPED.encode(f" {word}").ids) <= 2]
    assert len(short) / len(frequent) > 0.85


def test_an_answer_begins_with_the_tokens_it_has_inside_a_text() -> None:
    ids, answer = encode_turns(SHIPPED, (("user", "It is Thursday."), ("assistant", "Thursday")))
    spoken = [number for number, learnt in zip(ids, answer, strict=True) if learnt]
    assert spoken == [*SHIPPED.encode(" Thursday").ids, END_ID]
    assert ids[: len(ids) // 2].count(spoken[0]) == 1


def test_only_the_assistants_words_and_their_end_are_learnt() -> None:
    turns = (("system", "Be brief."), ("user", "Hi"), ("assistant", "Hello"), ("user", "Bye"))
    ids, answer = encode_turns(SHIPPED, turns)
    assert ids[0] == ROLE_IDS["system"]
    assert sum(answer) == len(SHIPPED.encode(" Hello").ids) + 1


def test_the_chat_template_writes_what_pretraining_wrote() -> None:
    transformers = pytest.importorskip("transformers")
    tokenizer = transformers.AutoTokenizer.from_pretrained(str(folder()))
    turns = (("system", "Be brief."), ("user", "Hi\n\nthere "), ("assistant", "Hello"))
    messages = [{"role": role, "content": text} for role, text in turns]
    ids = tokenizer.apply_chat_template(messages, return_dict=False)
    assert ids == encode_turns(SHIPPED, turns)[0]
    opened = tokenizer.apply_chat_template(
        messages[:2], add_generation_prompt=True, return_dict=False
    )
    assert opened == [*encode_turns(SHIPPED, turns[:2])[0], ROLE_IDS["assistant"]]


def test_training_is_repeatable_and_of_the_size_asked_for(tmp_path: Path) -> None:
    def texts() -> list[str]:
        pytest.importorskip("symspellpy", reason="only a rebuild needs the dictionary")
        return [*word_list_text(word_list()[:3000], lines=20_000)]

    first, second = train_tokenizer(texts(), 800), train_tokenizer(texts(), 800)
    assert first.get_vocab_size() == 800
    assert first.to_str() == second.to_str()
    save_tokenizer(first, tmp_path)
    assert isinstance(load_tokenizer(tmp_path), Tokenizer)
    assert load_tokenizer(tmp_path).to_str() == first.to_str()
