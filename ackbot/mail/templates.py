"""The words of every mail. Each `templates/<language>/<mail>.txt` is the one source of a mail's text and its HTML."""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from functools import cached_property
from itertools import takewhile
from pathlib import Path
from types import MappingProxyType
from typing import Any

import jinja2
from jinja2 import nodes

from ackbot import not_toml
from ackbot.errors import AckbotError
from ackbot.mail import markup

ELEMENTS = ("h1", "h2", "p", "ul", "li", "a", "hr")
_LARGE = 1.4  # factor of large print: the shell's 18 px become 25, which is 19 points
_NONE: Mapping[str, Any] = MappingProxyType({})
SHELL = "shell.html"  # the page around every HTML part, including its style sheet


class TemplateProblem(AckbotError):
    """
    A template is missing, does not compile, or names a value that the mail does not have.

    Args:
        path: the file; "" if there is none.
        line: the line in the file, counted from 1; 0 if unknown.
    """

    def __init__(self, what: str, path: str = "", line: int = 0) -> None:
        super().__init__(
            f"{path}:{line}: {what}" if path and line else f"{path}: {what}" if path else what,
            path=path,
            line=line or None,
        )
        self.what, self.path, self.line = what, path, line

    @property
    def told(self) -> str:
        """See AckbotError.told."""
        return f"a template is broken: {self}"


@dataclass(frozen=True, slots=True)
class Rendered:
    """The words of one mail; `html` is "" for a mail of text only."""

    text: str
    html: str


