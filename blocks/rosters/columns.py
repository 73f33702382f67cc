"""What the columns of each kind of roster (名单文件) are, and which column of a file is which.

The columns are data: `config/rosters.yaml`. An office never writes a heading twice the same way,
so headings are compared in a plain form: NFKC, without spaces, and without what stands in brackets.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

DEFAULT_PATH = Path(__file__).resolve().parents[2] / "config" / "rosters.yaml"
PLANS_PATH = DEFAULT_PATH.with_name("plans.yaml")
TYPES = {"text", "code", "uscc", "county", "date", "bool", "number", "list", "choice", "moment"}

_BRACKETED = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|【[^【】]*】|〔[^〔〕]*〕")


@dataclass(frozen=True)
class Field:
    """One column. `choices` maps the plain form of every accepted word to its code.

    A `moment` (day and time) is only ever written, in exports; no roster has one.
    """

    name: str
    heading: str
    type: str
    synonyms: tuple[str, ...] = ()
    required: bool = False
    default: Any = None
    of: str = "text"
    choices: Mapping[str, str] = field(default_factory=dict)
    words: tuple[str, ...] = ()  # the official Chinese word of each choice, for messages
    lenient: bool = False
    derive: bool = False
    blank: frozenset[str] = frozenset()
    yes: frozenset[str] = frozenset()
    no: frozenset[str] = frozenset()
    refers: str = ""
    public: bool = False  # appears in public: no personal number may stand in it
    example: str = ""

    @property
    def official(self) -> dict[str, str]:
        """Return the official Chinese word of each code of a choice."""
        return dict(zip(dict.fromkeys(self.choices.values()), self.words, strict=True))

    def accepted_headings(self) -> str:
        """Return the headings an officer may write for this column, as a Chinese list."""
        return "、".join((self.heading, *self.synonyms))


@dataclass(frozen=True)
class Kind:
    """One kind of roster: its label (Chinese), its columns in order, and its key."""

    name: str
    label: str
    key: tuple[str, ...]
    fields: tuple[Field, ...]
    order: tuple[tuple[str, str], ...] = ()
    unique: tuple[tuple[str, ...], ...] = ()
    footers: tuple[str, ...] = ()  # regular expressions of lines that stand below a table

    @property
    def keys(self) -> tuple[tuple[str, ...], ...]:
        """Return the groups of columns whose values may occur once per file; the key is first."""
        return (self.key, *self.unique)

    def field(self, name: str) -> Field:
        """Return the column called `name`. Raises KeyError."""
        for one in self.fields:
            if one.name == name:
                return one
        raise KeyError(name)


@dataclass(frozen=True)
class Matched:
    """Which cell of a row belongs to which column, and what did not fit."""

    columns: Mapping[str, int]
    headings: Mapping[str, str]  # as written in the file, for messages
    ignored: tuple[str, ...]
    missing: tuple[Field, ...]
    doubled: tuple[Field, ...]
    width: int  # cells up to the last heading that is not empty


@lru_cache(maxsize=4096)
def plain(text: str) -> str:
    """Return the form in which headings and words of a choice are compared."""
    text = unicodedata.normalize("NFKC", text)
    previous = None
    while previous != text:
        previous, text = text, _BRACKETED.sub("", text)
    return "".join(c for c in text if not c.isspace() and c not in "*:").casefold()


def parse_kinds(parsed: Mapping[str, Any]) -> dict[str, Kind]:
    """Return the kinds described by the parsed YAML.

    Raises:
        ValueError: a column has an unknown type, or two columns of a kind share a heading.
    """
    words = {name: _plain_words(parsed[f"{name}_words"]) for name in ("blank", "yes", "no")}
    footers = tuple(parsed.get("footers", ()))
    return {name: _kind(name, one, words, footers) for name, one in parsed["kinds"].items()}


def load_kinds(path: str | Path = DEFAULT_PATH) -> dict[str, Kind]:
    """Read `config/rosters.yaml` (or another file of the same shape)."""
    return parse_kinds(yaml.safe_load(Path(path).read_text(encoding="utf-8")))


@lru_cache(maxsize=1)
def kinds() -> dict[str, Kind]:
    """Return the kinds of `config/rosters.yaml`, read once."""
    return load_kinds()


@lru_cache(maxsize=1)
def plan_kind() -> Kind:
    """Return the columns of an annual plan (`config/plans.yaml`), with the words of all rosters."""
    shared = yaml.safe_load(DEFAULT_PATH.read_text(encoding="utf-8"))
    own = yaml.safe_load(PLANS_PATH.read_text(encoding="utf-8"))
    del own["departments"]  # words for `rules.naming`
    return parse_kinds(shared | {"kinds": {"plans": own}})["plans"]


def match(kind: Kind, headings: Sequence[str]) -> Matched:
    """Find the column of every field in a row of headings.

    The official heading goes before a synonym, an earlier synonym before a later one. A heading
    that occurs twice is an ambiguity, not a choice for us to make.
    """
    forms = [plain(heading) for heading in headings]
    columns: dict[str, int] = {}
    doubled: list[Field] = []
    for one in kind.fields:
        for form in map(plain, (one.heading, *one.synonyms)):
            places = [i for i, given in enumerate(forms) if given == form]
            if not places:
                continue
            columns[one.name] = places[0]
            if len(places) > 1:
                doubled.append(one)
            break
    used = set(columns.values())
    ignored = [h.strip() for i, h in enumerate(headings) if i not in used and h.strip()]
    missing = [one for one in kind.fields if one.required and one.name not in columns]
    written = {name: headings[i].strip() for name, i in columns.items()}
    width = max((i + 1 for i, heading in enumerate(headings) if heading.strip()), default=0)
    return Matched(columns, written, tuple(ignored), tuple(missing), tuple(doubled), width)


def _plain_words(words: Sequence[str]) -> frozenset[str]:
    return frozenset(plain(str(word)) or str(word) for word in words)


def is_footer(kind: Kind, text: str) -> bool:
    """Whether a line that begins with this text stands below a table and is no row of it."""
    form = unicodedata.normalize("NFKC", text)
    return any(re.match(pattern, form) for pattern in kind.footers)


def _kind(name: str, parsed: Mapping[str, Any], words: Mapping[str, frozenset[str]],
          footers: tuple[str, ...]) -> Kind:
    fields = tuple(_field(one, words) for one in parsed["fields"])
    forms = [plain(heading) for one in fields for heading in (one.heading, *one.synonyms)]
    twice = {form for form in forms if forms.count(form) > 1}
    if twice:
        raise ValueError(f"kind {name}: two columns share the heading {sorted(twice)}")
    order = tuple((first, last) for first, last in parsed.get("order", ()))
    unique = tuple(tuple(names) for names in parsed.get("unique", ()))
    return Kind(name, parsed["label"], tuple(parsed["key"]), fields, order, unique, footers)


def _field(parsed: Mapping[str, Any], words: Mapping[str, frozenset[str]]) -> Field:
    given = dict(parsed)
    if given["type"] not in TYPES or given.get("of", "text") not in TYPES:
        raise ValueError(f"column {given['name']}: unknown type {given['type']}")
    choices = given.pop("choices", {})
    given["choices"] = {
        plain(str(word)): code for code, many in choices.items() for word in (code, *many)
    }
    given["words"] = tuple(_official(code, many) for code, many in choices.items())
    given["synonyms"] = tuple(given.get("synonyms", ()))
    given["blank"] = words["blank"] | _plain_words(given.get("blank", ()))
    return Field(**given, yes=words["yes"], no=words["no"])


def _official(code: str, many: Sequence[str]) -> str:
    """Return the word an officer is told: the code itself where it is Chinese or one letter."""
    return code if len(code) == 1 or not code.isascii() else many[0]
