"""The marks by which a machine's mail is recognised: header fields, sender names, subjects, phrases (domain.md §4)."""

import re

from ackbot.mail.plain import Fields

# Local parts at which no person reads mail (RFC 2142, RFC 5230 §4.6, domain.md R7). Those of mail systems are in mail.systems.
NOBODY = re.compile(
    r"(?:(?:.*[-_.+])?(?:no|not?|non|do[-_.]?not|dont|donot|never|keine?|nicht|ne[-_.]?pas|nao|nie|geen|svara)[-_.]?(?:reply|repl[iy]e?|respond|responder|responda|answer|antwort|antworten|antwoord|odpowiadac|rispondere|repondre|inte)(?:[-_.+\d].*)?"
    r"|listserv|majordomo|mailman|(?:auto|robot|automat|bot)[-_.]?(?:reply|responder|mailer|confirm.*)?|unattended|devnull|nobody|noemail|noone|root|www-data|apache)",
    re.IGNORECASE | re.DOTALL,  # without DOTALL, a line end in an encoded address makes the search quadratic (E1)
)
TO_GROUP = "it is from a group of our own, and an answer would reach everybody in it"
# Groups of a council's own people: an answer would put whatever a stranger wrote into every mailbox of theirs.
GROUP = re.compile(
    r"(?:all|every)[-_.]?(?:one|body|staff|users?|employees?|members?|council(?:lors)?|officers?|teams?|managers?|colleagues)?"
    r"|(?:all|everyone|group|dl|dist|list)[-_.].{1,40}|.{1,40}[-_.](?:all|everyone|everybody|dl|group|distribution|list)"
    r"|staff|employees|councillors|members|colleagues|officers|whole[-_.]?(?:council|team)",
    re.IGNORECASE | re.DOTALL,
)
# Robots of mailing lists. A person may be `home-owner@` or `foi-request@` anywhere but where lists live (E26).
LIST_ROBOTS = frozenset(
    {"owner", "request", "bounces", "admin", "confirm", "join", "leave", "subscribe", "unsubscribe"}
)
OF_LISTS = frozenset({"list", "lists", "mailman", "listserv", "groups", "googlegroups", "announce", "discuss", "devel"})
NOBODY_NAMED = re.compile(r"\W*(?:please )?(?:no|do not|don't|donot)[ -]?reply\W*", re.IGNORECASE)
NOBODY_THERE = re.compile(r"(?:.*\.)?no-?reply\.", re.DOTALL)
BOUNCE_WORDS = re.compile(
    r"could ?n[o']t be delivered|could not be delivered|delivery (?:has )?failed|undeliverable|user unknown|unknown user|no such user|unable to deliver"
    r"|permanent (?:fatal )?error|delivery to the following|failed to deliver|mailbox (?:is )?(?:full|unavailable)|has been (?:postponed|delayed)|returned (?:mail|to sender)"
    r"|following (?:address|recipient)|(?:was|is) undeliver|fehler bei der nachrichtenzustellung|nicht zugestellt|unzustellbar|n'a pas pu être remis"
    r"|échec de la remise|no se (?:pudo|ha podido) entregar|impossibile recapitare|non è stato (?:possibile )?recapita|não (?:pôde|foi possível) (?:ser )?entreg"
    r"|kan niet worden (?:bezorgd|afgeleverd)|did not reach|invalid (?:user|recipient|mailbox)|\b55[0-4][ -]|rejected your message|was not delivered",
    re.IGNORECASE,
)
# "Automatic reply" in the languages of the clients seen.
_AUTOMATIC = r"""(?:
      (?:e-?mail\ )?auto(?:matic|mated|matisk[at]?|matische?|matiska|matique|m[áà]tic[ao]|matica|matická|matyczna|maattinen|maatne|matikus|matinis|matski|mātiska|mātiskā)?
        [ -]*(?:e-?mail[ -])?(?:reply|response|responder|answer|svar|antwort|rückantwort|antwoord|réponse|respuesta|r?resposta|risposta|odpověď|odpoveď|odpowiedź
        |vastaus|vastus|válasz|atsakymas|atbilde|odgovor|acknowledge?ment|bestätigung|eingangsbestätigung|empfangsbestätigung)
    | automat[iī]sk[aā]\ atbilde | (?:réponse|réponses|message|accusé\ de\ réception)\ automatiques?(?:\ d'absence)? | (?:r[ie]spost?a|respuesta|resposta|contestación)\ autom[áàa]tica
    | odpowiedź\ automatyczna | automaattivastaus | automaatvastus | r[ăa]spuns\ automat | otomatik\ (?:yanıt|cevap) | balasan\ (?:otomatis|automatik) | samodejni\ odgovor
    | αυτόματη\ απάντηση | авто(?:ответ(?:чик)?|відповідь) | автоматический\ ответ | автоматична\ відповідь | автоматичен\ отговор | аутоматски\ одговор
    | erantzun\ automatikoa | sjálfvirkt\ svar | freagra\ uathoibríoch | përgjigje\ automatike | ateb\ awtomatig | स्वचालित\ उत्तर
    | 自動(?:返信|応答|回覆|回應|回复|答复) | 自动(?:回复|答复|回覆) | 자동\ ?(?:회신|응답|답장) | (?:ال)?رد\ (?:ال)?تلقائي | پاسخ\ خودکار | (?:מענה|תשובה)\ אוטומטית?
    | trả\ lời\ tự\ động | (?:การ)?ตอบกลับ(?:โดย)?อัตโนมัติ
    )"""
