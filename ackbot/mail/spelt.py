"""Numbers spelt in words: what a reader dials although no digit of it stands there (E10). English first, then whom we write to."""

from ackbot.mail import folding

# One digit each. Any of them may be another word too; only several in a row are a number.
_DIGITS = (
    "zero oh nought naught nil one two three four five six seven eight nine"  # English
    " ii iii iv v vi vii viii ix"
    " dim sero un dau dwy tri tair pedwar pedair pump pum chwech chwe saith wyth naw"  # Welsh
    " cero uno una dos tres cuatro cinco seis siete ocho nueve"  # Spanish
    " um uma dois duas quatro sete oito nove"  # Portuguese
    " zéro deux trois quatre cinq sept huit neuf une"  # French
    " null eins zwei zwo drei vier fünf sechs sieben acht neun"  # German
    " due tre quattro cinque sei sette otto"  # Italian
    " unu doi două trei patru șase șapte opt nouă"  # Romanian
    " jeden jedna dwa dwie trzy cztery pięć sześć siedem osiem dziewięć"  # Polish
    " sıfır bir iki üç dört beş altı yedi sekiz dokuz"  # Turkish
    " eber kow koow hal labo laba saddex afar shan lix toddoba siddeed sagaal"  # Somali
    " ноль нуль один одна два две три четыре пять шесть семь восемь девять дві чотири шість сім вісім п'ять"
    " صفر واحد اثنان اثنين ثلاثة ثلاث أربعة أربع خمسة خمس ستة ست سبعة سبع ثمانية ثماني تسعة تسع"  # Arabic
    " ایک دو تین چار پانچ چھ سات آٹھ نو یک سه پنج شش هفت هشت نه"  # Urdu, Persian
    " শূন্য এক দুই তিন চার পাঁচ ছয় সাত আট নয়"  # Bengali
    " शून्य एक दो तीन चार पांच पाँच छह छः सात आठ नौ"  # Hindi
    " ਸਿਫ਼ਰ ਇੱਕ ਦੋ ਤਿੰਨ ਚਾਰ ਪੰਜ ਛੇ ਸੱਤ ਅੱਠ ਨੌਂ"  # Punjabi
)
# Two digits each, and words that repeat or lengthen what stands before or behind them. Alone, all of them are ordinary sums.
_LONGER = {
    1: "double dwbl doble double doppelt podwójne",
    2: "treble triple triphlyg hundred hundreds cant gant ciento cien cem cento cent cents hundert sto sută boqol сто"
    " مئة مائة একশ सौ"
    " ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
    " twenty thirty forty fifty sixty seventy eighty ninety"
    " deg ugain hanner diez once doce trece catorce quince veinte treinta cuarenta cincuenta sesenta setenta ochenta noventa"
    " dix onze douze treize quatorze quinze seize vingt vingts trente quarante cinquante soixante"
    " zehn elf zwölf zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig dieci venti trenta",
    3: "thousand thousands mil fil mille tausend mii tysiąc kun тысяча ألف হাজার हज़ार",
}
_AND = frozenset(["and", "a", "y", "e", "et", "und", "și", "i", "ac"])


def _folded(words: str) -> list[str]:
    return [folding.letters(word) for word in words.split()]


_DIGIT = frozenset(_folded(_DIGITS))
_WORTH = {word: worth for worth, words in _LONGER.items() for word in _folded(words)} | dict.fromkeys(_DIGIT, 1)
_ENGLISH = frozenset(
    _folded(
        "nought naught one two three four five six seven eight nine ten eleven twelve twenty thirty forty fifty sixty seventy"
        " eighty ninety hundred thousand double treble triple"
    )
)


def is_digit(word: str) -> bool:
    """Whether it is the word for one digit, in a language of our residents, or Roman; accents do not matter."""
    return folding.letters(word) in _DIGIT


def worth(word: str) -> int:
    """How many digits a word of a number stands for: `eight` 1, `hundred` 2; 0 for any other word."""
    return _WORTH.get(folding.letters(word), 0)


def joins(word: str) -> bool:
    """Whether it stands inside a number without being a part of it, as in `eight hundred and one`."""
    return folding.letters(word) in _AND


def is_number(words: list[str]) -> bool:
    """Whether the words of a name are a number: each of them, or two in English. One word alone may be a name (Otto, Tri)."""
    said = [word for word in words if not joins(word)]
    return (len(said) > 1 and all(map(worth, said))) or sum(word.casefold() in _ENGLISH for word in words) > 1
