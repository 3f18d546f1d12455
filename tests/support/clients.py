"""Replies of staff as twelve mail clients make them: our mail below the words, quoted in each client's own way (E36)."""

import re
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.utils import parseaddr
from html import escape

from tests.support.letters import parsed, plain
from tests.support.story import LONDON, PASSED

DISCLAIMER = (
    "This e-mail and any files transmitted with it are confidential and intended solely for the use of the individual or "
    "entity to whom they are addressed. If you have received this email in error please notify the system manager."
)
OUTSIDE = (
    "CAUTION: This email originated from outside of the organisation. Do not click links or open attachments unless you "
    "recognise the sender and know the content is safe."
)
LEARN = "[You don't often get email from housing@northgate.example. Learn why this is important at https://aka.ms/LearnAboutSenderIdentification ]"
_HEADS = {
    "en": ("From", "Sent", "To", "Subject"),
    "cy": ("Oddi wrth", "Anfonwyd", "At", "Pwnc"),
    "de": ("Von", "Gesendet", "An", "Betreff"),
}


@dataclass(frozen=True)
class Reply:
    """
    What a reply is made of.

    Args:
        words: what the person writes, with a signature if they have one.
        banner: a gateway's or Outlook's warning that was put above the quoted mail.
        footer: a paragraph that the council's server puts below the whole mail.
        heads: the language of the header block over the quotation.
    """

    words: str
    ours: str
    sender: str
    addr: str
    to: str
    subject: str
    banner: str = ""
    footer: str = ""
    heads: str = "en"

    def below(self, text: str) -> str:
        """A text with the footer of the server below it."""
        return f"{text}\n\n{self.footer}" if self.footer else text


@dataclass(frozen=True)
class Body:
    """The parts of a reply. "" for a part that the client does not make."""

    text: str
    html: str = ""
    kind: str = ""


def _joined(text: str) -> str:
    """Paragraphs of one line each, as clients leave them that take line ends for wrapping."""
    return "\n\n".join(" ".join(piece.split()) for piece in text.split("\n\n"))


def _linked(text: str) -> str:
    return re.sub(r"[\w.+-]+@[\w.-]+\w", lambda found: f"{found[0]}<mailto:{found[0]}>", text)


def _block(reply: Reply, *, mailto: bool, when: str = "30 November 2026 10:12") -> str:
    names = _HEADS[reply.heads]
    addr = f"{reply.addr}<mailto:{reply.addr}>" if mailto else reply.addr
    values = (f"{reply.sender} <{addr}>", when, f"Priya Shah <{reply.to}>", reply.subject)
    return "\n".join(f"{name}: {value}" for name, value in zip(names, values, strict=True))


def _banner(reply: Reply) -> str:
    return f"{reply.banner}\n\n" if reply.banner else ""


def _paragraphs(text: str) -> str:
    return "".join(f"<p class=MsoNormal>{escape(line) or '&nbsp;'}<o:p></o:p></p>\n" for line in text.split("\n"))


def _office(reply: Reply, rule: str, quoted: str, *, mailto: bool) -> Body:
    """Text and HTML of Outlook: a rule, a header block, our mail below it."""
    block = _block(reply, mailto=mailto)
    text = f"{reply.words}\n\n{rule}{block}\n\n{_banner(reply)}{quoted}"
    names = "".join(
        f"<b>{escape(line.partition(':')[0])}:</b>{escape(line.partition(':')[2])}<br>"
        for line in _block(reply, mailto=False).split("\n")
    )
    html = (
        f'<html xmlns:o="urn:schemas-microsoft-com:office:office"><body lang=EN-GB><div class=WordSection1>'
        f"{_paragraphs(reply.words)}<div style='border:none;border-top:solid #E1E1E1 1.0pt'><p class=MsoNormal>{names}</p>"
        f"</div><p>{escape(reply.banner)}</p>{_paragraphs(reply.ours)}<p>{escape(reply.footer)}</p></div></body></html>"
    )
    return Body(reply.below(text), html)


