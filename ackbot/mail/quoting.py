"""What is new in a mail and what is quoted from an earlier one; where unsure, more is kept (design.md §3, D26)."""

import re
from collections.abc import Callable, Iterator

# "On <date>, <name> wrote:" in the languages of the clients seen; it may be folded over three lines.
_ATTRIBUTION = re.compile(
    r"""^[ \t>*]{0,4}(?:
        (?:On|Am|Le|El|Il|Em|Op|Den|Dne|Dnia|W\sdniu|Am|På|Tirs|La|Az|Ar|Ddydd|Στις|В|У|Pada|Vào|Tarihinde|Na|Dana)\b[^\n]{0,240}?(?:\n[^\n]{1,160}){0,2}?
        (?:wrote|writes|schrieb|a\sécrit|escribió|ha\sscritto|scritto|escreveu|schreef|skrev|skrev\sföljande|napsal\(?a?\)?|napisał\(?a?\)?|
           pisze|a\sscris|írta|ysgrifennodd|έγραψε|написал\(?а?\)?|пишет|пише|menulis|đã\sviết|yazdı|kirjoitti|je\snapisao\(?la\)?)
        [^\n]{0,60}:
      | [^\n]{0,160}\b(?:wrote|schrieb|a\sécrit|escribió|ha\sscritto|escreveu|schreef|skrev|ysgrifennodd|napisał\(?a?\)?|写道|のメール)\s*[:：]
      | [^\n]{4,120}<[^\s<>@]+@[^\s<>]+>[ \t]*(?:\([^()\n]{0,40}\)[ \t]*)?[:：]
      | \d{4}[-/.年]\s?\d{1,2}[-/.月]\s?\d{1,2}[^\n]{0,120}[:：]
    )[ \t*]*$""",
    re.MULTILINE | re.IGNORECASE | re.VERBOSE,
)
# What a client puts into its attribution and a person who tells of somebody's words does not: an address, a time of day.
_CLIENT_WROTE = re.compile(r"[^\s<>@]@[^\s<>@]|\d{1,2}[:.h]\d{2}\b")
_ADDRESS = re.compile(r"[^\s<>@:;,\"'()\[\]]{1,64}@[^\s<>@:;,\"'()\[\]]{1,250}")
# Outlook's line over a quoted mail, and its relatives.
_ORIGINAL = re.compile(
    r"""^[ \t>]{0,4}(?:[-_=]{2,}\s*(?:
        Original\s(?:Message|Appointment|E-?mail)|Reply\sMessage|Reply\sto|Ursprüngliche\sNachricht|Original-Nachricht|
        Message\sd['’]origine|Message\soriginal|Mensaje\soriginal|Messaggio\soriginale|Mensagem\soriginal|
        Oorspronkelijk\sbericht|Ursprungligt\smeddelande|Opprinnelig\smelding|Oprindelig\smeddelelse|
        Wiadomość\soryginalna|Původní\szpráva|Neges\swreiddiol|Исходное\sсообщение|Orijinal\sMesaj|Alkuperäinen\sviesti
      )\s*[-_=]{0,}|\s*-{3,}\s*Reply\sabove[^\n]*)[ \t]*$""",
    re.MULTILINE | re.IGNORECASE | re.VERBOSE,
)
# The block of header lines that Outlook and others put over a quoted mail: From, then Sent or To or Subject soon after.
_FROM_LINE = re.compile(
    r"^[ \t>]{0,4}\**(?:From|Von|De|Da|Van|Från|Fra|Od|Oddiwrth|От|Від|Kimden|Lähettäjä|Από|发件人|寄件者|差出人|من)\**[ \t]?[:：]\**[ \t]*\S",
    re.IGNORECASE,
)
_BLOCK_LINES = tuple(
    re.compile(rf"^[ \t>]{{0,4}}\**(?:{names})\**[ \t]?[:：]", re.IGNORECASE)
    for names in (
        r"Sent|Date|Gesendet|Datum|Envoyé(?:\sle)?|Enviado(?:\sel|\sem)?|Fecha|Inviato|Data|Verzonden|Skickat|Sendt|Wysłano|Odesláno|Anfonwyd|"
        r"Отправлено|Дата|Gönderildi|Lähetetty|Στάλθηκε|发送时间|日期|送信日時",
        r"To|Cc|An|À|Para|A|Aan|Till|Til|Do|Komu|At|Кому|Kime|Vastaanottaja|Προς|收件人|宛先",
        r"Subject|Betreff|Objet|Asunto|Oggetto|Assunto|Onderwerp|Ämne|Emne|Temat|Předmět|Pwnc|Тема|Konu|Aihe|Θέμα|主题|件名",
    )
)
_FORWARD = re.compile(
    r"""^[ \t>]{0,4}(?:Begin\sforwarded\smessage|-{3,}\s*(?:Forwarded\s(?:message|by)|Weitergeleitete\sNachricht|Message\stransféré|
        Mensaje\sreenviado|Messaggio\sinoltrato|Mensagem\sencaminhada|Doorgestuurd\sbericht|Vidarebefordrat|Videresendt|
        Przekazana\swiadomość|Neges\sa\sanfonwyd\symlaen|Переслан))""",
    re.MULTILINE | re.IGNORECASE | re.VERBOSE,
)
_RULE = re.compile(r"^[ \t]*(?:_{5,}|-{5,}|={5,}|\*{5,})[ \t]*$")
_DEVICE = re.compile(
    r"^(?:Sent|Get|Envoyé|Obtenir|Gesendet|Von\smeinem|Enviado|Inviato|Verzonden|Verstuurd|Skickat|Sendt|Wysłane|Anfonwyd|Отправлено|Diperi)\b"
    r"[^\n]{0,30}\b(?:iPhone|iPad|BlackBerry|Samsung|Galaxy|Huawei|Android|Windows\sPhone|Nokia|Xperia|Outlook\s(?:for|pour|für)|"
    r"Yahoo\sMail|Gmail\sMobile|Smartphone|mobile\sdevice|phone|AOL|ProtonMail|Proton\sMail)\b[^\n.!?]{0,40}\.?$",
    re.IGNORECASE,
)
_SIGNATURE = re.compile(r"^--[ \t]?$")
_LIBRARY_LINES = 200  # of a text; its time grows with their square (D25)
_GREETING = 1  # words; where no more than that stands above "--", the letter is below it
_LONGEST_SIGNATURE = 15  # lines; more than that below "--" is text


