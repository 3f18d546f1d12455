"""
What residents write when they wish something of us, in the languages in which they do (behaviour.md §3.8, §3.10, §3.11, §3.13).

Each entry is an expression in the words of one language. It is compared without accents, letter case and punctuation, and so are
apostrophes: "don't" reads `don t`.
"""

from collections.abc import Mapping
from types import MappingProxyType

# A whole sentence that asks for no automatic mail. `_MAIL` and `_TAIL` may stand in it where English has them.
_MAIL = (
    r"(?:(?:any|all|more|another|further|these|those|such|the|your|this|kind|of|single|one|auto|automatic|automated|automatically generated|"
    r"system|computer|robot|standard|silly|stupid|bloody|useless) )*(?:e ?mails?|messages?|updates?|mails?|notifications?|repl(?:y|ies)|responses?|"
    r"receipts?|acknowledge?ments?|robots?)"
)
_HEAD = (
    r"(?:(?:hello|hi|dear|and|so|but|also|now|then|again|ok|thanks|thank you|please|pls|kindly|just|can you|could you|would you|will you|you can|"
    r"i (?:want|need|would like|wish|ask|asked|said|told|am asking|beg)(?: you| for)?(?: to)?) )*"
)
_TAIL = r"(?: (?:to me|me|please|pls|thank you|thanks|from you|from ackbot|from the council|again|any ?more|at all|ever|now|automatically|just fix it|about this|about it))*"
QUIET: tuple[str, ...] = (
    rf"{_HEAD}(?:no more|no|enough|enough of|not|without) {_MAIL}{_TAIL}",
    rf"{_HEAD}stop (?:sending|emailing|e mailing|mailing|writing|messaging|contacting|bothering|with)(?: (?:me|us|to me|to us))*(?: {_MAIL})?{_TAIL}",
    rf"{_HEAD}stop {_MAIL}{_TAIL}",
    rf"{_HEAD}(?:do not|don t|dont|never|not) (?:ever )?(?:send|e ?mail|write to|write|contact|message)(?: (?:me|us))*(?: {_MAIL})?{_TAIL}",
    rf"{_HEAD}i (?:do not|don t|dont|no longer) (?:want|need|wish)(?: to)?(?: (?:get|receive|have|see|be sent))? {_MAIL}{_TAIL}",
    rf"{_HEAD}(?:unsubscribe|remove|take|delete|opt) (?:me|us|my address|my email)(?: (?:out|off|from))*(?: (?:of|off|from))?(?: (?:your|this|the|any|all|mailing|email|e mail|lists?|database|system|of|these|emails?|messages?|updates?|mails?))*{_TAIL}",
    # Other languages.
    r"(?:por favor )?(?:no (?:quiero|deseo)(?: recibir)?|no me (?:envíen?|manden?|escriban?|mandes|envíes)|no más|basta de)(?: más)?(?: (?:correos|mensajes|emails|e ?mails))?(?: automáticos)?(?: por favor)?",
    r"(?:(?:s il vous plaît|svp|merci de) )*(?:plus (?:de|d)|ne m envoyez plus|ne plus m envoyer|arrêtez de m envoyer|je ne veux plus(?: recevoir)?)(?: (?:de|d|des|les|ces|vos))*(?: (?:e ?mails?|messages?|courriels?|mails?))?(?: automatiques?)?(?: (?:s il vous plaît|svp|merci))*",
    r"(?:désabonnez|désinscrivez) moi(?: (?:svp|s il vous plaît|merci))*",
    r"(?:proszę )?(?:nie (?:przysyłać|wysyłać|przysyłajcie|wysyłajcie)|żadnych|koniec)(?: (?:mi|już|więcej|automatycznych|z))*(?: (?:e ?maili|wiadomości|maili|mailami|mejli))?(?: więcej)?(?: proszę)?",
    r"(?:por favor )?(?:não (?:me )?(?:enviem?|mandem?|escrevam?)|não quero(?: receber)?|chega de|não mais|nada de)(?: (?:me|mais))*(?: (?:e ?mails?|mensagens|correio))?(?: automátic[oa]s)?(?: por favor)?",
    r"(?:per favore )?(?:non (?:mandatemi|inviatemi|scrivetemi|mandate|inviate|voglio(?: ricevere)?)|basta(?: con)?|niente|mai)(?: (?:più|altre|altri|le|i))*(?: (?:e ?mail|messaggi|mail))?(?: automatic(?:he|i))?(?: per favore)?",
    r"(?:vă rog )?(?:(?:să )?nu (?:îmi |mi )?(?:mai )?(?:trimiteți|trimite|scrieți)|nu (?:mai )?(?:vreau|doresc)(?: să primesc)?|fără|gata cu)(?: (?:mi|mai|alte))*(?: (?:e ?mailuri(?:le)?|mesaje(?:le)?))?(?: automate)?(?: vă rog)?",
    r"(?:os gwelwch yn dda )?(?:dim|peidiwch(?: (?:ag|â))?(?: anfon| ebostio| e bostio)?|stopiwch(?: anfon)?|rhowch y gorau i anfon)(?: (?:mwy|rhagor|o))*(?: (?:e ?byst|ebyst|negeseuon|ebost|e ?bost))?(?: awtomatig)?(?: ataf(?: i)?)?(?: os gwelwch yn dda)?",
    r"(?:fadlan )?(?:ha (?:ii|i) soo dirin?a?|jooji(?:ya)?(?: (?:dirista|diridda))?|ma (?:rabo|doonayo))(?: (?:farriimo|farriimaha|iimayl(?:ada)?|email(?:ada)?|dambe|otomaatig|ah))*(?: fadlan)?",
    r"(?:من فضلكم? )?(?:لا ترسلوا?|توقفوا عن (?:إرسال|ارسال)|لا أريد|كفى)(?: (?:لي|إلي|المزيد من|أي|هذه))*(?: (?:رسائل|الرسائل|رسالة|بريد|البريد))?(?: (?:تلقائية|آلية|الآلية|التلقائية|أخرى))*(?: من فضلكم?)?",
    r"(?:দয়া করে )?(?:আমাকে )?(?:আর )?(?:কোনো |কোন |স্বয়ংক্রিয় )*(?:ইমেইল|ইমেল|মেইল|বার্তা) (?:পাঠাবেন না|চাই না|দেবেন না|করবেন না|পাঠানো বন্ধ করুন|বন্ধ করুন)",
)
# These words alone are a wish only at the beginning: further down they are more likely a footer's.
QUIET_ALONE = rf"{_HEAD}(?:quiet|unsubscribe|stop|stop it|opt out|abbestellen|désabonner|baja|rezygnuję){_TAIL}"

