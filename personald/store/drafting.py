"""Documents that wait to be stored, and how a page of them is sealed: 256 at once, each under a data key of its own.

All of them go through one step before any goes through the next: each step's code is then at hand in the processor, which
makes the whole a fifth faster than one document after the other. The data keys are sealed to the trainer's public
key by HPKE and forgotten; so the cost of public-key cryptography is paid once for each page, and nobody but the trainer
can open anything, not even the process that stored it a moment ago.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from extractors.document import Document
from personald.store.anchor import Terms
from personald.store.records import (
    FileStat,
    FileStatus,
    SensitiveSpan,
    State,
    encode_head,
    encode_text,
)
from personald.store.sealing import (
    KEY_BYTES,
    NONCE_BYTES,
    PAGE_KEYS,
    TAG_BYTES,
    UID_BYTES,
    Kind,
    associated_data,
    document_identity,
    pad,
    row_identity,
    seal_to,
)
from personald.store.watching import Watch

# Ids that are made in one transaction begin alike, so that the index over them grows in one place: a commit of
# 500 random ids would rewrite most of its pages. The order of rows shows the same anyway.
UID_PREFIX_BYTES = 2

NarrowRow = tuple[int, bytes, int, int, int, bytes, bytes, bytes, int, int]
FieldsRow = tuple[int, bytes, bytes]
FileRow = tuple[int, int, bytes, bytes, int, bytes]


class Draft(NamedTuple):
    """One version of a document that waits to be sealed and written.

    Attributes:
        uid: the document's identity, None for a new one.
        version: 1, 2, 3, …
        file: the row of its file.
        domain, part: look-up tokens.
        document: what was read.
        origin: the document's, relative to its file.
        path: the file's.
        sensitive: what was found in the text.
    """

    uid: bytes | None
    version: int
    file: int
    domain: bytes
    part: bytes
    document: Document
    origin: str
    path: str
    sensitive: tuple[SensitiveSpan, ...]


class FileDraft(NamedTuple):
    """What is known of a file and waits to be sealed and written.

    Attributes:
        number: its row.
        source: the source it belongs to.
        token: of its path.
        status: what became of it.
        path, stat, extractor_version, content_hash, reason: see `FileState`.
    """

    number: int
    source: int
    token: bytes
    status: FileStatus
    path: str
    stat: FileStat
    extractor_version: int
    content_hash: bytes
    reason: str


class SealedPage(NamedTuple):
    """A page of versions, as it goes into the database.

    Attributes:
        narrow, fields: the rows of `document` and `sealed`.
        keys: the data keys, sealed to the trainer.
        terms: what the versions add to the anchor's sum.
        size: bytes of all fields.
    """

    narrow: list[NarrowRow]
    fields: list[FieldsRow]
    keys: bytes
    terms: int
    size: int


def seal_page(
    drafts: Sequence[Draft],
    watch: Watch,
    public_key: bytes,
    number: int,
    first_row: int,
    uid_prefix: bytes,
    revisions: Mapping[bytes, int],
) -> SealedPage:
    """Seal versions, each under a fresh data key, and the keys to the trainer.

    Args:
        drafts: at most `PAGE_KEYS`.
        watch: makes tokens, and knows the store.
        public_key: of the present generation, X25519, 32 bytes.
        number: the row of the page.
        first_row: the row of the first version; the others follow.
        uid_prefix: the beginning of the new documents' identities.
        revisions: of the domains, by token.
    """
    keys = os.urandom(KEY_BYTES * len(drafts))
    heads = [
        encode_head(draft.document, draft.origin, draft.path, draft.sensitive) for draft in drafts
    ]
    bodies = [encode_text(draft.document.text) for draft in drafts]
    contents = list(map(watch.content, [draft.part for draft in drafts], heads, bodies))
    uids = _uids(drafts, uid_prefix)
    identities = [
        document_identity(uid, draft.version) for uid, draft in zip(uids, drafts, strict=True)
    ]
    fields = _sealed_fields(watch.store, keys, identities, heads, bodies)
    summand = Terms(watch.keys.anchor_key).term
    first_slot = number * PAGE_KEYS
    narrow: list[NarrowRow] = []
    terms = size = 0
    for place, (draft, uid, content, (head, body)) in enumerate(
        zip(drafts, uids, contents, fields, strict=True)
    ):
        _, version, file, domain, part, *_ = draft
        tags = head[-TAG_BYTES:] + body[-TAG_BYTES:]
        terms ^= summand(uid, version, State.LIVE, file, domain, part, content, tags)
        size += len(head) + len(body)
        narrow.append(
            (
                first_row + place,
                uid,
                version,
                0,
                file,
                domain,
                part,
                content,
                revisions[domain],
                first_slot + place,
            )
        )
    associated = associated_data(watch.store, Kind.INBOX_PAGE, row_identity(number))
    sealed_keys = seal_to(X25519PublicKey.from_public_bytes(public_key), keys, associated)
    rows = [(first_row + place, *sealed) for place, sealed in enumerate(fields)]
    return SealedPage(narrow, rows, sealed_keys, terms, size)


def _uids(drafts: Sequence[Draft], prefix: bytes) -> list[bytes]:
    """Return the identity of each document; a new one gets one."""
    length = UID_BYTES - len(prefix)
    random = os.urandom(length * len(drafts))
    return [
        draft.uid or prefix + random[length * place : length * (place + 1)]
        for place, draft in enumerate(drafts)
    ]


def _sealed_fields(
    store: bytes,
    keys: bytes,
    identities: Sequence[bytes],
    heads: Sequence[bytes],
    bodies: Sequence[bytes],
) -> list[tuple[bytes, bytes]]:
    """Seal head and body of each version under its key."""
    head_prefix = associated_data(store, Kind.HEAD, b"")
    body_prefix = associated_data(store, Kind.BODY, b"")
    nonces = os.urandom(2 * NONCE_BYTES * len(heads))
    fields: list[tuple[bytes, bytes]] = []
    key_at = nonce_at = 0
    for identity, head, body in zip(identities, heads, bodies, strict=True):
        cipher = AESGCM(keys[key_at : key_at + KEY_BYTES])
        key_at += KEY_BYTES
        nonce = nonces[nonce_at : nonce_at + NONCE_BYTES]
        sealed_head = nonce + cipher.encrypt(nonce, pad(head), head_prefix + identity)
        nonce_at += NONCE_BYTES
        nonce = nonces[nonce_at : nonce_at + NONCE_BYTES]
        fields.append(
            (sealed_head, nonce + cipher.encrypt(nonce, pad(body), body_prefix + identity))
        )
        nonce_at += NONCE_BYTES
    return fields


def seal_files(drafts: Sequence[FileDraft], watch: Watch) -> list[FileRow]:
    """Return the rows of files, with their records sealed under the watch key."""
    stats = [
        b"" if status is FileStatus.PENDING else watch.stat(token, stat, extractor_version)
        for _, _, token, status, _, stat, extractor_version, _, _ in drafts
    ]
    sealed = [
        watch.seal_file(number, path, stat, extractor_version, content_hash, reason)
        for number, _, _, _, path, stat, extractor_version, content_hash, reason in drafts
    ]
    return [
        (draft.number, draft.source, draft.token, stat, int(draft.status), record)
        for draft, stat, record in zip(drafts, stats, sealed, strict=True)
    ]