def new_text(text: str) -> str:
    """
    The newly written words of a mail: earlier mails, signature and device line cut away.

    A forwarded mail is what its sender wants read, so it stays whole. Answers written between quoted lines stay
    whole with them. Words are never lost: if nothing would remain, everything does.
    """
    forward = _FORWARD.search(text)
    cut = _first_quotation(text)
    if cut is not None and forward and forward.start() <= cut:
        cut = None
    top = text[:cut] if cut is not None else text
    if forward and forward.start() <= len(top):
        return _trimmed(text) or text.strip()
    if cut is None or not top.strip():
        top = _without_quoted_lines(text)
    return _trimmed(top) or text.strip()


def words(text: str, ours: Callable[[str], bool]) -> str:
    """
    All that a mail says, but for what is surely quoted: lines marked `>`, and all below a quotation's head that names us.

    For what must not be missed: unlike `new_text` it leaves signatures and the words of third parties in.

    Args:
        ours: whether an address is the council's own.
    """
    lines = text.split("\n")
    for start, end in _heads(text):
        below = next((line for line in text[end:].split("\n") if line.strip()), "")
        head = text[start:end]
        if not below.startswith(">") and any(ours(one.rstrip(".")) for one in _ADDRESS.findall(head)):
            lines = text[:start].split("\n")
            break
    return "\n".join(line for line in lines if not line.startswith(">"))


def heads(text: str) -> list[tuple[int, int]]:
    """
    Where the lines start and end that a client surely put over another mail, in order: for words that must not be cut
    because they only look like it. "As you wrote:" is none; it has no address, no time, and nothing marked below it.
    """
    marks = [match.span() for pattern in (_ORIGINAL, _FORWARD) for match in pattern.finditer(text)]
    found = []
    for match in _ATTRIBUTION.finditer(text):
        start, end = match.span()
        # What ends a sentence is no part of the attribution in the line below it.
        for line in match[0].split("\n")[:-1]:
            if line.rstrip().endswith((".", "!", "?")):
                start += len(line) + 1
        head = text[start:end]
        if text[end:].lstrip().startswith(">") or (_CLIENT_WROTE.search(head) and re.search(r"\w\W*[:：]\W*$", head)):
            found.append((start, end))
    others = [*marks, *_header_blocks(text)]
    begun = {start for start, _ in (*found, *others)}
    # A client puts one line over a quotation: of two, the upper one is a person's.
    own = [end for _, end in found if end + len(text[end:]) - len(text[end:].lstrip()) in begun]
    return sorted([*(one for one in found if one[1] not in own), *others])