# Part of a short letter that asks how far it is.
NEWS: tuple[str, ...] = (
    r"any (?:news|updates?|progress|word|movement|developments?|joy|luck)",
    r"(?:what|whats) (?:is |s )?(?:happening|going on|the (?:news|latest|update|status|position|progress))|what (?:has|s) happened|is anything happening",
    r"(?:when|how soon) (?:will|can|do|am|shall) (?:i|we) (?:going to )?(?:hear|get (?:an? )?(?:answer|reply|update|response))",
    r"when (?:will|is|are|can|does|do) (?:some ?one|some ?body|any ?one|any ?body|you|they|it|this|(?:the|my|a|our) \w+|(?:the|my) \w+ \w+)(?: (?:going to|be|ever|finally|actually))*"
    r" (?:come|coming|visit|fixed|fix|repair(?:ed)?|mend(?:ed)?|done|look|here|ready|happen|start|sort(?:ed)?|deal|dealt|arrive|reply|answer)",
    r"still (?:waiting|no (?:news|reply|answer|response|word)|nothing)|(?:heard|had) (?:nothing|no (?:news|reply|answer|response))",
    r"(?:have|has)(?: not|n t) (?:heard|had)|(?:no one|no ?body) (?:has |s )?(?:come|came|called|been|answered|replied|written)",
    r"(?:can|could|may|might|would) (?:you|i|we|some ?one|some ?body)(?: please| kindly)? (?:have|get|be given|give me|give us|send me|let me have|tell me|update)(?: (?:an?|the|some|any|how far|where))*(?: (?:update|news|progress|idea|information|it is|me|us|things are))",
    r"update (?:please|me please|on this)|please update|(?:has|have|was|is) there (?:been )?(?:any|some) (?:movement|progress|news|developments?|updates?)",
    r"(?:is|has|was) (?:any ?one|any ?body|some ?one|some ?body) (?:looking|looked|dealing|dealt|reading|there|read|working)|any ?(?:one|body) (?:there|home|reading this)",
    r"(?:did|have) you (?:get|got|receive|received|read|seen?|forgotten) (?:my|me|this|it)|how (?:is|far is|are) (?:it|this|things|that|my \w+)(?: (?:going|coming along|getting on|progressing))?",
    r"(?:i am|i m|just) (?:chasing|following up)|where (?:are we|do things stand|does (?:this|it) stand)",
    # Other languages.
    r"(?:hay |alguna )+(?:novedad(?:es)?|noticias?)|cuándo (?:vienen?|vendrán?|van a|recibiré|tendré|me)|sigo esperando|todavía espero",
    r"(?:des|avez vous des|y a t il d(?:u|es)|quelles) (?:nouvelles|nouveau)|quoi de neuf|quand (?:viend\w+|est ce que|allez|aurai|quelqu)|j attends (?:toujours|encore)",
    r"(?:czy )?(?:są|jest|macie) (?:jakieś|jakaś|jakiś)? ?(?:wieści|nowości|postępy?|informacje|wiadomo\w*)|kiedy (?:ktoś|przyjd\w+|przyjed\w+|dostanę|otrzymam|będzie)|(?:nadal|wciąż) czekam",
    r"(?:há |tem |alguma )+(?:novidades?|notícias?)|quando (?:vem|vêm|vão|virão|recebo|terei|alguém)|(?:continuo|ainda estou) (?:à espera|a esperar|esperando)",
    r"(?:ci sono |qualche )(?:novità|notizi[ea]|aggiornament[oi])|quando (?:vien\w+|verr\w+|arriv\w+|avrò|qualcuno)|(?:sto|aspetto) ancora(?: aspettando)?",
    r"(?:vreo|aveți|sunt|există) (?:noutăți|noutate|vești|veste|informații|știri)|când (?:vine|vin|veniți|va|primesc|cineva)|încă (?:aștept|mai aștept)",
    r"(?:oes )?unrhyw (?:newyddion|ddiweddariad)|pryd (?:fydd|bydd|daw|ddaw|fyddwch|mae)|(?:dal|rwy n dal) i aros",
    r"(?:ma jiraa|wax) (?:war|warar|akhbaar)|war cusub|goorma (?:ayaa|ayay|ayuu|la)|weli waan sugayaa",
    r"هل (?:هناك|يوجد|من) (?:أي )?(?:جديد|أخبار|تحديث)|متى (?:سي|ست|سوف)\w*|ما ?زلت أنتظر",
    r"(?:কোনো|কোন) (?:খবর|আপডেট)|কবে (?:আসবেন|আসবে|পাব|ঠিক)|এখনও অপেক্ষা|এখনো অপেক্ষা",
)