def outlook_classic_text(reply: Reply) -> Body:
    """Outlook for Windows that answers a text with a text, and takes out "extra line breaks"."""
    quoted = f"-----Original Message-----\n{_block(reply, mailto=False)}\n\n{_banner(reply)}{_joined(reply.ours)}"
    return Body(reply.below(f"{reply.words}\n\n{quoted}"))


def outlook_classic(reply: Reply) -> Body:
    """Outlook for Windows in HTML: every line of our text a paragraph, addresses shown as links."""
    return _office(reply, "", _linked(reply.ours).replace("\n", "\n\n"), mailto=True)


def outlook_new(reply: Reply) -> Body:
    """The new Outlook: a rule, and our text with its wrapping taken out."""
    return _office(reply, "________________________________\n", _linked(_joined(reply.ours)), mailto=False)


def outlook_web(reply: Reply) -> Body:
    """Outlook on the web: our lines joined, and broken anew at 72."""
    lines = [textwrap.fill(piece, 72) for piece in _joined(_linked(reply.ours)).split("\n")]
    return _office(reply, "________________________________\n", "\n".join(lines), mailto=True)


def outlook_ios(reply: Reply) -> Body:
    """Outlook on an iPhone: its own line below the words, our mail as one paragraph each."""
    words = f"{reply.words}\n\nGet Outlook for iOS<https://aka.ms/o0ukef>"
    made = Reply(**{**vars(reply), "words": words})
    return _office(made, "________________________________\n", _joined(reply.ours).replace("\n\n", "\n"), mailto=False)


def outlook_android(reply: Reply) -> Body:
    """Outlook on Android."""
    words = f"{reply.words}\n\nSent from Outlook for Android<https://aka.ms/AAb9ysg>"
    made = Reply(**{**vars(reply), "words": words})
    return _office(made, "\n________________________________\n", _linked(reply.ours), mailto=True)


def outlook_html_only(reply: Reply) -> Body:
    """An Exchange server that keeps the HTML alone."""
    return Body("", outlook_classic(reply).html)


def _marked(text: str, width: int = 0) -> str:
    lines = text.split("\n")
    if width:
        lines = [piece for line in lines for piece in textwrap.wrap(line, width) or [""]]
    return "\n".join(f"> {line}".rstrip() for line in lines)


def _quote_html(words: str, head: str, ours: str) -> str:
    return (
        f'<div dir="ltr">{escape(words).replace(chr(10), "<br>")}</div><br><div class="gmail_quote"><div dir="ltr" '
        f'class="gmail_attr">{escape(head)}<br></div><blockquote class="gmail_quote">'
        f"{escape(ours).replace(chr(10), '<br>')}</blockquote></div>"
    )


def gmail_web(reply: Reply) -> Body:
    """Gmail in a browser: an attribution folded at 78, our mail marked and wrapped anew."""
    head = f"On Mon, 30 Nov 2026 at 10:12, {reply.sender} <{reply.addr}> wrote:"
    folded = head.replace(" <", " <\n")
    text = f"{reply.words}\n\n{folded}\n\n{_marked(_banner(reply) + reply.ours, 66)}"
    return Body(reply.below(text), _quote_html(reply.words, head, reply.ours))


def gmail_android(reply: Reply) -> Body:
    """Gmail on Android."""
    head = f"On Mon, 30 Nov 2026, 10:12 {reply.sender}, <{reply.addr}> wrote:"
    text = f"{reply.words}\n\n{head}\n\n{_marked(_banner(reply) + reply.ours)}\n>"
    return Body(reply.below(text), _quote_html(reply.words, head, reply.ours))


def apple_mail(reply: Reply) -> Body:
    """Apple Mail on a Mac."""
    head = f"On 30 Nov 2026, at 10:12, {reply.sender} <{reply.addr}> wrote:"
    return Body(reply.below(f"{reply.words}\n\n{head}\n\n{_marked(_banner(reply) + reply.ours)}"))


