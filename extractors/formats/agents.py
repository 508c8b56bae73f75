"""Sessions of coding agents kept as JSON lines: what the person said and what the agent answered in words.

Claude Code writes `{"type": "user", "message": {"role", "content"}, "timestamp", "sessionId"}`; Codex wraps the same in
`{"type": "response_item", "payload": {"role", "content"}}`; others write `{"role", "content"}`. Tool calls and their
output are machinery.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from extractors.compose import Composer
from extractors.document import Document, Domain
from extractors.files import open_regular
from extractors.formats.plain import title_of
from extractors.normalise import one_line, parse_date
from extractors.options import MEBI, Options
from extractors.results import CannotRead, FailureKind, Item, Skip

MAX_LINE = 64 * MEBI
_SPEAKERS = {"user": "User", "human": "User", "assistant": "Assistant"}
# What harnesses put into the person's turns by themselves.
_INSERTED = re.compile(
    r"<(system-reminder|command-name|command-message|command-args|local-command-stdout|environment_context|user_instructions)>.*?</\1>",
    re.DOTALL,
)


def extract(path: Path, origin: str, options: Options) -> Iterator[Item]:
    """Read a session as one document."""
    composer = Composer()
    title = ""
    first = None
    bad = 0
    with open_regular(path) as stream:
        while line := stream.readline(MAX_LINE + 1):
            if len(line) > MAX_LINE:
                raise CannotRead("one of its lines is too long", FailureKind.TOO_LARGE)
            try:
                entry = json.loads(line)
            except (ValueError, RecursionError):
                bad += 1 if line.strip() else 0
                continue
            if not isinstance(entry, dict) or entry.get("isSidechain") or entry.get("isMeta"):
                continue
            if entry.get("type") == "summary":
                title = one_line(str(entry.get("summary") or ""))
            message = entry.get("message") or entry.get("payload") or entry
            if not isinstance(message, dict):
                continue
            speaker = _SPEAKERS.get(str(message.get("role")), "")
            at = parse_date(str(entry.get("timestamp") or ""))
            first = first or at
            if speaker:
                composer.say(speaker, _words(message.get("content")), at, gap="\n\n")
            if composer.length > options.max_text_characters:
                break
    if composer.empty:
        if bad:
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