# A wish for no phone calls, anywhere in a sentence.
NO_PHONE: tuple[str, ...] = (
    r"(?:do not|don t|dont|never|not|please no) (?:ever |try to |keep )?(?:phone|phoning|ring|ringing|telephone|telephoning)(?: (?:me|us))?(?! (?:it|the|that|him|her|them|a|back when|round|number|police|you))",
    r"(?:do not|don t|dont|never) (?:ever |try to |keep )?(?:call|calling) (?:me|us)(?= (?:please|on|by|at|as|because|i|but|email|write|again|ever|any ?more|thank|thanks)(?![^\s])|$)",
    r"(?:no|not|without|avoid|stop) (?:any |more |making |by |the |on the )*(?:phone ?calls?|telephone ?calls?|calls|calling me|phoning me|ringing me|phone|telephone)(?= (?:please|as|because|i|but|only|thank|thanks|or)(?![^\s])|$)",
    r"i (?:cannot|can t|can not|cant|am not able to|am unable to|do not|don t|dont|struggle to|hate|will not|won t)(?: (?:to|be able to|really|like to|want to))*(?: (?:use|hear|speak|talk|answer|do|take|manage|cope|have|using|answering|talking|speaking|hear you))*(?: (?:on|over|with|by))?(?: (?:the|a|my|any))?"
    r" (?:phone ?calls?|phones?|telephones?)",
    r"(?:by |in )?(?:e ?mail|letter|post|writing|text) only(?: please)?|only (?:by |in )(?:e ?mail|letter|post|writing)|(?:please )?(?:write|e ?mail)(?: to)?(?: me| us)?(?: and)?(?: instead of| rather than) (?:phon|call|ring)ing",
    # Other languages.
    r"no me llamen?|no (?:llamen?|llamar)(?: por teléfono)?|sin (?:llamadas|teléfono)",
    r"ne m appelez pas|ne (?:me )?téléphonez pas|ne pas (?:m appeler|appeler|téléphoner)|pas d appels?(?: téléphoniques?)?|pas de téléphone",
    r"(?:proszę )?nie (?:dzwonić|dzwońcie|telefonować)|bez telefonów",
    r"não (?:me )?(?:telefonem?|liguem?)|não (?:telefonar|ligar)|sem (?:chamadas|telefonemas)",
    r"non (?:mi )?(?:chiamatemi|telefonatemi|chiamate|telefonate|chiamare|telefonare)|niente telefonate",
    r"nu (?:mă )?(?:sunați|suna|telefonați)|fără (?:apeluri|telefon\w*)",
    r"peidiwch (?:â )?(?:ffonio|galw)|dim galwadau(?: ffôn)?",
    r"ha (?:i|ii) soo wicin?a?|wicitaan ma rabo",
    r"لا تتصلوا?|بدون مكالمات|لا أستطيع استخدام الهاتف",
    r"(?:ফোন|কল) করবেন না",
)

