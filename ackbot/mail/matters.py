"""
Words for what residents write to a council about: homes, bins, roads, schools, benefits, in the languages of our residents (E10).

Nobody can list what lures say: there is a new one each week. But a subject that a resident writes nearly always names one of these
things. So a subject of which nobody knows who wrote it is quoted only if it does, and claims nothing besides.
"""

import re

from ackbot.mail import folding

# Whole words, with or without the ending of a plural, a past or a participle. One line is joined to the next by `|`.
_ENGLISH = r"""
    bin|recycl\w*|rubbish|refuse|waste|litter|wheelie|tip|fly ?tip\w*|dump\w*|skip|compost\w*|caddy|caddies|sack|bag|bulky
    sofa|mattress|damp|mould\w*|mold\w*|leak\w*|drip\w*|flood\w*|drain\w*|sew(?:er|age)\w*|gutter\w*|roof\w*|ceiling|wall
    window|door|lock|key fob|gate|fence|hedge|boiler|heat\w*|radiator|hot water|water|gas|electric\w*|plug|socket|light\w*
    lamp|lift|stair\w*|landing|hallway|lobby|intercom|entry ?phone|buzzer|kitchen|bath\w*|bedroom|toilet|sink|tap|shower
    cooker|oven|fan|extractor|cupboard|floor\w*|carpet|tile\w*|plaster\w*|crack|subsidence|asbestos|insulation|cladding
    chimney|loft|attic|balcon\w*|porch|shed|garage|garden\w*|yard|drive ?way|kerb|patio|conservatory|extension|scaffold\w*
    brick\w*|paint\w*|decorat\w*|repair\w*|mend\w*|broken|blocked|smash\w*|vandal\w*|graffiti|smell\w*|stink\w*|infest\w*
    pest|rat|mouse|mice|wasp|ant|bed ?bug|cockroach\w*|pigeon|seagull|gull|fox|cat|dog|doggy|horse|bee|pot ?hole\w*
    road\w*|street\w*|pavement|path\w*|foot ?path|footbridge|bridge|underpass|alley\w*|lane|junction|roundabout|crossing
    zebra|traffic|speed\w*|bump|road sign|street sign|signpost|bollard|manhole|grit\w*|snow|ice|icy|salt|park\w*|permit
    cycl\w*|bike|bus\w*|taxi|blue badge|car|cars|van|vehicle|lorr\w*|tram|station car park|abandoned|yellow lines?
    double yellow|white lines?|disabled bay|tree\w*|branch\w*|bush\w*|grass|verge|weed\w*|leaves|playground|swing|slide
    bench|pool|paddling|swim\w*|leisure|gym|sport|pitch|football|tennis|allotment|river|canal|pond|beach|council tax
    council house|council flat|flat|house\w*|home\w*|rent|rents|rented|tenan\w*|landlord|leasehold\w*|lease|housing
    hous\w*|hostel|shelter|room|rooms|property|properties|block|estate|mutual exchange|transfer list|waiting list
    overcrowd\w*|evicted|move|moving|moved|removal van|neighbou?r\w*|noise|noisy|music|party|parties|bark\w*|anti-?social
    nuisance|bonfire|smoke|smoking|drug dealing|harass\w*|cctv|plan(?:ning)?|planning|building control|building regs?
    development|objection|object|tree preservation|listed building|conservation area|change of use|hmo|licen[cs]e
    licen[cs]ing|premises|food|hygiene|takeaway|restaurant|market|stall|trading|busk\w*|events?|fair|festival|fireworks
    school\w*|nursery|nurseries|admissions?|pupil|teacher|term|uniform|sen|send|ehcp|transport|meals?|childcare|youth
    library|libraries|book|books|museum|theatre|archive|course|class|classes|birth|death|marriage|wedding|ceremony
    ceremonies|civil partnership|registrar|burial|grave\w*|cemeter\w*|cremat\w*|funeral|certificate|electoral|vote|voting
    voter|ballot|polling|election|councillor|ward|citizenship|social care|carer\w*
    care (?:assessment|home|plan|package|needs?)|adult care|disab\w*|wheelchair|adaptation|grab rail|ramp
    occupational therap\w*|home help|day centre|autis\w*|foster\w*|adopt\w*|mother|father|mum|dad|son|daughter|wife
    husband|baby|grandmother|grandfather|nan|housing benefit|universal credit|benefits?|allowance|discount|single person
    pension credit|food ?bank|hardship|discretionary|budget\w*|homeless\w*|rough sleep\w*|freedom of information|foi
    subject access|data: my|complain\w*|compliment|feedback|enquir\w*|inquir\w*|question|query|request|application
    appointment|visit|inspection|survey\w*|meeting|form|forms|booking|consultation|petition|suggestion|bylaw|by-law
    minutes|press release|address|blind|rail|railings?|post box|phone box|phone|pay and display|meter|charging point
    charger|solar|heat pump|energy|draught\w*|cold|frozen|burst|pipe\w*|pump|tank|cistern|oil|spill\w*|pollution
    air quality|dust|dirt\w*|dead (?:cat|dog|fox|bird|animal)|lost|found|stolen|theft|missed|late|closed|closure|works
    roadworks|utility|badge|fob|repairs?|caretaker|warden|cleaner|cleaning|sweep\w*|mow\w*|prun\w*|cut back|overgrown
    overhanging|dangerous|hazard|trip|slip\w*|accident|injur\w*|claim form|rat run|hump|toddler|pushchair|refugee|asylum
    resettlement|interpreter|translation|thank|thanks|owed since|smok\w*|mould|silverfish|slug|woodworm|knotweed|ivy|moss
    algae|stagnant|puddle|sandbag|mast|aerial|satellite dish|broadband|phone mast|shops?|ashes|plumber\w*|plumbing
    electrician|builder|contractor|engineer|gas engineer|domestic (?:abuse|violence)|drop-in|wardens?|boundary|brambles?
    stream|marsh|ditch|culvert|sinkhole|tarmac|resurfac\w*|dropped|ramps?|tactile|cones?|diversion|hgv|scooter|motorbike
    quad|drone|shopping trolley|needles?|syringe|fridge|freezer|washing machine|telly|cot|pram|war memorial|statue|clock
    toilets|changing room|caf[eé]|volunteer\w*|charity|community centre|village hall|hall|clinic|gp|vaccin\w*
    sexual health|stop smoking|flats?|unit|units|houses|court (?:road|street|lane|close|house|gardens)|(?:\w+ )court
    reference|case|crescent|avenue|gardens|terrace|grove|mews|call centre|waiting times?|opening (?:times?|hours?)
    timetable|bottle bank|lamp ?post|collection|attendance|respite|safeguarding|student|exemption|condensation|alarm
    headstone|name change|bulb|parquet|mains|stopcock|thermostat|hob|wiring|fuse ?box|trip switch|letter ?box|door ?bell
    banister|handrail|skirting|grouting|sealant|communal|refurb\w*|redecorat\w*|estate agent|right to buy|homeswap|band
    lodger|succession|joint|partner|residents?|parents?|grandad|gran|granny|brother|sister|child|children\w*|kids?
    pensioner|veteran|recycling bank|visa|[a-z]{1,2}\d[a-z\d]? \d[a-z]{2}
"""
_WELSH = r"""
    bin|biniau|ailgylchu|gwastraff|sbwriel|tamp|llwydni|lleithder|dwr|gollwng|y to|wal|drws|ffenestr|boeler|gwres\w*|cegin
    gegin|ystafell|stafell|twll|tyllau|ffordd|heol|stryd|lon|palmant|golau|goleuadau|coeden|coed|parc|parcio|trwydded
    ysgol|llyfrgell|treth (?:y )?cyngor|budd-dal|tai|ty|fflat|rhent|cymydog|cymdogion|swn|ci|cwn|cais|cwyn|cynllunio|bws
    gofal|draen|lifft|dim (?:dwr|gwres)
"""
_SPANISH = r"""
    col·legi|humedad\w*|moho|gotera\w*|fuga|techo|pared|puerta|ventana|caldera|calefaccion|agua|cocina|bano|dormitorio
    piso|casa|vivienda|alquiler|vecin\w*|ruido\w*|basura|contenedor\w*|reciclaje|calle|bache\w*|acera|farola\w*|arbol\w*
    parque|aparcamiento|aparcar|colegio|escuela|biblioteca|autobus|perro\w*|rata\w*|ascensor|permiso|queja|solicitud|cita
    impuesto municipal|ayuda (?:de|para) vivienda|nacimiento|cementerio
"""
_FRENCH = r"""
    humidite|moisissure\w*|fuite\w*|toit|mur|porte|fenetre\w*|chaudiere|chauffage|eau|cuisine|salle de bain|chambre
    appartement|logement|maison|loyer|voisin\w*|bruit\w*|poubelle\w*|ordures|dechets|recyclage|rue|route|nid-de-poule
    trottoir|eclairage|lampadaire\w*|arbre\w*|parc|stationnement|ecole|bibliotheque|bus|chien\w*|rat|rats|ascenseur
    plainte|reclamation|demande|rendez-vous|taxe d.habitation|naissance|cimetiere|inscription
"""
_GERMAN = r"""
    feucht\w*|schimmel\w*|wasser\w*|dach\w*|decke|wand|tur|fenster|heizung\w*|kessel|kuche|badezimmer|schlafzimmer
    wohnung\w*|haus|miete\w*|nachbar\w*|larm\w*|mull\w*|tonne|sperrmull|recycling|strasse\w*|schlagloch\w*|gehweg
    laterne\w*|baum|baume|park\w*|schule\w*|kita|bucherei|bus|hund\w*|ratten|aufzug|beschwerde|antrag|termin|wohngeld
    geburts\w*|friedhof
"""
_ITALIAN = r"""
    umidita|muffa|perdita d.acqua|perdita|infiltrazion\w*|tetto|muro|porta|finestra|caldaia|riscaldamento|acqua|cucina
    bagno|camera|appartamento|casa|alloggio|affitto|vicin[oi]|rumor\w*|spazzatura|rifiuti|bidon\w*|raccolta|strada
    buc[ah]\w*|marciapiede|lampion\w*|alber\w*|parco|parcheggio|scuola|biblioteca|autobus|cane|cani|topi|ascensore|reclamo
    richiesta|appuntamento|nascita|cimitero
"""
_PORTUGUESE = r"""
    humidade|umidade|bolor|mofo|infiltrac\w*|telhado|parede|porta|janela|caldeira|aquecimento|agua|cozinha|casa de banho
    banheiro|quarto|apartamento|casa|habitacao|renda|aluguel|vizinh\w*|barulho|lixo|contentor\w*|reciclagem|rua|buraco\w*
    passeio|candeeiro\w*|arvore\w*|parque|estacionamento|escola|biblioteca|autocarro|cao|caes|ratos|elevador|queixa
    reclamacao|pedido|nascimento|cemiterio
"""
_POLISH = r"""
    wilgo\w*|plesn\w*|grzyb\w*|wyciek\w*|przeciek\w*|cieknie|dach\w*|sufit\w*|scian\w*|drzwi|okn\w*|piec\w*|ogrzewani\w*
    wod[aye]\w*|kuchni\w*|lazien\w*|pok[oó]j\w*|sypialni\w*|mieszkani\w*|domu|domem|czynsz\w*|sasiad\w*|halas\w*|smieci\w*
    kosz\w*|recykling\w*|ulic\w*|drog\w*|dziur\w*|chodnik\w*|latarni\w*|drzew\w*|park\w*|szkol\w*|bibliotek\w*|autobus\w*
    pies|psy|szczur\w*|wind[aye]|skarg\w*|wniosek|podani\w*|zasilek|urodzeni\w*|cmentarz\w*
"""
_ROMANIAN = r"""
    umezeal\w*|mucegai\w*|igrasie|infiltrat\w*|scurger\w*|acoperis\w*|tavan\w*|peret\w*|fereastr\w*|geam\w*
    centrala termica|centrala|caldur\w*|incalzir\w*|apa|bucatari\w*|baie|dormitor\w*|apartament\w*|casa|locuint\w*
    chiri\w*|vecin\w*|zgomot\w*|gunoi\w*|pubel\w*|recicl\w*|strad\w*|drum\w*|gropi|groapa|trotuar\w*|copac\w*|parcul\w*
    parcare|scoal\w*|bibliotec\w*|autobuz\w*|cain\w*|sobolan\w*|lift\w*|reclamati\w*|plangere|cerer\w*|programare
    certificat\w*
"""
_TURKISH = r"""
    rutubet|nem|kuf\w*|sizint\w*|cati\w*|tavan\w*|duvar\w*|kapi\w*|pencere\w*|kombi\w*|kalorifer\w*|isitma|mutfa\w*
    banyo\w*|oda\w*|daire\w*|evim\w*|konut\w*|kira\w*|komsu\w*|gurultu\w*|cop\w*|geri donusum|sokak\w*|yol\w*|cukur\w*
    kaldirim\w*|agac\w*|park\w*|okul\w*|kutuphane\w*|otobus\w*|kopek\w*|fare\w*|asansor\w*|sikayet\w*|basvuru\w*|randevu
"""
_SOMALI = r"""
    guri\w*|guryo\w*|qashin\w*|biyo\w*|biyaha|qoyaan\w*|saqaf\w*|albaab\w*|daaqad\w*|kulayl\w*|jikada|musqul\w*|qol\w*
    kiro\w*|kirada|deris\w*|buuq\w*|waddo\w*|jidka|dugsi\w*|iskuul\w*|maktabad\w*|cabasho\w*|codsi\w*|ballan
"""
_RUSSIAN = r"""
    протеч\w*|течет|течь|сырост\w*|плесен\w*|крыш\w*|потол\w*|стен\w*|двер\w*|окн\w*|окно|котел|отоплени\w*|вод[аыу]\w*
    кухн\w*|ванн\w*|комнат\w*|квартир\w*|дом\w*|жиль\w*|аренд\w*|сосед\w*|шум\w*|мусор\w*|контейнер\w*|улиц\w*|дорог\w*
    ям[аы]|тротуар\w*|фонар\w*|дерев\w*|парк\w*|школ\w*|библиотек\w*|автобус\w*|собак\w*|крыс\w*|лифт\w*|жалоб\w*
    заявлени\w*|пособи\w*|волог\w*|опаленн\w*|смітт\w*|вулиц\w*|будин\w*|житл\w*|сусід\w*|скарг\w*
"""
_OTHERS = r"""
    رطوبة|عفن|تسريب|تسرب|سقف|جدار|باب|نافذة|غلاية|تدفئة|مياه|مطبخ|حمام|غرفة|شقة|منزل|بيت|سكن|إيجار|الجيران|جار|ضوضاء|ضجيج
    قمامة|نفايات|شارع|طريق|حفرة|رصيف|شجرة|حديقة|موقف|مدرسة|مكتبة|حافلة|كلب|فئران|مصعد|شكوى|طلب|موعد|نمی|نشتی|زباله|گرمایش
    خانه|مدرسه|همسایه|سیلن|پھپھوندی|چھت|دیوار|دروازہ|کھڑکی|بوائلر|ہیٹنگ|پانی|باورچی|کمرہ|فلیٹ|گھر|مکان|کرایہ|پڑوسی|شور
    کوڑا|سڑک|گلی|گڑھا|درخت|پارک|سکول|اسکول|کتا|چوہے|لفٹ|شکایت|درخواست|স্যাঁতসেঁতে|ছাদ|দেয়াল|দরজা|জানালা|বয়লার|হিটিং|পানি
    জল|রান্নাঘর|ঘর|ফ্ল্যাট|বাড়ি|বাসা|ভাড়া|প্রতিবেশী|শব্দ|ময়লা|আবর্জনা|রাস্তা|গর্ত|গাছ|পার্ক|স্কুল|কুকুর|ইঁদুর|লিফট
    অভিযোগ|আবেদন|सीलन|नमी|फफूंद|छत|दीवार|दरवाज|खिड़की|बॉयलर|हीटिंग|पानी|रसोई|कमरा|फ्लैट|घर|मकान|किराया|पड़ोसी|शोर|कूड़ा
    कचरा|सड़क|गड्ढा|पेड़|पार्क|स्कूल|कुत्ता|चूहे|लिफ्ट|शिकायत|आवेदन|漏水|潮湿|潮濕|发霉|發霉|霉|屋顶|屋頂|天花板|墙|牆|门|窗|锅炉|暖气|暖氣|热水|厨房|廚房
    浴室|房间|公寓|住房|房屋|租金|邻居|鄰居|噪音|垃圾|回收|街|道路|路面|坑|人行道|路灯|树|公园|停车|學校|学校|图书馆|公交|老鼠|电梯|投诉|申请|申請|预约|水漏れ|カビ|湿気|暖房|ゴミ|騒音|누수|곰팡이|난방
    쓰레기|소음|도로|학교|임대
"""
# A subject of nothing else says nothing.
_SAID = (
    "hello hi dear good morning afternoon evening day sir madam all team help needed please urgent urgently "
    "important query question enquiry problem problems issue issues advice information info update support contact "
    "thanks thank for the a an my to about of i need some following up further previous earlier last again email "
    "mail phone telephone call conversation reply no still waiting any news matter matters another second first "
    "third new old "
)
_GENERAL = frozenset(_SAID.split())


def _joined(*several: str) -> str:
    return "|".join(line.strip() for one in several for line in one.strip().split("\n"))


_ELSEWHERE = (
    _WELSH,
    _SPANISH,
    _FRENCH,
    _GERMAN,
    _ITALIAN,
    _PORTUGUESE,
    _POLISH,
    _ROMANIAN,
    _TURKISH,
    _SOMALI,
    _RUSSIAN,
)
_WORDS = re.compile(rf"\b(?:{_joined(_ENGLISH)})(?:e?s|['’]s|ed|ing|y)?\b|\b(?:{_joined(*_ELSEWHERE)})\b")
_PIECES = re.compile(folding.letters(_joined(_OTHERS)))


def named(seen: str) -> bool:
    """
    Whether it names one of the things that residents write to a council about.

    Args:
        seen: as `lures.seen_as` gives it.
    """
    plain = folding.letters(seen)
    return bool(_WORDS.search(plain) or _PIECES.search(plain)) or _GENERAL.issuperset(re.findall(r"[^\W\d_]+", plain))
