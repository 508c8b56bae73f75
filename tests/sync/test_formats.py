"""Formats: what was written is read, and nothing else is."""

from __future__ import annotations

import os
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync import manifest as manifests
from sync import sealed
from sync.errors import PairingFailed, Rejected
from sync.framing import (
    canonical_json,
    length_prefixed,
    pad,
    padded_size,
    parse_canonical_json,
    unpad,
)
from sync.identity import Identity, PublicIdentity
from sync.manifest import Entry, Manifest
from sync.pairing import code_of, secret_of

VAULT = bytes(range(16))
ALICE = Identity.from_seed(b"a" * 32)
BERND = Identity.from_seed(b"b" * 32)
EVE = Identity.from_seed(b"e" * 32)

# The eight encodings of small-order points that OpenSSL takes for keys; for each, signatures verify that no private
# key made. The list is libsodium's (ge25519_has_small_order).
SMALL_ORDER = [
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000080",
]


@pytest.mark.parametrize("encoding", SMALL_ORDER)
@pytest.mark.parametrize("sign_bit", [0, 0x80])
def test_a_signing_key_that_anybody_can_sign_for_is_refused(encoding: str, sign_bit: int) -> None:
    key = bytearray(bytes.fromhex(encoding))
    key[31] |= sign_bit
    with pytest.raises(Rejected):
        PublicIdentity(bytes(key), ALICE.public.receiving)


@given(st.lists(st.binary(max_size=20), max_size=5), st.lists(st.binary(max_size=20), max_size=5))
def test_two_sequences_never_share_an_encoding(first: list[bytes], second: list[bytes]) -> None:
    assert (length_prefixed(*first) == length_prefixed(*second)) == (first == second)


@given(st.binary(max_size=5000))
def test_padding_is_undone_and_costs_at_most_twelve_percent(data: bytes) -> None:
    padded = pad(data)
    assert unpad(padded) == data
    assert len(padded) <= (len(data) + 8) * 1.12


@given(st.integers(2, 10**9))
def test_padded_sizes_are_a_fixed_point(size: int) -> None:
    assert padded_size(padded_size(size)) == padded_size(size) >= size


@pytest.mark.parametrize(
    "data", [b"", b"\0" * 7, b"\0" * 9, b"\xff" * 16, b"\0" * 7 + b"\x01" + b"a" + b"b" * 7]
)
def test_padding_that_was_never_made_is_refused(data: bytes) -> None:
    with pytest.raises(Rejected):
        unpad(data)


JSON = st.recursive(
    st.integers(-(2**53), 2**53) | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=10,
)


@given(JSON)
def test_canonical_json_is_read_back(value: object) -> None:
    assert parse_canonical_json(canonical_json(value)) == value


@pytest.mark.parametrize(
    "data", [b'{"a":1,"a":2}', b'{"b":1,"a":2}', b'{ "a":1}', b"1.0", b"true", b"\xff", b"[" * 5000]
)
def test_any_other_encoding_is_refused(data: bytes) -> None:
    with pytest.raises(Rejected):
        parse_canonical_json(data)


@settings(max_examples=30, deadline=None)
@given(st.binary(max_size=200_000))
def test_an_object_opens_for_its_recipients_only(data: bytes) -> None:
    out = sealed.seal(data, sealed.Kind.BLOB, VAULT, [ALICE.public, BERND.public], os.urandom(64))
    assert sealed.unseal(out, sealed.Kind.BLOB, VAULT, ALICE) == data
    assert sealed.unseal(out, sealed.Kind.BLOB, VAULT, BERND) == data
    with pytest.raises(Rejected):
        sealed.unseal(out, sealed.Kind.BLOB, VAULT, EVE)
    with pytest.raises(Rejected):
        sealed.unseal(out, sealed.Kind.BLOB, VAULT[::-1], ALICE)
    with pytest.raises(Rejected):
        sealed.unseal(out, sealed.Kind.MANIFEST, VAULT, ALICE)


def test_no_flipped_bit_cut_or_moved_chunk_is_accepted() -> None:
    dice = random.Random(7)
    data = dice.randbytes(3 * sealed.CHUNK_BYTES)
    out = sealed.seal(data, sealed.Kind.BLOB, VAULT, [ALICE.public], dice.randbytes(64))
    variants = []
    for _ in range(1500):
        broken = bytearray(out)
        position = dice.choice([dice.randrange(300), dice.randrange(len(out))])
        broken[position] ^= 1 << dice.randrange(8)
        variants.append(bytes(broken))
    variants += [out[: dice.randrange(len(out))] for _ in range(300)]
    body = len(out) - 4 * 16 - len(pad(data))
    chunk = sealed.CHUNK_BYTES + 16
    first, second = out[body : body + chunk], out[body + chunk : body + 2 * chunk]
    variants += [
        out[:body] + second + first + out[body + 2 * chunk :],
        out[:body] + out[body + chunk :],
        out[: body + chunk] + out[body:],
        out + b"\0",
    ]
    for variant in variants:
        with pytest.raises(Rejected):
            sealed.unseal(variant, sealed.Kind.BLOB, VAULT, ALICE)


def sample_manifest() -> Manifest:
    return Manifest(
        vault=VAULT.hex(),
        device=ALICE.device_id,
        sequence=3,
        previous="0" * 64,
        written_at=1_800_000_000,
        device_name="Study",
        roster="1" * 64,
        seen={BERND.device_id: (2, "2" * 64)},
        entries={
            "mail": Entry(4, "3" * 64, "4" * 64, 1000, '{"base":"pocket"}'),
            "notes": Entry(2, "", "", 0, ""),
        },
    )


def test_a_manifest_is_read_back() -> None:
    plaintext = manifests.sign(sample_manifest(), ALICE)
    assert manifests.verify(plaintext, VAULT.hex(), ALICE.public) == sample_manifest()


def test_no_edited_manifest_is_accepted() -> None:
    dice = random.Random(11)
    plaintext = manifests.sign(sample_manifest(), ALICE)
    for _ in range(3000):
        edited = bytearray(plaintext)
        for _ in range(dice.randint(1, 3)):
            action, position = dice.randrange(3), dice.randrange(len(edited))
            if action == 0:
                edited[position] ^= 1 << dice.randrange(8)
            elif action == 1:
                del edited[position]
            else:
                edited.insert(position, dice.randrange(256))
        if bytes(edited) == plaintext:
            continue
        with pytest.raises(Rejected):
            manifests.verify(bytes(edited), VAULT.hex(), ALICE.public)


def test_a_manifest_of_another_signer_or_group_is_refused() -> None:
    plaintext = manifests.sign(sample_manifest(), EVE)
    with pytest.raises(Rejected):
        manifests.verify(plaintext, VAULT.hex(), ALICE.public)
    with pytest.raises(Rejected):
        manifests.verify(plaintext, VAULT.hex(), EVE.public)  # signs in another's name
    genuine = manifests.sign(sample_manifest(), ALICE)
    with pytest.raises(Rejected):
        manifests.verify(genuine, VAULT[::-1].hex(), ALICE.public)


@given(st.binary(min_size=16, max_size=16))
def test_a_code_is_read_as_it_was_shown_however_it_is_typed(secret: bytes) -> None:
    code = code_of(secret)
    typed = code.lower().replace("-", " ").replace("1", "l").replace("0", "o")
    assert secret_of(code) == secret_of(typed) == secret


@pytest.mark.parametrize("code", ["", "ABCDE", "U" * 26, "Z" * 26, "0" * 27])
def test_what_is_no_code_is_said_to_be_none(code: str) -> None:
    with pytest.raises(PairingFailed):
        secret_of(code)
