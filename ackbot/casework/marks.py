"""The marks by which machines give themselves away: header values, sender names, subjects, phrases (domain.md §4)."""

import re

from ackbot.mail.headers import Headers

# Senders that no person reads (RFC 2142, RFC 5230 §4.6, domain.md R7).
_MAILER = r"mailer[-_.]?daemon|mail[-_.]?daemon|mdaemon|mail[-_.]?delivery.*|mailsystem|mail-?system|smtp-?gateway|daemon|microsoftexchange329e[0-9a-f]*|mail\.error"
_POSTMASTER = r"post[-_.]?master|mailadmin"  # a machine's name, and that of the people who look after it
_RETURNS = r"bounce[sd]?|bounce[-_+.].*|.*[-_.+]bounces?|double-bounce"  # an envelope sender for any mail, letters too
DAEMON = re.compile(rf"(?:{_MAILER}|{_POSTMASTER}|{_RETURNS})", re.IGNORECASE)
POSTMASTER = re.compile(_POSTMASTER, re.IGNORECASE)
MAILER = re.compile(rf"(?:{_MAILER}|{_POSTMASTER})", re.IGNORECASE)
NOBODY = re.compile(
    r"(?:(?:.*[-_.+])?(?:no|not?|do[-_.]?not|dont|donot|never|kein|ne[-_.]?pas|nao|nie)[-_.]?(?:reply|repl[iy]e?|respond|responder|answer|antwort|odpowiadac|rispondere|repondre)(?:[-_.+\d].*)?"
    r"|owner-.*|.*-owner|.*-request|listserv|majordomo|mailman|(?:auto|robot|automat|bot)[-_.]?(?:reply|responder|mailer|confirm.*)?|unattended|devnull|nobody|noemail|noone)",
    re.IGNORECASE,
)
BOUNCE_SUBJECT = re.compile(
    r"undeliver|returned (?:mail|e-?mail|message)|delivery (?:status|failure|failed|report|error|has failed|notification|problem|warning|delayed)"
    r"|mail (?:delivery|system error|could not be delivered|returned|failure)|failure notice|could not be delivered|not delivered|non.?deliver"
    r"|message (?:delayed|could not|status|not sent|you sent)|warning: (?:message|could not send)|error (?:sending|during delivery)|bounced? (?:mail|message)"
    r"|returned to sender|nondelivery|unzustellbar|nicht zugestellt|non remis|échec de (?:la )?remise|no se (?:puede|pudo) entregar|mancato recapito"
    r"|falha na entrega|niet bestelbaar|olevererbart|nie dostarczon|niedostarczon|недоставлен|не доставлен|配信|配達",
    re.IGNORECASE,
)
BOUNCE_WORDS = re.compile(
    r"could ?n[o']t be delivered|could not be delivered|delivery (?:has )?failed|undeliverable|user unknown|unknown user|no such user|unable to deliver"
    r"|permanent (?:fatal )?error|delivery to the following|failed to deliver|mailbox (?:is )?(?:full|unavailable)|has been (?:postponed|delayed)|returned (?:mail|to sender)"
    r"|following (?:address|recipient)|invalid (?:user|recipient|mailbox)|\b55[0-4][ -]|rejected your message|was not delivered",
    re.IGNORECASE,
)
# Subjects of automatic replies. The colon, or nothing after it, tells the machine from a person writing about one.
ABSENCE_SUBJECT = re.compile(
    r"""^\s*(?:(?:re|aw|sv|fw|fwd)\s*:\s*|\[[^\]]{1,40}\]\s*)*(?:
      auto(?:matic|mated|matisk|matisch|matique|mática|matica|matická|matyczna)?[ -]*(?:reply|response|responder|answer|svar|antwort|antwoord|réponse|respuesta|resposta|risposta|odpověď|odpowiedź)
    | auto(?:-?reply|-?response|svar)? | out\ of\ (?:the\ )?office(?:[ -]*(?:auto)?-?(?:reply|response|notice|notification|message))? | i(?:'|\ a)m\ (?:away|out\ of\ (?:the\ )?office)[^:]{0,60}
    | on\ (?:annual\ |maternity\ |parental\ |sick\ )?leave | (?:on\ )?(?:holiday|vacation|absence)(?:\ (?:notice|notification|reply|message|response)|(?=\s*[:：])) | away\ (?:from\ .{1,30}|notice|message)
    | ateb\ awtomatig | allan\ o'r\ swyddfa | réponse\ automatique | absence\ du\ bureau | absent\ du\ bureau | message\ d'absence | respuesta\ automática | fuera\ de\ (?:la\ )?oficina
    | risposta\ automatica | fuori\ (?:sede|ufficio) | assente | resposta\ automática | fora\ do\ escritório | ausência | automatyczna\ odpowiedź | poza\ biurem | nieobecność
    | automatische\ antwort | abwesenheits(?:notiz|notizen|nachricht|meldung|assistent)? | abwesend | automatische?\ antwoord | automatisch\ antwoord | afwezig(?:heid)?(?:sbericht)?
    | automatiskt?\ svar | autosvar | frånvaro | fravær | fraværende | automaattinen\ vastaus | poissa | automatická\ odpověď | nepřítomnost | automatická\ odpoveď
    | automatikus\ válasz | házon\ kívül | răspuns\ automat | otomatik\ yanıt | αυτόματη\ απάντηση | автоответ | автоматический\ ответ | автоматична\ відповідь | отсутствие
    | 自動(?:返信|応答) | 不在(?:通知)? | 自动(?:回复|答复) | 自動回覆 | 부재중 | رد\ تلقائي | מענה\ אוטומטי | trả\ lời\ tự\ động
    )\s*(?::|：|$|\s-\s|\s–\s|\()""",
    re.IGNORECASE | re.VERBOSE,
)
ABSENCE_WORDS = re.compile(
    r"out of (?:the |my )?office|away from (?:the |my )?(?:office|desk)|(?:i am|i'm|i will be|currently) (?:away|on (?:annual |maternity |parental |sick )?leave|on (?:holiday|vacation)|travell?ing|absent)"
    r"|(?:back|return(?:ing)?) (?:in|to) (?:the |my )?office|will (?:be back|return) on|limited access to (?:my )?e-?mail|automatic(?:ally generated)? (?:reply|response|message)|auto-?(?:reply|response|generated)"
    r"|no longer (?:work|employed|with)|has left the|allan o'r swyddfa|nicht im (?:büro|haus)|außer haus|bin (?:ich )?(?:bis|ab|vom|abwesend|im urlaub|derzeit)|absent(?:e)? (?:du bureau|jusqu)|en congé|de retour"
    r"|fuera de la oficina|estaré ausente|de vacaciones|regres(?:o|aré)|fuori (?:sede|ufficio)|sarò assente|in ferie|fora do escritório|estarei ausente|de férias|niet aanwezig|afwezig|met vakantie"
    r"|inte på kontoret|semester|tillbaka|ikke på kontoret|ferie|poza biurem|nieobecn|na urlopie|mimo kancelář|dovolen|távol|szabadság|în concediu|ofiste değil|izinde|εκτός γραφείου|отпуск|отсутств|відпустк"
    r"|不在|休暇|休假|외근|휴가|إجازة|בחופשה",
    re.IGNORECASE,
)
# What a mail system quotes of the mail it returns, or of the server that refused it; people who write about it do not.
RETURNED_MAIL = re.compile(
    r"^[ \t>]{0,4}(?:(?:Received|Return-Path|Message-ID|X-[\w-]+):[ \t]|<?[^\s@]{1,64}@[^\s@]{1,250}[ \t]+[45]\d\d[ -]|(?:<<<|>>>)[ \t]|(?:MAIL FROM|RCPT TO):|[45]\d\d - )"
    r"|(?<![\d.])[45]\.\d\.\d{1,3}(?![\d.])|(?:said|reply|error|response)\W{1,4}[45]\d\d\b",
    re.IGNORECASE | re.MULTILINE,
)
_OF_RESPONDERS = (
    "x-autoreply",
    "x-autorespond",
    "x-autoresponder",
    "x-autoresponse",
    "x-auto-reply",
    "x-autoreply-from",
    "x-mail-autoreply",
    "x-autogenerated",
    "x-fc-machinegenerated",
    "x-vacation",
)