# The phrase in front of the answered subject, or in brackets. Only machines write subjects in this form.
AUTOMATIC_SUBJECT = re.compile(
    rf"^\s*{_AUTOMATIC}\s*[:：]\s*\S|^\s*[\[(]{_AUTOMATIC}[\])]|[\[(]{_AUTOMATIC}[\])]\s*$", re.IGNORECASE | re.VERBOSE
)
# Subjects of automatic replies. After the phrase comes a colon or nothing; a person who writes about one goes on.
ABSENCE_SUBJECT = re.compile(
    rf"""^\s*(?:(?:re|aw|sv|fw|fwd)\s*:\s*|\[[^\]]{{1,40}}\]\s*)*(?:(?:[\[(*]?(?:
      {_AUTOMATIC} | auto(?:-?reply|-?response|svar)? | out\ of\ (?:the\ )?office(?:[ -]*(?:auto)?-?(?:reply|response|notice|notification|message))? | ooo
    | i(?:'|\ a)m\ (?:away|out\ of\ (?:the\ )?office)[^:]{{0,60}}
    | on\ (?:annual\ |maternity\ |parental\ |sick\ )?leave | (?:on\ )?(?:holiday|vacation|absence)(?:\ (?:notice|notification|reply|message|response)|(?=\s*[:：])) | away\ (?:from\ .{{1,30}}|notice|message)
    | allan\ o'r\ swyddfa | absence\ du\ bureau | absent(?:\(?e\)?)?\ du\ bureau | (?:message|notification|avis)\ d'absence | fuera\ de\ (?:la\ )?oficina
    | fuori\ (?:sede|ufficio) | assente | assenza\ dall'ufficio | fora\ do\ escritório | ausência(?:\ temporária)? | poza\ biurem | nieobecność
    | abwesenheits(?:notiz|notizen|nachricht|meldung|assistent)? | abwesend | (?:ich\ bin\ )?nicht\ im\ (?:haus|büro) | (?:im\ )?urlaub(?=\s*[:：]) | afwezig(?:heid)?(?:s(?:bericht|melding))? | niet\ op\ kantoor
    | frånvaro(?:meddelande)? | frånvarande | fravær(?:s(?:melding|meddelelse))? | fraværende | ikke\ (?:til\ stede|på\ kontoret) | inte\ på\ kontoret | poissa(?:olo(?:viesti|ilmoitus)?)?
    | nepřítomnost | mimo\ kancelář | házon\ kívül | irodán\ kívül | în\ afara\ biroului | ofis\ dışında | εκτός\ γραφείου | отсутствие | меня\ нет\ на\ рабочем\ месте | извън\ офиса
    | 不在(?:通知|のお知らせ)? | 外出 | 부재중 )[\])*]?)\s*(?::|：|$|\s-\s|\s–\s|\(|\sfrom\s)
    | ooo\s | [^:]{{2,60}}\ is\ (?:currently\ )?out\ of\ (?:the\ )?office\b)""",
    re.IGNORECASE | re.VERBOSE,
)
ABSENCE_WORDS = re.compile(
    r"(?<!your )(?<!his )(?<!her )(?<!their )(?:\bout of (?:the |my )?office\b|automatic(?:ally generated)? (?:reply|response|message)|\bauto-?(?:reply|response|generated))"
    r"|away from (?:the |my )?(?:office|desk)|(?:i am|i'm|i will be|currently) (?:away|on (?:annual |maternity |parental |sick )?leave|on (?:holiday|vacation)|travell?ing|absent|ooo\b)"
    r"|(?:back|return(?:ing)?) (?:in|to) (?:the |my )?office|will (?:be back|return) on|limited access to (?:my )?e-?mail|automated (?:reply|response|message|e-?mail)"
    r"|(?:have|has been) received (?:your|and) |received your (?:message|e-?mail)|get back to you|(?:message|e-?mail) has been received"
    r"|no longer (?:work|employed|with)|has left the|(?:rwyf|rydw i) (?:allan|i ffwrdd)|allan o'r swyddfa|diolch am eich e-?bost"
    r"|nicht im (?:büro|haus)|außer haus|bin (?:ich )?(?:(?:wieder )?(?:bis|ab|vom)|abwesend|im urlaub|derzeit|nicht erreichbar)|ihre (?:e-?mail|nachricht|anfrage) (?:ist|wurde)"
    r"|je (?:suis|serai) (?:actuellement )?(?:absent|en (?:congé|vacances)|hors)|absent(?:e)? (?:du bureau|jusqu)|en congé|de retour|message a (?:bien )?été reçu|bien reçu votre"
    r"|fuera de la oficina|(?:estaré|estoy) (?:ausente|fuera|de vacaciones)|de vacaciones|regres(?:o|aré)|hemos recibido|he recibido su|estic de vacances"
    r"|fuori (?:sede|ufficio)|(?:sono|sarò) (?:assente|in ferie|fuori)|in ferie|(?:estou|estarei) (?:ausente|de férias|fora)|fora do escritório|de férias"
    r"|niet aanwezig|\bben (?:ik )?(?:afwezig|op vakantie|met vakantie|niet|er niet|vanaf)|met vakantie|(?:inte|ikke) på kontoret|semester|tillbaka|åter den|(?:har|holder|på) ferie|er tilbake"
    r"|olen (?:lomalla|poissa|matkoilla)|poza biurem|nieobecn|na urlopie|mimo kancel|dovolen|távol|szabadság|nem vagyok|în concediu|plecat din birou|ofiste değil|izinde|izinli"
    r"|godišnjem odmoru|nisem v pisarni|atostog|atvaļinājum|puhkusel|εκτός γραφείου|απουσιάζω|отпуск|отсутств|нет (?:в офисе|на рабочем)|відпустц|cuti\b|nghỉ phép|oporretan"
    r"|不在|休暇|休假|外出|외근|휴가|부재|إجازة|בחופשה|مرخصی|ลา",
    re.IGNORECASE,
)
# What a colleague writes who says it to us.
COMMANDED = re.compile(r"\s*+(?:AWAY|BACK)\b")
# Sentences that machines write about themselves. A person who writes about one quotes it inside a longer sentence.
_SENTENCE = (
    r"(?:^|(?<=[.!?]\s)|(?<=[.!?]\s\s))[ \t>*_(\[–—-]{0,6}(?:(?:please\s)?note\W{1,3}|n\.?b\.?\W{1,3}|hinweis\W{1,3})?"
)
_MADE = r"(?:generated|sent|created|produced)"
SAYS_AUTOMATIC = re.compile(
    rf"{_SENTENCE}(?:"
    rf"th(?:is|e\sabove)\sis\s(?:an?\s)?(?:auto(?:mated|matic|matically)?|(?:system|computer)(?=[\s-]{_MADE}))[\s-]?(?:{_MADE}\s)?"
    r"(?:out[\s-]of[\s-]office\s)?(?:e-?mail|message|response|reply|notification|notice|acknowledge?ment|receipt|confirmation|answer)\b"
    rf"|(?:this|the\sabove)\s(?:e-?mail|message|notification|reply)\s(?:was|is|has\sbeen)\s(?:(?:auto(?:matically|-)?|system|computer)[\s-]?{_MADE}|{_MADE}\sauto)"
    r"|automat(?:ed|ic)\s(?:e-?mail|message|response|reply|notification)\s?[:.–-]"
    r"|(?:dies\sist|es\shandelt\ssich\s(?:hierbei\s)?um)\seine\sautomatisch(?:e|\s\w+te)\s(?:e-?mail|nachricht|antwort|mail|benachrichtigung)"
    r"|diese\s(?:e-?mail|nachricht|mail)\s(?:wurde|ist)\sautomatisch"
    r"|(?:ceci\sest\s|il\ss['’]agit\sd['’])un\s(?:e-?mail|message|courriel)\s(?:envoyé\s|généré\s)?automatique"
    r"|(?:ce\smessage|cet?\s(?:e-?mail|courriel))\s(?:est|a\sété)\s(?:envoyé\s|généré\s)automatique"
    r"|este\ses\sun\s(?:mensaje|correo|e-?mail)\s(?:generado\s|enviado\s)?autom[áa]tic|este\s(?:mensaje|correo|e-?mail)\s(?:ha\ssido|fue|es)\s(?:generado|enviado)\sautom"
    r"|est[ae]\sé\sum?a?\s(?:mensagem|e-?mail|resposta)\s(?:gerad[oa]\s|enviad[oa]\s)?autom[áa]tic"
    r"|quest[ao]\s(?:è\su[n']\s?a?\s?)?(?:e-?mail|mail|messaggio)\s(?:è\s(?:stat[ao]\s)?)?(?:generat[oa]\s|inviat[oa]\s)?automatic"
    r"|dit\sis\seen\sautomatisch\s(?:\w+d\s)?(?:bericht|e-?mail|antwoord)|dit\sbericht\sis\sautomatisch"
    r"|(?:ta\s)?wiadomość\s(?:została\s)?(?:wygenerowana|wysłana)\sautomatycznie|(?:detta|dette)\s(?:är|er)\set\s?t?\sautomatisk|tämä\son\sautomaattinen\sviesti"
    r"|это\sавтоматическ\w+\s(?:ответ|сообщение|письмо|уведомление)|это\sписьмо\s(?:сформировано|отправлено|создано)\sавтоматически)",
    re.IGNORECASE | re.MULTILINE,
)
SAYS_NO_REPLY = re.compile(
    rf"{_SENTENCE}(?:kindly\s|please\s)?(?:do\snot|don['’]t|never)\s(?:reply|respond)\s(?:directly\s)?(?:to\s)?(?:this|the\spresent)\s(?:automated\s|automatic\s)?"
    r"(?:e-?mail|message|mail|notification)[ \t]*(?:[.!,;)\-–]|$)|\bplease\sdo\snot\sreply\sto\sthis\s(?:e-?mail|message)[.!]",
    re.IGNORECASE | re.MULTILINE,
)
SAYS_UNREAD = re.compile(
    rf"{_SENTENCE}(?:this\s(?:is\san\s)?|the\s|replies\sto\sthis\s|messages\s(?:sent\s)?to\sthis\s)(?:e-?mail\s)?(?:mailbox|inbox|address|account|unmonitored|message|e-?mail)"
    r"[^.!?\n]{0,30}\b(?:not\s(?:be\s)?(?:monitored|read|attended|checked)|unmonitored|unattended|mailbox)\b",
    re.IGNORECASE | re.MULTILINE,
)
# Lines that a mail system quotes from the mail it returns, or from the server that refused it. People rarely quote these.
RETURNED_MAIL = re.compile(
    r"^[ \t>]{0,4}(?:(?:Received|Return-Path|Message-ID|X-[\w-]+):[ \t]|<?[^\s@]{1,64}@[^\s@]{1,250}[ \t]+[45]\d\d[ -]|(?:<<<|>>>)[ \t]|(?:MAIL FROM|RCPT TO):|[45]\d\d - )"
    r"|(?<![\d.])[45]\.\d\.\d{1,3}(?![\d.])|(?:said|reply|error|response)\W{1,4}[45]\d\d\b",
    re.IGNORECASE | re.MULTILINE,
)
# Receipts in words alone: Outlook's, as gateways hand them on, and Thunderbird's. Nothing else may stand in them.
RECEIPT_SUBJECT = re.compile(
    r"\s*(?:read|not\s?read|gelesen|ungelesen|nicht gelesen|lu|non lu|leído|leido|no leído|letto|non letto|lida|lido|não lida?|gelezen|niet gelezen|przeczytano|nie przeczytano"
    r"|citit|necitit|darllenwyd|return receipt|disposition notification|lesebestätigung|accusé de lecture|confirmation de lecture|leesbevestiging|conferma di lettura"
    r"|potwierdzenie przeczytania|confirmación de lectura)\b[^\n]{0,10}?[:(\-–]",
    re.IGNORECASE,
)
RECEIPT_WORDS = re.compile(
    r"""\A\s*(?:
      (?:your\ message|ihre\ nachricht|votre\ message|su\ mensaje|el\ mensaje|il\ messaggio|la\ mensagem|a\ sua\ mensagem|uw\ bericht|wiadomość|mesajul|eich\ neges)[^\w\n]*+\n
      (?:[ \t]*+(?:[\w' ]{1,20}:[^\n]{0,300})?\n){1,12}
      [^\n]{0,20}(?:was|wurde|a\ été|ha\ sido|se|è\ stat[oa]|foi|is|została|została|a\ fost|ei\ ddarllen)\b[^\n]{0,160}(?:\n[^\n]{0,80})?
    | (?:this\ is\ a\ return\ receipt\ for|dies\ ist\ eine\ empfangsbestätigung|ceci\ est\ un\ accusé\ de\ réception\ pour)[^\n]{0,300}(?:\n[^\n]{0,300}){0,8}
    )\s*\Z""",
    re.IGNORECASE | re.VERBOSE,
)
# The one sentence of a reaction: who, the verb, "your message", the sign, the app.
REACTION = re.compile(
    r"""\W{0,20}(?:[^.!?\n]{1,80}?\s)?(?:reacted|a\ réagi|ha\ reaccionado|reaccionó|ha\ reagito|reagiu|zareagował\w{0,3}|a\ reacționat|hat\ (?:auf|mit)|heeft\ gereageerd|ymatebodd|wedi\ ymateb|تفاعل\w?)
      \s(?:(?:to|via|with|à|avec|a|con|com|al|la|cu|na|zu|op|i|مع|على)\s)?(?:your|votre|tu|su|il\ tuo|la\ tua|sua|o\ seu|twoj\w{1,4}|mesajul|mesaj|ihre|deine|uw|je|eich|gmail|outlook|رسالتك)?
      [^.!?\n\w]{0,12}(?:\w{1,20}\W{1,12}){0,4}\W{0,20}(?:reagiert\W{0,8})?
      | (?:liked|loved|emphasi[sz]ed|laughed\ at|disliked|questioned)\s[“"][^”"]{1,200}[”"]\W{0,8}""",
    re.IGNORECASE | re.VERBOSE,
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
    "x-auto-response",
    "x-auto-generated",
    "x-otrs-loop",
    "x-cron-env",
)


