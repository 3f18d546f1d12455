"""ackbot preview: shows every mail with sample values."""

from pathlib import Path

import click

from ackbot.cli.common import config_option, config_path, fail, loaded, writing
from ackbot.cli.printing import say
from ackbot.config import sample
from ackbot.work.samples import proofread, specimens


@click.command("preview")
@config_option
@click.option("--language", metavar="L", help="Default: the council's first.")
@click.option(
    "--gallery",
    metavar="DIR",
    help="Write every mail as a file to open in a mail client, and one page with all of them, in every language of the council.",
)
@click.option(
    "--lint", "linting", is_flag=True, help="Read the words of all languages of the council as a strict editor."
)
@click.argument("mail", required=False, metavar="[MAIL]")
@click.pass_context
def command(
    ctx: click.Context,
    own_config: str | None,
    language: str | None,
    gallery: str | None,
    mail: str | None,
    *,
    linting: bool,
) -> None:
    """Show every mail, or those whose title has MAIL in it, as your council would send it."""
    config = sample() if config_path(ctx, own_config) is None else loaded(ctx, own_config, rehearsal=True)
    if linting:
        from ackbot.work.lint import lint

        findings = proofread(config) or lint(config)
        for finding in findings:
            say(str(finding))
        say(f"{len(findings)} to look at" if findings else "nothing to improve", err=True)
        ctx.exit(1 if findings else 0)
    named, language = language is not None, language or config.council.languages[0]
    if language not in config.office.templates.languages():
        fail(
            f'there are no templates in "{language}"; choose from: {", ".join(config.office.templates.languages())}', 1
        )
    every = gallery is not None and not named
    try:
        shown = [
            (f"{title} ({one})" if every else title, composed)
            for one in (config.council.languages if every else (language,))
            for title, composed in specimens(config, one, large=gallery is not None)
            if mail is None or mail.lower() in title.lower()
        ]
    except Exception:  # a broken template may raise anything; proofreading names its file and line
        findings = proofread(config)
        if not findings:
            raise
        fail("\n".join(["a template is broken:", *map(str, findings)]), 1)
    if not shown:
        fail(f'no mail has "{mail}" in its title', 1)
    if gallery:
        from ackbot.report.gallery import Card, write_page

        folder = Path(gallery)
        cards = [Card(title, composed.headers, composed.text, composed.html) for title, composed in shown]
        with writing(folder):
            folder.mkdir(parents=True, exist_ok=True)
            for number, (_, composed) in enumerate(shown, 1):
                (folder / f"{number:02}.eml").write_bytes(composed.content)
            write_page(folder / "index.html", f"Mails of {config.council.name}", cards)
        say(f"wrote {len(shown)} mails and {folder / 'index.html'}")
        return
    for title, composed in shown:
        say(f"=== {title}", bold=True)
        for name in ("From", "To", "Reply-To", "Subject"):
            if name in composed.headers:
                say(f"{name}: {composed.headers[name]}")
        say(f"\n{composed.text}")
