"""Search: any script, ranked, filtered, with passages; and never a word of it in the clear on the disk."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extractors.document import Domain
from personald.errors import UsageError
from personald.keys import DeviceKeys
from personald.store import Store, Vault
from personald.store.query import Term, parse
from personald.store.scripts import fold
from personald.store.snippets import patterns, snippet
from tests.store.conftest import put

TEXTS = {
    "boiler": "The boiler on the second floor leaks. The plumber Jonas comes on Tuesday.",
    "second": "On the floor lay a second glove.",
    "valves": "Three valves and a gasket, ordered from Müller & Søn, paid in café Été.",
    "thai": "วันนี้ฉันไปตลาดกับแม่",
    "japanese": "東京で寿司を食べました。",
    "chinese": "我们明天去北京看朋友",
    "arabic": "ذَهَبَ الطَّالِبُ إلى المدرسة",
    "hindi": "मेरी बहन दिल्ली में रहती है",
    "russian": "Завтра Ёлка привезёт ключи от дачи",
    "greek": "Ο γιατρός είπε να πίνω νερό",
    "odd": "a \ud800 surrogate and a \0 nothing, side by side",
}


@pytest.fixture
def vault(store: Store, keys: DeviceKeys) -> Vault:
    source = store.add_source(Path("/a")).id
    for name, text in TEXTS.items():
        put(store, source, f"/a/{name}.md", text)
    for name, author, to, day in (
        ("hello", "Ada Byron <ada@example.org>", "Bo", 3),
        ("again", "Bo <bo@example.org>", "Ada Byron", 20),
        ("third", "Cyd", "Bo", 28),
    ):
        put(
            store,
            source,
            f"/a/{name}.eml",
            "The invoice for the boiler",
            domain=Domain.MAIL,
            title=name,
            author=author,
            recipients=(to,),
            date=datetime(2026, 2, day, 12, tzinfo=UTC),
        )
    return store.unlock(keys)


def found(vault: Vault, query: str, **options: object) -> list[str]:
    return [Path(hit.origin).stem for hit in vault.search(query, **options)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("plumber", "boiler"),
        ("PLUMBER tuesday", "boiler"),
        ('"second floor"', "boiler"),
        ("gask*", "valves"),
        ("muller", "valves"),
        ("sØn ete", "valves"),
        ("ตลาด", "thai"),
        ("寿司", "japanese"),
        ("北京", "chinese"),
        ("الطالب", "arabic"),
        ("दिल्ली", "hindi"),
        ("ёлка", "russian"),
        ("ключ*", "russian"),
        ("γιατρος", "greek"),
        ("surrogate nothing", "odd"),
    ],
)
def test_a_word_a_phrase_or_a_beginning_finds_its_document_in_any_script(
    vault: Vault, query: str, expected: str
) -> None:
    assert found(vault, query)[0] == expected


def test_a_phrase_finds_only_the_words_in_their_order(vault: Vault) -> None:
    assert found(vault, '"second floor"') == ["boiler"]
    assert set(found(vault, "second floor")) == {"boiler", "second"}
    assert found(vault, "京北") == []


def test_documents_with_all_words_come_before_those_with_any(vault: Vault) -> None:
    assert found(vault, "plumber gasket tuesday")[0] == "boiler"
    assert set(found(vault, "plumber gasket")) == {"boiler", "valves"}


def test_fields_narrow_the_search(vault: Vault) -> None:
    assert set(found(vault, "boiler domain:mail")) == {"hello", "again", "third"}
    assert set(found(vault, "invoice person:byron")) == {"hello", "again"}
    assert set(found(vault, 'invoice person:"ada byron"')) == {"hello", "again"}
    assert found(vault, "invoice since:2026-02-10 until:2026-02-20") == ["again"]
    assert found(vault, "invoice", domain=Domain.NOTES) == []
    assert found(vault, "invoice", since=datetime(2026, 2, 21, tzinfo=UTC)) == ["third"]
    assert found(vault, "person:cyd") == ["third"]
    assert set(found(vault, "boiler -plumber")) == {"hello", "again", "third"}


def test_a_wrong_field_is_one_clear_error(vault: Vault) -> None:
    with pytest.raises(UsageError, match="no domain 'attic'"):
        vault.search("x domain:attic")
    with pytest.raises(UsageError, match="not a date"):
        vault.search("x since:yesterday")


def test_a_hit_shows_the_passage_with_what_was_found_marked(vault: Vault) -> None:
    (hit,) = vault.search("plumber jonas")
    marked = [hit.snippet[start:end] for start, end in hit.highlights]
    assert marked == ["plumber", "Jonas"]
    assert hit.score > 0


def test_new_changed_and_vanished_documents_are_seen_at_once(store: Store, vault: Vault) -> None:
    (source,) = (s.id for s in store.sources())
    assert found(vault, "walrus") == []
    put(store, source, "/a/new.md", "a walrus")
    assert found(vault, "walrus") == ["new"]
    put(store, source, "/a/new.md", "a narwhal")
    assert found(vault, "walrus") == []
    assert found(vault, "narwhal") == ["new"]
    store.forget_file(source, "/a/new.md")
    assert found(vault, "narwhal") == []


def test_the_index_is_kept_sealed_and_survives_rotation_without_the_forgotten(
    store: Store, keys: DeviceKeys, vault: Vault
) -> None:
    vault.maintain()
    folder = store.path.parent / "cache" / "search"
    (shard,) = folder.iterdir()
    for word in (b"plumber", b"boiler", b"gasket", "東".encode()):
        assert word not in shard.read_bytes()
    with store.unlock(keys) as other:
        assert other.refresh_index() == 0
    (hit,) = vault.search("plumber")
    vault.forget([hit.document])
    assert vault.search("plumber") == []
    vault.maintain()
    with store.unlock(keys) as other:
        assert found(other, "gasket") == ["valves"]
    assert shard.name not in {file.name for file in folder.iterdir()}


def test_a_damaged_piece_of_the_index_is_made_again(
    store: Store, keys: DeviceKeys, vault: Vault
) -> None:
    vault.maintain()
    folder = store.path.parent / "cache" / "search"
    (shard,) = folder.iterdir()
    shard.write_bytes(shard.read_bytes()[:-1] + b"\0")
    with store.unlock(keys) as other:
        assert found(other, "gasket") == ["valves"]


@given(st.text(max_size=60))
@settings(max_examples=300, deadline=None)
def test_whatever_is_typed_is_a_query_or_one_clear_error(text: str) -> None:
    try:
        query = parse(text)
    except UsageError:
        return
    for term in query.terms:
        assert term.words
        assert '"' not in "".join(term.words)


@settings(deadline=None)
@given(st.text(max_size=300), st.text(max_size=12))
def test_highlights_lie_in_the_snippet_and_are_what_was_searched(text: str, word: str) -> None:
    terms = parse(f'"{word}"').terms if '"' not in word else ()
    passage = snippet(text, patterns(terms))
    assert len(passage.text) <= 182 + 2
    for start, end in passage.highlights:
        assert 0 <= start < end <= len(passage.text)
    if not text.strip():
        assert passage.highlights == ()


def test_a_passage_around_the_most_different_words_is_chosen() -> None:
    text = "apple " * 200 + "pear and apple here " + "pear " * 200
    passage = snippet(text, patterns([Term(("apple",)), Term(("pear",)), Term(("here",))]))
    assert "pear and apple here" in passage.text
    assert passage.text.startswith("…")
    assert passage.text.endswith("…")


@settings(deadline=None)
@given(st.text())
def test_folding_keeps_every_place(text: str) -> None:
    assert len(fold(text)) == len(text)


def test_queries_of_every_kind_run(vault: Vault) -> None:
    for query in ("", '"', "*", "-", "a OR b", "NEAR(a b)", "title:x", "{x}", "^a", "a-b", "x:y:z"):
        vault.search(query)
