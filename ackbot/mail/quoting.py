"""Tells what is new in a mail from what is quoted from earlier ones; in doubt it keeps more (design.md §3, D26)."""

import re
from collections.abc import Iterator

from ackbot.mail.signatures import trimmed

# "On <date>, <name> wrote:" in the languages of the clients seen: the words for "wrote", and how such lines begin.
_WROTE = re.compile(
    r"\b(?:wrote|writes|schrieb|écrit|escribió|scritto|escreveu|schreef|geschreven|skrev|va\sescriure|ha\sescrit|kirjoitti|"
    r"napsala?|napísala?|napisała?|napisala?|napisao|pisze|a\sscris|írta|ysgrifennodd|έγραψε|написала?|пишет|пише|написа|је\sнаписао|"
    r"menulis|đã\sviết|yazdı|rašė|rakstīja|kirjutas)\b|写道|寫道|のメール|작성|כתב|كتب|نوشت|เขียนว่า",
    re.IGNORECASE,
)
_PERSON_WROTE = re.compile(r"\b(?:I|we|you|he|she|they|who)\s(?:just\s|then\s)?wrote\b", re.IGNORECASE)
_HEAD_STARTS = re.compile(
    r"[ \t>*-]{0,6}(?:On|Am|Le|El|Il|Em|Op|Den|Dne|Dňa|Dnia|W\sdniu|På|La|În|Az|Ar|Στις|В|У|На|Pada|Vào|Na|Dana)\s|.{0,40}\b(?:19|20)\d\d\b",
    re.IGNORECASE,
)
_BRACKETED = re.compile(r"<\s{0,3}[^\s<>@]+@[^\s<>]+\s{0,3}>")
_LONGEST_HEAD = 400  # characters
_HEAD_LINES = 3
_INVISIBLE = re.compile("[\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_ATTRIBUTED = re.compile(r"[ \t>*]*\d{4}[-/.年]\s?\d{1,2}[-/.月]\s?\d{1,2}")
_BELOW = re.compile(r"\s*(?:>|\Z)")
_BLANK_LINES = re.compile(r"(?:[^\S\n]*+\n)*+")
_NEXT_WORDS = re.compile(r"\s*+")
# Only a client puts an address or a time of day into such a line; a person who reports somebody's words does not.
_CLOCK = re.compile(r"\d{1,2}[:.h]\d{2}\b")
_CLIENT_WROTE = re.compile(rf"[^\s<>@]@[^\s<>@]|{_CLOCK.pattern}")
_LAST_WORD = re.compile(r"\w\W*+$")  # its last letter, and what stands behind it
_AFTER_WROTE = 70  # characters at the line's end that hold the word for "wrote", and a name or date if any follows
ADDRESS = re.compile(r"[^\s<>@:;,\"'()\[\]]{1,64}@[^\s<>@:;,\"'()\[\]]{1,250}")
# Outlook's line over a quoted mail, and similar ones.
_ORIGINAL = re.compile(
    r"""^[ \t>]{0,4}(?:(?:[-_=‐]{2,}|\*{1,3}[-_=‐]{0,40}+)\s*(?:
        Original\s(?:Message|Appointment|E-?mail)|Reply\sMessage|Reply\sto|Ursprüngliche\sNachricht|Original-Nachricht|
        Message\sd['’]origine|Message\soriginal|Mensaje\soriginal|Messaggio\soriginale|Mensagem\soriginal|
        Oorspronkelijk\sbericht|Ursprungligt\smeddelande|Opprinnelig\smelding|Oprindelig\smeddelelse|
        Wiadomość\soryginalna|Původní\szpráva|Neges\swreiddiol|Исходное\sсообщение|Orijinal\sMesaj|Alkuperäinen\sviesti
      )(?:\s*+[-_=‐*]++)?
      | -{3,}+[^\n]{0,200}\b(?:wrote|schrieb|a\sécrit|escribió|ha\sscritto|escreveu|schreef|geschreven|skrev|napisała?|pisze|a\sscris|ysgrifennodd)\s?:?[ ]?-{2,}
      | At\s\d{1,2}[:.]\d\d[^\n]{0,60}\byou\swrote\s?:
      | Message\sdu\s?:?\s\d{1,2}[/.]\d{1,2}[/.]\d{2,4}[^\n]{0,20}
      | \W{2,8}(?:please\s)?(?:(?:type|write|enter|add)\s(?:your\s)?)?reply[^\n]{0,20}\sabove\sthis\sline[^\n]*
      | >>>[ ][^\n]{1,120}\d[:.]\d\d[^\n]{0,12}[ ]>>>
      )[ \t]*+$""",
    re.MULTILINE | re.IGNORECASE | re.VERBOSE,
)
# The header lines that Outlook and others put over a quoted mail: From, and Sent, To or Subject soon after it.
_COLON = r"\**[ \t\xa0]?[:：]"
FROM_LINE = re.compile(
    r"^[ \t>]{0,4}\**(?:From|Von|De(?:\sla)?|Da|Van|Från|Fra|Od|Oddi\s?wrth|От|Від|Kimden|Lähettäjä|Από|Feladó|Šalje|Pošiljatelj|Saatja|"
    rf"Siuntėjas|No|Từ|Dari|发件人|寄件者|寄件人|差出人|보낸\s?사람|من|از|מאת){_COLON}\**[ \t\xa0]*\S",
    re.IGNORECASE,
)
BLOCK_LINES = tuple(
    re.compile(rf"^[ \t>]{{0,4}}\**(?:{names}){_COLON}", re.IGNORECASE)
    for names in (
        r"Sent|Date|Gesendet|Datum|Envoyé(?:\sle)?|Enviad[oa](?:\sel|\sem)?|Fecha|Inviato|Data|Verzonden|Skickat|Sendt|Dato|Wysłano|Wysłane|"
        r"Odesláno|Odoslané|Anfonwyd|Отправлено|Дата|Надіслано|Изпратено|Gönderildi|Gönderilme\sTarihi|Tarih|Lähetetty|Päivämäärä|Στάλθηκε|"
        r"Απεσταλμένα|Ημερομηνία|Elküldve|Dátum|Trimis|Poslano|Saadetud|Išsiųsta|Đã\sgửi|Dikirim|发送时间|日期|寄件日期|送信日時|日時|"
        r"보낸\s?날짜|날짜|נשלח|תאריך|تم\sالإرسال|تاريخ\sالإرسال|التاريخ",
        r"To|Cc|An|À|Para|A|Aan|Till|Til|Do|Komu|At|I|Кому|До|Kime|Vastaanottaja|Προς|Címzett|Către|Prima|Za|Kellele|Kam|Đến|Kepada|"
        r"收件人|收件者|宛先|받는\s?사람|אל|إلى",
        r"Subject|Betreff|Objet|Asunto|Oggetto|Assunto|Onderwerp|Ämne|Emne|Temat|Předmět|Predmet|Pwnc|Тема|Относно|Konu|Aihe|Θέμα|Tárgy|"
        r"Subiect|Teema|Tema|Chủ\sđề|Subjek|主题|主題|主旨|件名|제목|נושא|الموضوع",
    )
)
# A label such as "---- Mail original ----" over those header lines, in any language. Its end is tried once from each place (E1).
LABEL = re.compile(r"[ \t>]{0,4}(?:\W{3,}+[^\W\d_][^\n]{2,40}?\W{3,}+|Original\sMessage[ \t]*)$")
FORWARD = re.compile(
    r"""^[ \t>]{0,4}(?:Begin\sforwarded\smessage|Anfang\sder\sweitergeleiteten|Début\sdu\smessage\s(?:réexpédié|transféré)|Inicio\sdel\smensaje\sreenviado|
        Inizio\smessaggio\sinoltrato|Início\sda\smensagem\s(?:re)?encaminhada|Begin\sdoorgestuurd|Vidarebefordrat\sbrev|Videresendt\smeddelelse|
        -{3,}\s*(?:Forwarded\s(?:message|by)|Weitergeleitete?\s(?:Nachricht|von)|(?:Message|Courriel)\s(?:transféré|réexpédié)|
        Mensaje\s(?:reenviado|original\sreenviado)|Messaggio\s(?:inoltrato|Forward)|Mensagem\s(?:re)?encaminhada|Doorgestuurd\sbericht|Forwarded|
        Vidarebefordrat|Videresendt|Välitetty|Edelleenlähetetty|Przekazana\swiadomość|Wiadomość\sprzekazana|Přeposlaná|Preposlaná|Továbbított|
        Mesaj\sredirecționat|İletilen|Yönlendirilmiş|Neges\sa\s(?:anfonwyd|flaenyrrwyd)|Переслан|Пересилан|Προωθημένο|转发|轉寄|轉寄郵件|転送|전달된|הודעה\sשהועברה|رسالة\s(?:معاد|محول)))""",
    re.MULTILINE | re.IGNORECASE | re.VERBOSE,
)
_RULE = re.compile(r"^[ \t]*(?:_{5,}|-{5,}|={5,}|\*{5,})[ \t]*$")
# Below a rule, what a mailing list adds to every mail: its name, its address, how to leave it.
_OF_LIST = re.compile(
    r"mailing[ -]?list|unsubscribe|listinfo|@(?:lists?|groups)\.|://(?:lists?|groups|mailman)\.|to post|googlegroups|list address|archives?:",
    re.I,
)
_LIST_LINES = 8
_WRAPPED = 60  # characters of a quoted line from which clients break lines
_UNFINISHED = re.compile(r"[^\s.!?:;>…\"”)][\s]*+\Z")  # a quoted line whose sentence goes on
RULE = re.compile(r"^[ \t]*(?:_{5,}|-{5,}|={5,}|\*{5,})[ \t]*$")
_LIBRARY_LINES = 200  # lines of a text that quotequail gets; its time grows with the square of their number (D25)
_MOST_MARKS = 8  # `<` and `@` in a line that a client wrote; a line with more gets shortened for quotequail
_BEGINNING = 40  # characters of a shortened line: enough for the name of a header field
_CUT = "\ufffc"  # marks a shortened line


def says_wrote(line: str) -> bool:
    """Whether it ends as a line that only announces somebody's words: "On Monday, Edward wrote:"; "as you wrote:" is a person's."""
    if len(line) > _LONGEST_HEAD or not line.rstrip(" \t*").endswith((":", "：")):
        return False
    return bool(_WROTE.search(line)) and not _PERSON_WROTE.search(line)


def new_text(text: str) -> str:
    """
    The newly written words of a mail, without earlier mails, signature and device line.

    A forwarded mail stays whole, because its sender wants it read. If answers stand between quoted lines, all of these stay
    too. If nothing would remain, the whole text is returned.
    """
    text = _without_list_footer(_rejoined(text))
    forward = FORWARD.search(text)
    cut = _first_quotation(text)
    if cut is not None and forward and forward.start() <= cut:
        cut = None
    top = text[:cut] if cut is not None else text
    if forward and forward.start() <= len(top):
        return trimmed(text) or text.strip()
    if cut is None or not top.strip():
        top = _without_quoted_lines(text)
    elif below := _below_quotation(text[cut:]):
        top = f"{top}\n\n{below}"
    return trimmed(top) or text.strip()


def _rejoined(text: str) -> str:
    """
    The text with `>` before lines that a client broke off a quoted line: they stand between two quoted lines, without a blank
    line, and the sentence above goes on in them. Somebody who answers between quoted lines begins anew (E23).
    """
    if "\n>" not in text:
        return text
    lines = text.split("\n")
    for index in range(1, len(lines) - 1):
        above, line, below = lines[index - 1], lines[index], lines[index + 1]
        between = line.strip() and not line.startswith(">") and above.startswith(">") and below.startswith(">")
        goes_on = line[:1].islower() or len(above) >= _WRAPPED
        if between and goes_on and below.strip("> \t") and _UNFINISHED.search(above[-_LONGEST_HEAD:]):
            lines[index] = f"> {line}"
    return "\n".join(lines)


def _without_list_footer(text: str) -> str:
    """The text without the lines that a mailing list put below a rule at its end."""
    lines = text.rstrip().split("\n")
    for index in range(max(1, len(lines) - _LIST_LINES), len(lines)):
        below = [line for line in lines[index + 1 :] if line.strip()]
        if below and _RULE.match(lines[index]) and any(map(_OF_LIST.search, (line[:_LONGEST_HEAD] for line in below))):
            return "\n".join(lines[:index]).rstrip()
    return text


def unmarked(text: str) -> str:
    """The text without the lines that `>` marks as quoted."""
    return "\n".join(line for line in text.split("\n") if not line.startswith(">")) if ">" in text else text


def quotations(text: str, most: int) -> list[tuple[int, tuple[str, ...]]]:
    """
    The places in the `unmarked` text at which quotations begin, with the addresses in their heads.

    For words that must not be missed: a caller who knows our addresses leaves out only what follows the first head with one of
    them. Unlike `new_text`, that keeps signatures and the words of third parties.

    Args:
        most: how many quotations to find, from the top.
    """
    if "@" not in text:
        return []
    found: list[tuple[int, tuple[str, ...]]] = []
    counted = kept = 0  # characters of the text that were passed, and those of them that are unmarked
    for start, end in _heads(text):
        addresses = tuple(one.rstrip(".") for one in ADDRESS.findall(text, start, end))
        # If `>` marks the quotation below, it is gone from the unmarked text, and what follows it is the sender's own.
        if not addresses or text.startswith(">", _BLANK_LINES.match(text, end).end()):  # type: ignore[union-attr]
            continue
        lines = text[counted:start].split("\n")[:-1]
        kept += sum(len(line) + 1 for line in lines if not line.startswith(">"))
        counted = start
        found.append((kept, addresses))
        if len(found) == most:
            break
    return found


def heads(text: str) -> list[tuple[int, int]]:
    """
    Start and end of the lines that a client surely put over another mail, in order.

    For words that must not be cut by mistake. "As you wrote:" does not count: it has no address, no time, and no line marked
    `>` below it.
    """
    marks = [match.span() for pattern in (_ORIGINAL, FORWARD) for match in pattern.finditer(text)]
    found = []
    for start, end in attributions(text):
        # A line that ends a sentence does not belong to the attribution in the next line.
        for line in text[start:end].split("\n")[:-1]:
            if line.rstrip().endswith((".", "!", "?")):
                start += len(line) + 1
        head = text[start:end]
        if text.startswith(">", _next_words(text, end)) or (
            _CLIENT_WROTE.search(head) and (last := _LAST_WORD.search(head)) and re.search("[:：]", last[0])
        ):
            found.append((start, end))
    others = [*marks, *_header_blocks(text)]
    begun = {start for start, _ in (*found, *others)}
    # A client puts one head over a quotation. If two follow each other, a person wrote the upper one.
    own = {end for _, end in found if _next_words(text, end) in begun}
    return sorted([*(one for one in found if one[1] not in own), *others])


def own_end(text: str) -> int:
    """Where the words of the writer end: at the first head of another mail whose lines no `>` marks, else at the end."""
    begins = (start for start, end in heads(text) if not text.startswith(">", _next_words(text, end)))
    return next(begins, len(text))


def writers(text: str) -> tuple[str, ...]:
    """
    The addresses in the first head of a quoted or forwarded mail; () if it has none, as Outlook's for people it knows.

    One of them is the author's, and the others stand in the author's name, where anybody can write an address.
    """
    labels = (_ORIGINAL, FORWARD)  # "Original Message": the head stands below
    first = next((one for one in heads(text) if not any(label.match(text, one[0]) for label in labels)), None)
    return tuple(one.rstrip(".") for one in ADDRESS.findall(text, *first)) if first else ()


def _next_words(text: str, start: int) -> int:
    """The place of the first character from `start` on that is not white space."""
    found = _NEXT_WORDS.match(text, start)
    return found.end() if found else start


def _heads(text: str) -> list[tuple[int, int]]:
    """Start and end of the heads of quoted mails, which are attributions or blocks of header lines, in order."""
    return sorted([*attributions(text), *_header_blocks(text)])


def attributions(text: str) -> Iterator[tuple[int, int]]:
    """
    Start and end of the attributions: lines such as "On …, … wrote:" that a client wrote over a quotation.

    An attribution ends in a colon, and holds an address in angle brackets with a time, or a word for "wrote". To be a
    client's and not a person's it also needs an address, a time, a quotation below, or nothing at all below. Clients fold it
    over up to three lines.
    """
    lines = _INVISIBLE.sub(" ", text).split("\n")
    position = 0
    for index, line in enumerate(lines):
        start, position = position, position + len(line) + 1
        ending = line.rstrip(" \t*")
        if not ending.endswith((":", "：")) or len(line) > _LONGEST_HEAD:
            continue
        head = folded = ending
        for above in reversed(lines[max(0, index + 1 - _HEAD_LINES) : index]):
            if _HEAD_STARTS.match(head) or not above.strip() or len(above) + len(folded) > _LONGEST_HEAD:
                break
            folded = f"{above}\n{folded}"
            if (_HEAD_STARTS.match(above) or _BRACKETED.search(above)) and _is_head(folded):
                head = folded
        if _is_head(head) and (_CLIENT_WROTE.search(head) or _BELOW.match(text, position - 1)):
            yield start + len(ending) - len(head), start + len(ending)


def _is_head(head: str) -> bool:
    """Whether these lines have the form of an attribution."""
    if bracketed := _BRACKETED.search(head):
        return bool(_CLOCK.search(head) or _WROTE.search(head) or not head[bracketed.end() :].strip(" \t:：)*"))
    if _PERSON_WROTE.search(head):
        return False
    return bool(_ATTRIBUTED.match(head) or _WROTE.search(head, max(0, len(head) - _AFTER_WROTE)))


def _first_quotation(text: str) -> int | None:
    """The place where a quoted mail starts that runs to the end; None if there is none, or if it is answered between its lines."""
    starts = [match.start() for match in (_ORIGINAL.search(text),) if match]
    for start, end in attributions(text):
        below = text[end:].lstrip(" \t*:：\n")
        if below.startswith(">") and _answered_inline(below):
            return None
        starts.append(start)
        break
    starts += [start for start, _ in _header_blocks(text)[:1]]
    if not starts and (found := _by_library(text)) is not None:
        starts.append(found)
    if not starts:
        return None
    start = min(starts)
    # A rule or blank line just above belongs to the quotation.
    lines = text[:start].split("\n")
    while len(lines) > 1 and (not lines[-1].strip() or RULE.match(lines[-1])):
        lines.pop()
    return len("\n".join(lines))


def _below_quotation(text: str) -> str:
    """
    The sender's own words below a mail that is quoted with `>` under its attribution; "" if there are none.

    Text that begins with a rule or `--` does not count: it is a mailing list's footer or a signature.
    """
    lines = text.split("\n")
    quoted = [index for index, line in enumerate(lines) if line.startswith(">")]
    head = [line for line in lines[: quoted[0]] if line.strip()] if quoted else []
    if not head or len(head) > _HEAD_LINES or not head[-1].rstrip(" \t*").endswith((":", "：")):
        return ""
    below = "\n".join(lines[quoted[-1] + 1 :]).strip()
    return "" if RULE.match(below.partition("\n")[0]) or below.startswith("--") else below


def _header_blocks(text: str) -> list[tuple[int, int]]:
    """
    Start and end of the header lines that Outlook puts over a quoted mail, in order.

    They are From, then a date, a recipient and a subject; two of these three are enough if From has an address.
    """
    found = []
    position = 0
    lines = text.split("\n")
    for index, line in enumerate(lines):
        if FROM_LINE.match(line):
            following = [below for below in lines[index + 1 : index + 8] if below.strip()][:5]
            kinds = sum(any(pattern.match(below) for below in following) for pattern in BLOCK_LINES)
            if kinds >= (2 if ADDRESS.search(line) else 3):
                found.append((position - _above(lines, index), position + len(line)))
        position += len(line) + 1
    return found


def _above(lines: list[str], index: int) -> int:
    """The number of characters above a From line that belong to its block: other header lines, and a label over them."""
    top = index
    while top and any(pattern.match(lines[top - 1]) for pattern in BLOCK_LINES):
        top -= 1
    if top and LABEL.match(lines[top - 1]) and not FORWARD.match(lines[top - 1]):
        top -= 1
    return sum(len(line) + 1 for line in lines[top:index])


def _by_library(text: str) -> int | None:
    """Where the quotation starts according to quotequail, which knows more clients; None if it finds no reply with text on top."""
    if "\n>" not in text and ":" not in text:
        return None
    import quotequail

    lines = [_for_library(line) for line in text.split("\n", _LIBRARY_LINES)[:_LIBRARY_LINES]]
    try:
        found = quotequail.unwrap("\n".join(lines))
    except Exception:  # noqa: BLE001 - a failing heuristic counts as having found nothing
        return None
    if not found or found.get("type") != "reply" or not (found.get("text_top") or "").strip():
        return None
    last = found["text_top"].rstrip().rsplit("\n", 1)[-1]
    is_cut = last.endswith(_CUT)
    last = last.removesuffix(_CUT)
    end = text.find(last) + len(last)
    if end < len(last):
        return None
    if is_cut:
        end = (text + "\n").index("\n", end)
    head = text[end:].lstrip()[:240]
    if _PERSON_WROTE.search(head.split("\n\n")[0]):
        return None
    return end if "\n>" in head or head.startswith(">") or _CLIENT_WROTE.search(head.split("\n\n")[0]) else None


def _for_library(line: str) -> str:
    """The line, or only its beginning if no client wrote it: quotequail's time grows with the cube of a line's length (E1)."""
    if len(line) <= _LONGEST_HEAD and line.count("<") + line.count("@") <= _MOST_MARKS:
        return line
    return f"{line[:_BEGINNING]}{_CUT}"


def _answered_inline(below: str) -> bool:
    """Whether own lines stand between quoted lines."""
    seen_own = False
    for line in below.split("\n"):
        if line.startswith(">"):
            if seen_own:
                return True
        elif line.strip() and not RULE.match(line):
            seen_own = True
    return False


def _without_quoted_lines(text: str) -> str:
    """
    The text without one block of lines marked `>`, at its top or its end.

    If own lines stand between quoted ones, nothing is removed: the answers need what they answer.
    """
    lines = text.split("\n")
    body = [index for index, line in enumerate(lines) if line.strip() and not line.startswith(">")]
    quoted = [index for index, line in enumerate(lines) if line.startswith(">")]
    if not quoted or not body:
        return text
    start, end = next(attributions(text), (0, 0))
    head_end = text[:end].count("\n") if end and not text[:start].strip() else -1
    own = [index for index in body if index > head_end]
    if not own:
        return text
    first, last = own[0], own[-1]
    if quoted[0] < first and not any(first < index < last for index in quoted):
        return "\n".join(lines[first:])
    if last < quoted[0]:
        return "\n".join(lines[: quoted[0]])
    return text
