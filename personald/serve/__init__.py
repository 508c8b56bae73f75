"""Answers: what the memories say, checked against what the documents say.

The story, in reading order:

* `words`: words as they are compared; `lexicon`: what may stand for them in everyday English (`alike.txt`, `asking.txt`);
* `passages`: documents are cut into passages, each with what it is about; `library` takes them from the store;
* `question`: what kind of value a question asks for, about whom; `ranking`: which passages come nearest to it;
* `values`, `phrases`: what in a passage may be an answer, by its form; `fitting`: does that form fit the question?
* `evidence`: how much of the question stands around a value; `belonging`: whose it is; `finding` puts the best first;
* `hops`: "my dentist's number" asks first who that is, then again with the name;
* `reader`: the base model reads the best passage; `support`: does a text hold an answer, and where?
* `deciding`: the best value, or none when none is sure enough; `quoting`: the line that a person is shown with it;
* `answerer`: all of this for one home.
"""
