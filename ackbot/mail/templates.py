"""The words of every mail: `templates/<language>/<mail>.txt`, each the one source of its text and its HTML."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import cached_property
from itertools import takewhile
from pathlib import Path
from typing import Any

import jinja2

from ackbot.mail import markup

ELEMENTS = ("h1", "p", "ul", "li", "a", "hr")
SHELL = "shell.html"  # the page around every HTML part, with its style sheet


class TemplateProblem(Exception):
    """A template that is missing, does not compile, or names a value that no mail has. Says which file and line."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """One mail's words. `html` is "" for a mail of text only."""

    text: str
    html: str


class Templates:
    """
    Templates of the council's folders first, those that come with ackbot after.

    Args:
        folders: searched in order; each holds one folder per language.

    An undefined variable is an error (D45), never an empty place.
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        self.folders = tuple(folders)
        self._environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader([str(folder) for folder in folders]),
            undefined=jinja2.StrictUndefined,
            autoescape=False,  # noqa: S701 - the source is text; markup.to_html escapes every character of it
            finalize=markup.protect,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=False,
            auto_reload=False,
        )
        self._environment.filters.update(day=_day, clock=_clock, lines=markup.Lines)
        self._words: dict[str, Mapping[str, Any]] = {}

    def languages(self) -> tuple[str, ...]:
        """Languages that have an acknowledgement, in alphabetical order."""
        return tuple(
            sorted({path.parent.name for folder in self.folders for path in folder.glob("*/acknowledgement.txt")})
        )

    def names(self, language: str) -> tuple[str, ...]:
        """Names of that language's templates, without the ending."""
        return tuple(sorted({path.stem for folder in self.folders for path in folder.glob(f"{language}/*.txt")}))

    def words(self, language: str) -> Mapping[str, Any]:
        """That language's `words.toml`: names of days and months, and the short phrases of subjects."""
        if language not in self._words:
            self._words[language] = tomllib.loads(self._file(f"{language}/words.toml"))
        return self._words[language]

    def offers(self) -> Mapping[str, str]:
        """`offers.toml`: for each language one line saying that an interpreter or translation can be had."""
        if "" not in self._words:
            self._words[""] = tomllib.loads(self._file("offers.toml"))
        return self._words[""]

    def phrase(self, language: str, name: str, **values: object) -> str:
        """A short phrase of `words.toml`, such as a subject line, with its values."""
        phrase: Any = self.words(language)
        for key in name.split("."):
            phrase = phrase[key]
        return str(phrase).format_map(values)

    def fence(self, language: str) -> str:
        """What the line begins with above which staff write to a resident: the phrase up to the resident's name."""
        return str(self.words(language)["fence"]).partition("{")[0].strip()

    def day(self, language: str, day: date, today: date) -> str:
        """A date as people say it: with its weekday, and with its year when that is not this year's."""
        words = self.words(language)
        pattern = words["date"] if day.year == today.year else words["date_with_year"]
        return str(pattern).format(
            weekday=words["weekdays"][day.weekday()], day=day.day, month=words["months"][day.month - 1], year=day.year
        )

    def clock(self, language: str, moment: time) -> str:
        """A time of day as people say it: 3pm, 10:15am."""
        words = self.words(language)
        half = words["am"] if moment.hour < 12 else words["pm"]
        pattern = words["time"] if moment.minute else words["full_hour"]
        return str(pattern).format(
            hour=(moment.hour - 1) % 12 + 1, hour24=moment.hour, minute=f"{moment.minute:02}", half=half
        )

    def render(self, language: str, name: str, values: Mapping[str, Any], *, title: str, html: bool) -> Rendered:
        """
        The words of one mail.

        Raises:
            TemplateProblem: the template is missing, broken, or names a value that `values` has not.
        """
        found = markup.blocks(self._source(language, name, values))
        text = markup.to_text(found)
        if not html:
            return Rendered(text, "")
        return Rendered(text, markup.to_html(found, self.shell, self.styles, language=language, title=title))

    def words_above_rule(self, language: str, name: str, values: Mapping[str, Any]) -> int:
        """How many words of a mail stand above its rule, the footer being below. Raises like `render`."""
        above = takewhile(lambda block: block.kind != "hr", markup.blocks(self._source(language, name, values)))
        return sum(len(line.split()) for block in above for line in block.lines)

    def _source(self, language: str, name: str, values: Mapping[str, Any]) -> str:
        try:
            return self._environment.get_template(f"{language}/{name}.txt").render(
                values, _templates=self, _language=language
            )
        except jinja2.TemplateNotFound as error:
            raise TemplateProblem(f"no template {error.name}") from None
        except jinja2.TemplateSyntaxError as error:
            raise TemplateProblem(f"{error.filename}:{error.lineno}: {error.message}") from None
        except jinja2.UndefinedError as error:
            raise TemplateProblem(f"{self.path(language, name)}: {error.message}") from None

    def path(self, language: str, name: str) -> str:
        """Where a template lies, for messages to an admin."""
        return next(
            (str(path) for folder in self.folders if (path := folder / language / f"{name}.txt").exists()),
            f"{language}/{name}.txt",
        )

    @cached_property
    def shell(self) -> str:
        """The page around the blocks, its style sheet inlined and dropped."""
        return re.sub(r"(?s)\s*<style>.*?</style>", "", self._inlined[0])

    @cached_property
    def styles(self) -> Mapping[str, str]:
        """The style attribute of each element, taken from the shell's style sheet once at load."""
        return self._inlined[1]

    @cached_property
    def _inlined(self) -> tuple[str, Mapping[str, str]]:
        import css_inline

        sample = "".join(f"<{name}></{name}>" if name != "hr" else "<hr>" for name in ELEMENTS)
        page = css_inline.CSSInliner(keep_style_tags=True).inline(
            self._file(SHELL).replace("BODY", f"<!--{sample}-->BODY")
        )
        styled = css_inline.CSSInliner().inline(self._file(SHELL).replace("BODY", sample))
        styles = {
            name: match[1] for name in ELEMENTS if (match := re.search(rf'<{name}\b[^>]*style="([^"]*)"', styled))
        }
        return re.sub(r"<!--.*?-->", "", page, flags=re.DOTALL), styles

    def _file(self, name: str) -> str:
        for folder in self.folders:
            if (folder / name).is_file():
                return (folder / name).read_text(encoding="utf-8")
        raise TemplateProblem(f"no file {name} in {', '.join(map(str, self.folders))}")


@jinja2.pass_context
def _day(context: jinja2.runtime.Context, day: date) -> str:
    templates: Templates = context["_templates"]
    return templates.day(context["_language"], day, context["today"])


@jinja2.pass_context
def _clock(context: jinja2.runtime.Context, moment: datetime) -> str:
    templates: Templates = context["_templates"]
    return templates.clock(context["_language"], moment.timetz())
