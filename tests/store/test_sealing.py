"""The formats of single values: nothing opens that was changed or belongs elsewhere, and lengths say little."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from personald.store import anchor
from personald.store.errors import DocumentDamaged, StoreDamaged, StoreForeign
from personald.store.sealing import (
    Kind,
    associated_data,
    document_identity,
    fingerprints,
    pad,
    padded_length,
    row_identity,
    seal,
    seal_to,
    token,
    tokens,
    unpad,
    unseal,
    unseal_from,
)

KEY = bytes(range(32))
STORE = b"S" * 16
PRIVATE = X25519PrivateKey.from_private_bytes(KEY)


@settings(deadline=None)
@given(st.binary(max_size=2000))
def test_a_value_opens_to_what_was_sealed_and_never_looks_the_same_twice(content: bytes) -> None:
    associated = associated_data(STORE, Kind.BODY, row_identity(1))
    one, two = seal(KEY, content, associated), seal(KEY, content, associated)
    assert unseal(KEY, one, associated) == unseal(KEY, two, associated) == content
    assert one != two


@settings(deadline=None)
@given(st.binary(max_size=200), st.integers(0, 10**6))
def test_a_flipped_bit_or_a_cut_is_refused(content: bytes, place: int) -> None:
    associated = associated_data(STORE, Kind.BODY, row_identity(1))
    sealed = bytearray(seal(KEY, content, associated))
    cut = bytes(sealed[: place % len(sealed)])
    sealed[place // 8 % len(sealed)] ^= 1 << place % 8
    for broken in (bytes(sealed), cut):
        with pytest.raises(DocumentDamaged):
            unseal(KEY, broken, associated)


def test_a_value_opens_only_in_its_own_place() -> None:
    uid = b"u" * 16
    right = associated_data(STORE, Kind.BODY, document_identity(uid, 1))
    sealed = seal(KEY, b"x", right)
    inbox = seal_to(PRIVATE.public_key(), b"x", right)
    assert unseal_from(PRIVATE, inbox, right) == b"x"
    for wrong in (
        associated_data(b"T" * 16, Kind.BODY, document_identity(uid, 1)),
        associated_data(STORE, Kind.HEAD, document_identity(uid, 1)),
        associated_data(STORE, Kind.BODY, document_identity(b"v" * 16, 1)),
        associated_data(STORE, Kind.BODY, document_identity(uid, 2)),
    ):
        with pytest.raises(DocumentDamaged):
            unseal(KEY, sealed, wrong)
        with pytest.raises(DocumentDamaged):
            unseal_from(PRIVATE, inbox, wrong)


@given(st.integers(0, 10**9))
def test_padding_follows_padme(length: int) -> None:
    """Overhead at most 12 %, monotone, idempotent, and few different lengths (arXiv:1806.03160, section 4)."""
    padded = padded_length(length)
    assert length <= padded <= max(length * 1.12, length + 1)
    assert padded_length(padded) == padded
    assert padded_length(length + 1) >= padded


def test_padding_leaves_few_lengths() -> None:
    assert len({padded_length(length) for length in range(1, 100_000)}) < 250


@given(st.binary(max_size=3000))
def test_padding_is_undone(content: bytes) -> None:
    assert bytes(unpad(pad(content))) == content
    assert len(pad(content)) == padded_length(8 + len(content))


@pytest.mark.parametrize("broken", [b"", b"1234567", (9).to_bytes(8, "big") + b"12345678"])
def test_a_false_length_is_refused(broken: bytes) -> None:
    with pytest.raises(DocumentDamaged):
        unpad(broken)


def test_tokens_depend_on_key_kind_and_value() -> None:
    made = {
        token(key, kind, value)
        for key in (KEY, bytes(32))
        for kind in (b"path", b"part")
        for value in (b"", b"a", b"b")
    }
    assert len(made) == 12


@given(st.binary(max_size=200))
def test_a_token_function_gives_the_same_tokens(value: bytes) -> None:
    assert tokens(KEY, b"path", 8)(value) == token(KEY, b"path", value, 8)


@given(st.binary(max_size=40), st.binary(max_size=40), st.integers(0, 40))
def test_a_fingerprint_tells_where_the_head_ends_and_the_body_begins(
    head: bytes, body: bytes, moved: int
) -> None:
    fingerprint = fingerprints(KEY, b"content")
    whole = head + body
    other = whole[:moved], whole[moved:]
    same = other == (head, body)
    assert (fingerprint(b"12345678", *other) == fingerprint(b"12345678", head, body)) == same


@given(st.binary(min_size=5, max_size=300), st.integers(0, 10**6))
def test_a_fingerprint_depends_on_every_bit_and_on_the_key(content: bytes, flip: int) -> None:
    fingerprint = fingerprints(KEY, b"content")
    changed = bytearray(content)
    changed[flip // 8 % len(changed)] ^= 1 << flip % 8
    made = {
        fingerprint(b"place  1", content, b"body"),
        fingerprint(b"place  2", content, b"body"),
        fingerprint(b"place  1", bytes(changed), b"body"),
        fingerprint(b"place  1", b"body", content),
        fingerprint(b"place  1", b"body", bytes(changed)),
        fingerprints(bytes(32), b"content")(b"place  1", content, b"body"),
    }
    assert len(made) == 6


@given(st.integers(0, 10**6))
def test_an_anchor_is_read_back_and_no_bit_of_it_can_be_changed(flip: int) -> None:
    made = anchor.Anchor(STORE, 3, 17, 1_700_000_000, 5, 99, 2, b"t" * 16, b"p" * 32)
    raw = made.encode(KEY)
    assert anchor.decode(raw, KEY) == made
    broken = bytearray(raw)
    broken[flip // 8 % len(raw)] ^= 1 << flip % 8
    with pytest.raises(StoreForeign):
        anchor.decode(bytes(broken), KEY)
    with pytest.raises(StoreForeign):
        anchor.decode(raw, bytes(32))
    with pytest.raises(StoreDamaged):
        anchor.decode(raw[:-1], KEY)


def test_the_sum_of_terms_depends_on_every_column_and_not_on_the_order() -> None:
    base = (b"u" * 16, 1, 0, 7, b"d" * 8, b"p" * 8, b"c" * 16, b"t" * 32)
    changed = [
        (b"v" * 16, *base[1:]),
        (base[0], 2, *base[2:]),
        (*base[:2], 1, *base[3:]),
        (*base[:3], 8, *base[4:]),
        (*base[:4], b"e" * 8, *base[5:]),
        (*base[:5], b"q" * 8, *base[6:]),
        (*base[:6], b"x" * 16, base[7]),
        (*base[:7], b"s" * 32),
    ]
    terms = [anchor.Terms(KEY).term(*row) for row in (base, *changed)]
    assert len(set(terms)) == len(terms)
    assert anchor.add(anchor.add(bytes(16), terms[0]), terms[0]) == bytes(16)
