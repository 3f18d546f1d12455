"""Cuts what surrounds the words of a letter: a gateway's warning above; signature, device line and disclaimers below."""

import re

_SIGNATURE = re.compile(r"^(?:--[ \t]?|[—–]|__)$")
_GREETING = 1  # words; if no more than that stands above "--", the letter itself is below it
LONGEST_SIGNATURE = 15  # lines; if more stand below "--", they are text and not a signature
_RULE_TOP = re.compile(r"\A\s*[-_=*]{3,}[ \t]*\n")
_RULE_END = re.compile(r"\n[ \t]*[-_=*]{3,}[ \t]*\Z")
_LINK = re.compile(r"(?<![ \t])[ \t]*+<https?://[^<>\s]*>")
_PRODUCT = (
    r"(?:iPhon\w{1,3}|iPad|iPod|iOS|BlackBerry|Samsung|Galaxy|Huawei|Android|Nokia|Lumia|Xperia|HTC|Windows(?:\sPhone|\sMail)?|Outlook|Yahoo|Gmail|AOL|"
    r"Proton\s?Mail|K-9|BlueMail|GMX|WEB\.DE|Mail|Mailbox|Nine|Spark|Spike|Airmail|Edison|Superhuman|Canary|Newton|Smartphone|mobile|"
    r"mobile\sdevice|phone|telefon\w*|handy)"
)
_DEVICE = re.compile(
    r"^[<(]?(?:Please\sexcuse\s[^.,!?]{1,40},\s)?"
    r"(?:Sent|Von\smeinem|Gesendet|Diese\sNachricht\swurde\svon\smeinem|Envoyé|Enviado|Inviato|Verzonden|Verstuurd|Skickat|Sendt|Wysłan[eo]|"
    r"Odesláno|Odoslané|Lähetetty|Anfonwyd|Отправлено|Надіслано|Diperi|Az\sén|Trimis|发自|從我的|从我的|나의|נשלח|أرسلت)"
    rf"(?:\b|\s?)[^\n.!?,]{{0,40}}{_PRODUCT}[^\n.!?,]{{0,30}}[.>)]?(?:\s?(?:Please|Bitte|Get|Holen)\b[^.!?\n]{{0,60}}[.!]?)?$"
    r"|^(?:Get|Download|Holen\sSie\ssich|Obtenir|Télécharger|Obtener|Descargar|Obter|Scarica|Ottieni|Hämta|Hent|Pobierz|Hanki)?\b[^\n.!?,]{0,12}"
    r"\b(?:Outlook|Mail|BlueMail)\s(?:for|für|pour|para|per|voor|för|til|dla)\s(?:iOS|Android|Mac|Windows)\b(?:\s\w+)?$"
    r"|^(?:iPhone|iPad|Galaxy)\S{0,8}\s?\S{0,3}\s?(?:gönderildi|送信|küldve)$",
    re.IGNORECASE,
)
# The warning that a gateway puts above a stranger's mail: a tag alone, or sentences that only gateways write.
_TAG = r"\W{0,4}(?:CAUTION\W{1,3})?(?:EXT|EXTERNAL|OUTSIDE|EXTERN|NON-[A-Z]+)(?:\s(?:E-?MAIL|SENDER|MESSAGE))?\W{0,4}"
_WARNING = re.compile(
    rf"""\A\s*+(?:
      (?:\[{_TAG}\]|\*+{_TAG}\*+|\({_TAG}\)|<{_TAG}>)[ \t]*\n
    | ZjQcmQRYFpfptBanner(?:Start|End)[^\n]*\n
    | \[?(?:You|Some\speople\swho\sreceived\sthis\smessage)\sdon['’]t\soften\sget\se-?mail\sfrom\s[^\s@]++@[^\n]*+\n
      (?:[^\n]*aka\.ms/LearnAbout[^\n]*\n)?
    | This\smessage\sis\sfrom\san\sexternal\ssender[ \t.]*\n
    | (?:\W{{0,4}}(?:caution|warning|attention|achtung|vorsicht|let\sop|external(?:\se-?mail|\ssender)?|be\scareful)\b\W{{1,4}})?
      (?: (?:this|diese|ce|cet|deze|dit)\s(?:external\s)?(?:e-?mail|message|courriel|nachricht|bericht)
             \s(?:was\ssent\s|has\sbeen\ssent\s|has\s)?
             (?:originate[sd]|comes|came|come|is|from|
             kommt|stammt|wurde|provient|is\safkomstig|komt)\b[^.!\n]{{0,40}}(?:\n[^.!\n]{{0,20}})?\b(?:outside|external|externen?|extérieur|externe|buiten)\b[^.!]{{0,160}}[.!]
        | do\snot\sclick\s[^.!]{{0,30}}\b(?:links?|attachments?)\b[^.!]{{0,200}}\b(?:sender|content|safe)\b[^.!]{{0,80}}[.!]
        | be\scautious\s[^.!\n]{{0,40}}\b(?:links?|attachments?)\b[^.!\n]{{0,80}}[.!]?[ \t]*\n )
      (?:\s?(?:do\snot|don['’]t|please|think|be|exercise|use|ne|n['’]|bitte|klik|klicken|seien|wees|only)\b[^.!]{{0,200}}[.!])*
    )""",
    re.IGNORECASE | re.VERBOSE,
)
# Disclaimers of organisations and virus scanners below a mail: how the paragraph begins, and what it goes on to say.
_DISCLAIMER = re.compile(
    r"""\A\W{0,8}(?:P\s)?(?:
      (?:confidential(?:ity)?(?:\snotice|\snote)?|disclaimer|legal\snotice|privileged[^\n:]{0,30}confidential)\b.{0,300}\b(?:recipients?|addressee|e-?mail\sis\sconfidential)
    | (?:this|the\s(?:information|contents?)\s(?:contained\s|transmitted\s)?(?:in|of)\sthis)
        \s(?:e-?mail|message|communication|transmission)\b
        .{0,400}\b(?:intended|solely|addressee|recipients?)\b
    | (?:diese|der\sinhalt\sdieser)\s(?:e-?mail|nachricht)\b.{0,300}\b(?:vertraulich|adressat|empfänger)
    | (?:ce\s(?:message|courriel)|cet\se-?mail)\b.{0,300}\b(?:confidentiel|destinataire)
    | (?:este\s(?:mensaje|correo)|esta\smensagem|este\se-?mail)\b.{0,300}\b(?:destinatari|confidencia)
    | (?:questo\smessaggio|questa\se-?mail|il\scontenuto)\b.{0,300}\b(?:destinatari|riservat)
    | (?:dit\sbericht|deze\se-?mail|de\sinformatie)\b.{0,300}\b(?:vertrouwelijk|geadresseerde)
    | (?:please\s)?(?:consider\sthe\senvironment\sbefore\sprinting|think\sbefore\syou\sprint)
    | (?:this\s(?:e-?mail|message)\s(?:has\sbeen|was|is)|diese\s(?:e-?mail|nachricht)\swurde)\s(?:checked|scanned|virus|auf\sviren)
    | virus-?free\.\s|virenfrei\.\s|libre\sde\svirus|garanti\ssans\svirus|scanned\sby\s\w+[ \t]*\Z
    | outgoing\smail\sis\scertified|checked\sby\savg
    )""",
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)
_LONGEST_DISCLAIMER = 3_000  # characters


