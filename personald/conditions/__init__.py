"""What must hold to train: mains, charge, owner away, cool, memory, disk, the right hour, not too much in one day.

Each answers yes, no or unknown, with a reason that a person can read; unknown never means go. The story:

* `condition`: the answer's form, and the one line that says why nothing is being trained now;
* `power`, `presence`, `heat`, `memory`: pure parsers, from the bytes of a command or a file of /sys to a reading;
* `judge`: readings and settings → conditions; stricter for starting than for going on, so that nothing flaps;
* `readings`: the only module here that runs commands and reads the machine's files.
"""

from personald.conditions.condition import Condition, why_not
from personald.conditions.judge import judge
from personald.conditions.readings import Readings, take_readings
from personald.config import ConditionSettings

__all__ = ["Condition", "ConditionSettings", "Readings", "judge", "take_readings", "why_not"]