def _heads(text: str) -> list[tuple[int, int]]:
    """Where the heads of quoted mails start and end: attributions and blocks of header lines, in order."""
    return sorted([*(match.span() for match in _attributions(text)), *_header_blocks(text)])


def _attributions(text: str) -> Iterator[re.Match[str]]:
    """Lines over a quotation that a client wrote: one follows, or an address, a time, or nothing at all below says so."""
    for match in _ATTRIBUTION.finditer(text):
        below = text[match.end() :].lstrip()
        if below.startswith(">") or not below or _CLIENT_WROTE.search(match[0]):
            yield match


def _first_quotation(text: str) -> int | None:
    """Where a quoted mail starts that runs to the end; None when there is none or answers stand between its lines."""
    starts = [match.start() for match in (_ORIGINAL.search(text),) if match]
    for match in _attributions(text):
        below = text[match.end() :].lstrip("\n")
        if not below.startswith(">") or not _answered_inline(below):
            starts.append(match.start())
        break
    starts += [start for start, _ in _header_blocks(text)[:1]]
    if not starts and (found := _by_library(text)) is not None:
        starts.append(found)
    if not starts:
        return None
    start = min(starts)
    # A rule or blank line just above belongs to the quotation.
    lines = text[:start].split("\n")
    while len(lines) > 1 and (not lines[-1].strip() or _RULE.match(lines[-1])):
        lines.pop()
    return len("\n".join(lines))


def _header_blocks(text: str) -> list[tuple[int, int]]:
    """Outlook's header lines over a quoted mail: From, then a date, a recipient and a subject, two of them if From has an address."""
    found = []
    position = 0
    lines = text.split("\n")
    for index, line in enumerate(lines):
        if _FROM_LINE.match(line):
            following = [below for below in lines[index + 1 : index + 8] if below.strip()][:5]
            kinds = sum(any(pattern.match(below) for below in following) for pattern in _BLOCK_LINES)
            if kinds >= (2 if _ADDRESS.search(line) else 3):
                found.append((position, position + len(line)))
        position += len(line) + 1
    return found


def _by_library(text: str) -> int | None:
    """What quotequail, which knows more clients, calls a reply with text on top."""
    if "\n>" not in text and ":" not in text:
        return None
    import quotequail

    try:
        found = quotequail.unwrap("\n".join(text.split("\n", _LIBRARY_LINES)[:_LIBRARY_LINES]))
    except Exception:  # noqa: BLE001 - a heuristic that fails has found nothing
        return None
    if not found or found.get("type") != "reply" or not (found.get("text_top") or "").strip():
        return None
    last = found["text_top"].rstrip().rsplit("\n", 1)[-1]
    end = text.find(last) + len(last)
    if end < len(last):
        return None
    head = text[end:].lstrip()[:240]
    return end if "\n>" in head or head.startswith(">") or _CLIENT_WROTE.search(head.split("\n\n")[0]) else None


def _answered_inline(below: str) -> bool:
    """Whether answers stand between quoted lines: quoted, own, quoted again."""
    seen_own = False
    for line in below.split("\n"):
        if line.startswith(">"):
            if seen_own:
                return True
        elif line.strip() and not _RULE.match(line):
            seen_own = True
    return False


def _without_quoted_lines(text: str) -> str:
    """Bottom-posted: the quoted block at the top goes. Answered inline: nothing goes. A quoted tail goes."""
    lines = text.split("\n")
    body = [index for index, line in enumerate(lines) if line.strip() and not line.startswith(">")]
    quoted = [index for index, line in enumerate(lines) if line.startswith(">")]
    if not quoted or not body:
        return text
    attribution = _ATTRIBUTION.search(text)
    head_end = text[: attribution.end()].count("\n") if attribution and not text[: attribution.start()].strip() else -1
    own = [index for index in body if index > head_end]
    if not own:
        return text
    if min(quoted) < min(own) and not any(min(own) < index < max(own) for index in quoted):
        return "\n".join(lines[min(own) :])  # quotation on top, own words below
    if max(own) < min(quoted):
        return "\n".join(lines[: min(quoted)])
    return text


def _trimmed(text: str) -> str:
    """Signature and device line off the end."""
    lines = text.strip("\n").rstrip().split("\n")
    for index, line in enumerate(lines):
        if (
            _SIGNATURE.match(line)
            and len(lines) - index - 1 <= _LONGEST_SIGNATURE
            and len(" ".join(lines[:index]).split()) > _GREETING
        ):
            lines = lines[:index]
            break
    while lines and (not lines[-1].strip() or (len(lines) > 1 and _DEVICE.match(lines[-1].strip()))):
        lines.pop()
    return "\n".join(lines).strip()
