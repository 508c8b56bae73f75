"""Search by meaning with a real, small static embedding model made for the test."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from personald.keys import DeviceKeys
from personald.store import Store
from personald.store.meaning import StaticEmbedder
from personald.store.search import fuse
from tests.store.conftest import put

pytest.importorskip("model2vec", reason="the optional extra `meaning` is not installed")

# Words of one line mean nearly the same; each line is a direction of its own.
MEANINGS = ("plumber pipe leak water boiler", "dog walk park bark leash", "tax invoice bank refund")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from model2vec import StaticModel
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.normalizers import Lowercase
    from tokenizers.pre_tokenizers import Whitespace

    generator = np.random.default_rng(1)
    vocabulary, vectors = {"[UNK]": 0}, [np.zeros(16)]
    for line in MEANINGS:
        direction = generator.normal(size=16)
        for word in line.split():
            vocabulary[word] = len(vocabulary)
            vectors.append(direction + generator.normal(size=16) * 0.1)
    tokenizer = Tokenizer(WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = Lowercase()
    tokenizer.pre_tokenizer = Whitespace()
    folder = tmp_path_factory.mktemp("model") / "tiny"
    StaticModel(np.array(vectors, dtype=np.float32), tokenizer).save_pretrained(folder)
    return folder


def fill(store: Store) -> None:
    source = store.add_source(Path("/a")).id
    put(store, source, "/a/pipes.md", "leak boiler pipe")
    put(store, source, "/a/rex.md", "walk leash bark")
    put(store, source, "/a/money.md", "refund invoice bank")
    put(store, source, "/a/plumber.md", "plumber")


def test_a_document_without_the_word_is_found_by_its_meaning(
    store: Store, keys: DeviceKeys, model: Path
) -> None:
    fill(store)
    with store.unlock(keys) as vault:
        assert [hit.title for hit in vault.search("water")] == []
        assert [hit.title for hit in vault.search("plumber")] == ["plumber"]
    with store.unlock(keys, StaticEmbedder(model)) as vault:
        assert {hit.title for hit in vault.search("water")[:2]} == {"pipes", "plumber"}
        found = [hit.title for hit in vault.search("plumber")]
        assert found[:2] == ["plumber", "pipes"]
        assert [hit.title for hit in vault.search('"plumber boiler"')] == []
        assert [hit.title for hit in vault.search("water -pipe")] == []


def test_vectors_are_sealed_and_made_again_for_another_model(
    store: Store, keys: DeviceKeys, model: Path
) -> None:
    fill(store)
    embedder = StaticEmbedder(model)
    with store.unlock(keys, embedder) as vault:
        vault.maintain()
        folder = store.path.parent / "cache" / "search"
        vector = embedder.embed(["plumber\nplumber"])[0].astype(np.float16).tobytes()
        assert all(vector not in file.read_bytes() for file in folder.iterdir())
    with store.unlock(keys) as vault:
        assert vault.search("water") == []
    with store.unlock(keys, embedder) as vault:
        assert vault.search("water") != []


def test_a_folder_without_a_model_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no embedding model"):
        StaticEmbedder(tmp_path)


def test_fusion_prefers_what_both_rankings_have() -> None:
    assert list(fuse([[1, 2, 3], [4, 2]])) == [2, 4, 1, 3]
    assert fuse([[7]]) == {7: 1 / 61}


def test_a_process_that_only_stores_never_imports_numpy() -> None:
    script = "import sys, personald.store; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