def iphone(reply: Reply) -> Body:
    """Mail on an iPhone: the attribution itself is marked, with narrow blanks."""
    head = f"On 30 Nov 2026, at 10:12\u202fam, {reply.sender} <{reply.addr}> wrote:"
    quoted = _marked(f"{head}\n\n\ufeff{_banner(reply)}{_joined(reply.ours)}")
    return Body(reply.below(f"{reply.words}\n\nSent from my iPhone\n\n{quoted}"), kind="quoted")


def thunderbird(reply: Reply) -> Body:
    """Thunderbird with flowed text (RFC 3676)."""
    words = "\n".join(textwrap.fill(line, 70).replace("\n", " \n") for line in reply.words.split("\n"))
    head = f"On 30/11/2026 10:12, {reply.sender} wrote:"
    return Body(reply.below(f"{words}\n\n{head}\n{_marked(_banner(reply) + reply.ours)}"), kind="flowed")


def samsung(reply: Reply) -> Body:
    """Samsung's mail app."""
    block = f"From: {reply.sender} <{reply.addr}>\nDate: 30/11/2026  10:12  (GMT+00:00)\nTo: Priya Shah <{reply.to}>\nSubject: {reply.subject}"
    quoted = f"-------- Original message --------\n{block}\n\n{_banner(reply)}{reply.ours}"
    return Body(reply.below(f"{reply.words}\n\n\nSent from my Galaxy\n\n\n{quoted}"))


def k9(reply: Reply) -> Body:
    """K-9 Mail: no blank behind the mark."""
    quoted = "\n".join(f">{line}" for line in (_banner(reply) + reply.ours).split("\n"))
    return Body(
        reply.below(
            f"{reply.words}\n\nOn 30 November 2026 10:12:00 GMT, {reply.sender} <{reply.addr}> wrote:\n{quoted}"
        )
    )


CLIENTS: Mapping[str, Callable[[Reply], Body]] = {
    one.__name__.replace("_", " "): one
    for one in (
        outlook_classic_text,
        outlook_classic,
        outlook_new,
        outlook_web,
        outlook_ios,
        outlook_android,
        outlook_html_only,
        gmail_web,
        gmail_android,
        apple_mail,
        iphone,
        thunderbird,
        samsung,
        k9,
    )
}


def written(client: str, content: bytes, words: str, when: datetime, **parts: str) -> bytes:
    """
    A whole mail by Priya from that client, in reply to a mail of ours, vouched for by the council's server.

    Args:
        content: our mail, the octets that were sent.
        parts: `banner`, `footer` and `heads` of Reply.
    """
    ours = parsed(content)
    name, addr = parseaddr(str(ours["From"]))
    to = parseaddr(str(ours["To"]))[1]
    reply = Reply(words, plain(content).strip(), name, addr, to, str(ours["Subject"]), **parts)
    body = CLIENTS[client](reply)
    mail = EmailMessage()
    mail["From"] = f"Priya Shah <{to}>"
    mail["To"] = str(ours["Reply-To"])
    mail["Subject"] = f"Re: {ours['Subject']}"
    mail["Date"] = when.astimezone(LONDON)
    mail["Message-ID"] = f"<{abs(hash((client, words, content, tuple(parts.items()))))}@northgate.example>"
    mail["In-Reply-To"] = str(ours["Message-ID"])
    mail["References"] = str(ours["Message-ID"])
    mail["Authentication-Results"] = PASSED
    if body.text:
        mail.set_content(body.text, cte="quoted-printable" if body.kind == "quoted" else "8bit")
        if body.kind == "flowed":
            mail.set_param("format", "flowed")
    if body.html and body.text:
        mail.add_alternative(body.html, subtype="html")
    elif body.html:
        mail.set_content(body.html, subtype="html")
    return mail.as_bytes()