# Formats by the name in the footer of our mails, with what people call them.
FORMATS: Mapping[str, str] = MappingProxyType(
    {
        "large print": r"(?:large|larger|big|bigger) (?:print|font|type|text|letters)|letra(?:s)? grandes?|gros caractères|grands caractères|duż(?:y|ym) druk(?:iem)?|duż(?:a|ą) czcionk(?:a|ą)|dużymi literami"
        r"|caratteri grandi|stampa grande|litere mari|caractere mari|print bras|llythrennau mawr|far(?:ta)? waaweyn|خط كبير|بخط كبير|(?:أحرف|بأحرف|حروف|بحروف) كبيرة|বড় (?:অক্ষরে|অক্ষর|হরফে|হরফ)",
        "Easy Read": r"easy ?read|lectura fácil|facile à lire|falc|łatwy do czytania|tekst łatwy|leitura fácil|facile da leggere|lettura facile|ușor de citit|hawdd ei ddeall|hawdd ei ddarllen|si fudud|سهلة? القراءة|সহজ পাঠ|সহজ ভাষায়",
        "BSL": r"bsl|british sign language|sign language|lengua de señas|lengua de signos|langue des signes|język(?:u|a)? migow\w+|língua gestual|lingua dei segni|limbaj(?:ul)? semnelor|iaith arwyddion|luqadda dhegoolaha|لغة الإشارة|ইশারা ভাষা",
        "Braille": r"braille|brajl\w*|برايل|بريل|ব্রেইল",
        "audio": r"audio(?: (?:tape|cd|file|version|format))?|spoken version|(?:plik|nagranie) dźwiękow\w+|sain(?: yn unig)?|maqal|تسجيل صوتي|صوتي|অডিও",
    }
)
# Words of a wish in front of a format or a language, or behind it.
WANTED = (
    r"need|needs|want|wants|would like|like|prefer|please|pls|send|have|get|write|reply|answer|respond|in|only|could|can|may|por favor|necesito|quiero|quisiera|besoin|voudrais|veux|svp|s il vous plaît"
    r"|proszę|potrzebuję|chcę|poproszę|preciso|quero|gostaria|per favore|ho bisogno|vorrei|voglio|vă rog|am nevoie|vreau|aș dori|os gwelwch|hoffwn|angen|fadlan|waxaan|من فضلك|أريد|أحتاج|দয়া|চাই|দরকার|প্রয়োজন"
)
# Where a language's name follows or leads, the resident wants to be answered in it: `NAME` stands for the name.
IN_LANGUAGE: tuple[str, ...] = (
    r"(?:need|want|would like|like|prefer|please|pls|send|have|get|write|reply|answer|respond|speak|talk|translate|translated|letters?|e ?mails?|information)(?: \w+){0,6} (?:in|into) (?:\w+ (?:or|and) )?NAME",
    r"(?:need|want|would like|like|prefer|please|have|get|send|can|could)(?: \w+){0,4} NAME(?: (?:language|speaking))? (?:interpreter|translator|translation|speaker)",
    r"(?:interpreter|translator|translation)(?: \w+){0,3} NAME",
    r"i (?:only|just) (?:speak|read|understand|know)(?: \w+){0,1} NAME|i (?:speak|read|understand) (?:only|just) NAME",
    r"(?:por favor|puede[ns]?|responda[ns]?|escriba[ns]?|s il vous plaît|svp|répondez|écrivez|proszę|odpowiad\w+|odpisa\w*|pisz\w+|por favor|respond\w+|escrev\w+|per favore|rispond\w+|scriv\w+|vă rog|răspund\w+|scrie\w*"
    r"|atebwch|ysgrifennwch|os gwelwch yn dda|fadlan|iigu jawaab\w*|من فضلكم?|الرد|أجيبوا)(?: \w+){0,4} NAME",
    r"NAME (?:por favor|svp|s il vous plaît|proszę|per favore|vă rog|os gwelwch yn dda|fadlan|من فضلك|please|উত্তর দিন|লিখুন)",
)
# A short yes to the offer of an interpreter, which is made in the resident's language.
YES = (
    r"(?:(?:yes|yeah|yep|please|sí|si|oui|tak|sim|da|ie|ydw|ydy|hoffwn|haa|ja|evet|نعم|اجل|হ্যাঁ|জি|জী|por favor|s il vous plaît|svp|merci|proszę|poproszę|per favore|grazie|obrigad[oa]|gracias|vă rog|mulțumesc"
    r"|os gwelwch yn dda|diolch|fadlan|mahadsanid|من فضلكم?|شكرا|দয়া করে|ধন্যবাদ|thank you|thanks|dziękuję|i would(?: like that)?|necesito|quiero|je veux(?: bien)?|d accord|chcę|quero|voglio|volentieri|vreau|rwyf eisiau|waan rabaa|أريد(?: ذلك)?|চাই"
    r"|(?:un |une |o |um |uma |an |a )?(?:intérprete|interprète|traducción|traduction|tłumacz\w*|tradução|interprete|traduzione|interpret|traducere|cyfieithydd|cyfieithiad|turjubaan|turjumaan|مترجم\w*|ترجمة|দোভাষী|অনুবাদ|interpreter|translation))(?: |$))+"
)
