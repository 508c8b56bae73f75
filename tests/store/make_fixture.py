"""Make the fixture of the current schema version; run once, when the version is released."""

from __future__ import annotations

from pathlib import Path

from personald.keys import DeviceKeys, KeyFileStore
from personald.store import Store, schema
from tests.store.conftest import put


def main() -> None:
    """Write a small store, with its keys beside it, into the fixtures."""
    folder = Path(__file__).parent / "fixtures" / f"version-{schema.VERSION}"
    folder.mkdir(parents=True)
    keys = DeviceKeys.create(KeyFileStore(folder / "keys"))
    with Store.create(folder / "store.db", keys) as store:
        source = store.add_source(Path("/fixture")).id
        put(store, source, "/fixture/one.md", "the first text")
        put(store, source, "/fixture/gone.md", "a text that was forgotten")
        with store.unlock(keys) as vault:
            vault.forget([d.id for d in vault.documents() if d.document.title == "gone"])
        put(store, source, "/fixture/one.md", "the first text, changed")
        put(store, source, "/fixture/two.md", "the second text")
        store.flush()
    for rest in folder.glob("*.lock"):
        rest.unlink()


if __name__ == "__main__":
    main()
