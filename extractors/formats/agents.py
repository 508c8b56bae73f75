"""Sessions of coding agents kept as JSON lines: what the person said and what the agent answered in words.

Claude Code writes `{"type": "user", "message": {"role", "content"}, "timestamp", "sessionId"}`; Codex wraps the same in
`{"type": "response_item", "payload": {"role", "content"}}`, Copilot in `{"type": "user.message", "data": {"content"}}`;
Gemini writes `{"type": "gemini", "content"}`, in lines or in one table's `messages`; others write `{"role", "content"}`.
Tool calls and their output are machinery.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from extractors.compose import Composer
from extractors.document import Document, Domain
from extractors.files import open_regular
from extractors.formats.assistants import load_json
from extractors.formats.plain import title_of
from extractors.normalise import one_line, parse_date
from extractors.options import MEBI, Options
from extractors.results import CannotRead, FailureKind, Item, Skip

MAX_LINE = 64 * MEBI
MAX_SESSION = 256 * MEBI
_SPEAKERS = {
    "user": "User",
    "human": "User",
    "user.message": "User",
    "assistant": "Assistant",
    "assistant.message": "Assistant",
    "gemini": "Assistant",
    "model": "Assistant",
}
# What harnesses put into the person's turns by themselves.
_INSERTED = re.compile(
    r"<(system-reminder|command-name|command-message|command-args|command-contents|local-command-stdout|local-command-stderr"
    r"|local-command-caveat|bash-input|bash-stdout|bash-stderr|user-memory-input|task-notification|ide_opened_file|ide_selection"
    r"|environment_context|user_instructions|turn_aborted)>.*?</\1>|\[Request interrupted by user[^\]]*\]"
    r"|\A# AGENTS\.md instructions.*",
    re.DOTALL,
)


def extract(path: Path, origin: str, options: Options) -> Iterator[Item]:
    """Read a session as one document."""
    composer = Composer()
    title = ""
    first = None
    lines = _Lines(path)
    for entry in lines:
        title = _title(entry) or title
        if entry.get("isSidechain") or entry.get("isMeta") or entry.get("isCompactSummary"):
            continue
        at = parse_date(str(entry.get("timestamp") or ""))
        first = first or at
        speaker, words = _said(entry)
        if speaker:
            composer.say(speaker, words, at, gap="\n\n")
        if composer.length > options.max_text_characters:
            break
    if composer.empty:
        if lines.damaged:
            raise CannotRead("its lines are no JSON")
        yield Skip("empty conversation")
        return
    turns = composer.turns()
    opening = composer.text()[turns[0].start : turns[0].end]
    yield Document(
        origin=origin,
        domain=options.domain or Domain.CHATS,
        kind="agent",
        title=title or one_line(opening, 80) or title_of(path),
        text=composer.text(),
        date=first,
        turns=turns,
    )


class _Lines:
    """Iterates over the tables of a session: one in each line, or listed as `messages` in one table.

    Attributes:
        damaged: how many lines were no JSON.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.damaged = 0

    def __iter__(self) -> Iterator[Mapping[str, object]]:
        if self._path.suffix.lower() == ".json":
            yield from self._tables(load_json(self._path, MAX_SESSION))
            return
        with open_regular(self._path) as stream:
            while line := stream.readline(MAX_LINE + 1):
                if len(line) > MAX_LINE:
                    raise CannotRead("one of its lines is too long", FailureKind.TOO_LARGE)
                try:
                    entry = json.loads(line)
                except (ValueError, RecursionError):
                    self.damaged += 1 if line.strip() else 0
                    continue
                yield from self._tables(entry)

    @staticmethod
    def _tables(entry: object) -> Iterator[Mapping[str, object]]:
        if not isinstance(entry, dict):
            return
        messages = entry.get("messages")
        if isinstance(messages, list):
            yield from (message for message in messages if isinstance(message, dict))
        else:
            yield entry


def _title(entry: Mapping[str, object]) -> str:
    names = {"summary": "summary", "custom-title": "customTitle", "ai-title": "aiTitle"}
    return one_line(str(entry.get(names.get(str(entry.get("type")), "")) or ""))


def _said(entry: Mapping[str, object]) -> tuple[str, str]:
    """Return who speaks in an entry and what; "" for machinery."""
    message = next(
        (
            entry[name]
            for name in ("message", "payload", "data")
            if isinstance(entry.get(name), dict)
        ),
        entry,
    )
    if not isinstance(message, dict):
        return "", ""
    speaker = _SPEAKERS.get(str(message.get("role"))) or (
        _SPEAKERS.get(str(entry.get("type"))) if "role" not in message else None
    )
    return speaker or "", _words(message.get("content"))


def _words(content: object) -> str:
    if isinstance(content, str):
        return _INSERTED.sub("", content)
    blocks = content if isinstance(content, list) else []
    words = [_block(block) for block in blocks if isinstance(block, dict)]
    return _INSERTED.sub("", "\n\n".join(word for word in words if word))


def _block(block: Mapping[str, object]) -> str:
    text = block.get("text")
    spoken = block.get("type") in ("text", "input_text", "output_text", None)
    return text if spoken and isinstance(text, str) else ""
