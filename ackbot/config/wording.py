"""The words of a configuration: the templates in its folder and those of ackbot, and the lists of urgent words."""

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ackbot import resources
from ackbot.casework import wordlists
from ackbot.casework.drafts import kinds
from ackbot.casework.incoming import danger
from ackbot.casework.wordlists import ListFile, Lists
from ackbot.config import shape
from ackbot.config.source import Finding, Source
from ackbot.mail.templates import TemplateProblem, Templates

_SHARED = "shared"  # the list of groups and exceptions that the others of its language use
RESIDENTS_SUBJECTS = ("unnamed", "call", "visit")
_STAFF_PHRASES = ("fence", "dangers", "digest", "subject")
MODEL = "en"  # the language whose words.toml has every phrase


@dataclass(frozen=True)
class Wording:
    """The templates, the language of mail to staff, the lists of urgent words, and those of words that make a complaint."""

    templates: Templates
    staff_language: str
    urgent: Lists
    complaining: Lists


def wording(file: shape.File, source: Source) -> Wording:
    """Read all words. Whatever is missing or broken is added to `source` as a mistake."""
    shipped = resources.templates()
    templates = Templates([folder for folder in (source.path.parent / "templates", shipped) if folder.is_dir()])
    known = templates.languages()
    # Mail to staff exists in few languages: it is written in the first of the council's that has it.
    staff = next((one for one in file.council.languages if kinds.NEW_CASE.template in templates.names(one)), MODEL)
    for number, language in enumerate(file.council.languages):
        if language not in known:
            what = f'there are no templates in "{language}"; choose from: {", ".join(known)}'
            source.finding(("council", "languages", number), what)
            continue
        try:
            model = Templates([shipped]).words(MODEL)
            missing = _lacking(model if language == staff else _for_residents(model), templates.words(language))
        except TemplateProblem as problem:
            source.findings.append(finding(problem))
            continue
        lacking = [one.template for one in kinds.TRANSLATED if one.template not in templates.names(language)]
        if lacking:
            what = f'"{language}" lacks {", ".join(lacking)}; write them, or leave the language out'
            source.finding(("council", "languages", number), what)
        if not missing and not templates.words(language)["reviewed_by"]:
            what = (
                f'nobody who speaks "{language}" has vouched for its words; let one read `ackbot preview --language {language}`,'
                f" and put a copy of its words.toml with their name as reviewed_by into templates/{language} beside this file"
            )
            source.finding(("council", "languages", number), what, warning=True)
        if missing:
            what = f"{', '.join(missing)}: missing, or another kind of value than in the words.toml of ackbot; copy it from there"
            source.findings.append(Finding(templates.file(f"{language}/words.toml"), 1, missing[0], what))
    try:
        templates.offers()
    except TemplateProblem as problem:
        source.findings.append(finding(problem))
    _own_templates(source, templates)
    return Wording(templates, staff, _lists(file, source), _complaining(file, templates, source))


def _for_residents(model: Mapping[str, Any]) -> Mapping[str, Any]:
    """The phrases that mails to residents need; the others are for staff and admins."""
    subjects = {name: model["subject"][name] for name in RESIDENTS_SUBJECTS}
    return {**{name: value for name, value in model.items() if name not in _STAFF_PHRASES}, "subject": subjects}


def _own_templates(source: Source, templates: Templates) -> None:
    """Files in the council's folder that replace nothing, because their name is none of ours, and templates without a word."""
    shipped, own = resources.templates(), source.path.parent / "templates"
    known = {str(file.relative_to(shipped / MODEL)) for file in (shipped / MODEL).rglob("*.*")}
    for place in sorted(own.rglob("*")) if own.is_dir() and own.resolve() != shipped.resolve() else ():
        if not place.is_file() or place.name.startswith(".") or place.name.endswith("~"):
            continue
        language, _, name = str(place.relative_to(own)).partition("/")
        if not name:
            _misnamed(source, place, "template", language, [file.name for file in shipped.iterdir() if file.is_file()])
        elif language not in templates.languages():
            _misnamed(source, place, "template", language, templates.languages(), what="language")
        elif name.startswith("urgent/"):
            what = "is not read here; name a folder in [urgent] words_dir, and put it into that"
            source.findings.append(Finding(str(place), 1, "template", what))
        elif name not in known and not (shipped / language / name).is_file():
            _misnamed(source, place, "template", name, sorted(known))
        elif place.suffix == ".txt" and not _has_words(place):
            what = "is empty, so an empty mail would go out; write it, or remove the file to use the one that comes with ackbot"
            source.findings.append(Finding(str(place), 1, "template", what))


def _misnamed(
    source: Source,
    place: Path,
    key: str,
    name: str,
    known: Sequence[str],
    what: str = "name of a file that ackbot reads",
) -> None:
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    mend = f'did you mean "{near[0]}"?' if near else f"choose from: {', '.join(known[:20])}"
    source.findings.append(Finding(str(place), 1, key, f'"{name}" is not a {what}, so nothing reads it; {mend}'))


def _has_words(template: Path) -> bool:
    """Whether a template has anything besides remarks. One that cannot be read is reported elsewhere."""
    try:
        text = template.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return True
    return bool(re.sub(r"\{#.*?#\}", "", text, flags=re.DOTALL).strip())


def shipped_wording() -> Wording:
    """The templates that come with ackbot, and no list of urgent words: for commands that only look."""
    return Wording(Templates([resources.templates()]), MODEL, wordlists.lists(()), wordlists.lists(()))


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
    if own is not None:
        _own_lists(own, source)
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


def _own_lists(own: Path, source: Source) -> None:
    """Lists in the council's folder that nothing reads, because of their name, and lists without a line: both alarm nobody."""
    names = (*danger.CATEGORIES, _SHARED)
    for place in sorted(own.rglob("*")):
        if not place.is_file() or place.name.startswith(".") or place.name.endswith("~"):
            continue
        parts = place.relative_to(own).parts
        name = parts[-1].split(".")[0]
        fits = len(parts) == 2 or (len(parts) == 1 and place.name.count(".") == 2)
        if place.suffix != ".txt" or not fits:
            what = f"is not read; write it as {own}/{MODEL}/{danger.CATEGORIES[0]}.txt"
            source.findings.append(Finding(str(place), 1, "urgent.words_dir", what))
        elif name not in names:
            _misnamed(source, place, "urgent.words_dir", name, names, what="list of urgent words")
        elif name != _SHARED and not _has_lines(place):
            what = "is empty, so nothing of its kind alarms anybody; write the words, or remove the file to use those of ackbot"
            source.findings.append(Finding(str(place), 1, "urgent.words_dir", what))


def _has_lines(place: Path) -> bool:
    """Whether a list has a line besides remarks. One that cannot be read is reported elsewhere."""
    try:
        text = place.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return True
    return any(line.strip() and not line.lstrip().startswith("#") for line in text.splitlines())


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
    return sorted(known, key=lambda language: (language != MODEL, language))


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
