"""From a change in the file system to documents in the store.

* `counts`: what one look did, in files;
* `reader`: findings → extractor processes → store; failures are recorded with their reason, and everything else goes on;
* `view`: what is known, as the status shows it;
* `places`: the sources: which can be reached, how each is watched, which is due for a look;
* `loop`: the thread that keeps all sources up to date.

Only extractor processes parse. This process compares, hashes, seals and stores.
"""