class Templates:
    """
    The templates of the council, and those that come with ackbot.

    A template that names an undefined variable is an error (D45); it never leaves a gap in a mail.

    Args:
        folders: searched in order, the council's first; each holds one folder per language.
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
        self._environment.filters.update(
            day=_day,
            on_day=_on_day,
            clock=_clock,
            lines=markup.Lines,
            theirs=_theirs,
            yours=_yours,
            wished=_wished,
            listed=_listed,
            dangers=_dangers,
        )
        self._words: dict[str, Mapping[str, Any]] = {}
        self._counted: tuple[Mapping[str, Any], str, str, tuple[markup.Block, ...]] = ({}, "", "", ())

    @cached_property
    def _right_to_left(self) -> jinja2.Environment:
        return self._environment.overlay(finalize=markup.protect_right_to_left)

    def languages(self) -> tuple[str, ...]:
        """The codes of the languages that have an acknowledgement, in alphabetical order."""
        return tuple(
            sorted({path.parent.name for folder in self.folders for path in folder.glob("*/acknowledgement.txt")})
        )

    def names(self, language: str) -> tuple[str, ...]:
        """The names of that language's templates, without `.txt`, in alphabetical order."""
        return tuple(sorted({path.stem for folder in self.folders for path in folder.glob(f"{language}/*.txt")}))

    def words(self, language: str) -> Mapping[str, Any]:
        """That language's `words.toml`: names of days and months, and short phrases for subjects. Raises TemplateProblem."""
        if language not in self._words:
            self._words[language] = self._toml(f"{language}/words.toml")
        return self._words[language]

    def offers(self) -> Mapping[str, str]:
        """`offers.toml`: for each language one line that offers an interpreter or a translation. Raises TemplateProblem."""
        if "" not in self._words:
            self._words[""] = self._toml("offers.toml")
        return self._words[""]

    def phrase(self, language: str, name: str, **values: object) -> str:
        """A phrase of `words.toml`, such as a subject line, with its values filled in; dots in `name` separate the tables."""
        phrase: Any = self.words(language)
        for key in name.split("."):
            phrase = phrase[key]
        return str(phrase).format_map(values)

    def fence(self, language: str) -> str:
        """How the fence line begins, up to the resident's name; "" if no mail to staff is written in that language."""
        return str(self.words(language).get("fence", "")).partition("{")[0].strip()

    def own_name(self, language: str) -> str:
        """What speakers of a language call it; its code if we do not know."""
        names = self.language_names().get(language, (language,))
        return next((name for name in names if not name.isascii()), names[min(1, len(names) - 1)])

    def day(self, language: str, day: date, today: date, *, on: bool = False) -> str:
        """
        A date as people say it, with its weekday; with its year only if that is not this year.

        Args:
            on: in the form that says when something happens, where a language has one of its own, as Welsh and Polish do.
        """
        words = self.words(language)
        pattern = words["date"] if day.year == today.year else words["date_with_year"]
        weekdays = words["weekdays_on"] if on and "weekdays_on" in words else words["weekdays"]
        return str(pattern).format(
            weekday=weekdays[day.weekday()], day=day.day, month=words["months"][day.month - 1], year=day.year
        )

    def clock(self, language: str, moment: time) -> str:
        """A time of day as people say it, such as 3pm or 10:15am; `moment` is local time."""
        words = self.words(language)
        half = words["am"] if moment.hour < 12 else words["pm"]
        pattern = words["time"] if moment.minute else words["full_hour"]
        return str(pattern).format(
            hour=(moment.hour - 1) % 12 + 1, hour24=moment.hour, minute=f"{moment.minute:02}", half=half
        )

    def language_names(self) -> Mapping[str, Sequence[str]]:
        """`languages.toml`: the names of each language, in English first. Raises TemplateProblem."""
        if "names" not in self._words:
            self._words["names"] = self._toml("languages.toml")
        return self._words["names"]

    def render(
        self,
        language: str,
        name: str,
        values: Mapping[str, Any],
        *,
        title: str,
        html: bool,
        large: bool = False,
        further: Mapping[str, Mapping[str, Any]] = _NONE,
    ) -> Rendered:
        """
        The words of one mail.

        Args:
            large: in large print, which is at least 18 points.
            further: languages in which the whole mail stands once more below, each with the values that it has instead.

        Raises:
            TemplateProblem: the template is missing, broken, or names a value that `values` lacks.
        """
        counted = self._counted
        found = (
            counted[3]
            if counted[0] is values and counted[1:3] == (language, name)
            else self._blocks(language, name, values)
        )
        if further:
            found = self._one_below_the_other(found, name, values, further)
        text = markup.to_text(found, language)
        if not html:
            return Rendered(text, "")
        shell, styles = self._large if large else (self.shell, self.styles)
        return Rendered(text, markup.to_html(found, shell, styles, language=language, title=title))

    def words_above_rule(self, language: str, name: str, values: Mapping[str, Any]) -> int:
        """
        The number of words of a mail above its rule; the footer stands below it. Raises like `render`.

        The filled-in template is kept for the next call of `render` with the same `values` object, so `values` must not change
        in between.
        """
        found = self._blocks(language, name, values)
        self._counted = (values, language, name, found)
        above = takewhile(lambda block: block.kind != "hr", found)
        return sum(len(line.split()) for block in above for line in block.lines)

    def _one_below_the_other(
        self,
        first: tuple[markup.Block, ...],
        name: str,
        values: Mapping[str, Any],
        further: Mapping[str, Mapping[str, Any]],
    ) -> tuple[markup.Block, ...]:
        """Whole versions, never mixed by paragraph, and on top a line for each that stands below (domain.md §12)."""
        found = [markup.Block("p", (self.words(language)["below"],), language) for language in further]
        found += first
        for language, own in further.items():
            found += [markup.Block("hr", ()), markup.Block("p", (self.own_name(language),), language)]
            for block in self._blocks(language, name, {**values, **own}):
                kind = "h2" if block.kind == "h1" else block.kind  # a page has one h1
                found.append(replace(block, kind=kind, language=block.language or language))
        return tuple(found)

    def _blocks(self, language: str, name: str, values: Mapping[str, Any]) -> tuple[markup.Block, ...]:
        return markup.blocks(self._source(language, name, values))

    def _source(self, language: str, name: str, values: Mapping[str, Any]) -> str:
        template = self._compiled(f"{language}/{name}.txt")
        try:
            return template.render(values, _templates=self, _language=language)
        except jinja2.TemplateNotFound as error:
            raise TemplateProblem(f"there is no template {error.name}", *place(error)) from None
        except jinja2.TemplateSyntaxError as error:
            raise TemplateProblem(str(error.message), str(error.filename), error.lineno) from None
        except jinja2.UndefinedError as error:
            raise TemplateProblem(str(error.message), *place(error)) from None

    def _compiled(self, name: str) -> jinja2.Template:
        backwards = markup.direction(name.partition("/")[0]) == "rtl"
        try:
            return (self._right_to_left if backwards else self._environment).get_template(name)
        except jinja2.TemplateNotFound as error:
            raise TemplateProblem(f"there is no template {error.name}") from None
        except jinja2.TemplateSyntaxError as error:
            raise TemplateProblem(str(error.message), str(error.filename), error.lineno) from None
        except (UnicodeDecodeError, OSError) as error:
            raise TemplateProblem(f"cannot be read ({error})", self.file(name)) from None

    def named_in(self, language: str, name: str) -> frozenset[str]:
        """
        The values that a template names, with those of the parts that it includes; of `one.next_on` the last name.

        Raises:
            TemplateProblem: the template is missing or does not compile.
        """
        self._compiled(f"{language}/{name}.txt")
        tree = self._environment.parse(self._file(f"{language}/{name}.txt"))
        found = {node.attr for node in tree.find_all(nodes.Getattr)}
        made = {"_language", "loop"}
        for node in tree.find_all(nodes.Name):
            (made if node.ctx == "store" else found).add(node.name)
        for include in tree.find_all(nodes.Include):
            *_, part = (
                str(one.value)
                for one in (include.template, *include.template.find_all(nodes.Const))
                if isinstance(one, nodes.Const)
            )
            found |= self.named_in(language, part.strip("/").removesuffix(".txt"))
        return frozenset(found - made)

    def problems(self, language: str) -> Iterator[TemplateProblem]:
        """What is wrong with that language's templates, as far as they show it before any value is filled in."""
        files = {path.relative_to(folder) for folder in self.folders for path in folder.glob(f"{language}/**/*.txt")}
        for name in sorted(map(str, files)):
            try:
                self._compiled(name)
            except TemplateProblem as problem:
                yield problem

    def file_text(self, name: str) -> str:
        """What stands in a template file such as `en/receipt.txt`. Raises TemplateProblem."""
        return self._file(name)

    def file(self, name: str) -> str:
        """The path of a template file such as `en/words.toml`, for messages to an admin; the name itself if there is none."""
        return str(self._place(name) or name)

    @cached_property
    def shell(self) -> str:
        """The page around the blocks, with its style sheet moved into style attributes."""
        return re.sub(r"(?s)\s*<style>.*?</style>", "", self._inlined[0])

    @cached_property
    def styles(self) -> Mapping[str, str]:
        """The style attribute of each element, from the shell's style sheet."""
        return self._inlined[1]

    @cached_property
    def _large(self) -> tuple[str, Mapping[str, str]]:
        """The page and the styles in large print."""
        return _enlarged(self.shell), {name: _enlarged(style) for name, style in self.styles.items()}

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

    def _place(self, name: str) -> Path | None:
        return next((path for folder in self.folders if (path := folder / name).is_file()), None)

    def _file(self, name: str) -> str:
        path = self._place(name)
        if path is None:
            raise TemplateProblem(f"there is no file {name} in {', '.join(map(str, self.folders))}")
        try:
            return path.read_text(encoding="utf-8-sig")
        except (UnicodeDecodeError, OSError) as error:
            raise TemplateProblem(f"cannot be read ({error})", str(path)) from None

    def _toml(self, name: str) -> Mapping[str, Any]:
        text = self._file(name)
        try:
            return tomllib.loads(text)
        except ValueError as error:
            line, what = not_toml.told(text, error)
            raise TemplateProblem(what, self.file(name), line) from None


