"""From a person's files to `Document`s: one file, mailbox, export or database in, normalised fulltexts out.

The room's story, in reading order:

- `document` says what leaves this room; `results` says how a reading can end otherwise.
- `registry` knows every format and recognises a file, by its content first and then by its name.
- `formats` holds one module for each family of formats: pure, read-only functions from a path to documents.
- `normalise`, `charset`, `compose`, `quotes`, `language` and `duplicates` are what the formats share.
- `sandbox` is what the daemon talks to: a pool of `worker` processes, confined by `confinement`, spoken to through
  `protocol`. Only workers parse; a worker that dies costs one file.
- `guess` and `folders` look at a place from outside, for `source add` and for walking a source.

Third parties add a format through the entry-point group `personald.extractors`; each entry point is a `Format`.
"""
