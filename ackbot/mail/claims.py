"""
Sentences that a council or a bank could write: they claim something, or tell whoever reads them to act (E10).

In a resident's mouth "Council tax refund" is a question; in the subject of the council's mail to a victim it is an offer.
Nothing in the words tells which, so a subject with such words is quoted only to whoever is proven to have written it.
"""

import re

from ackbot.mail import folding

# Words of money, courts and log-ins. None is a word of ordinary complaints about homes, bins and roads.
_MONEY = (
    r"refund(?:s|ed|able)?|rebates?|reimburse\w*|compensation|cashback|arrears|overpa(?:y|id)\w*|underpa(?:y|id)\w*"
    r"|payments?|payable|unpaid|paying"
    r"|accounts?|invoices?|fines|fined|penalt(?:y|ies)|pcn|debts?|overdue|prizes?|winners?|won(?!['’])|lottery|reward"
    r"|voucher|bonus"
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
    r"|attached|to (?:us|me|this|claim|stop|confirm|avoid|\d)|(?:the|a|our) (?:link|form|code|number|file|attachment"
    r"|fine|fee|bill"
    r"|charge|balance|app|website|site|page)|\w+ (?:now|today|here|back|immediately|at once)|[£$€\d]))"
    r"|\b(?:click|tap|press) (?:here|below|this|now)|\b(?:read|act|pay|call|reply|respond|ring) (?:now|today|at once"
    r"|immediately)"
    r"|\btext (?:yes|no|stop|win|back)\b"
)
# Orders that begin a sentence; residents begin theirs with "please" and what they want done.
_ORDER = (
    r"(?:^|[.:;!?] )(?:please )?(?:let|give|leave|send|bring|tell|vote|do not|don ?'?t|hand|show|take|stay|evacuate"
    r"|drink|boil|avoid|pay|meet|run)"
    r"(?! (?:and display|me know|out|to remain|of absence)\b)\b"
)
# The same in the languages of our residents: of each, refund, fine, payment, account, eviction, court, prize, click, call, pay.
_ELSEWHERE = (
    r"reembols\w+|devolucion|multas?|pagos?|pague|cuentas?|desahucio|desalojo|juzgado|tribunal\w*|premio|haga clic"
    r"|clic aqui|pulse"
    r"|llame\w*|llamar|contrasena|clique\w*|pagamento|despejo|ligue|penhora|senha|rimborso|sfratto|clicca\w*"
    r"|chiama\w*|paga|premi"
    r"|rembours\w+|amende|paiement|compte|expulsion|cliquez|appelez|payez|huissier|mot de passe"
    r"|ruckerstattung|erstattung|zahlung|bezahlen|konto\w*|mahnung|raumung\w*|gericht\w*|bussgeld|klick\w*|rufen"
    r"|anrufen|gewinn\w*"
    r"|passwort|rambursare|amend[ae]|plata|plati\w*|contul|evacuare|instanta|apasati|sunati|parola"
    r"|zwrot|mandat|p[łl]atnosc|zap[łl]a\w+|eksmisja|komornik|kliknij|zadzwon\w*|has[łl]o|wygra\w+"
    r"|ad-?daliad|dirwy|taliad\w*|cyfrif|troi allan|gorchymyn"
    r"|llys (?:barn|y goron|sirol|ynadon)|cliciwch|ffoniwch|galwch|talwch|gwobr|cyfrinair"
    r"|iade|odeme|hesap\w*|tahliye|mahkeme|tiklay\w+|arayin|sifre|ganaax|lacag\w*|guji|maxkamad\w*"
    r"|возврат|штраф\w*|оплат\w+|счет\w*|выселени\w*|суд|нажмите|позвоните|приз|пароль"
)
# What whoever threatens, offers or delivers says, with a thing of the council's in it or without.
_PRESSES = (
    r"fees?|outstanding|owing|balance|surcharges?|charges? (?:of|due|notice|outstanding|unpaid)|(?:action|payment"
    r"|response) required"
    r"|towed|clamp\w*|impound\w*|seiz\w+|removal of goods|disconnect\w*|taken into|convict\w*|offences?"
    r"|fraud (?:\w+ )?(?:department|team|squad|alert|unit)"
    r"|(?:tax|revenue) office|security alert|offer(?:s|ed)?|giveaway|grants|grant (?:money|payment|available|waiting"
    r"|scheme|of|for)|free (?:[^\W_]+ ){1,3}for"
    r"|available|selected|chosen|qualif\w+|congratulations|windfall|payout|ppi|cash|money|deposits? (?:to|due|of)"
    r"|transfer (?:to|only|the)"
    r"|must|will be|shall be|within \d+ (?:hours?|days?)|\d+ hours|today only|parcels?|couriers?|delivery (?:fee"
    r"|charge|failed|attempt|pending)"
    r"|doge\w*|ethereum|usdt|wallets?|tokens?|investments?|guaranteed|docusign|ccj|meet (?:me|us|behind|at|outside|in|by)"
    r"|bombs?|raids?|sacked|liab\w+|admits?|damages|doubled|(?:contract|tenancy|lease) ended|last places|schemes?"
    r"|ready (?:for|to)|increase of|per ?cent"
    r"|leave (?:now|at|the \w+ (?:now|open|by))|let [^\W_]+(?: [^\W_]+)? in(?:to)?|pay on|new (?:contact|officer)"
    r"|(?:phone |account )?number (?:has )?changed"
    r"|(?:elections?|polling stations?|vot(?:e|ing)|count) (?:[^\W_]+ )?(?:postponed|moved|cancelled|closed|changed)"
    r"|vote (?:for|reform|labour|conservative|tory|lib|green)"
    r"|passports?|photo of|date of birth|maiden name|national insurance|ni number"
    r"|attention|credit (?:of|note|due)|queue|priority|for sale|deposits?|charge|secured|discounts? (?:ready"
    r"|available|approved|of)|police|reported"
    r"|frauds?|investigat\w+|liars?|thie(?:f|ves)|corrupt\w*|everyone out|last day|starts|win|free (?:bins?|boilers?"
    r"|flats?|homes?|gift\w*|money|app|upgrade)"
    r"|(?:wo)?m[ae]n (?:calls|visits)|has the [^\W_]+|for [£$€]\s?\d+|asylum|illegals?|immigrants?|vermin"
    r"|tax (?:starts|rise|raid|cut)|survey: "
    r"|impay\w+|nicht bezahlt|ruckstand\w*|zaleg\w*|restant\w*|gecikm\w*|dalu|sin pagar|atraso\w*|em atraso"
    r"|non pagat\w*|morosita|неоплач\w*|задолженност\w*|penalti"
    r"|frais|colis|douane|paquetes?|aduanas?|spese|pacco|encomenda|taxa|taxe (?:de|due)|gebuhr\w*|nachzahlung"
    r"|fallig\w*|paket\w*|zoll\w*"
    r"|dop[lł]at\w*|paczk\w*|op[lł]at\w*|colet\w*|ffi|parsel|dyledus|ucret\w*|kargo|посылк\w*|доплат\w*|долг\w*|xirmad\w*"
)
# Who says that they write, where they want to be met, and what leads there without a link. The beginning of a number to call.
_LEADS = (
    r"(?:money|cash|rent|sums?) (?:is )?(?:owed|owing)|send (?:money|cash)|gift ?cards?|(?:itunes|apple|steam"
    r"|google play) cards?"
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
    rf"\b(?:{_MONEY}|{_COURT}|{_DECIDED}|{_OURS}|{_NEW}|{_ELSEWHERE}|{_LEADS}|{_PRESSES})\b|{_SUM}|{_TELL}|{_ORDER}|{_NUMBER}"
)
# Scripts whose words have prefixes, or no blanks between them.
_PIECES = re.compile(
    folding.letters(
        "استرداد|المبلغ|غرامة|حساب|محكمة|إخلاء|اخلاء|اضغط|اتصل|جائزة|كلمة المرور|ادفع|جرمانہ|اکاؤنٹ|عدالت|کلک|کال کر"
        "|ফেরত|জরিমানা|অ্যাকাউন্ট|আদালত|উচ্ছেদ|ক্লিক|কল কর|পুরস্কার|जुर्माना|खाता|खाते|अदालत|क्लिक|कॉल कर|भुगतान|इनाम"
        "|متأخر|বকেয়া|बकाया|واجب الادا|بقایا|未付|欠款|欠费"
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
