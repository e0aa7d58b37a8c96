"""The documentation strings of the running interpreter's standard library, a corpus that every machine has."""

import ast
import importlib
import inspect
import sysconfig
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from workbench.corpora.base import Record, Skipped
from workbench.corpora.stream import reason
from workbench.domain.documents import Document
from workbench.domain.errors import BadInputError

_LEFT_OUT = "dist-packages ensurepip idlelib lib2to3 pydoc_data site-packages test tests turtledemo"
_COMPILED = (
    "_bisect _codecs _collections _datetime _functools _heapq _io _operator _socket _struct _weakref array atexit "
    "binascii builtins cmath errno fcntl gc itertools marshal math posix resource select sys time unicodedata zlib"
)
"""Those whose import does nothing but define names."""
_SAME = {"posixpath": "os.path.", "posix": "os.", "builtins": "", "_collections_abc": "collections.abc."}
"""Modules whose names people know with another beginning."""


@dataclass(frozen=True)
class _Entry:
    """Something with a documentation string."""

    arguments: str
    """As in `(queue, *, timeout)`; empty for what is not called."""
    text: str


@dataclass(slots=True)
class _Module:
    """What one module defines and what it takes from others."""

    name: str
    entries: dict[str, _Entry] = field(default_factory=dict)
    """By name within the module, as in `Queue.get`; the module's own under the empty name."""
    public: list[str] | None = None
    """`__all__`, where it is written out."""
    taken: list[tuple[str, list[str]]] = field(default_factory=list)
    """Modules and the names imported from them; `*` for all."""


class PythonDocsReader:
    """Reads the sources without importing them; modules in C are asked."""

    kind = "python"
    ignored = 0
    judged_root: Path | None = None
    source = ""
    line: int | None = None

    def __init__(self) -> None:
        """Find the sources.

        Raises:
            BadInputError: This interpreter came without them.
        """
        self._root = Path(sysconfig.get_path("stdlib"))
        self._files = sorted(_sources(self._root), key=lambda file: file.parts)
        if not self._files:
            raise BadInputError(
                "this Python came without the sources of its standard library", "Choose another corpus."
            )
        self.total_bytes = sum(file.stat().st_size for file in self._files)
        self.bytes_read = 0

    def records(self) -> Iterator[Record]:
        """Give one document for each documentation string, in the order of names."""
        self.bytes_read = 0
        modules: dict[str, _Module] = {}
        for file in self._files:
            parts = file.relative_to(self._root).with_suffix("").parts
            self.source = "/".join(parts)
            try:
                source = file.read_bytes()
                self.bytes_read += len(source)
                module = _parsed(source, parts)
            except (OSError, SyntaxError, ValueError, RecursionError) as error:
                yield Skipped.of(self.source, None, reason(error) if isinstance(error, OSError) else str(error))
            else:
                modules[module.name] = module
        for name in _COMPILED.split():
            if name not in modules and (asked := _asked(name)):
                modules[name] = asked
        self.source = ""
        yield from _documents(modules)
        self.bytes_read = self.total_bytes


def _sources(root: Path) -> Iterator[Path]:
    left_out = _LEFT_OUT.split()
    for item in sorted(root.iterdir()) if root.is_dir() else ():
        if item.name in left_out or not item.stem.isidentifier():
            continue
        if item.is_dir():
            yield from _sources(item)
        elif item.suffix == ".py" and item.is_file():
            yield item


def _documents(modules: dict[str, _Module]) -> Iterator[Document]:
    homes = _homes(modules)
    documents: dict[str, Document] = {}
    for module in modules.values():
        for name, entry in module.entries.items():
            top, _, rest = name.partition(".")
            home = homes.get((module.name, top)) or _public_name(module.name, top)
            if home is not None:
                id = f"{home}.{rest}" if rest else home
                documents.setdefault(id, Document.of(id, id + entry.arguments, entry.text))
    yield from (documents[id] for id in sorted(documents))


def _homes(modules: dict[str, _Module]) -> dict[tuple[str, str], str]:
    """Find the names under which packages offer what their inner modules define: `asyncio.Queue`."""
    homes: dict[tuple[str, str], str] = {}
    for name in sorted(modules):
        if not _is_public(name):
            continue
        for origin, taken in modules[name].taken:
            inner = origin.startswith(name + ".") or origin.lstrip("_").removeprefix("py") == name.replace(".", "_")
            if origin not in modules or not inner:
                continue
            for item in _exported(modules[origin]) if "*" in taken else taken:
                if not item.startswith("_"):
                    homes.setdefault((origin, item), f"{name}.{item}")
    return homes


