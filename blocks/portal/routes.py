"""Pages and deeds: declared once, served as HTML and (deeds) as JSON.

    @page("/schemes/{code}", name="scheme")
    def scheme(at: At) -> Shown: ...

    deed("/schemes/{code}/submit", schemes.submit, movers("scheme", "提交审批"), back="/schemes/{code}")
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, get_args, get_origin

from fastapi import Request
from pydantic import BaseModel, ConfigDict, create_model
from sqlalchemy.orm import Session
from starlette.datastructures import FormData, UploadFile

from blocks.actions import Done
from blocks.actions.attaching import Upload
from blocks.errors import InspectionError, NotFound
from blocks.portal.access import EVERYBODY, Rule, Visitor

OWN_TOKEN = "token"  # a parameter of this name is given the session's token, by nobody else
LONGEST_FIELD = 20_000  # characters; a finding of ten pages


@dataclass(frozen=True)
class At:
    """Where a page is shown: request, register, who is there, the path's parts, what was typed."""

    request: Request
    session: Session
    visitor: Visitor | None
    params: Mapping[str, str]
    typed: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Shown:
    """What a page shows: a template of templates/portal and its values; or (no template) a file:
    name, media type, bytes; or else the values as JSON."""

    template: str
    values: Mapping[str, Any]
    file: tuple[str, str, bytes] | None = None


@dataclass(frozen=True)
class Page:
    path: str
    name: str
    rule: Rule
    make: Callable[[At], Shown]


@dataclass(frozen=True)
class Deed:
    """One action: `function(login, *path, **body)`, the rule of its route, the page it returns to."""

    path: str
    function: Callable[..., Done]
    rule: Rule
    back: str
    body: type[BaseModel]
    parse: Callable[[FormData], dict[str, Any]] | None = None

    @property
    def name(self) -> str:
        return f"{self.function.__module__.rpartition('.')[2]}.{self.function.__name__.strip('_')}"

    @property
    def takes_files(self) -> bool:
        return any(Upload in get_args(one.annotation) for one in self.body.model_fields.values())


PAGES: dict[str, Page] = {}
DEEDS: dict[str, Deed] = {}


def page(path: str, *, name: str, rule: Rule = EVERYBODY) -> Callable:
    """Declare a page."""
    def declare(make: Callable[[At], Shown]) -> Callable[[At], Shown]:
        PAGES[path] = Page(path, name, rule, make)
        return make
    return declare


def deed(path: str, function: Callable[..., Done], rule: Rule, *, back: str,
         parse: Callable[[FormData], dict[str, Any]] | None = None) -> None:
    """Declare an action; the model of its body is made of the function's own parameters."""
    in_path = {part[1:-1] for part in path.split("/") if part.startswith("{")}
    fields = {}
    for one in list(inspect.signature(function).parameters.values())[1:]:
        if one.name not in in_path and one.name != OWN_TOKEN:
            default = ... if one.default is inspect.Parameter.empty else one.default
            fields[one.name] = (one.annotation, default)
    model = create_model(f"Body_{function.__module__}_{function.__name__}".replace(".", "_"),
                         __config__=ConfigDict(extra="forbid", str_max_length=LONGEST_FIELD), **fields)
    DEEDS[path] = Deed(path, function, rule, back, model, parse)


def from_form(one: Deed, form: FormData) -> dict[str, Any]:
    """Return a form's fields as the deed's body: `answers.LG-01` into a mapping, repeats into lists,
    blanks left out where there is a default."""
    if one.parse is not None:
        return one.parse(form)
    body: dict[str, Any] = {}
    for name, info in one.body.model_fields.items():
        kinds = {get_origin(kind) or kind for kind in (info.annotation, *get_args(info.annotation))}
        texts = [text for text in form.getlist(name) if isinstance(text, str)]
        if Upload in get_args(info.annotation):
            body[name] = [_upload(one) for one in form.getlist(name)
                          if isinstance(one, UploadFile) and (one.filename or one.size)]
        elif Mapping in kinds:
            body[name] = {key.removeprefix(f"{name}."): text for key, text in form.multi_items()
                          if key.startswith(f"{name}.") and isinstance(text, str)}
        elif texts and Sequence in kinds:
            body[name] = texts
        elif texts and (texts[-1].strip() or info.is_required()):
            body[name] = texts[-1]
    return body


def _upload(sent: UploadFile) -> Upload:
    return Upload.model_construct(name=(sent.filename or "未命名").replace("\x00", ""),
                                  content=sent.file.read())


def check_text(value: Any) -> None:
    """Refuse a text with a NUL in it, or far too long, however deep: nothing could keep it.

    Raises:
        InspectionError: there is such a text.
    """
    if isinstance(value, str) and "\x00" in value:
        raise InspectionError("填写的内容里有看不见的空字符", "请重新录入这一处；什么都没有改动")
    if isinstance(value, str) and len(value) > LONGEST_FIELD:
        raise InspectionError(f"填写的内容太长（{len(value)}字）", f"请缩短到{LONGEST_FIELD}字以内；什么都没有改动")
    for each in value.values() if isinstance(value, Mapping) else value if isinstance(
            value, list | tuple) else ():
        check_text(each)


def takes_token(one: Deed) -> bool:
    return OWN_TOKEN in inspect.signature(one.function).parameters


def path_values(one: Deed, params: Mapping[str, str]) -> dict[str, Any]:
    """Return the path's parts as the function wants them: whole numbers where it says int.

    Raises:
        NotFound: a part that should be one is none.
    """
    kinds = inspect.signature(one.function).parameters
    values: dict[str, Any] = dict(params)
    check_text(values)
    for name, text in params.items():
        if kinds[name].annotation is int:
            if not (text.isascii() and text.isdecimal() and len(text) < 10):
                raise NotFound(f"没有「{text}」", "请从列表进入")
            values[name] = int(text)
    return values
