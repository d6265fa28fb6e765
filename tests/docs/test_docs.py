"""What the reference says is what the program does."""

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest
import typer

from overt.cli.app import app
from overt.deployment.policy import Policy, shipped_policies
from overt.deployment.schema import Section, settings_of
from overt.deployment.settings import DeploymentSettings

_ROOT = Path(__file__).parents[2]
_REFERENCE = _ROOT / "docs" / "reference"


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    """The script that writes the reference."""
    path = _ROOT / "dev" / "generate_reference.py"
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _read(name: str) -> str:
    return (_REFERENCE / name).read_text("utf-8")


def test_what_is_committed_is_what_the_code_says(generator: ModuleType) -> None:
    stale = [name for name, page in generator.PAGES.items() if _read(name) != page()]

    assert not stale, "run: python dev/generate_reference.py"


def test_every_command_is_documented_and_has_help(generator: ModuleType) -> None:
    page = _read("commands.md")

    for words, command in generator.walk(typer.main.get_command(app), ("overt",)):
        assert f"## {' '.join(words)}\n" in page
        assert command.help, f"{' '.join(words)} does not say what it does"
        for parameter in command.params:
            assert getattr(parameter, "help", None), f"{words}: {parameter.name} has no help"


@pytest.mark.parametrize(
    ("page", "model"), [("deployment-file.md", DeploymentSettings), ("policy.md", Policy)]
)
def test_every_setting_is_documented_under_its_section(page: str, model: type[Section]) -> None:
    sections = dict(
        re.findall(
            r"^## (\S+|At the top of the file)\n(.*?)(?=^## |\Z)",
            _read(page),
            re.MULTILINE | re.DOTALL,
        )
    )
    headers = {setting.path: setting.header for setting in settings_of(model) if setting.section}

    for setting in settings_of(model):
        assert setting.description, f"{setting.path} does not say what belongs there"
        if not setting.section:
            header = headers.get(setting.path[:-1], "At the top of the file")
            assert f"| `{setting.path[-1]}` |" in sections[header]


def test_every_word_of_a_shipped_policy_is_documented() -> None:
    page = _read("policy.md")

    for policy in map(Policy.shipped, shipped_policies()):
        named = [(each.id, each.wording) for each in policy.use_cases]
        named += [(each.id, each.wording) for each in policy.categories]
        named += [(each.id, each.wording) for each in policy.picture_sources]
        for word, wording in named:
            assert f"| `{word}` | {wording} |" in page


def test_every_error_is_documented(generator: ModuleType) -> None:
    page = _read("errors.md")
    kinds = list(generator.every_error())

    assert len(kinds) > 5
    for kind in kinds:
        assert f"## {kind.__name__}\n" in page
        assert re.search(rf"^[│├└─ ]*{kind.__name__} ", page, re.MULTILINE), "not in the tree"


@pytest.mark.parametrize("path", sorted(_REFERENCE.glob("*.md")), ids=lambda path: path.name)
def test_prose_has_one_sentence_a_line(path: Path) -> None:
    prose = re.sub(
        r"```.*?```|`[^`]*`|^\|.*?$", "", path.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL
    )

    several = re.findall(r"^.*[a-z)][.!?] [A-Z].*$", prose, re.MULTILINE)

    assert several == []
