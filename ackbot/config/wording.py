"""The words of a configuration: the templates in its folder and those of ackbot, and the lists of urgent words."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ackbot import resources
from ackbot.casework.incoming import danger
from ackbot.config import shape
from ackbot.config.source import Finding, Source
from ackbot.mail.templates import TemplateProblem, Templates

_MODEL = "en"  # the language whose words.toml has every phrase


@dataclass(frozen=True)
class Wording:
    """The templates, and the phrases of each category of urgent words."""

    templates: Templates
    urgent: Mapping[str, tuple[tuple[str, ...], ...]]


def wording(file: shape.File, source: Source) -> Wording:
    """Read all words. Whatever is missing or broken is added to `source` as a mistake."""
    shipped = resources.templates()
    templates = Templates([folder for folder in (source.path.parent / "templates", shipped) if folder.is_dir()])
    known = templates.languages()
    for number, language in enumerate(file.council.languages):
        if language not in known:
            what = f'there are no templates in "{language}"; choose from: {", ".join(known)}'
            source.finding(("council", "languages", number), what)
            continue
        try:
            missing = _lacking(Templates([shipped]).words(_MODEL), templates.words(language))
        except TemplateProblem as problem:
            source.findings.append(finding(problem))
            continue
        if missing:
            what = f"{', '.join(missing)}: missing, or another kind of value than in the words.toml of ackbot; copy it from there"
            source.findings.append(Finding(templates.file(f"{language}/words.toml"), 1, missing[0], what))
    try:
        templates.offers()
    except TemplateProblem as problem:
        source.findings.append(finding(problem))
    return Wording(templates, {category: _phrases(category, file, source) for category in danger.CATEGORIES})


def finding(problem: TemplateProblem) -> Finding:
    """A broken template as a mistake at its own file and line."""
    mend = "correct it, or remove the file to use the one that comes with ackbot"
    return Finding(problem.path or "templates", problem.line or 1, "template", f"{problem.what}; {mend}")


def _lacking(model: Mapping[str, Any], words: Mapping[str, Any], at: str = "") -> list[str]:
    """Keys of the model that are missing in `words`, or have another type of value, or a list of another length."""
    found = []
    for name, value in model.items():
        own, key = words.get(name), f"{at}{name}"
        if isinstance(value, Mapping) and isinstance(own, Mapping):
            found += _lacking(value, own, f"{key}.")
        elif type(own) is not type(value) or (isinstance(value, list) and len(own or "") != len(value)):
            found.append(key)
    return found


def _phrases(category: str, file: shape.File, source: Source) -> tuple[tuple[str, ...], ...]:
    """The phrases of a category in all languages: from the council's folder if they are there, otherwise those of ackbot."""
    own = source.resolved(file.urgent.words_dir) if file.urgent.words_dir else None
    lines: list[str] = []
    for language in dict.fromkeys([*file.council.languages, _MODEL]):
        places = [resources.templates() / language / "urgent" / f"{category}.txt"]
        if own is not None:
            places = [own / language / f"{category}.txt", own / f"{category}.{language}.txt", *places]
        found: Path | None = next((place for place in places if place.is_file()), None)
        try:
            lines += found.read_text(encoding="utf-8-sig").splitlines() if found else []
        except (UnicodeDecodeError, OSError) as error:
            source.findings.append(
                Finding(
                    str(found),
                    1,
                    "urgent.words_dir",
                    f"cannot be read ({error}); save it as UTF-8, and let ackbot read it",
                )
            )
    return danger.phrases(lines)