def automatic(headers: Headers) -> str:
    """The strong mark of an automatic mail that these headers bear, as `Name: value`; "" for none (domain.md §4, RFC 3834 §5)."""
    submitted = [auto_submitted(raw) for raw in headers.values("auto-submitted")]
    submitted = [value for value in submitted if value]
    if len(submitted) > 1:
        return "Auto-Submitted: several"
    if submitted and submitted != ["no"]:
        return f"Auto-Submitted: {submitted[0]}"
    for name in _OF_RESPONDERS:
        if name in headers and headers.value(name).strip().lower() not in ("no", "false", "0"):
            return name.title()
    if precedence(headers) == "auto_reply":
        return "Precedence: auto_reply"
    if headers.value("x-ms-exchange-generated-message-source").lower() == "mailbox rules agent":
        return "X-MS-Exchange-Generated-Message-Source: Mailbox Rules Agent"
    if "x-ms-exchange-inbox-rules-loop" in headers and "x-ms-exchange-parent-message-id" in headers:
        return "X-MS-Exchange-Inbox-Rules-Loop"
    for name in ("x-loop", "delivered-to"):
        if any(value.lower() == "autoresponder" for value in headers.values(name)):
            return f"{name.title()}: Autoresponder"
    if "autoresponder" in headers.value("x-post-messageclass").lower():
        return "X-POST-MessageClass: Autoresponder"
    return ""


