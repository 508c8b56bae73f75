"""personald: a model that remembers its owner's life, on their own machines only.

This package is the composition root. It alone knows the other four rooms and wires them together::

    a file changes → extractors → personald.store → training → training.registry → sync → another device
                                                                        │
                                                                        └→ personald.serve: ask

Two of its modules are the ground on which every room stands and import nothing of the project:
`personald.errors` (the one error tree) and `personald.commands` (the one place that starts other programs).
"""
