"""Where everything lives (`Home`) and how it is set (`Settings`): one table of defaults, typed, from config.toml.

`config.toml` is written for people: it holds only what differs from the defaults, and comments in it survive when a
command changes a value. What the program notes for itself is state, and lives elsewhere. The folders that are watched
are not here either: their paths are a part of a person's life and stand sealed in the store.
"""

from __future__ import annotations

import dataclasses
import os
import sys
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from personald.errors import UsageError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

HOME_VARIABLE = "PERSONALD_HOME"

Section = TypeVar("Section", bound="DataclassInstance")


class ConfigurationError(UsageError):
    """config.toml cannot be used as it is."""

    title = "The configuration is wrong"


@dataclass(frozen=True, slots=True)
class Home:
    """The one folder that holds everything of ours; a method's name says what lives at the path it gives."""

    path: Path

    @property
    def config(self) -> Path:
        """Settings, for people to edit."""
        return self.path / "config.toml"

    @property
    def store(self) -> Path:
        """The encrypted database of documents."""
        return self.path / "store.db"

    @property
    def adapters(self) -> Path:
        """The registry: sealed adapter versions."""
        return self.path / "adapters"

    @property
    def cache(self) -> Path:
        """Things that can be made again: sealed, unless they hold nothing of the person's (the languages' model)."""
        return self.path / "cache"

    @property
    def sync(self) -> Path:
        """This device's memory of what it has seen in the shared folder."""
        return self.path / "sync"

    @property
    def logs(self) -> Path:
        """What the daemon says; never a word, title or path of a document."""
        return self.path / "logs"

    @property
    def run(self) -> Path:
        """The single-instance lock and the daemon's socket."""
        return self.path / "run"

    @property
    def reports(self) -> Path:
        """What each training run showed: figures, never words."""
        return self.path / "reports"

    @property
    def receipts(self) -> Path:
        """What the person keeps of everything that was forgotten: figures and hashes, never words."""
        return self.path / "receipts"

    @property
    def forgetting(self) -> Path:
        """Sealed: a forgetting under way, and what rebuilt memories are to be asked about what is gone."""
        return self.path / "forgetting"

    @property
    def forgetting_intent(self) -> Path:
        """The note of a forgetting under way; there only while it is (`personald.forgetting.intent`)."""
        return self.forgetting / "intent"

    @property
    def forgetting_twin(self) -> Path:
        """Where the memory is trained that a rebuilt one is compared with (`personald.forgetting.proving`)."""
        return self.forgetting / "twin"

    @property
    def review(self) -> Path:
        """Sealed: what the person decided about sensitive matters and strangers' mails."""
        return self.path / "review"

    @property
    def state(self) -> Path:
        """What the program notes for itself between runs: figures and times."""
        return self.path / "state.json"

    @property
    def exists(self) -> bool:
        """True once `personald init` has been here."""
        return self.config.is_file()

    def make(self) -> None:
        """Create the folders, closed to everybody else (0700)."""
        for folder in (
            self.path,
            self.adapters,
            self.cache,
            self.sync,
            self.logs,
            self.run,
            self.reports,
        ):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.path.chmod(0o700)


def find_home(
    asked: str | Path | None,
    environment: Mapping[str, str] = os.environ,
    platform: str = sys.platform,
) -> Home:
    """Find the home: what was asked for, else PERSONALD_HOME, else the platform's place for application data.

    Args:
        asked: the `--home` of the command line, or None.
        environment: environment variables.
        platform: `sys.platform`.

    Source: XDG Base Directory Specification 0.8 for Linux; Apple's File System Programming Guide for macOS.
    """
    chosen = asked or environment.get(HOME_VARIABLE)
    if chosen:
        return Home(Path(chosen).expanduser().absolute())
    person = Path(environment.get("HOME") or Path.home())
    if platform == "darwin":
        return Home(person / "Library" / "Application Support" / "personald")
    data = environment.get("XDG_DATA_HOME", "")
    root = Path(data) if data.startswith("/") else person / ".local" / "share"
    return Home(root / "personald")


@dataclass(frozen=True, slots=True)
class BaseSettings:
    """[base]: the model that adapters are trained on.

    Attributes:
        reference: a folder in mlx-lm's layout or the name of a model on a hub; "" is the embedded pocket base.
    """

    reference: str = ""


@dataclass(frozen=True, slots=True)
class SyncSettings:
    """[sync]: the shared folder through which adapters travel.

    Attributes:
        folder: its path; "" means that adapters stay on this device.
        name: what this device is called on the others; "" means the host's name.
        poll_minutes: how often the daemon looks whether something new is in the folder, 1..1440.
    """

    folder: str = ""
    name: str = ""
    poll_minutes: float = 5.0


@dataclass(frozen=True, slots=True)
class WatchSettings:
    """[watch]: how changes are noticed.

    Attributes:
        debounce_seconds: a file is read once it has been quiet for so long, 0.05..60.
        rescan_hours: all sources are walked again after so long, whatever events said, 0.1..168.
        poll_minutes: and after so long where the system gives no events (network volumes), 0.1..1440.
        workers: extractor processes, 1..16.
        max_file_megabytes: larger files are recorded as failed, unless they are mailboxes (which are streamed).
    """

    debounce_seconds: float = 0.5
    rescan_hours: float = 4.0
    poll_minutes: float = 5.0
    workers: int = 2
    max_file_megabytes: int = 64


