"""Personal data is found by shape and checksum. Every address and number is made up, or one that its issuer gives out
for tests."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from ingest.intake import Signal
from ingest.prepare import Preparer
from ingest.prices import PriceList
from ingest.pseudonyms import Pseudonyms
from ingest.redact import DRY_RUN, Redactor
from ingest.redaction_file import OwnRules, read_own_rules
from ingest.store import Store
from ingest.writer import Writer
from settings import SettingsError
from tests.ingest.otlp_samples import spans
from tests.ingest.pipeline import Pipeline
from tests.summary import SUMMARY

NO_OWN = OwnRules({}, ())
PSEUDONYMS = Pseudonyms(b"k" * 32)
LEAST_RECALL, MOST_FALSE_ALARMS = 0.98, 0.02

TRUE = {
    "email": [
        "kim.lee@gmail.com",
        "KIM@Shop.De",
        "a+b_c%d@mail.kim-and-lee.co.uk",
        "42@post.museum",
        "x@y.io",
        "first.last@sub.domain.bank.fr",
        "o-neil@uni-muenchen.de",
        "sales-2026@acme.store",
    ],
    "card_number": [
        "4111111111111111",
        "4111 1111 1111 1111",
        "4111-1111-1111-1111",
        "4012888888881881",
        "4222222222222",
        "5555555555554444",
        "5105 1051 0510 5100",
        "2223003122003222",
        "378282246310005",
        "3782 822463 10005",
        "6011111111111117",
        "6011 0009 9013 9424",
        "3530111333300000",
        "30569309025904",
        "38520000023237",
        "6200000000000005",
    ],
    "iban": [
        "DE89370400440532013000",
        "DE89 3704 0044 0532 0130 00",
        "GB29NWBK60161331926819",
        "GB29 NWBK 6016 1331 9268 19",
        "FR1420041010050500013M02606",
        "CH9300762011623852957",
        "NL91ABNA0417164300",
        "NO9386011117947",
        "BE68539007547034",
        "MT84MALT011000012345MTLCAST001S",
        "ES91 2100 0418 4502 0005 1332",
        "AT611904300234573201",
    ],
    "phone": [
        "+49 30 901820",
        "+49-151-23456789",
        "+4915123456789",
        "+1 415 555 2671",
        "+1 (415) 555-2671",
        "+14155552671",
        "(415) 555-2671",
        "415-555-2671",
        "+44 20 7946 0958",
        "+33 1 70 18 99 00",
        "+91 98765 43210",
        "0049 30 901820",
        "+358 40 1234567",
        "+41 (44) 668 18 00",
    ],
}
SURROUNDINGS = ["{}", "call {} now", '"{}"', '{{"to": "{}"}}', "from {}, please", "({})", "a:{}.", "12 {}", "{}\nnext"]

LOOK_ALIKES = [
    "git@github.com:acme/shop.git",
    "ssh://git@git.acme.io/x.git",
    "user@example.com",
    "icon@2x.png",
    "logo@3x.sprite.svg",
    "react@18.2.0",
    "@types/node",
    "you@localhost",
    "a @ b.com",
    "name@host",
    "agent@v1.2.test",
    "me@my.example",
    "4111111111111112",
    "4111 1111 1111 1112",
    "1700000000000000000",
    "1767225600123456789",
    "0000000000000000",
    "4444444444444444",
    "7d8f1d37f5da5735",
    "4bf92f3577b34da6a3ce929d0e0e4736",
    "41111111111111111111",
    "order 12345678901234",
    "3.141592653589793",
    "0.4111111111111111",
    "4111111111111111.5",
    "id_4111111111111111",
    "550e8400-e29b-41d4-a716-446655440000",
    "DE89370400440532013001",
    "DE8937040044053201300",
    "GB30NWBK60161331926819",
    "XX89370400440532013000",
    "AB12CDEF34567890",
    "DE89370400440532013000X",
    "US12 3456 7890 1234 5678",
    "SHA256SUM1234567890ABCDEF",
    "2026-11-22 23:36:15",
    "2026-11-22T23:36:15+00:00",
    "+00:00",
    "+01:00",
    "192.168.100.200",
    "10.0.0.1:8080",
    "v1.2.3-4.5",
    "1,234,567.89",
    "+12 tokens",
    "+1234 -567",
    "+3.5 %",
    "-415-555-2671x",
    "123-45-6789",
    "1-800",
    "100-200-3000",
    "total: 1234567890",
    "00 1234",
    "0012345678901",
    "1 000 000 000",
    "512 512 4096",
    "latency p95=1234.5678 ms",
    "span 00f067aa0ba902b7",
    "2147483647",
    "call_7d8f1d37f5da5735aef4ce4a",
    "gpt-4-0613-preview",
    "claude-3-5-20241022",
    "x = [4, 1, 1, 1]",
    "ISBN 978-3-16-148410-0",
    "+",
    "@",
    "room 415-555",
    "git@ssh.dev.azure.com/v3/acme",
]


@pytest.fixture(scope="module")
def redactor() -> Redactor:
    return Redactor.configured(NO_OWN, PSEUDONYMS.of, marks_persons=True, is_dry_run=False)


def test_personal_data_is_found_and_its_look_alikes_are_left(redactor: Redactor, record_property: Any) -> None:
    lines = [f"{'rule':12} {'true':>5} {'found':>6} {'recall':>7}"]
    for rule, values in TRUE.items():
        texts = [(value, surrounding.format(value)) for value in values for surrounding in SURROUNDINGS]
        missed = [
            text
            for value, text in texts
            if redactor.redact(text) != (text.replace(value, f"[REDACTED:{rule}]"), Counter({rule: 1}))
        ]
        recall = 1 - len(missed) / len(texts)
        lines.append(f"{rule:12} {len(texts):5} {len(texts) - len(missed):6} {recall:7.1%}")
        assert recall >= LEAST_RECALL, missed
    texts = [surrounding.format(text) for text in LOOK_ALIKES for surrounding in SURROUNDINGS[:6]]
    alarms = [text for text in texts if redactor.redact(text)[0] != text]
    lines.append(f"look-alikes: {len(texts)}, false alarms: {len(alarms)} ({len(alarms) / len(texts):.1%})")
    record_property(SUMMARY, ["Personal data: what is found of what is there", *lines])
    assert len(alarms) / len(texts) <= MOST_FALSE_ALARMS, alarms


def test_only_where_it_is_set_is_personal_data_looked_for() -> None:
    secrets_alone = Redactor.configured(NO_OWN, PSEUDONYMS.of, marks_persons=False, is_dry_run=False)
    for values in TRUE.values():
        for value in values:
            assert secrets_alone.redact(value) == (value, Counter())


def test_own_rules_replace_and_the_allow_list_keeps(tmp_path: Path) -> None:
    path = tmp_path / "redaction.json"
    path.write_text(json.dumps({"rules": {"staff_id": "ACME-(?P<secret>[0-9]{6})"}, "allow": [".*@acme[.]shop"]}))
    redactor = Redactor.configured(read_own_rules(path), PSEUDONYMS.of, marks_persons=True, is_dry_run=False)
    text, counts = redactor.redact("ACME-123456 asked help@acme.shop for kim@gmail.com")
    assert text == "ACME-[REDACTED:staff_id] asked help@acme.shop for [REDACTED:email]"
    assert counts == {"staff_id": 1, "email": 1}


@pytest.mark.parametrize(
    ("told", "says"),
    [
        ("[]", "is no JSON of rules and allow"),
        ('{"rules": {"Staff ID": "x"}}', "a name has 1 to 64 of"),
        ('{"rules": {"a": "("}}', "'a' cannot be used"),
        ('{"rules": {"a": "(?<=x)y"}}', "'a' cannot be used"),
        ('{"rules": {"a": "x*"}}', "it matches where there is nothing"),
        ('{"allow": [7]}', "a pattern is a text"),
    ],
)
def test_a_file_of_rules_that_will_not_do_is_told(tmp_path: Path, told: str, says: str) -> None:
    path = tmp_path / "redaction.json"
    path.write_text(told)
    with pytest.raises(SettingsError, match=says):
        read_own_rules(path)


def request_with_a_person() -> ExportTraceServiceRequest:
    request = spans("0af7651916cd43dd8448eb211c80319c")
    request.resource_spans[0].resource.attributes.add(key="service.name").value.string_value = "refunds"
    (span,) = request.resource_spans[0].scope_spans[0].spans
    for key, value in {
        "gen_ai.operation.name": "invoke_agent",
        "user.email": "kim.lee@gmail.com",
        "input.value": "I am kim.lee@gmail.com, my card is 4111 1111 1111 1111",
    }.items():
        span.attributes.add(key=key).value.string_value = value
    return request


@pytest.mark.parametrize("is_dry_run", [False, True], ids=["mark", "dry run"])
def test_the_store_holds_no_personal_data_and_after_a_dry_run_what_was_sent(tmp_path: Path, is_dry_run: bool) -> None:
    store = Store.open(tmp_path / "runlight.duckdb")
    redactor = Redactor.configured(NO_OWN, PSEUDONYMS.of, marks_persons=True, is_dry_run=is_dry_run)
    preparer = Preparer(PriceList(None), redactor, PSEUDONYMS, 1 << 20)
    writer = Writer(store, preparer, queue_bytes=1 << 20, gather_ms=0, on_commit=lambda: None)
    writer.start()
    running = Pipeline(store, preparer, writer)
    try:
        running.send(Signal.SPAN, request_with_a_person())
        kept = json.dumps(running.otlp("spans"))
        assert ("kim.lee@gmail.com" in kept, "4111 1111" in kept) == (is_dry_run, is_dry_run)
        assert running.rows("select user_id from spans") == [(PSEUDONYMS.of("kim.lee@gmail.com"),)]
        ((counts,),) = running.rows("select redacted_counts from ingest_batches")
        prefix = DRY_RUN if is_dry_run else ""
        expected = {f"{prefix}{name}@refunds": 1 for name in ("card_number", "email", "person")}
        assert {entry["name"]: entry["count"] for entry in counts} == expected
    finally:
        writer.stop()
        store.close()
