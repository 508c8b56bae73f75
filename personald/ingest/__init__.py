"""From a change in the file system to documents in the store.

* `counts`: what one look did, in files;
* `reader`: findings → extractor processes → store; failures are recorded with their reason, and everything else goes on;
* `loop`: the thread that keeps all sources up to date: events, looks through, what is not reachable, what failed.

Only extractor processes parse. This process compares, hashes, seals and stores.
"""
