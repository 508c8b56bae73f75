"""What changed in the places that are watched. Events are hints; what counts is what the file system says afterwards.

The story:

* `hints`: paths that something was said about, held until they have been quiet for a moment;
* `observer`: where hints come from: events of the system where there are any, else a look every few minutes;
* `survey`: hints or a whole source → findings: new, changed, renamed, vanished; an unchanged file costs a stat and
  one look-up;
* `reach`: is the source there at all? A volume that is not mounted is no reason to forget what was on it.
"""
