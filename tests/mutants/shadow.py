"""Imports one module from a changed tree in place of its file."""

import ast
import importlib.abc
import importlib.machinery
import importlib.util
import sys
from collections.abc import Sequence
from pathlib import Path
from types import CodeType, ModuleType


class _Loader(importlib.machinery.SourceFileLoader):
    def __init__(self, name: str, path: str, tree: ast.Module) -> None:
        super().__init__(name, path)
        self._tree = tree

    def get_code(self, _fullname: str) -> CodeType:
        """The code of the changed tree."""
        code: CodeType = compile(self._tree, self.path, "exec")
        return code


class _Finder(importlib.abc.MetaPathFinder):
    def __init__(self, name: str, path: Path, tree: ast.Module) -> None:
        self._name, self._path, self._tree = name, path, tree

    def find_spec(
        self, fullname: str, _path: Sequence[str] | None, _target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """The changed module, and nothing of any other."""
        if fullname != self._name:
            return None
        loader = _Loader(fullname, str(self._path.resolve()), self._tree)
        is_package = [str(self._path.parent.resolve())] if self._path.name == "__init__.py" else None
        return importlib.util.spec_from_file_location(
            fullname, self._path, loader=loader, submodule_search_locations=is_package
        )


def shadow(path: Path, tree: ast.Module) -> None:
    """From now on the module of a file is the changed one; nothing of `app` may have been imported before."""
    name = ".".join(path.with_suffix("").parts).removesuffix(".__init__")
    assert not any(module == "app" or module.startswith("app.") for module in sys.modules)
    sys.meta_path.insert(0, _Finder(name, path, tree))
