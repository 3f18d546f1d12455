"""Words that only announce ("Thanks, I'll look into it and come back to you") are news, and no answer (behaviour.md §3.4, E86)."""

import re

_MOST = 600  # characters; whoever writes more says more
_WHO = (
    r"(?:(?:i|we)(?:'ll| will| shall| am going to|'m going to| are going to|'re going to| need to| have to| want to| would like to|"
    r"'d like to| can)|let me|(?:someone|somebody|a colleague|one of (?:us|my colleagues)|my colleague|(?:my|our|the) team) will)"
)
_HOW = r"(?: (?:just|first|now|also|then|quickly|certainly|of course|be sure to|make sure to|go and|try to))*+"
_ACT = (
    r"(?:look(?: in| into| at)?|take a look|have a (?:look|word|think)|check|find out|chase|investigate|enquire|make enquiries|"
    r"come back|get back|be back|be in touch|let you know|update you|keep you (?:posted|updated|informed|up to date)|"
    r"write(?: again| back| to you)?|reply|respond|answer|contact you|call you|ring you|see what|see if|ask|speak|talk|follow|"
    r"get on(?:to)?|deal with|sort|review|raise|go through|read)"
)
_DOING = r"(?:looking|checking|chasing|investigating|finding out|working|dealing|following|reviewing|asking|speaking)"
_REST = r"(?: [^,;:]{0,90})?"
_STARTS = re.compile(
    rf"{_WHO}{_HOW} {_ACT}{_REST}|(?:(?:i am|i'm|we are|we're|currently|just|still) )?{_DOING}{_REST}|"
    r"(?:please )?(?:leave (?:it|this|that) with (?:me|us)|bear with (?:me|us)|watch this space)|more(?: news)? soon|on it|will do|"
    r"(?:i|we) will|i'll|more to follow",
)
_GOES_ON = re.compile(rf"{_ACT}{_REST}")
_COURTESY = re.compile(
    r"(?:many |so |very )?(?:thanks|thank you|cheers)(?: (?:so|very) much| again)?(?: (?:for|edward)[^,;:]{0,80})?|"
    r"(?:(?:i am|i'm|we are|we're) )?(?:so |very |really )?sorry(?: (?:to hear|to read|about|for|that)[^,;:]{0,80})?|"
    r"(?:i have|i've|we have|we've)? ?(?:got|received|noted|read|seen|had) (?:it|this|that|your [a-z ]{1,30})|"
    r"got it|noted|received|understood|ok|okay|sure|no problem|of course|will do"
)
_FACTS = re.compile(
    r"\b(?:because|but|however|unfortunately|was|were|has been|have been|is (?:now|done|fixed)|please)\b"
)
_GREETING = re.compile(
    r"(?:dear|hello|hi|hey|good (?:morning|afternoon|evening))\b[^.!?\n]{0,60}(?:\n|,|$)", re.IGNORECASE
)
_SENTENCES = re.compile(r"[.!?;\n]+")
_PIECES = re.compile(r",| and | then | so | – | - ")


def only(words: str) -> bool:
    """
    Whether words say nothing but that somebody will look, ask and write again; beside thanks and a word of sympathy.

    Args:
        words: above the sign-off.
    """
    text = words.replace("’", "'").strip()
    if len(text) > _MOST:
        return False
    text = text[match.end() :] if (match := _GREETING.match(text)) else text
    found = False
    for sentence in _SENTENCES.split(text.lower()):
        said = _announces(" ".join(sentence.split()))
        if said is None:
            return False
        found = found or said
    return found


def _announces(sentence: str) -> bool | None:
    """Whether a sentence announces; None if it says anything else."""
    if _FACTS.search(sentence):
        return None
    found = False
    for piece in filter(None, (piece.strip() for piece in _PIECES.split(sentence))):
        if _STARTS.fullmatch(piece) or (found and _GOES_ON.fullmatch(piece)):
            found = True
        elif not _COURTESY.fullmatch(piece):
            return None
    return found