def _exported(module: _Module) -> Iterable[str]:
    return module.public if module.public is not None else [name for name in module.entries if name and "." not in name]


def _is_public(name: str) -> bool:
    return not any(part.startswith("_") for part in name.split("."))


def _public_name(module: str, top: str) -> str | None:
    if top and module in _SAME:
        return _SAME[module] + top
    return (f"{module}.{top}" if top else module) if _is_public(module) else None


def _parsed(source: bytes, parts: tuple[str, ...]) -> _Module:
    is_package = parts[-1] == "__init__"
    package = parts[:-1]
    module = _Module(".".join(package if is_package else parts))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tree = ast.parse(source)
    if text := ast.get_docstring(tree):
        module.entries[""] = _Entry("", text)
    _collect(tree.body, "", module, package)
    return module


def _collect(body: list[ast.stmt], prefix: str, module: _Module, package: tuple[str, ...]) -> None:
    for node in body:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef() if not node.name.startswith("_"):
                is_class = isinstance(node, ast.ClassDef)
                if text := ast.get_docstring(node):
                    arguments = "" if isinstance(node, ast.ClassDef) else _arguments(node.args)
                    module.entries.setdefault(prefix + node.name, _Entry(arguments, text))
                if is_class:
                    _collect(node.body, f"{prefix}{node.name}.", module, package)
            case ast.If() | ast.Try():
                handlers = [handler.body for handler in node.handlers] if isinstance(node, ast.Try) else []
                for block in (node.body, *handlers, node.orelse):
                    _collect(block, prefix, module, package)
            case ast.ImportFrom() if not prefix:
                base = package[: len(package) + 1 - node.level] if node.level else ()
                origin = ".".join((*base, *([node.module] if node.module else [])))
                module.taken.append((origin, [item.name for item in node.names if item.asname in (None, item.name)]))
            case ast.Assign(targets=[ast.Name(id="__all__")], value=ast.List(elts) | ast.Tuple(elts)) if not prefix:
                names = [getattr(item, "value", None) for item in elts]
                module.public = [name for name in names if isinstance(name, str)]
            case _:
                pass


def _arguments(args: ast.arguments) -> str:
    names = [arg.arg for arg in (*args.posonlyargs, *args.args)]
    if names[:1] in (["self"], ["cls"], ["module"]):
        del names[0]
    if args.vararg or args.kwonlyargs:
        names.append("*" + (args.vararg.arg if args.vararg else ""))
    names += [arg.arg for arg in args.kwonlyargs]
    names += ["**" + args.kwarg.arg] if args.kwarg else []
    return f"({', '.join(names)})"


def _asked(name: str) -> _Module | None:
    """Ask a compiled module for its documentation strings; None where this interpreter has no such module."""
    try:
        found = importlib.import_module(name)
    except ImportError:
        return None
    module = _Module(name)
    if found.__doc__:
        module.entries[""] = _Entry("", inspect.cleandoc(found.__doc__))
    _ask(found, "", module)
    return module


def _ask(owner: object, prefix: str, module: _Module) -> None:
    for name, value in sorted(vars(owner).items()):
        is_class = isinstance(value, type)
        if name.startswith("_") or not (is_class or callable(value) or inspect.isdatadescriptor(value)):
            continue
        # Under another name it is an alias, as `socket.error` is of OSError.
        if getattr(value, "__name__", name) != name or (prefix and is_class):
            continue
        if isinstance(text := value.__doc__, str) and text:
            arguments = "" if is_class or not callable(value) else _asked_arguments(value)
            module.entries[prefix + name] = _Entry(arguments, inspect.cleandoc(text))
        if is_class:
            _ask(value, f"{prefix}{name}.", module)


def _asked_arguments(value: object) -> str:
    """Read the signature that a compiled function carries as text, such as `($self, iterable, /)`."""
    written = str(getattr(value, "__text_signature__", None) or "()").replace("$", "")
    try:
        node = ast.parse(f"def f{written}: ...").body[0]
    except SyntaxError:
        return "()"
    return _arguments(node.args) if isinstance(node, ast.FunctionDef) else "()"