def automatic(headers: Fields) -> str:
    """A header field that proves an automatic mail, as `Name: value`; "" if there is none (domain.md §4, RFC 3834 §5)."""
    submitted = [auto_submitted(raw) for raw in headers.values("auto-submitted")]
    submitted = [value for value in submitted if value]
    if len(submitted) > 1:
        return "Auto-Submitted: several"
    if submitted and submitted != ["no"]:
        return f"Auto-Submitted: {submitted[0]}"
    for name in _OF_RESPONDERS:
        if name in headers and headers.value(name).strip().lower() not in ("no", "false", "0"):
            return name.title()
    if precedence(headers) in ("auto_reply", "auto-reply"):
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
    """The keyword of an Auto-Submitted value in lower case, without comments and parameters (RFC 3834 §5; D29)."""
    return re.sub(r"\([^()]*\)", " ", value).partition(";")[0].strip().lower()


def precedence(headers: Fields) -> str:
    """The Precedence field in lower case, without blanks around it; "" if there is none (D30)."""
    return headers.value("precedence").strip().lower()


def suppresses_all(headers: Fields) -> bool:
    """
    Whether X-Auto-Response-Suppress says All: the sender wants no automatic answer of any kind.

    Shorter lists of values do not count, because they are on people's mail too (D31).
    """
    return any(
        word.strip().lower() == "all"
        for value in headers.values("x-auto-response-suppress")
        for word in value.split(",")
    )


def spam(headers: Fields) -> str:
    """The header field in which a filter calls the mail spam or a virus, as `Name: value`; "" if there is none."""
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


_OF_LISTS = ("mailing-list", "x-mailing-list", "x-beenthere", "x-mailman-version", "x-listname")


def lists(headers: Fields) -> str:
    """The name of the header field that marks list mail (RFC 2919, RFC 2369); "" if there is none."""
    return next((name for name in headers.names() if name.startswith("list-") or name in _OF_LISTS), "")


def list_id(headers: Fields) -> str:
    """The identifier in the angle brackets of List-Id, in lower case (RFC 2919 §3); "" if there is none."""
    value = headers.value("list-id")
    return (value.rpartition("<")[2].partition(">")[0] or value).strip().lower()
