"""Contact forms: whom one names in a header field or a line of text, and how one is known that nobody configured (E26)."""

import re

from ackbot.casework.council import Form
from ackbot.mail import addresses
from ackbot.mail.addresses import Address
from ackbot.mail.message import Message

_READ = 20_000  # characters of a form's text
_LINES = 500
_BELOW = 2  # lines that are not blank in which a label's value may stand below it
# What forms put in front of a label, and between it and its value: list marks, bold, table bars, "Q:", "(required)".
_LEAD = re.compile(
    r"[\s>*_|#•·–—-]{0,20}(?:(?:Q|Question|Field)\s?\d{0,3}\s?[:.)]\s?|\d{1,3}[.)]\s)?[\s*_|]{0,10}", re.IGNORECASE
)
_BETWEEN = re.compile(
    r"[\s*_]{0,10}(?:\((?:required|optional|mandatory)\)|\*)?[\s*_]{0,10}(?:[:：=|?–—-]|=>|->|\t|\s{2,})[\s*_|:=>]{0,20}",
    re.IGNORECASE,
)
_LABELLED = re.compile(r"[\w' ]{1,40}+[:：=|]")  # another field, so that this one is empty
_ANSWER = re.compile(r"[\s>*_|•–—-]{0,20}(?:(?:A|Answer|Value)\s?[:.)]\s?)?", re.IGNORECASE)
_ADDRESS = re.compile(
    r"(?<![\w.+@-])[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9.-]{1,200}\.[A-Za-z]{2,24}(?![\w@-])"
)
# Accounts that web sites and form services send from; no person has such a name.
_SITE = re.compile(
    r"(?:wordpress|wpforms|www|www-data|apache2?|httpd?|nginx|php|drupal|joomla|typo3|umbraco|formmail(?:er)?|form-?submit|(?:web-?|e-?|contact-?|online-?)?forms?(?:-?(?:no-?reply|mailer|data))?"
    r"|webform|contact-?form-?\d?|jotform|typeform|gravityforms?|ninjaforms?|formidable|formstack|wufoo|cognitoforms|squarespace|wixforms?|firmstep|achieveforms?|achieveservice|jadu|granicus|govservice|netcall|liberty-?create)"
    r"(?:[-_.+].{0,40})?",
    re.IGNORECASE | re.DOTALL,
)
_SITE_MARKS = ("x-php-originating-script", "x-php-script", "x-wpforms", "x-jadu-form", "x-form-id", "x-contact-form")
_SITE_MAILER = re.compile(
    r"phpmailer|wordpress|wp ?mail|drupal|joomla|swiftmailer|jadu|firmstep|granicus|formstack", re.IGNORECASE
)
_EMAIL_LABEL = re.compile(
    r"(?m)^[\s>*_|]{0,20}(?:your\s|contact\s)?e-?mail(?:\saddress)?[\s*_]{0,10}[:：=|]", re.IGNORECASE
)


def resident_of(message: Message, form: Form) -> Address | None:
    """
    The resident for whom a form writes: the address in the line that the configuration names, or else in the header field.

    A form whose line is not there names nobody: what else it holds is not known to be an address of the resident.
    """
    if not form.resident_line:
        return message.mailbox(form.resident.lower())
    value = value_of(message.text, form.resident_line)
    found = _ADDRESS.search(value)
    if found is None:
        return None
    name = value_of(message.text, form.name_line) if form.name_line else ""
    shown = next((display for display, addr in addresses.parse(value) if addr == found[0]), "")
    one = Address(" ".join((name or shown).split())[:100], found[0])
    return one if one.usable else None


def value_of(text: str, label: str) -> str:
    """
    The value of a named line of a form, as `Email: a@b`, `Email | a@b`, or with the value in the next line; "" if it is not there.

    The first such line counts.
    """
    wanted = label.strip().rstrip(":：?=|").strip().casefold()
    lines = text[:_READ].split("\n")[:_LINES]
    for number, line in enumerate(lines):
        lead = _LEAD.match(line)
        rest = line[lead.end() :] if lead else line
        if not wanted or rest[: len(wanted)].casefold() != wanted:
            continue
        behind = rest[len(wanted) :]
        if between := _BETWEEN.match(behind):
            if value := behind[between.end() :].strip(" \t*_|"):
                return value
        elif behind.strip(" \t*_|:?()"):
            continue  # another label that begins alike: "Email preference"
        below = [one for one in lines[number + 1 : number + 2 * _BELOW + 1] if one.strip()][:1]
        if below and (answer := _ANSWER.match(below[0])):
            value = below[0][answer.end() :].strip(" \t*_|")
            return "" if _LABELLED.match(value) else value
    return ""


def unconfigured(message: Message) -> bool:
    """
    Whether a web site's form sent it that no inbox names under `forms`: we would answer the site and not the resident.

    The account's name tells, or the site's mark together with a line for an email address that is not the sender's.
    """
    author = message.author
    if author is None:
        return False
    if _SITE.fullmatch(author.local):
        return True
    marked = any(name in message.headers for name in _SITE_MARKS) or _SITE_MAILER.search(
        message.headers.value("x-mailer")
    )
    if not marked:
        return False
    labelled = _EMAIL_LABEL.search(message.text[:_READ])
    other = _ADDRESS.search(message.text[:_READ], labelled.end()) if labelled else None
    return other is not None and addresses.key_of(other[0]) != author.key
