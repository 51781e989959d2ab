"""The house keeps its shape: who may import whom, how large things are, and what the text may not hold."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.requirement("house:architecture")

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "src" / "gnomon"
LARGEST_MODULE_LINES = 500
LARGEST_FUNCTION_LINES = 80
INDEX_HOSTS = (
    ("pypi", "org"),
    ("pythonhosted", "org"),
    ("npmjs", "org"),
    ("npmjs", "com"),
    ("yarnpkg", "com"),
    ("anaconda", "org"),
    ("static.crates", "io"),
    ("proxy.golang", "org"),
)
LINK = re.compile(r"\]\((?![a-z]+:|#)([^)#\s]+)")
PAGE = re.compile(r"docs/[\w./-]+\.md")
DEVELOPER_PATH = re.compile(r"(?<![\w.$}~-])/(?:work|root|home/\w+|Users/\w+)/|\b[A-Z]:\\Users\\")


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def sources() -> list[Path]:
    return modules() + sorted((ROOT / "tests").rglob("*.py"))


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def functions(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, (node.end_lineno or node.lineno) - node.lineno + 1


def project_texts() -> Iterator[tuple[Path, str]]:
    """Every text file of the repository, except what git ignores."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout: there is no list of the project's files")
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout.decode().split("\0")
    for path in (ROOT / each for each in sorted(listed) if each):
        if path.is_file() and b"\0" not in (content := path.read_bytes()):
            yield path, content.decode("utf-8", errors="replace")


def test_no_import_contract_is_broken(tmp_path: Path) -> None:
    command = [Path(sys.executable).with_name("lint-imports"), "--cache-dir", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    assert " 0 broken" in done.stdout


def test_every_package_folder_has_an_init_file() -> None:
    """The import contracts are blind to a folder without one."""
    folders = {path.parent for path in modules()}
    assert [name(f) for f in sorted(folders) if not (f / "__init__.py").exists()] == []


def test_every_module_says_what_it_is_for() -> None:
    texts = {name(p): p.read_text() for p in modules()}
    assert [p for p, text in texts.items() if text.strip() and not ast.get_docstring(ast.parse(text))] == []


def test_no_module_is_larger_than_its_budget() -> None:
    lines = {name(p): len(p.read_text().splitlines()) for p in sources()}
    assert {p: n for p, n in lines.items() if n >= LARGEST_MODULE_LINES} == {}


def test_no_function_is_larger_than_its_budget() -> None:
    sizes = {f"{name(p)}:{function}": n for p in sources() for function, n in functions(p)}
    assert {f: n for f, n in sizes.items() if n > LARGEST_FUNCTION_LINES} == {}


def test_no_module_is_called_after_nothing() -> None:
    vague = {"utils", "util", "helpers", "helper", "common", "misc"}
    assert [name(p) for p in modules() if p.stem in vague or p.parent.name in vague] == []


def test_the_domain_needs_the_standard_library_alone() -> None:
    foreign = set()
    for path in sorted((PACKAGE / "domain").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                foreign |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                foreign.add((node.module or "").split(".")[0])
    assert foreign - sys.stdlib_module_names - {"gnomon"} == set()


def test_no_failure_is_swallowed() -> None:
    """Catching everything is allowed only to do something about it."""
    silent = []
    for path in modules():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ExceptHandler):
                everything = node.type is None or ast.unparse(node.type) in ("Exception", "BaseException")
                if everything and all(isinstance(s, ast.Pass | ast.Continue) for s in node.body):
                    silent.append(f"{name(path)}:{node.lineno}")
    assert silent == []


def test_no_note_of_unfinished_work_stays_in_the_code() -> None:
    notes = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
    assert [name(p) for p in modules() if notes.search(p.read_text())] == []


def test_every_link_between_pages_leads_somewhere() -> None:
    dead = [
        (name(page), target)
        for page, text in project_texts()
        if page.suffix == ".md"
        for target in LINK.findall(text)
        if not (page.parent / target).exists()
    ]
    assert dead == []


def test_every_page_that_the_code_names_exists() -> None:
    dead = [
        (name(path), page)
        for path, text in project_texts()
        if path.suffix in (".py", ".toml") or path.name == "Makefile"
        for page in PAGE.findall(text)
        if not (ROOT / page).exists()
    ]
    assert dead == []


def test_no_file_names_a_package_index() -> None:
    """A mirror configured on the machine must do (docs/adr/0003-host-free-lock.md)."""
    hosts = [".".join(parts) for parts in INDEX_HOSTS]
    found = [(name(p), host) for p, text in project_texts() for host in hosts if host in text]
    assert found == []


def test_no_file_holds_a_path_of_somebody_s_machine() -> None:
    found = [
        (name(p), number)
        for p, text in project_texts()
        for number, line in enumerate(text.splitlines(), 1)
        if DEVELOPER_PATH.search(line)
    ]
    assert found == []


@pytest.mark.parametrize(
    ("before", "after"),
    [("open('/", "work/main/a')"), ("see /", "home/ana/notes"), ('"/', "Users/ana/x"), ("C:", r"\Users\ana")],
)
def test_a_path_of_somebody_s_machine_is_recognised(before: str, after: str) -> None:
    assert DEVELOPER_PATH.search(before + after)


@pytest.mark.parametrize(
    "line", ["docs/work/plan", "$HOME/work/x", "framework/root/", "https://a.test/home/"]
)
def test_other_paths_are_left_alone(line: str) -> None:
    assert not DEVELOPER_PATH.search(line)
