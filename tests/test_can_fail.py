"""The tests themselves: each can fail, and checks what its waiting returned."""

import ast
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
TREES = {path: ast.parse(path.read_text()) for path in sorted(TESTS.rglob("*.py"))}
FILES = [path for path in TREES if path.name.startswith("test_")]
NAMES = [str(path.relative_to(TESTS)) for path in FILES]
ALWAYS_TRUE = (ast.Tuple, ast.Constant, ast.GeneratorExp, ast.Lambda, ast.JoinedStr)
TELLS = {"until_true", "wait_for", "begin_sending"}  # they answer with True or False, and raise nothing


def functions(tree: ast.AST) -> list[ast.FunctionDef]:
    """All functions and methods, those within others too."""
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]


def name_of(call: ast.Call) -> str:
    """Of the function or method that is called; "" for something else."""
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def called(node: ast.AST) -> set[str]:
    """Names of the functions and methods that are called within."""
    return {name_of(call) for call in ast.walk(node) if isinstance(call, ast.Call)}


def checking() -> set[str]:
    """The names of functions that assert something, themselves or through another function that they call."""
    known = {"raises", "fail"}
    defined = [function for tree in TREES.values() for function in functions(tree)]
    while True:
        more = {
            function.name
            for function in defined
            if any(isinstance(node, ast.Assert) for node in ast.walk(function)) or called(function) & known
        }
        if more <= known:
            return known
        known |= more


CHECKING = checking()


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_every_test_asserts(path: Path) -> None:
    """A test without an assertion shows only that nothing was raised."""
    tests = [function for function in functions(TREES[path]) if function.name.startswith("test_")]

    assert tests
    assert [one.name for one in tests if one.name not in CHECKING] == []


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_no_assertion_is_always_true(path: Path) -> None:
    """A tuple, a generator or a word is true whatever it holds; so is `x == x`, where x is a name."""
    checked = [node.test for node in ast.walk(TREES[path]) if isinstance(node, ast.Assert)]
    same = [
        one
        for one in checked
        if isinstance(one, ast.Compare)
        and isinstance(one.left, ast.Name)
        and ast.dump(one.left) == ast.dump(one.comparators[0])
    ]

    assert [ast.unparse(one) for one in checked if isinstance(one, ALWAYS_TRUE)] == []
    assert [ast.unparse(one) for one in same] == []


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_what_is_waited_for_is_looked_at(path: Path) -> None:
    """`until_true` and its like return whether something became true: no test may drop that result."""
    dropped = [
        node.lineno
        for node in ast.walk(TREES[path])
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and name_of(node.value) in TELLS
    ]

    assert dropped == []
