"""A grammar of personal English: the only text the pocket base ever learns from.

Reading order, from the ground up:

- `draw` is chance that can be repeated and knows its side of the held-out rule; `words`, `names`
  and `values` make names, words and values of every shape;
- `template` writes sentences with choices and slots;
- `facts` is the common coin: what a text can say and what can be asked of it. `attributes`
  (closed tables and invented ones) and `events` make facts; `documents` tells them as prose,
  lists, tables, mails and chats;
- `scenes` are ordinary texts with slots, written by hand; `collage` makes notes out of snippets;
  `variations` and `rewording` keep them from being learnt by heart, and `mentions` and
  `categories` ask them what nobody wrote a question for (`phrases` finds known words in a text);
- `questions` asks, `layout` makes a conversation of it, `skills` holds one module for each thing
  to be learnt, and `mixture` hands out samples and held-out items; `checks` judges answers.

Wordings are data: `attributes/*.toml`, `clauses/`, `scenes/*.txt`, `snippets/*.txt`,
`world.toml`, `words/rewordings/`, `words/categories.txt`. `check` looks for mistakes in them. The
other word lists in `words/` were derived from permissively licensed packages by `build_words`;
nothing else is needed at run time.
"""
