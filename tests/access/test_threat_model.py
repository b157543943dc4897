"""The threat model names no defence without its test."""

import ast
import re

from tests.serving import ROOT

TEXT = (ROOT / "docs" / "threat-model.md").read_text()
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


def test_every_defence_has_a_test_that_exists() -> None:
    defences = re.findall(r"^\| ([A-Z][^|]*) \| ([^|]*) \|$", TEXT, re.MULTILINE)
    assert len(defences) > 10
    for defence, shown_by in defences:
        named = NAMED.findall(shown_by)
        assert named, f"no test shows: {defence}"
        for path, name in named:
            tests = {node.name for node in ast.parse((ROOT / path).read_text()).body if hasattr(node, "name")}
            assert name in tests, f"{path} has no {name}"