@dataclass(frozen=True, slots=True)
class ConditionSettings:
    """[conditions]: what must hold to train.

    Attributes:
        idle_minutes: the owner counts as away after so long without input, 0..1440; a locked screen counts at once.
        battery_floor: percent, 0..100, below which a draining battery stops training even on mains.
        low_power_mode: train although Low Power Mode is on.
        free_disk_gigabytes: room that must be left on the disk of the home.
        quiet_hours: "23:00-06:30" and the like: not in these hours, by the local clock; "" for none.
        hours_per_day: at most so long in any 24 hours, 0..24.
    """

    idle_minutes: float = 10.0
    battery_floor: int = 40
    low_power_mode: bool = False
    free_disk_gigabytes: float = 2.0
    quiet_hours: str = ""
    hours_per_day: float = 6.0


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings, one section each; see each section for names, units and ranges.

    `training` stays a plain table here: `training.settings` reads it, where mlx may be imported.
    """

    base: BaseSettings = field(default_factory=BaseSettings)
    sync: SyncSettings = field(default_factory=SyncSettings)
    watch: WatchSettings = field(default_factory=WatchSettings)
    training: dict[str, Any] = field(default_factory=dict)
    conditions: ConditionSettings = field(default_factory=ConditionSettings)


def load_settings(home: Home) -> Settings:
    """Read config.toml; what it does not name has its default.

    Raises:
        ConfigurationError: the file is not TOML, or a section, name or type in it is wrong.
    """
    return _settings(read_table(home))


def read_table(home: Home) -> dict[str, Any]:
    """The raw tables of config.toml; empty when there is no file.

    Raises:
        ConfigurationError: the file is not TOML or cannot be read.
    """
    # Imported where it is needed: `status`, which must be quick, only looks whether the file is there.
    import tomllib

    try:
        return tomllib.loads(home.config.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"{home.config} is not valid TOML: {error}.", "Mend the line, or delete the file."
        ) from error
    except OSError as error:
        raise ConfigurationError(f"{home.config} cannot be read: {error.strerror}.") from error


def change_settings(home: Home, changes: Mapping[str, Mapping[str, Any]]) -> None:
    """Write values into config.toml, keeping what else stands there, comments included.

    Args:
        home: whose settings.
        changes: section → name → value.

    Raises:
        ConfigurationError: a name or type is wrong; nothing is written then.
    """
    import tomllib

    import tomlkit

    text = home.config.read_text(encoding="utf-8") if home.config.exists() else ""
    document = tomlkit.parse(text)
    for section, values in changes.items():
        table = document.setdefault(section, tomlkit.table())
        table.update(values)
    written = tomlkit.dumps(document)
    _settings(tomllib.loads(written))
    draft = home.config.with_suffix(".toml.new")
    draft.write_text(written, encoding="utf-8")
    draft.chmod(0o600)
    draft.replace(home.config)


def _settings(table: Mapping[str, Any]) -> Settings:
    """All sections but [training], which only the trainer child reads, and which its own room checks."""
    ours = {name: value for name, value in table.items() if name != "training"}
    return _build(Settings, ours, "config.toml")


def _build(kind: type[Section], table: Mapping[str, Any], where: str) -> Section:
    """Make a dataclass from a TOML table, refusing names and types that it does not have."""
    hints = typing.get_type_hints(kind)
    names = {item.name for item in dataclasses.fields(kind)}
    unknown = sorted(set(table) - names)
    if unknown:
        raise ConfigurationError(
            f"{where} has no setting {unknown[0]!r}.", f"It knows: {', '.join(sorted(names))}."
        )
    values = {
        name: _value(hints[name], value, f"{where} [{name}]") for name, value in table.items()
    }
    return kind(**values)


def _value(hint: Any, value: Any, where: str) -> Any:
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        if not isinstance(value, dict):
            raise ConfigurationError(f"{where} must be a table.")
        return _build(hint, value, where)
    origin = typing.get_origin(hint)
    if origin is dict:
        if not isinstance(value, dict):
            raise ConfigurationError(f"{where} must be a table.")
        return value
    if origin is tuple:
        if not isinstance(value, list):
            raise ConfigurationError(f"{where} must be a list.")
        item = typing.get_args(hint)[0]
        return tuple(_value(item, entry, where) for entry in value)
    if origin in (types.UnionType, typing.Union):
        options = [option for option in typing.get_args(hint) if option is not type(None)]
        return _value(options[0], value, where)
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, hint) or (hint is int and isinstance(value, bool)):
        raise ConfigurationError(
            f"{where} must be {_type_name(hint)}, not {value!r}.", "Mend the line in config.toml."
        )
    return value


def _type_name(hint: Any) -> str:
    return {str: "a text", int: "a whole number", float: "a number", bool: "true or false"}.get(
        hint, str(hint)
    )