def auto_submitted(value: str) -> str:
    """The keyword of an Auto-Submitted value, without comments, parameters and letter case (RFC 3834 §5; D29)."""
    return re.sub(r"\([^()]*\)", " ", value).partition(";")[0].strip().lower()


def precedence(headers: Headers) -> str:
    """Case and blanks do not matter (D30)."""
    return headers.value("precedence").strip().lower()


def suppresses_all(headers: Headers) -> bool:
    """X-Auto-Response-Suppress asks for no automatic answer of any kind; other lists sit on people's mail too (D31)."""
    return any(
        word.strip().lower() == "all"
        for value in headers.values("x-auto-response-suppress")
        for word in value.split(",")
    )


def spam(headers: Headers) -> str:
    """The spam or virus verdict of a filter, as `Name: value`; "" for none."""
    for name, pattern in _VERDICTS:
        for value in headers.values(name):
            if re.search(pattern, value, re.IGNORECASE):
                return f"{name.title()}: {value[:40]}"
    return ""


_VERDICTS = (
    ("x-spam-flag", r"^\s*yes"),
    ("x-spam-status", r"^\s*yes\b"),
    ("x-spam", r"^\s*(?:yes|true)"),
    ("x-barracuda-spam-status", r"^\s*yes\b"),
    ("x-bogosity", r"^\s*(?:spam|yes)\b"),
    ("x-dspam-result", r"^\s*spam"),
    ("x-ms-exchange-organization-scl", r"^\s*[5-9]\b"),
    ("x-forefront-antispam-report", r"\bSCL:[5-9]\b"),
    ("x-virus-status", r"infected|^\s*yes"),
    ("x-amavis-alert", r"infected|banned"),
)


def lists(headers: Headers) -> str:
    """The header that marks list mail (RFC 2919, RFC 2369), as its name; "" for none."""
    return next((name for name in headers.names() if name.startswith("list-") or name == "mailing-list"), "")


def list_id(headers: Headers) -> str:
    """The identifier inside the angle brackets of List-Id, lower case (RFC 2919 §3)."""
    value = headers.value("list-id")
    return (value.rpartition("<")[2].partition(">")[0] or value).strip().lower()
