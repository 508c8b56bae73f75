"""From documents to a memory that may serve: what is studied, how it is learnt, and who decides.

A night for one domain goes through these modules, and they are best read in this order:

1. *What there is to study.* `material` names the parts: facts, examples, probes. `synthesis` reads facts out of
   documents by rule, `selfstudy` lets the base ask its own grounded questions; `dataset` makes rows and probes of them,
   under one Merkle root (`merkle`), in wordings that training and testing never share. `syllabus` is all this for one
   domain.
2. *The base.* `base` loads it through mlx-lm (`blas` first gives MLX a fast BLAS on Linux, `kernels` faster
   exponentials on a CPU), `chat` turns conversations into tokens, `generate` writes greedy answers, or reads given ones.
3. *Learning.* `adapter` puts a LoRA on every linear layer (`low_rank` a quicker one on a CPU), or on those blocks that
   `attribution` finds to matter; `trainer` runs the loop over `batches` with `losses`, `gradients` (as much at once as
   fits into `memory`) and `optimiser`, held to the base by `replay` of `rehearsal`'s rows, and resumes from a sealed
   `checkpoint`. `boundary` spares it work; `distill` lets it learn from a `teacher`. `settings` and `loop_settings`
   hold everything that can be set.
4. *Judging.* `exam` asks base and candidate the same questions (`skills` has those that must not change), `evaluate`
   and `matching` say what counts as right, `gates` decide. `plain` is what a memory is measured against.
5. *The night.* `worker` does all of this for a `job` and is the only module that the trainer's child calls; after a small
   change it goes on from the memory that serves (`continuation`).
6. *Serving.* `registry` keeps adapters sealed (`sealing`, `tensorfile`), each with its `card`; `canary` tries a new one
   beside the old; `serving` and `runtime` attach them. `admission` says which of a memory's answers are given: certain
   ones, about those whom it has heard of (`routing`), and nobody else's values (`ownership`). `forgetting` says what a
   memory loses with a document, and `overlay` makes one keep silent about it until it is trained anew.

`pocket` makes and measures the small base that the project ships. Nothing here is imported by the daemon's process.

Whichever module of the room is imported first, a fast BLAS is loaded before it, and so before any of them imports MLX:
on Linux MLX's wheel brings a reference BLAS that is 15–30 times slower than OpenBLAS, and a library that is in the
process already takes its place (see `training.blas`).
"""

from training import blas

blas.load_fast_blas(blas.default_cache_folder())
