"""Tell a mail writer's own words from what their program added: quoted history, signatures, disclaimers.

Works on lines of a normalised plain-text body and returns spans, so that nothing is lost: what is set apart stays in
the text and in search, but is not studied as the writer's words. Written by hand because the kept libraries return
the reply alone, without offsets, and know neither disclaimers nor most languages; the wordings of attribution lines,
header blocks and separators follow the fixtures of email_reply_parser (MIT) and talon (Apache-2.0).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from extractors.document import Role, Span

# Longer bodies are split as if they ended here; what follows belongs to the role that the end has.
MAX_LINES = 20_000

_QUOTE_MARK = re.compile(r"[ \t]*(?:>|\|>|[A-Z]{1,3}>)")

# "On <date>, <name> wrote:" in the languages of the big mail programs. Each must start and end so; between stand at
# most 300 characters over at most 4 lines.
_ATTRIBUTION_STARTS = (
    "On|Am|Le|El|Il|Em|Op|W dniu|Den|På|Pe|Dne|Na|Dana|Kirjoitti|Vào|V|Az|Στις|Pada|Tarihinde|Le mer|lun|mar|mer|jeu|ven"
    "|sam|dim|Mon|Tue|Wed|Thu|Fri|Sat|Sun|\\d{4}[-/.年]\\s?\\d{1,2}|\\d{1,2}[-/.]\\s?\\d{1,2}[-/.]\\s?\\d{2,4}"
    "|\\d{1,2}\\.? \\w+\\.? \\d{4}|\\w+,? \\d{1,2}\\.? \\w+|Quoting|В|Пн|Вт|Ср|Чт|Пт|Сб|Вс|понедельник|вторник|среда|четверг"
    "|пятница|суббота|воскресенье|From|Return-Path|At"
)
_ATTRIBUTION_ENDS = (
    r"wrote|writes|said|sent|geschreven|schrieb|écrit|a écrit|escribió|escribio|ha scritto|scrisse|escreveu|schreef|skrev|napisał\(?a?\)?|napisal"
    r"|kirjoitti|napsal\(?a?\)?|írta|a scris|yazdı|написал\(?а?\)?|пишет|пише|έγραψε|đã viết|menulis|skreiv|skrifaði|写道|寫道|のメール|wrote the following"
)
_ATTRIBUTION = re.compile(
    rf"[ \t-]*(?:{_ATTRIBUTION_STARTS})\b.{{0,300}}?(?:\b|\s|\))(?:{_ATTRIBUTION_ENDS})[^\n:：]{{0,60}}[:：]?\s*-*\s*$",
    re.IGNORECASE | re.DOTALL,
)
_SHARED = re.compile(
    r"(?!\s*>)\s*\S.{0,300}?(?=\s*-*\s*\bOn (?:Mon|Tue|Wed|Thu|Fri|Sat|Sun|\d{1,2}[ /.-]|\w{3,9} \d)[^\n]{5,200}wrote:\s*$)"
)
# What a program that wraps quoted links leaves on a line without a mark.
_LINK_PIECE = re.compile(r"[ \t]*(?:\(?https?://\S+[)>\s]*|[^\s>]*[_=&%/?][^\s>]*\)?)")
_ATTRIBUTION_END = re.compile(
    rf"(?:{_ATTRIBUTION_ENDS})[^\n:：]{{0,60}}[:：]?\s*-*\s*$|\S+@\S+[>)]\s*[:：]?\s*$",
    re.IGNORECASE,
)
# Gmail's neutral and the date-first forms: "2024-05-01 10:00 GMT+02:00 Anna <anna@x.org>:".
_ATTRIBUTION_BARE = re.compile(
    r"[ \t]*\d{4}[-/.年]\s?\d{1,2}[-/.月]\s?\d{1,2}.{0,120}[<(]\s*\S+@\S+[>)]\s*[:：]?\s*$|[^\n]{1,120}于\s?\d{4}年[^\n]{1,40}写道[:：]\s*$",
    re.DOTALL,
)
# "Anna Berg <anna@x.org> wrote:", "Anna Berg wrote:", "Anna schrieb am …:".
_ATTRIBUTION_NAMED = re.compile(
    rf"[ \t]*[^\n]{{2,120}}?\s(?:{_ATTRIBUTION_ENDS})\b[^\n]{{0,80}}(?:[:：]|-{{2,}})\s*$",
    re.IGNORECASE,
)

_SEPARATOR = re.compile(
    r"[ \t>]*(?:"
    r"[-_=*~]{2,}\s*(?:original (?:message|appointment)|forwarded (?:message|by).*|reply message|ursprüngliche (?:nachricht|mail)"
    r"|weitergeleitete nachricht|original-nachricht|message d'origine|message original|message transféré|mensaje original|mensaje reenviado"
    r"|messaggio (?:originale|inoltrato)|mensagem original|mensagem encaminhada|oorspronkelijk bericht|doorgestuurd bericht"
    r"|opprinnelig melding|videresendt melding|ursprungligt meddelande|vidarebefordrat.*|oprindelig (?:meddelelse|besked)|videresendt.*"
    r"|wiadomość oryginalna|wiadomość przekazana|původní zpráva|исходное сообщение|пересылаемое сообщение|пересланное сообщение"
    r"|alkuperäinen viesti|転送メッセージ|原始邮件|原始郵件|转发邮件|original mail)\s*[-_=*~]*"
    r"|begin forwarded message:?|anfang der weitergeleiteten (?:nachricht|e-mail):?|début du message (?:réexpédié|transféré)\s?:?"
    r"|inizio messaggio inoltrato:?|inicio del mensaje reenviado:?|videresendt melding:?|vidarebefordrat brev:?|doorgestuurd bericht:?"
    r"|-+ ?forwarded by .*"
    r")\s*$",
    re.IGNORECASE,
)
_RULE = re.compile(r"[ \t]*(?:_{20,}|-{20,}|\*{20,})[ \t]*$")

_HEADER_WORDS = (
    "From|Sent|To|Cc|Bcc|Date|Subject|Reply-To|Importance|Attachments"
    "|Von|Gesendet|An|Kopie|Betreff|Datum|Antwort an"
    "|De|Envoyé|Envoyé le|À|A|Objet|Date|Copie à"
    "|Enviado|Enviado el|Enviada em|Enviado em|Para|Asunto|Assunto|Fecha|Data|CC"
    "|Da|Inviato|Oggetto|Van|Verzonden|Aan|Onderwerp"
    "|Fra|Sendt|Til|Kopi|Emne|Dato|Från|Skickat|Till|Ämne|Lähettäjä|Lähetetty|Vastaanottaja|Aihe"
    "|Od|Wysłano|Do|Temat|DW|Odesláno|Komu|Předmět|Feladó|Elküldve|Címzett|Tárgy"
    "|От|От кого|Отправлено|Кому|Копия|Тема|Дата|发件人|发送时间|收件人|主题|抄送|寄件者|差出人|送信日時|宛先|件名"
)
_HEADER_LINE = re.compile(rf"[ \t>]*\*?(?:{_HEADER_WORDS})\*?\s?[:：]\*?(?:\s|$)", re.IGNORECASE)
_FROM_LINE = re.compile(
    r"[ \t]*\*?(?:From|Von|De|Da|Van|Fra|Från|Lähettäjä|Od|Feladó|От|От кого|发件人|寄件者|差出人)\*?\s?[:：]\*?\s*\S",
    re.IGNORECASE,
)

_DATE_LINE = re.compile(
    r"[ \t]*\*?(?:Date|Datum|Fecha|Data|Dato)\s?:\*?.{4,40}\d{1,2}:\d{2}", re.IGNORECASE
)

_DASHES = re.compile(r"[ \t]*(?:-{2,4}|—|––|__)[ \t]*$")
# "-Anna", "- anna": a name alone behind a dash, as the last line.
_DASHED_NAME = re.compile(
    r"[ \t]*[-–—]{1,2}[ \t]?[^\W\d_][\w.'’-]{0,20}(?: [^\W\d_][\w.'’-]{0,20}){0,2}[.]?[ \t]*$"
)
_LIST_FOOTER = re.compile(
    r"mailing list|mailman|unsubscribe|listinfo|to post to this|groups\.google|you received this",
    re.IGNORECASE,
)
_DEVICE = re.compile(
    r"[ \t]*(?:<|\()?(?:sent (?:from|via|with|using) (?:my |the |a |an )?[\w .'’&-]{2,60}|get outlook for (?:ios|android|mac).*"
    r"|von meinem .{2,40} gesendet|gesendet (?:von|mit) .{2,40}|envoyé (?:de|depuis|à partir de) .{2,40}|enviado (?:desde|do|a partir do) .{2,40}"
    r"|inviato da(?:l mio)? .{2,40}|verzonden (?:vanaf|met|vanuit) .{2,40}|verstuurd (?:vanaf|met) .{2,40}|sendt fra .{2,40}|skickat från .{2,40}"
    r"|lähetetty .{2,40}|wysłane? z .{2,40}|odesláno z .{2,40}|отправлено (?:с|из) .{2,40}|发自我的.{2,20}|iphoneから送信|sent from [^,.!?\n]{2,50})[>).!]?\s*$",
    re.IGNORECASE,
)
_CLOSING = re.compile(
    r"[ \t]*(?:(?:with )?(?:my |our )?(?:kind|best|warm|warmest|kindest|many|sincere)(?:est)? (?:regards|wishes|thanks)(?: and .{2,20})?|regards|rgds|best|cheers|all the best"
    r"|sincerely(?: yours)?|yours (?:sincerely|faithfully|truly)|respectfully|cordially|love|xoxo|take care|many thanks|thanks(?: again| in advance| a lot| so much)?|thank you(?: very much| so much)?"
    r"|thx|ciao|warmly|with love|hugs|talk soon|see you|br|kr|yours"
    r"|mit freundlichen grüßen|mit freundlichem gruß|freundliche grüße|freundliche grüsse|viele grüße|viele grüsse|liebe grüße|beste grüße|schöne grüße|herzliche grüße|gruß|grüße|lg|vg|mfg"
    r"|cordialement|bien cordialement|bien à vous|amicalement|salutations|bonne journée|bises|saludos(?: cordiales)?|un saludo|atentamente|un abrazo|abrazos|cordiali saluti|distinti saluti|un saluto|saluti|a presto|atenciosamente|abraços|cumprimentos"
    r"|met vriendelijke groet(?:en)?|vriendelijke groet(?:en)?|groet(?:en|jes)?|mvg|med vennlig hilsen|vennlig hilsen|beste hilsen|hilsen|mvh|hilsner|med venlig hilsen|venlig hilsen|kh|med vänliga hälsningar|vänliga hälsningar|hälsningar|vänligen|kram"
    r"|ystävällisin terveisin|terveisin|pozdrawiam|z poważaniem|s pozdravem|üdvözlettel|с уважением|с наилучшими пожеланиями|saygılarımla|klem)"
    r"[ \t]*[,.!–-]*[ \t]*$",
    re.IGNORECASE,
)
_MAX_SIGNATURE_LINES = 12
_MAX_SIGNATURE_LINE = 90

# Parts of words as they stand in legal paragraphs of the larger languages, lower case.
_DISCLAIMER_WORDS = (
    "confidential|intended recipient|intended only|intended solely|privileged|unauthorised|unauthorized|disclos|in error"
    "|notify the sender|delete this|delete it|virus|before printing|registered in|registered office|accept any liability"
    "|accept liability|views expressed|legally protected|viewed by|vertraulich|rechtlich geschützt|irrtümlich|unbefugt"
    "|vernichten sie|informieren sie|confidentiel|destinataire|par erreur|confidencial|destinatario|por error|riservat"
    "|destinatari|vertrouwelijk|geadresseerde|konfidensiell|fortrolig|konfidentiell|poufn|конфиденциальн"
).split("|")
_MIN_DISCLAIMER = 120


def set_apart(text: str) -> tuple[Span, ...]:
    """Find the stretches of a mail body that are not the writer's own words.

    Args:
        text: a normalised plain-text body ("\\n" line ends), quotes marked with ">" where they were marked.

    Returns:
        Sorted spans that do not overlap, with the roles QUOTED, SIGNATURE and DISCLAIMER, each of whole lines.
    """
    lines = text.split("\n")
    known = lines[:MAX_LINES]
    roles: list[Role | None] = [None] * len(known)
    _mark_quotes(known, roles)
    _mark_disclaimers(known, roles)
    _mark_signatures(known, roles)
    roles += [roles[-1]] * (len(lines) - len(known))
    return _spans(lines, roles, _shared_lines(known, roles))


def _shared_lines(lines: Sequence[str], roles: Sequence[Role | None]) -> dict[int, int]:
    """Return line → where its quoted part begins, for replies written in front of an attribution on the same line."""
    found: dict[int, int] = {}
    for index, line in enumerate(lines[:-1]):
        if roles[index] is Role.QUOTED and roles[index + 1] is Role.QUOTED:
            match = _SHARED.match(line[:500])
            if match:
                found[index] = match.end()
    return found


def _mark_quotes(lines: Sequence[str], roles: list[Role | None]) -> None:
    for index, line in enumerate(lines):
        if line[:8].lstrip().startswith((">", "|>")) or _QUOTE_MARK.match(line[:8]):
            roles[index] = None if line.rstrip().endswith("<<<") else Role.QUOTED
    index = 0
    while index < len(lines):
        if roles[index] is None:
            if _begins_history(lines, index):
                _fill(roles, index, len(lines), Role.QUOTED)
                return
            length = _attribution_length(lines, roles, index)
            if length:
                after = _next_filled(lines, index + length)
                if after < len(lines) and roles[after] is Role.QUOTED:
                    _fill(roles, index, after, Role.QUOTED)
                    index = after
                    continue
                if after < len(lines) and not _quoted_below(roles, after):
                    # Quoted without marks: everything below the attribution is history.
                    _fill(roles, index, len(lines), Role.QUOTED)
                    return
                if after >= len(lines):
                    _fill(roles, index, len(lines), Role.QUOTED)
                    return
        index += 1
    # Blank lines and lines that a program wrapped without a mark, between two quoted ones.
    for index in range(1, len(lines) - 1):
        if roles[index] is None and (
            not lines[index].strip() or _LINK_PIECE.fullmatch(lines[index])
        ):
            after = _next_filled(lines, index + 1)
            if (
                roles[index - 1] is Role.QUOTED
                and after < len(lines)
                and roles[after] is Role.QUOTED
            ):
                roles[index] = Role.QUOTED


def _begins_history(lines: Sequence[str], index: int) -> bool:
    """Tell whether everything from this line on is an older message: a separator, or a block of its headers."""
    line = lines[index]
    if _SEPARATOR.match(line[:200]):
        return True
    if _RULE.match(line[:200]):
        after = _next_filled(lines, index + 1)
        return after < len(lines) and _header_block(lines, after)
    if _DATE_LINE.match(line[:200]) and index > 0:
        below = lines[index + 1][:200] if index + 1 < len(lines) else ""
        return bool(_HEADER_LINE.match(below)) and not lines[index - 1].lstrip().startswith(
            ("-", "*")
        )
    return bool(_FROM_LINE.match(line[:200])) and _header_block(lines, index)


def _header_block(lines: Sequence[str], index: int) -> bool:
    """Tell whether at least three of the next six filled lines are mail headers, the first being the sender's."""
    if not _FROM_LINE.match(lines[index][:200]) and not _HEADER_LINE.match(lines[index][:200]):
        return False
    near = [line[:200] for line in lines[index : index + 10] if line.strip()][:6]
    return sum(1 for line in near if _HEADER_LINE.match(line)) >= 3


