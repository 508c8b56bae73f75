"""Answers: what the memories say, checked against what the documents say.

The story, in reading order:

* `passages`: documents are cut into passages and ranked for a question;
* `reader`: the base model reads the best passages and answers from them, or says that it cannot;
* `support`: does a document say so? The check that keeps a memory from giving one person another's value;
* `answerer`: memory and reading side by side, and the rule that makes one answer of them.
"""
