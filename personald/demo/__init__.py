"""The whole story on a made-up person's files, in a throw-away home.

`person/` holds the files that Nora Ellingsen, who does not exist, keeps: contacts, calendars, mail, notes, papers and a
chat export. `probes.jsonl` asks about them as a person would; six in seven of its questions are no training row's.
"""
