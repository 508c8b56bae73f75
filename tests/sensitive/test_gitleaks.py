"""gitleaks' rules are used as they were published: every one that looks at text alone finds what it describes."""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from personald.sensitive import detect
from personald.sensitive.checks import entropy
from personald.sensitive.gitleaks import in_python
from personald.sensitive.rules import Pattern, patterns

RULES = [rule for rule in patterns() if rule.is_excepted is not None]


def finds(rule: Pattern, text: str) -> set[tuple[int, int]]:
    """Where a rule finds something by its expression alone, with no look for keywords before it."""
    assert rule.is_excepted is not None
    found = set()
    for match in rule.regex.finditer(text):
        start, end = rule.span(match)
        secret = text[start:end]
        if entropy(secret) > rule.entropy and not rule.is_excepted(text, match, secret):
            found.add((start, end))
    return found


def test_all_rules_but_those_that_ask_for_a_file_are_there() -> None:
    assert len(RULES) == 217


@settings(
    deadline=None,
    max_examples=300,
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.filter_too_much,
        HealthCheck.data_too_large,
    ],
)
@given(st.data())
def test_what_a_rule_describes_is_found_in_a_sentence(data: st.DataObject) -> None:
    rule = data.draw(st.sampled_from(RULES))
    example = data.draw(st.from_regex(rule.regex, fullmatch=True))
    text = f"It is {example} I think."
    assume(any(keyword in text.lower() for keyword in rule.keywords))
    found = detect(text)
    for start, end in finds(rule, text):
        assert any(span.start < end and start < span.end for span in found)


@pytest.mark.parametrize(
    ("go", "python"),
    [
        ("(?i)a|b", "(?i:a)|(?i:b)"),
        (r"\b(p8e-(?i)[a-z]{32})c", r"\b(p8e-(?i:[a-z]{32}))c"),
        ("a(?:b(?i)c|d)e", "a(?:b(?i:c)|(?i:d))e"),
        (r"x$|\z", r"x\Z|\Z"),
        ("[$(?i)]", "[$(?i)]"),
        ("[^]()[]+", r"[^]()\[]+"),
        ("[[:alnum:]_]", "[a-zA-Z0-9_]"),
        (r"\$\(", r"\$\("),
    ],
)
def test_an_expression_of_go_becomes_the_same_in_python(go: str, python: str) -> None:
    assert in_python(go) == python
    re.compile(python)


@pytest.mark.parametrize(
    "text",
    [
        "aws says AKIAIOSFODNN7EXAMPLE in its manual",
        "token: ${{ secrets.DEPLOY_TOKEN_2 }}",
        "primary_key = 8f14e45fceea167a5a36dedd",
        "AIzaSyabcdefghijklmnopqrstuvwxyz1234567 is no key",
    ],
)
def test_what_gitleaks_excepts_is_no_secret(text: str) -> None:
    assert detect(text) == ()


@pytest.mark.parametrize("end", [".", ", so", ")", " ", "\n", ""])
def test_a_token_may_end_a_sentence(end: str) -> None:
    token = "rk_live_" + "4eC39HqLyjWDarjtT1zdp7dc"
    (span,) = detect(f"The key for the shop is {token}{end}")
    assert (span.category, span.end - span.start) == ("secret", len(token))