def _attribution_length(lines: Sequence[str], roles: Sequence[Role | None], index: int) -> int:
    """Return how many lines, 1 to 4, an attribution that starts here covers; 0 when none does."""
    if not lines[index].strip() or len(lines[index]) > 400:
        return 0
    for length in range(1, 5):
        end = index + length
        if end > len(lines) or roles[end - 1] is not None or not lines[end - 1].strip():
            return 0
        last = lines[end - 1]
        # The expression is slow, and all attributions end in one of these signs.
        if last[-1] not in ":：>)-" or not _ATTRIBUTION_END.search(last[-400:]):
            continue
        joined = " ".join(lines[index:end])
        if len(joined) > 500:
            return 0
        followed = _next_filled(lines, end)
        quoted_next = followed < len(lines) and roles[followed] is Role.QUOTED
        # With a date or an address inside it is an attribution whatever follows; a plain "Anna wrote:" needs a quote.
        dated = bool(re.search(r"\d{1,2}[:.h]\d{2}|\d{4}|@", joined))
        if length > 1 and _ATTRIBUTION.match(" ".join(lines[index + 1 : end])):
            # It begins further down; what stands above is the writer's.
            return 0
        if dated and (_ATTRIBUTION.match(joined) or _ATTRIBUTION_BARE.match(joined)):
            return length if quoted_next or joined.rstrip().endswith((":", "：", "--")) else 0
        if quoted_next and length == 1 and _ATTRIBUTION_NAMED.match(joined):
            return length
    return 0


