"""Exports of ChatGPT and Claude: each conversation a document, the turns marked.

ChatGPT writes an array of conversations (since 2026 cut into `conversations-000.json` and so on), each a tree of
messages of which `current_node` tells the branch that counts; Claude writes an array with `chat_messages` in order.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path

from extractors import charset
from extractors.compose import Composer
from extractors.document import Document, Domain
from extractors.files import read_whole
from extractors.formats.attachments import attached_documents
from extractors.normalise import clean, from_timestamp, one_line, parse_date
from extractors.options import MEBI, Options
from extractors.results import CannotRead, Failure, FailureKind, Item, Skip

MAX_EXPORT_BYTES = 512 * MEBI
MAX_MESSAGES = 50_000
# Marks of sources: of web searches between characters of the private use area, of files in brackets.
_CITATIONS = re.compile(
    "\ue200[^\ue201]{0,400}\ue201|[\ue200-\ue206]|【[^【】]{0,80}†[^【】]{0,200}】"
)
# Where ChatGPT sends a document that it writes beside the conversation.
_CANVAS = "canmore.create_textdoc"

_SPEAKERS = {"user": "User", "human": "User", "assistant": "Assistant", "tool": ""}
# Content types of ChatGPT that are no one's words: memory, system prompts, hidden reasoning.
_UNSPOKEN = frozenset(
    (
        "user_editable_context",
        "model_editable_context",
        "thoughts",
        "reasoning_recap",
        "system_error",
        "sonic_webpage",
    )
)


def extract_chatgpt(path: Path, origin: str, options: Options) -> Iterator[Item]:
    """Read a ChatGPT export; each conversation's origin is `path#conversation-id`."""
    for index, conversation in enumerate(_conversations(path)):
        part = f"{origin}#{_identifier(conversation, ('conversation_id', 'id'), index)}"
        try:
            composer = _chatgpt_turns(conversation)
        except (KeyError, TypeError, ValueError, AttributeError):
            yield Failure("the conversation is damaged", FailureKind.DAMAGED, part)
            continue
        yield _document(
            composer,
            conversation,
            part,
            "chatgpt",
            options,
            from_number(conversation.get("create_time")),
        )


def extract_claude(path: Path, origin: str, options: Options) -> Iterator[Item]:
    """Read a Claude export; each conversation's origin is `path#uuid`."""
    for index, conversation in enumerate(_conversations(path)):
        part = f"{origin}#{_identifier(conversation, ('uuid',), index)}"
        try:
            composer = _claude_turns(conversation)
        except (KeyError, TypeError, ValueError, AttributeError):
            yield Failure("the conversation is damaged", FailureKind.DAMAGED, part)
            continue
        created = parse_date(str(conversation.get("created_at") or ""))
        yield _document(composer, conversation, part, "claude", options, created)


def extract_claude_projects(path: Path, origin: str, options: Options) -> Iterator[Item]:
    """Read `projects.json` of a Claude export: each project's description, instructions and files."""
    for index, project in enumerate(_conversations(path)):
        part = f"{origin}#{_identifier(project, ('uuid',), index)}"
        name = one_line(str(project.get("name") or "Project"))
        told = [str(project.get(key) or "") for key in ("description", "prompt_template")]
        text = clean("\n\n".join([name, *filter(str.strip, told)])).strip("\n")
        created = parse_date(str(project.get("created_at") or ""))
        domain = options.domain or Domain.CHATS
        yield Document(part, domain, "claude", name, text, date=created)
        files = project.get("docs")
        for file in files if isinstance(files, list) else []:
            if isinstance(file, dict) and isinstance(file.get("content"), str):
                called = one_line(str(file.get("filename") or "document.txt"), 200)
                yield from attached_documents(file["content"].encode(), called, part, options)


def load_json(path: Path, limit: int) -> object:
    """Parse a JSON file. Raises CannotRead when it is damaged, too long or nested too deep."""
    text = charset.decode(read_whole(path, limit))
    try:
        return json.loads(text)
    except RecursionError as error:
        raise CannotRead("its values are nested too deep", FailureKind.TOO_DEEP) from error
    except ValueError as error:
        raise CannotRead("its JSON is damaged or cut off") from error


def from_number(value: object) -> datetime | None:
    """Return a moment for a number of seconds since 1970 (or the string of one), None for anything else."""
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return parse_date(str(value))
    return from_timestamp(value) if isinstance(value, int | float) and value > 0 else None


def _conversations(path: Path) -> Iterator[Mapping[str, object]]:
    loaded = load_json(path, MAX_EXPORT_BYTES)
    if isinstance(loaded, dict):
        inner = loaded.get("conversations")
        loaded = inner if isinstance(inner, list) else [loaded]
    if not isinstance(loaded, list):
        raise CannotRead("it holds no conversations")
    return (entry for entry in loaded if isinstance(entry, dict))


def _identifier(conversation: Mapping[str, object], names: tuple[str, ...], index: int) -> str:
    for name in names:
        value = conversation.get(name)
        if isinstance(value, str) and value:
            return one_line(value, 100)
    # Exports without identifiers keep at least the moment of creation from one export to the next.
    created = conversation.get("create_time")
    return f"{created:.3f}" if isinstance(created, float) else str(index)


def _document(
    composer: Composer,
    conversation: Mapping[str, object],
    origin: str,
    kind: str,
    options: Options,
    created: datetime | None,
) -> Item:
    if composer.empty:
        return Skip("empty conversation")
    turns = composer.turns()
    title = one_line(str(conversation.get("title") or conversation.get("name") or ""))
    text = composer.text()
    return Document(
        origin=origin,
        domain=options.domain or Domain.CHATS,
        kind=kind,
        title=title or one_line(text[turns[0].start : turns[0].end], 80) or "Conversation",
        text=text,
        date=created or next((turn.at for turn in turns if turn.at), None),
        properties=(("Title", title),) if title else (),
        turns=turns,
    )


