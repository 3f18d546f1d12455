"""What the demo shows: a line for each happening, the table at the end, and the mails as files and as a page."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from ackbot.demo.servers import Sent
from ackbot.demo.story import ZONE, kind, read
from ackbot.report import page
from ackbot.report.figures import Report
from ackbot.report.gallery import Card, Happening, Published, write_page
from ackbot.report.page import NOT_FOR_PUBLICATION

_WIDTHS = (14, 16, 22, 7, 17)  # columns: when, who, about, answer, who has it


def when(moment: datetime) -> str:
    """An instant as `Mon  7 08:30`, in the story's zone."""
    local = moment.astimezone(ZONE)
    return f"{local:%a} {local.day:>2} {local:%H:%M}"


def opening(console: Console, imap_port: int, smtp_port: int, days: int) -> None:
    """Print what the demo is, and the head of the columns."""
    console.print()
    span = "A day" if days == 1 else f"{days} working days"
    console.print(f"[bold]{span} at the Royal Borough of Northgate[/bold], from Monday 30 November 2026")
    console.print(f"Real IMAP (port {imap_port}), real SMTP (port {smtp_port}), ackbot between them.")
    console.print("Nothing leaves this machine.")
    console.print()
    head = ("when", "who writes", "about", "answer", "who has it")
    console.print(f"[dim]{' '.join(set_cell_size(one, width) for one, width in zip(head, _WIDTHS, strict=True))}[/dim]")


def line(console: Console, one: Happening) -> None:
    """Print one happening as a line. What ackbot does by itself is written across the columns."""
    mark, style = {True: (" ✓ ", "green"), False: (" – ", "yellow"), None: (" ⏰", "cyan")}[one.good]
    if one.good is None:
        text = Text.assemble(set_cell_size(one.when, 12), (mark, style), f" {one.what}: {one.outcome}")
    else:
        answered, comma, owner = one.outcome.partition(", ")
        columns = (one.who, one.what, answered, owner) if comma else (one.who, one.what, one.outcome)
        widths = _WIDTHS[1:] if comma else (*_WIDTHS[1:3], 25)
        cells = [set_cell_size(_short(cell, width), width) for cell, width in zip(columns, widths, strict=True)]
        text = Text.assemble(set_cell_size(one.when, 12), (mark, style), " ".join(cells).rstrip())
    console.print(text, no_wrap=True, overflow="ellipsis", crop=True)


def _short(text: str, width: int) -> str:
    return text if cell_len(text) <= width else set_cell_size(text, width - 1) + "…"


def write_mails(folder: Path, mails: Sequence[Sent]) -> None:
    """Write each mail as it was sent, with its envelope in two header fields on top."""
    for number, mail in enumerate(mails, 1):
        envelope = f"X-MailFrom: {mail.envelope_from}\r\nX-RcptTo: {', '.join(mail.recipients)}\r\n".encode()
        (folder / f"{number:03}-{kind(mail) or 'mail'}.eml").write_bytes(envelope + mail.content)


def write_council(folder: Path, public: Report, named: Report) -> Published:
    """Write the council's report of the three weeks: what may be published, and what is for managers."""
    names = f"council-{NOT_FOR_PUBLICATION}.html"
    (folder / "council.html").write_text(page.page(public), encoding="utf-8")
    (folder / names).write_text(page.page(named), encoding="utf-8")
    return Published(page.in_short(public), page.sections(public)[0], "council.html", names)


def write_report(
    path: Path,
    mails: Sequence[Sent],
    figures: Sequence[tuple[str, str]],
    happenings: Sequence[Happening],
    published: Published,
) -> None:
    """Write the page with all mails, the figures, what the council would publish, and what happened."""
    cards = []
    for mail in mails:
        message = read(mail)
        plain, html = message.get_body(("plain",)), message.get_body(("html",))
        headers = {name: str(message[name]) for name in ("Date", "From", "To", "Reply-To", "Subject") if message[name]}
        cards.append(
            Card(kind(mail), headers, plain.get_content() if plain else "", html.get_content() if html else "")
        )
    title = "At the Royal Borough of Northgate"
    write_page(path, title, cards, figures=figures, happenings=happenings, published=published)


def closing(
    console: Console,
    folder: Path,
    figures: Sequence[tuple[str, str]],
    not_answered: Sequence[str],
    problems: Sequence[str],
) -> None:
    """Print the table of figures, why letters were not answered, what went wrong, and where to look."""
    console.print()
    table = Table(show_header=False, box=None, padding=(0, 2))
    for name, value in figures:
        table.add_row(name, f"[bold]{value}[/bold]")
    console.print(table)
    for reason in not_answered:
        console.print(f"    [yellow]–[/yellow] {escape(reason)}")
    console.print()
    for problem in problems:
        console.print(f"[red]did not happen as it should:[/red] {escape(problem)}")
    console.print(f"Look at the mails: [bold]{folder / 'report.html'}[/bold]   each as sent: {folder / 'mail'}")
    console.print(f"The report that the council would publish: [bold]{folder / 'council.html'}[/bold]")
