"""Examines an installation: each examination looks at one thing and says what it saw and how to mend it.

The story:

* `finding`: the form of an answer;
* `machine`: Python, disk, clock, how fast mlx multiplies;
* `contents`: keys, store, base model, sync folder;
* `watching`: the daemon, what it is allowed to read, sources, what lies only in the cloud;
* `examination`: all of it in order; a failing examination is a finding, never an exception.
"""

from personald.doctor.examination import examine
from personald.doctor.finding import Finding

__all__ = ["Finding", "examine"]