def _quoted_below(roles: Sequence[Role | None], index: int) -> bool:
    return any(role is Role.QUOTED for role in roles[index:])


def _mark_signatures(lines: Sequence[str], roles: list[Role | None]) -> None:
    """Mark the signature at the end of each stretch of the writer's own lines."""
    for start, end in _own_stretches(roles):
        first = _signature_start(lines, start, end)
        if first < end:
            _fill(roles, first, end, Role.SIGNATURE)


def _signature_start(lines: Sequence[str], start: int, end: int) -> int:
    for index in range(start, end):
        if _DASHES.match(lines[index][:40]) and (index > start or start == 0):
            rest = sum(1 for line in lines[index + 1 : end] if line.strip())
            if rest <= _MAX_SIGNATURE_LINES * 2:
                return index
    last = _last_filled(lines, start, end)
    first = end
    if last > start and _DEVICE.match(lines[last - 1][:120]):
        first = last - 1
        last = _last_filled(lines, start, first)
    if last > start and _DASHED_NAME.match(lines[last - 1][:80]) and not _in_list(lines, last - 1):
        return last - 1
    filled = 0
    for index in range(last - 1, start - 1, -1):
        line = lines[index]
        if not line.strip():
            continue
        if _CLOSING.match(line[:120]):
            return index
        filled += 1
        if filled > _MAX_SIGNATURE_LINES or len(line) > _MAX_SIGNATURE_LINE:
            break
    return first


