"""One module for each family of formats; each has `extract(path, origin, options) -> Iterator[Item]`.

Formats are imported by workers only, at use, through the registry; heavy libraries likewise inside them. A format
reads and yields; it writes nowhere but into `options.scratch`, and raises `CannotRead` where a file is refused.
"""
