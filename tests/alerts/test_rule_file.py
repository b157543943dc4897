"""The file of rules: what it changes, and how each mistake in it is named."""

from pathlib import Path

import pytest

from alerts.rule_file import RuleFileError, read_rules
from alerts.rules import CostSpike, ErrorRate, P95Duration
from tests.alerts.watching import rule_file

BOMB = (
    "rules: {a: &a0 [1, 1]" + "".join(f", b{n}: &a{n + 1} [*a{n}, *a{n}, *a{n}]" for n in range(60)) + ", kind: *a60}"
)


def test_the_built_in_rules_are_on_but_for_durations_and_watch_every_project_but_the_samples() -> None:
    rules = read_rules(None, [])
    assert [name for name, rule in rules.items() if not rule.enabled] == ["p95_duration"]
    assert {rule.kind for rule in rules.values()} == {
        *("cost_spike", "error_rate", "p95_duration", "tool_error_rate", "pending_approval", "correction_rate"),
        *("served_model", "unpriced_model", "silent_service", "rejecting"),
    }
    assert {rule.watches("default") for rule in rules.values() if rule.enabled} == {True}
    assert {rule.watches("demo") for rule in rules.values()} == {False}


def test_a_file_changes_switches_off_and_adds_rules_by_their_names(tmp_path: Path) -> None:
    path = rule_file(
        tmp_path / "rules.yaml",
        error_rate={"threshold_rate": 0.1, "owner": "team-shop"},
        rejecting={"enabled": False},
        cost_spike={"kind": "budget", "threshold_usd": 50.0, "period": "month", "tz": "Europe/Berlin"},
        slow={"kind": "p95_duration", "threshold_seconds": 30, "only": {"workflow": "refund"}, "notify": ["ops"]},
        samples={"kind": "error_rate", "threshold_rate": 0.5, "projects": ["demo"]},
    )
    rules = read_rules(path, ["ops"])
    changed, slow = rules["error_rate"], rules["slow"]
    assert isinstance(changed, ErrorRate)
    assert (changed.threshold_rate, changed.min_runs, changed.severity) == (0.1, 20, "critical")
    assert isinstance(slow, P95Duration)
    assert slow.threshold == 30_000
    assert not rules["rejecting"].enabled
    assert rules["cost_spike"].kind == "budget"
    assert isinstance(rules["daily_cost_spike"], CostSpike)
    assert (rules["samples"].watches("demo"), rules["samples"].watches("default")) == (True, False)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("rules: [", "is no YAML"),
        ("- a", "one key `rules` is expected"),
        ("", "one key `rules` is expected"),
        ("rules: {}\nmore: 1", "one key `rules` is expected"),
        ("rules: {'A b': {}}", "rule 'A b': a name is 1 to 64"),
        ("rules: {error_rate: 5}", "rule 'error_rate': its fields are expected below it"),
        ("rules: {mine: {}}\n", "rule 'mine': kind: one of these is expected: cost_spike, budget, "),
        ("rules: {mine: {kind: sql}}", "rule 'mine': kind: one of these is expected: cost_spike, budget, "),
        ("rules: {error_rate: {threshold: 1}}", "rule 'error_rate': threshold: there is no such field; there are: e"),
        ("rules: {error_rate: {threshold_rate: 20}}", "rule 'error_rate': threshold_rate: Input should be less"),
        ("rules: {error_rate: {threshold_rate: .inf}}", "rule 'error_rate': threshold_rate: "),
        ("rules: {error_rate: {min_runs: many}}", "rule 'error_rate': min_runs: Input should be a valid integer"),
        ("rules: {error_rate: {window_minutes: true}}", "rule 'error_rate': window_minutes: "),
        ("rules: {error_rate: {only: {release: 1.2}}}", "rule 'error_rate': only.release: "),
        ("rules: {rejecting: {only: {workflow: w}}}", "rule 'rejecting': `only` can name nothing here, not workflow"),
        ("rules: {error_rate: {runbook: 'javascript:x'}}", "rule 'error_rate': runbook: "),
        (
            "rules: {error_rate: {notify: [pager]}}",
            "rule 'error_rate': notify: there is no channel 'pager'; known: ops",
        ),
        ("rules: {b: {kind: budget, period: day, threshold_usd: 1, tz: Mars}}", "rule 'b': tz: a time zone reads like"),
        ("rules:\n  a: {enabled: false}\n  a: {}", "'a' comes twice"),
        ("rules: {a: !!python/object/apply:os.system ['x']}", "is no YAML"),
        ("#" * 10_000_000, "is larger than 256 kB"),
        ("rules: " + "[" * 50_000, "is nested too deeply"),
        ("rules: &a [*a]", "has anchors that stand for too much"),
        (BOMB, "has anchors that stand for too much"),
    ],
)
def test_a_mistake_is_one_line_that_names_the_file_the_rule_and_the_field(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(text)
    with pytest.raises(RuleFileError) as error:
        read_rules(path, ["ops"])
    assert str(error.value).startswith(str(path))
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(RuleFileError, match=r"none\.yaml cannot be read: No such file"):
        read_rules(tmp_path / "none.yaml", [])