def _last_filled(lines: Sequence[str], start: int, end: int) -> int:
    while end > start and not lines[end - 1].strip():
        end -= 1
    return end


def _in_list(lines: Sequence[str], index: int) -> bool:
    """Tell whether a dashed line is one item of several."""
    above = next((line for line in reversed(lines[max(index - 3, 0) : index]) if line.strip()), "")
    return index == 0 or above.lstrip().startswith(("-", "*", "•", "–"))


def _mark_disclaimers(lines: Sequence[str], roles: list[Role | None]) -> None:
    """Mark legal paragraphs (two of their phrases in one paragraph of some length) and the footers of mailing lists."""
    for start, end in _own_stretches(roles):
        for index in range(start, end):
            if _RULE.match(lines[index][:200]) and end - index <= 12:
                below = "\n".join(lines[index + 1 : end])
                if _LIST_FOOTER.search(below):
                    _fill(roles, index, end, Role.DISCLAIMER)
                    end = index
                    break
        first = start
        for index in range(start, end + 1):
            if index < end and lines[index].strip():
                continue
            paragraph = " ".join(lines[first:index])
            if len(paragraph) >= _MIN_DISCLAIMER:
                lowered = paragraph[:4000].lower()
                if first > start and sum(word in lowered for word in _DISCLAIMER_WORDS) >= 2:
                    _fill(roles, first, index, Role.DISCLAIMER)
            first = index + 1


def _own_stretches(roles: Sequence[Role | None]) -> list[tuple[int, int]]:
    stretches: list[tuple[int, int]] = []
    start: int | None = None
    for index, role in enumerate([*roles, Role.QUOTED]):
        if role is None and start is None:
            start = index
        elif role is not None and start is not None:
            stretches.append((start, index))
            start = None
    return stretches


def _next_filled(lines: Sequence[str], index: int) -> int:
    while index < len(lines) and not lines[index].strip():
        index += 1
    return index


def _fill(roles: list[Role | None], start: int, end: int, role: Role) -> None:
    for index in range(start, end):
        if roles[index] is None:
            roles[index] = role


def _spans(
    lines: Sequence[str], roles: Sequence[Role | None], begins: Mapping[int, int]
) -> tuple[Span, ...]:
    spans: list[Span] = []
    position = 0
    for index, (line, role) in enumerate(zip(lines, roles, strict=True)):
        end = position + len(line)
        if role is not None:
            if spans and spans[-1].role is role and spans[-1].end == position - 1:
                spans[-1] = Span(spans[-1].start, end, role)
            elif line:
                spans.append(Span(position + begins.get(index, 0), end, role))
        position = end + 1
    return tuple(spans)
