"""How texts become things to study.

A document goes through the readers (`records`, `lines`, `sentences`), which find by rule what is certain, and through
self-study, in which the base itself asks and answers about it; every fact keeps the words that support it. Facts are
then settled among one another (`conflicts`: the newest wins, contradictions go, nobody dominates), worded in many ways
(`wordings`), and joined by what the memory must not know (`abstention`) and must not lose (`replay`).
"""
