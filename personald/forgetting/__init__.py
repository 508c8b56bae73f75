"""Letting go, and being able to show it.

Reading order: `carrying_out` is the whole of it: destroy first, then soften. `intent` is the note that makes it survive
a kill: once it is written, whoever opens the home next finishes the work. `overlay` brings the rest of a memory back,
with what was forgotten kept silent. `receipts` is what the person keeps. `proving` is the examination when the memory
has been rebuilt, and `questions` keeps, sealed under a key of its own, what that examination asks.

The rule: from the moment that `forget` is confirmed no file holds weights that would still tell what was forgotten.
What learnt from it is destroyed before anything else is tried. What serves until the next training is the overlay, made
in memory from what was destroyed; where none can be made, the memory is silent until then.
"""