_MOST = 8  # warnings at the top, and paragraphs at the bottom, that are removed at most


def trimmed(text: str) -> str:
    """The letter's words without gateway warning, signature, device line and disclaimers; may be ""."""
    for _ in range(_MOST):  # cut exactly the warning: the letter may begin on the same line
        if match := _WARNING.match(text):
            text = text[match.end() :]
    text = _without_signature(text.strip("\n").rstrip())
    for _ in range(_MOST):
        text = _without_disclaimer(_without_device(text))
    return _without_devices(text)


def warning_end(text: str) -> int:
    """Where the gateway's warning at the top of a text ends; 0 if there is none."""
    match = _WARNING.match(text)
    return match.end() if match else 0


def is_device_line(line: str) -> bool:
    """Whether a mail app wrote this line: "Sent from my iPhone"."""
    return bool(_DEVICE.match(_LINK.sub("", line).strip()))


def is_disclaimer(paragraph: str) -> bool:
    """Whether a paragraph is the disclaimer of an organisation or of a virus scanner."""
    return len(paragraph) <= _LONGEST_DISCLAIMER and bool(_DISCLAIMER.match(_RULE_TOP.sub("", paragraph)))


def _without_signature(text: str) -> str:
    lines = text.split("\n")
    for index, line in enumerate(lines):
        if (
            _SIGNATURE.match(line)
            and len(lines) - index - 1 <= LONGEST_SIGNATURE
            and len(" ".join(lines[:index]).split()) > _GREETING
        ):
            return "\n".join(lines[:index]).rstrip()
    return text


def _without_device(text: str) -> str:
    """The text without its last line, if a mail app wrote that. A mail of that line alone keeps it."""
    above, line_end, last = text.rpartition("\n")
    if not line_end or not is_device_line(last):
        return text.strip()
    return _RULE_END.sub("", above.rstrip()).strip()


def _without_devices(text: str) -> str:
    """The text without device lines between its paragraphs, as above words that were written below a quotation (E23)."""
    paragraphs = text.split("\n\n")
    kept = [one for one in paragraphs if not ("\n" not in one.strip() and is_device_line(one))]
    return "\n\n".join(kept) if kept and len(kept) < len(paragraphs) else text


def _without_disclaimer(text: str) -> str:
    """The text without its last paragraph, if that is a disclaimer. A mail of one paragraph keeps it."""
    above, blank, last = text.rpartition("\n\n")
    if blank and is_disclaimer(last):
        return _RULE_END.sub("", above.rstrip()).rstrip()
    return text
