"""The words of a configuration: the templates in its folder and those of ackbot, and the lists of urgent words."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ackbot import resources
from ackbot.casework import wordlists
from ackbot.casework.incoming import danger
from ackbot.casework.wordlists import ListFile, Lists
from ackbot.config import shape
from ackbot.config.source import Finding, Source
from ackbot.mail.templates import TemplateProblem, Templates

_SHARED = "shared"  # the list of groups and exceptions that the others of its language use
_MODEL = "en"  # the language whose words.toml has every phrase


@dataclass(frozen=True)
class Wording:
    """The templates, the lists of urgent words, and those of words that make a complaint."""

    templates: Templates
    urgent: Lists
    complaining: Lists


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
    return Wording(templates, _lists(file, source), _complaining(file, templates, source))


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


def _lists(file: shape.File, source: Source) -> Lists:
    """
    The lists of urgent words of all languages that have any, whatever `[council] languages` says (E51).

    A list in the council's folder takes the place of the one of ackbot. Lines that mean nothing are added to `source`.
    """
    own = source.resolved(file.urgent.words_dir) if file.urgent.words_dir else None
    files = []
    for language in _languages_of_lists(file, own):
        shared = _text(_list(language, _SHARED, own), source)
        for category in danger.CATEGORIES:
            if path := _list(language, category, own):
                files.append(ListFile(category, _called(path), _text(path, source), shared))
                source.findings += [
                    Finding(str(path), mistake.line, "urgent.words_dir", f"{mistake.what}; correct the line")
                    for mistake in wordlists.read(files[-1])[1]
                ]
    return wordlists.lists(tuple(files))


def _complaining(file: shape.File, templates: Templates, source: Source) -> Lists:
    """The lists `<language>/intent/complaint.txt` of all languages, if a standard is for complaints (E87)."""
    if not any(one.for_complaints for one in file.standard):
        return Lists()
    # The council's own list takes the place of the one of ackbot, as its templates do.
    found: dict[str, Path] = {}
    for folder in templates.folders:
        for path in sorted(folder.glob("*/intent/complaint.txt")):
            found.setdefault(path.parent.parent.name, path)
    files = [ListFile("complaint", _called(path), _text(path, source)) for path in found.values()]
    source.findings += [
        Finding(list_file.name, mistake.line, "templates", f"{mistake.what}; correct the line")
        for list_file in files
        for mistake in wordlists.read(list_file)[1]
    ]
    return wordlists.lists(tuple(files))


def _languages_of_lists(file: shape.File, own: Path | None) -> list[str]:
    """The languages that have lists; English first, because most letters are in it, and then in alphabetical order."""
    known = {path.parent.parent.name for path in resources.templates().glob("*/urgent/*.txt")} | set(
        file.council.languages
    )
    if own is not None:
        known |= {path.parent.name for path in own.glob("*/*.txt")}
        known |= {path.stem.partition(".")[2] for path in own.glob("*.*.txt")}
    return sorted(known, key=lambda language: (language != _MODEL, language))


def _list(language: str, name: str, own: Path | None) -> Path | None:
    """The file of a list; None if that language has none."""
    places = [resources.templates() / language / "urgent" / f"{name}.txt"]
    if own is not None:
        places = [own / language / f"{name}.txt", own / f"{name}.{language}.txt", *places]
    return next((place for place in places if place.is_file()), None)


def _called(path: Path) -> str:
    """The name of a list in `explain`: as it is found beside the templates of ackbot, or the whole path of the council's own."""
    shipped = resources.templates().parent
    return str(path.relative_to(shipped) if path.is_relative_to(shipped) else path)


def _text(path: Path | None, source: Source) -> str:
    """A list as it stands in its file; "" if it cannot be read, which is added to `source`."""
    if path is None:
        return ""
    try:
        return path.read_text(encoding="utf-8-sig")
    except (UnicodeDecodeError, OSError) as error:
        what = f"cannot be read ({error}); save it as UTF-8, and let ackbot read it"
        source.findings.append(Finding(str(path), 1, "urgent.words_dir", what))
        return ""