def _enlarged(css: str) -> str:
    return re.sub(r"(?<=font-size: )(\d+)(?=px)", lambda size: str(round(int(size[1]) * _LARGE)), css)


def place(error: BaseException) -> tuple[str, int]:
    """The template file and the line that raised an error while it was filled in; "" and 0 if the error came from elsewhere."""
    found, at = ("", 0), error.__traceback__
    while at is not None:
        if at.tb_frame.f_code.co_filename.endswith(".txt"):
            found = at.tb_frame.f_code.co_filename, at.tb_lineno
        at = at.tb_next
    return found


@jinja2.pass_context
def _day(context: jinja2.runtime.Context, day: date) -> str:
    templates: Templates = context["_templates"]
    return markup.Words(templates.day(context["_language"], day, context["today"]))


@jinja2.pass_context
def _on_day(context: jinja2.runtime.Context, day: date) -> str:
    templates: Templates = context["_templates"]
    return markup.Words(templates.day(context["_language"], day, context["today"], on=True))


@jinja2.pass_context
def _clock(context: jinja2.runtime.Context, moment: datetime) -> str:
    templates: Templates = context["_templates"]
    return templates.clock(context["_language"], moment.timetz())


@jinja2.pass_context
def _theirs(context: jinja2.runtime.Context, words: str) -> str:
    """A resident's words within ours, such as their subject: in the language of their letter, isolated."""
    language = str(context.get("letter_language") or "")
    return markup.isolated(words, "" if language == context["_language"] else language)


@jinja2.pass_context
def _yours(context: jinja2.runtime.Context, way: str) -> str:
    """What they wrote or told us, in the words in which our later mails name it."""
    templates: Templates = context["_templates"]
    return markup.Words(templates.phrase(context["_language"], f"reached.{way}"))


@jinja2.pass_context
def _listed(context: jinja2.runtime.Context, names: Sequence[str]) -> str:
    """Names as a sentence lists them: "A", "A and B", "A, B, and C"."""
    words = context["_templates"].words(context["_language"])["list"]
    *others, last = (markup.protect(name) for name in names)
    joint = "" if not others else words["two"] if len(others) == 1 else words["last"]
    return markup.Words(f"{words['comma'].join(others)}{joint}{last}")


@jinja2.pass_context
def _dangers(context: jinja2.runtime.Context, categories: Sequence[str]) -> str:
    """What a letter mentions, by the categories of its urgent words."""
    names = context["_templates"].words(context["_language"])["dangers"]
    return _listed(context, [names[one] for one in categories])


@jinja2.pass_context
def _wished(context: jinja2.runtime.Context, wishes: Sequence[str]) -> str:
    """What a resident asked for, named in the language of the mail: languages by their codes, formats by their names."""
    templates, language = context["_templates"], context["_language"]
    formats: Mapping[str, str] = templates.words(language)["formats"]
    names = []
    for wish in wishes:
        name, _, other = wish.partition(":")
        known = templates.language_names().get(other or name, ())
        called = (known[0] if language == "en" else templates.own_name(other or name)) if known else other
        names.append(formats[name].format(language=called) if name in formats else called or wish)
    return _listed(context, names)
