"""Reading the common beginning of prompts once changes no answer, whatever caches the model keeps."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.base import Base
from training.generate import generate
from training.material import Message
from training.prefix import common_prefix, generate_over

TEXT = "My dentist is Dr Weiss. The concert is on 1 May. Jonas has the number 311 207."
TASKS = ["Who is my dentist?", "When is the concert?", "List the facts of the text.", "Sum it up."]


@pytest.mark.parametrize("name", ["llama", "lfm2"])
def test_the_answers_are_the_same(name: str, request: pytest.FixtureRequest) -> None:
    base: Base = request.getfixturevalue(name)
    prompts = [base.chat.prompt((Message("user", f"{TEXT}\n\n{task}"),)) for task in TASKS]
    assert common_prefix(prompts) > 16
    expected, found = generate(base, prompts, 12), generate_over(base, prompts, 12)
    assert [answer.tokens for answer in found] == [answer.tokens for answer in expected]
    for one, other in zip(found, expected, strict=True):
        assert one.confidence == pytest.approx(other.confidence, rel=1e-4)


def test_prompts_without_a_common_beginning_are_answered_too(llama: Base) -> None:
    prompts = [[5, 6, 7], [9, 8]]
    assert generate_over(llama, prompts, 4) == generate(llama, prompts, 4)
    assert generate_over(llama, [], 4) == []


@given(st.lists(st.lists(st.integers(0, 2), min_size=1, max_size=6), min_size=2, max_size=4))
def test_the_common_beginning_is_common_and_as_long_as_can_be(prompts: list[list[int]]) -> None:
    length = common_prefix(prompts)
    assert len({tuple(prompt[:length]) for prompt in prompts}) == 1
    assert all(len(prompt) > length for prompt in prompts)
    longer = {tuple(prompt[: length + 1]) for prompt in prompts}
    assert len(longer) > 1 or any(len(prompt) == length + 1 for prompt in prompts)
