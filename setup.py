"""Everything about the package stands in pyproject.toml, but for this: a wheel also carries what browsers load and the
demo shop, as orchestrator/_web and orchestrator/_examples; orchestrator/resources.py finds them in both places."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

FOLDERS = ("web", "examples")


class BuildWithFolders(build_py):
    def run(self) -> None:
        super().run()
        if not self.editable_mode:
            for name in FOLDERS:
                target = Path(self.build_lib, "orchestrator", f"_{name}")
                shutil.rmtree(target, ignore_errors=True)
                shutil.copytree(name, target, ignore=shutil.ignore_patterns("var", "__pycache__", ".*"))


setup(cmdclass={"build_py": BuildWithFolders})