def _chatgpt_turns(conversation: Mapping[str, object]) -> Composer:
    composer = Composer()
    for message in _chatgpt_branch(conversation):
        author = message.get("author")
        role = str(author.get("role", "")) if isinstance(author, dict) else ""
        metadata = message.get("metadata")
        hidden = isinstance(metadata, dict) and metadata.get("is_visually_hidden_from_conversation")
        if role not in ("user", "assistant") or hidden:
            continue
        words = _CITATIONS.sub("", _chatgpt_words(message.get("content")))
        if message.get("recipient") == _CANVAS:
            composer.add(_canvas(words), gap="\n\n")
        if message.get("recipient", "all") not in ("all", None):
            continue
        composer.say(_SPEAKERS[role], words, from_number(message.get("create_time")), gap="\n\n")
    return composer


def _canvas(words: str) -> str:
    """Return the document that is written to the canvas: JSON with a name and content."""
    try:
        canvas = json.loads(words)
    except (ValueError, RecursionError):
        return ""
    if not isinstance(canvas, dict) or not isinstance(canvas.get("content"), str):
        return ""
    return f"[{one_line(str(canvas.get('name') or 'Document'))}]\n{canvas['content']}"


def _chatgpt_branch(conversation: Mapping[str, object]) -> list[Mapping[str, object]]:
    """Return the messages from the root to `current_node`; without one, to the latest leaf."""
    mapping = conversation.get("mapping")
    if not isinstance(mapping, dict):
        messages = conversation.get("messages")
        return (
            [entry for entry in messages if isinstance(entry, dict)]
            if isinstance(messages, list)
            else []
        )
    node = conversation.get("current_node")
    if not isinstance(node, str) or node not in mapping:
        leaves = [
            key
            for key, value in mapping.items()
            if isinstance(value, dict) and not value.get("children")
        ]
        node = leaves[-1] if leaves else None
    branch: list[Mapping[str, object]] = []
    visited: set[str] = set()
    while isinstance(node, str) and node not in visited and len(branch) < MAX_MESSAGES:
        visited.add(node)
        entry = mapping.get(node)
        if not isinstance(entry, dict):
            break
        message = entry.get("message")
        if isinstance(message, dict):
            branch.append(message)
        node = entry.get("parent")
    return branch[::-1]


def _chatgpt_words(content: object) -> str:
    if isinstance(content, str):
        return content
    if not isinstance(content, dict) or content.get("content_type") in _UNSPOKEN:
        return ""
    parts = content.get("parts")
    if not isinstance(parts, list):
        text = content.get("text") or content.get("result")
        return text if isinstance(text, str) else ""
    words: list[str] = []
    for part in parts:
        if isinstance(part, str):
            words.append(part)
        elif isinstance(part, dict):
            text = part.get("text") or part.get("transcript")
            if isinstance(text, str):
                words.append(text)
    return "\n".join(word for word in words if word.strip())


def _claude_turns(conversation: Mapping[str, object]) -> Composer:
    composer = Composer()
    for message in _claude_branch(conversation):
        speaker = _SPEAKERS.get(str(message.get("sender", "")), "")
        at = parse_date(str(message.get("created_at") or ""))
        composer.say(speaker, _claude_words(message), at, gap="\n\n")
        for artifact in _artifacts(message):
            composer.add(artifact, gap="\n\n")
        attachments = message.get("attachments")
        for attachment in attachments if isinstance(attachments, list) else []:
            if isinstance(attachment, dict) and isinstance(
                attachment.get("extracted_content"), str
            ):
                name = one_line(str(attachment.get("file_name") or "Attachment"))
                composer.add(f"[{name}]\n{attachment['extracted_content']}", gap="\n\n")
    return composer


def _claude_branch(conversation: Mapping[str, object]) -> list[Mapping[str, object]]:
    """Return the messages in order; where answers were asked for again, only the branch that the person saw last."""
    listed = conversation.get("chat_messages")
    messages: list[Mapping[str, object]] = (
        [entry for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []
    )
    by_identifier = {str(message.get("uuid")): message for message in messages}
    node = str(conversation.get("current_leaf_message_uuid") or "")
    if node not in by_identifier:
        return messages[:MAX_MESSAGES]
    branch: list[Mapping[str, object]] = []
    while node in by_identifier and len(branch) < MAX_MESSAGES:
        message = by_identifier.pop(node)
        branch.append(message)
        node = str(message.get("parent_message_uuid") or "")
    return branch[::-1]


def _artifacts(message: Mapping[str, object]) -> Iterator[str]:
    """Yield the documents that Claude wrote beside the conversation."""
    content = message.get("content")
    for block in content if isinstance(content, list) else []:
        if not isinstance(block, dict) or block.get("name") != "artifacts":
            continue
        written = block.get("input")
        if isinstance(written, dict) and isinstance(written.get("content"), str):
            yield f"[{one_line(str(written.get('title') or 'Document'))}]\n{written['content']}"


def _claude_words(message: Mapping[str, object]) -> str:
    content = message.get("content")
    words = [
        block["text"]
        for block in (content if isinstance(content, list) else [])
        if isinstance(block, dict)
        and block.get("type") == "text"
        and isinstance(block.get("text"), str)
    ]
    text = message.get("text")
    joined = "\n\n".join(word for word in words if word.strip())
    return joined or (text if isinstance(text, str) else "")
