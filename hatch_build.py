"""What the wheel's build does of its own: it compiles the catalogs, which are not kept in git."""

import sys
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CatalogHook(BuildHookInterface):  # type: ignore[type-arg]
    """Compile before the files are collected."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """`version` and `build_data` are hatch's; neither is needed."""
        sys.path.insert(0, self.root)
        from circletime.core.catalogs import compile_all

        compile_all()
