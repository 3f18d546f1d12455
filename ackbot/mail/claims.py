"""
Sentences that a council or a bank could write: they claim something, or tell whoever reads them to act (E10).

In a resident's mouth "Council tax refund" is a question; in the subject of the council's mail to a victim it is an offer.
Nothing in the words tells which, so a subject with such words is quoted only to whoever is proven to have written it.
"""

import re

from ackbot.mail import folding

# Words of money, courts and log-ins. None is a word of ordinary complaints about homes, bins and roads.
_MONEY = (
    r"refund(?:s|ed|able)?|rebates?|reimburse\w*|compensation|cashback|arrears|overpa(?:y|id)\w*|underpa(?:y|id)\w*|payments?|payable|unpaid|paying"
    r"|accounts?|invoices?|fines|fined|penalt(?:y|ies)|pcn|debts?|overdue|prizes?|winners?|won(?!['’])|lottery|reward|voucher|bonus"
    r"|gift card|inherit\w*|crypto\w*|bitcoins?|password\w*|passcode|pin|log ?-?in|log on|sign in|verif\w+"
    r"|suspicious (?:log|sign|transaction|payment)\w*|deactivat\w+"
    r"|bank (?:details?|accounts?|cards?|transfers?|statements?|payments?)|sort code|card (?:details?|number)|direct debits?"
    r"|evict\w*|bailiffs?"
    r"|enforcement (?:agents?|action|officers?|order|notice)|repossess\w*|prosecut\w*|summons(?:es)?|warrants?"
    r"|injunctions?|subpoena|arrest\w*"
    r"|deport\w*"
    r"|final (?:notice|demand|reminder|warning)|last (?:notice|chance|warning)|notice to quit|legal action"
)
_COURT = (
    r"(?:county|crown|magistrates\W{0,2}s?|high|small claims|the|in|to|at) court"
    r"(?! (?:road|street|lane|close|house|gardens?|flats?)\b)"
    r"|court (?:orders?|hearings?|dates?|actions?|case|claim|fees?|fines?|proceedings?|judgments?|papers|letter)"
    r"|(?:parking|a|the|your|pay|of|with|library|litter) fine(?!\w)|^fine(?: of| for|\W*$)"
)
_DECIDED = r"granted|approved|refused|rejected|revoked|terminated|suspended|withdrawn|cancelled|expired|expires"
_SUM = (
    r"[£$€]\s?\d[\d.,]*+\W*+(?:is |are )?(?:due|waiting|available|for you|credited|transferred)"
    r"|(?:due|claim|pay|receive|get|win)\W+[£$€]\s?\d"
)
_OURS = r"our (?:new )?(?:bank|account|phone|telephone|email|e-mail|website|web|number|address|payment|portal|office|hotline)"
_NEW = r"new (?:bank|account|payment|number|(?:tele)?phone number|hotline|portal)"
# The imperative at the start of a sentence.
_START = r"(?:^|[.:;!?,/|–—•(\[-]\s{0,3}|\b(?:please|pls|kindly|just|now|and|then|or|to) )"
_TELL = (
    rf"{_START}(?:(?:call|ring|dial|text|click|whatsapp|tap here)\b"
    r"(?! (?:road|main|round|roads|box|mast|line|signal|centre|center|outs?|messages?|of|waiting|bell|times?|tone)\b)"
    r"|(?:phone|pay|reply|respond|visit|open|download|scan|update|claim|contact|go|send|transfer|read|see|act|write|email"
    r"|mail|message|answer|confirm|follow|log|sign|register|join|stop|wait|come|meet|give|buy|order|enter|check|use|try"
    r"|forward|delete|ignore)"
    r" (?:us|me|him|them|here|now|today|tonight|back|online|this|these|below|immediately|urgently|asap|by return|yes|no"
    r"|attached|to (?:us|me|this|claim|stop|confirm|avoid|\d)|(?:the|a|our) (?:link|form|code|number|file|attachment|fine|fee|bill"
    r"|charge|balance|app|website|site|page)|\w+ (?:now|today|here|back|immediately|at once)|[£$€\d]))"
    r"|\b(?:click|tap|press) (?:here|below|this|now)|\b(?:read|act|pay|call|reply|respond|ring) (?:now|today|at once|immediately)"
    r"|\btext (?:yes|no|stop|win|back)\b"
)
# The same in the languages of our residents: of each, refund, fine, payment, account, eviction, court, prize, click, call, pay.
_ELSEWHERE = (
    r"reembols\w+|devolucion|multas?|pagos?|pague|cuentas?|desahucio|desalojo|juzgado|tribunal\w*|premio|haga clic|clic aqui|pulse"
    r"|llame\w*|llamar|contrasena|clique\w*|pagamento|despejo|ligue|penhora|senha|rimborso|sfratto|clicca\w*|chiama\w*|paga|premi"
    r"|rembours\w+|amende|paiement|compte|expulsion|cliquez|appelez|payez|huissier|mot de passe"
    r"|ruckerstattung|erstattung|zahlung|bezahlen|konto\w*|mahnung|raumung\w*|gericht\w*|bussgeld|klick\w*|rufen|anrufen|gewinn\w*"
    r"|passwort|rambursare|amend[ae]|plata|plati\w*|contul|evacuare|instanta|apasati|sunati|parola"
    r"|zwrot|mandat|p[łl]atnosc|zap[łl]a\w+|eksmisja|komornik|kliknij|zadzwon\w*|has[łl]o|wygra\w+"
    r"|ad-?daliad|dirwy|taliad\w*|cyfrif|troi allan|gorchymyn"
    r"|llys (?:barn|y goron|sirol|ynadon)|cliciwch|ffoniwch|galwch|talwch|gwobr|cyfrinair"
    r"|iade|odeme|hesap\w*|tahliye|mahkeme|tiklay\w+|arayin|sifre|ganaax|lacag\w*|guji|maxkamad\w*"
    r"|возврат|штраф\w*|оплат\w+|счет\w*|выселени\w*|суд|нажмите|позвоните|приз|пароль"
)
# Who says that they write, where they want to be met, and what leads there without a link. The beginning of a number to call.
_LEADS = (
    r"(?:money|cash|rent|sums?) (?:is )?(?:owed|owing)|send (?:money|cash)|gift ?cards?|(?:itunes|apple|steam|google play) cards?"
    r"|chief exec\w*|(?:from|by) the (?:mayor|leader|director|council|police|court)|leader of the council|balliffs?"
    r"|police (?:investigation|matter|visit)|(?:home office|immigration|social services) (?:visit|check|raid|interview)"
    r"|(?:benefits?|credit|allowance|pension)s? (?:is |are |was |were )?stopped|leave the house|get out|come alone"
    r"|anydesk|teamviewer|qr(?: code)?|(?:bitly|bit ly|tiny ?url|short ?link|goo gl|t me) ?\w*"
    r"|(?:see|use|open|follow) (?:the )?link"
    r"|link (?:below|above|in|inside|attached)|(?:google|search for|go to) \w+|(?:signal|dm|whatsapp|telegram|message) me"
    r"|hotline|helpline|(?:ask for|speak to|speak with|meet|pay) [^\W\d_]+(?: at \d{1,2})?\Z"
)
_NUMBER = r"(?<![\d/.,-])0\d{3}|\+\s?\d{2}|(?<![\w/.,-])\d(?:\s\d){3}(?!\w)"
_WORDS = re.compile(
    rf"\b(?:{_MONEY}|{_COURT}|{_DECIDED}|{_OURS}|{_NEW}|{_ELSEWHERE}|{_LEADS})\b|{_SUM}|{_TELL}|{_NUMBER}"
)
# Scripts whose words have prefixes, or no blanks between them.
_PIECES = re.compile(
    folding.letters(
        "استرداد|المبلغ|غرامة|حساب|محكمة|إخلاء|اخلاء|اضغط|اتصل|جائزة|كلمة المرور|ادفع|جرمانہ|اکاؤنٹ|عدالت|کلک|کال کر"
        "|ফেরত|জরিমানা|অ্যাকাউন্ট|আদালত|উচ্ছেদ|ক্লিক|কল কর|পুরস্কার|जुर्माना|खाता|खाते|अदालत|क्लिक|कॉल कर|भुगतान|इनाम"
        "|退款|罚款|罰款|账户|帳戶|付款|法院|驱逐|点击|點擊|致电|致電|请拨|中奖|密码|払い戻し|クリック|裁判所|환불|벌금|계좌|법원|클릭|전화"
    )
)


def claims(seen: str) -> bool:
    """
    Whether it holds words of money, courts or decisions, or tells whoever reads it to act.

    Args:
        seen: as `lures.seen_as` gives it.
    """
    plain = folding.letters(seen)
    return bool(_WORDS.search(plain) or _PIECES.search(plain))
