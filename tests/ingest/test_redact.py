"""Every secret here is made up: the shape of a real one, filled from a fixed alphabet."""

import time
from collections import Counter
from itertools import cycle, islice

import polars as pl
import pytest
from google.protobuf.message import Message
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, EntityRef, KeyValue, KeyValueList
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.metrics.v1.metrics_pb2 import Gauge, Metric, NumberDataPoint
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from access.keys import Scope, new_key
from ingest.redact import Redactor

REDACTOR = Redactor.default()


def filled(length: int, alphabet: str = "q7Tz4mKx9Wb2Rv8Ln3") -> str:
    return "".join(islice(cycle(alphabet), length))


DIGITS = filled(12, "4159027")
HEX = filled(64, "3fa91c07be52d864")
UPPER = filled(16, "Q7TZ4MKX2WB5RV6L")
BASE64 = "\n".join(filled(64, "MIIEpQIBAAKCAQEA7x+f/Zk0") for _ in range(5))
UUID = "3fa91c07-be52-4864-9c07-be52d8643fa9"


def value_of(text: str) -> AnyValue:
    return AnyValue(string_value=text)


JWT = f"eyJ{filled(17)}.eyJ{filled(40)}.{filled(43)}"

SECRETS = {
    "private_key": [
        f"-----BEGIN RSA PRIVATE KEY-----\n{BASE64}\n-----END RSA PRIVATE KEY-----",
        f"-----BEGIN OPENSSH PRIVATE KEY-----\n{BASE64}\n-----END OPENSSH PRIVATE KEY-----",
        f"-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,{UPPER}\n\n{BASE64}\n"
        "-----END EC PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----\\n" + BASE64.replace("\n", "\\n") + "\\n-----END PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----\\\\n" + BASE64.replace("\n", "\\\\n"),
        f"-----BEGIN PGP PRIVATE KEY BLOCK-----\nVersion: GnuPG v2\n\n{BASE64}\n=aB3d\n"
        "-----END PGP PRIVATE KEY BLOCK-----",
    ],
    "aws_access_key": [f"AKIA{UPPER}", f"ASIA{UPPER}"],
    "anthropic_key": [f"sk-ant-api03-{filled(86)}-{filled(6)}AA", f"sk-ant-oat01-{filled(80)}"],
    "openai_key": [f"sk-{filled(20)}T3BlbkFJ{filled(20)}", f"sk-proj-{filled(70)}_{filled(40)}-{filled(30)}"],
    "model_provider_key": [
        f"sk-or-v1-{HEX}",
        f"sk-lf-{UUID}",
        f"gsk_{filled(52)}",
        f"xai-{filled(80)}",
        f"pplx-{filled(48)}",
        f"hf_{filled(34, 'qTzmKxWbRv')}",
    ],
    "google_key": [f"AIza{filled(35)}", f"ya29.{filled(60)}"],
    "github_token": [
        f"ghp_{filled(36)}",
        f"gho_{filled(36)}",
        f"ghs_{filled(36)}",
        f"github_pat_{filled(22)}_{filled(59)}",
    ],
    "gitlab_token": [f"glpat-{filled(20)}", f"gldt-{filled(20)}"],
    "slack_token": [f"xoxb-{DIGITS}-{DIGITS}-{filled(24)}", f"xoxp-{DIGITS}-{filled(20)}", f"xapp-1-A{UPPER}-{DIGITS}"],
    "runlight_key": [f"rl_{HEX[:12]}_{HEX}"],
    "stripe_key": [f"sk_live_{filled(24)}", f"rk_live_{filled(99)}", f"sk_test_{filled(24)}"],
    "npm_token": [f"npm_{filled(36)}"],
    "pypi_token": [f"pypi-AgEIcHlwaS5vcmc{filled(100)}"],
    "service_token": [
        f"AGE-SECRET-KEY-1{filled(58, UPPER)}",
        f"ATATT3{filled(180)}",
        f"GOCSPX-{filled(28)}",
        f"HRKU-{filled(60)}",
        f"NRAK-{filled(27, UPPER)}",
        f"PMAK-{HEX[:24]}-{HEX[:34]}",
        f"SG.{filled(22)}.{filled(43)}",
        f"1//0{filled(60)}",
        f"cio{filled(32)}",
        f"csk-{filled(48)}",
        f"dapi{HEX[:32]}",
        f"dckr_pat_{filled(27)}",
        f"dop_v1_{HEX}",
        f"dp.pt.{filled(43)}",
        f"e2b_{HEX[:40]}",
        f"figd_{filled(40)}",
        f"fm2_{filled(100)}",
        f"fw_{filled(24)}",
        f"glsa_{filled(32)}_{HEX[:8]}",
        f"hvs.{filled(24)}",
        f"lin_api_{filled(40)}",
        f"lsv2_pt_{HEX[:32]}_{HEX[:10]}",
        f"nfp_{filled(36)}",
        f"ntn_{filled(46)}",
        f"nvapi-{filled(64)}",
        f"ops_eyJ{filled(200)}",
        f"pat{filled(14)}.{HEX}",
        f"pcsk_{filled(6)}_{filled(60)}",
        f"phx_{filled(43)}",
        f"pscale_tkn_{filled(43)}",
        f"pul-{HEX[:40]}",
        f"r8_{filled(37)}",
        f"rubygems_{HEX[:48]}",
        f"sb_secret_{filled(22)}_{filled(8)}",
        f"sbp_{HEX[:40]}",
        f"shpat_{HEX[:32]}",
        f"sk_{HEX[:48]}",
        f"sntryu_{HEX}",
        f"tvly-dev-{filled(32)}",
        f"whsec_{filled(32)}",
    ],
    "jwt": [JWT, JWT.rpartition(".")[0] + "."],
}
IN_CONTEXT = [
    ("aws_secret_key", "AWS_SECRET_ACCESS_KEY={}", filled(40)),
    ("aws_secret_key", '"SecretAccessKey": "{}"', filled(39) + "/"),
    ("aws_secret_key", "aws_secret_access_key = {}", filled(40)),
    ("azure_storage_key", "AccountName=logs;AccountKey={};EndpointSuffix=x", filled(86) + "=="),
    ("slack_webhook", "https://hooks.slack.com/services/{}", f"T{UPPER[:8]}/B{UPPER[:8]}/{filled(24)}"),
    ("url_password", "postgresql://app:{}@db.example.net:5432/shop", "hunter2"),
    ("url_password", "redis://:{}@cache:6379/0", "swordfish"),
    ("url_password", "https://deploy:{}@git.example.net/x.git", "p@ss:w0rd!"),
    ("authorization_header", "Authorization: Basic {}", "dXNlcjpwYXNz"),
    ("authorization_header", '{{"authorization": "Bearer {}"}}', filled(24)),
    ("authorization_header", "curl -H 'Authorization: token {}'", HEX[:40]),
    ("authorization_header", '{{\\"Authorization\\":\\"Bearer {}\\"}}', filled(30)),
    ("bearer_token", "sent with bearer {} as told", filled(32)),
    ("cookie_header", "Set-Cookie: {}", f"sid={filled(20)}; Path=/; HttpOnly"),
    ("secret_assignment", "password={}", "hunter22x"),
    ("secret_assignment", 'api_key: "{}"', HEX[:32]),
    ("secret_assignment", '"x-api-key": "{}"', filled(24)),
    ("secret_assignment", "export DB_PASSWORD={}", "correct-h0rse-battery"),
    ("secret_assignment", "client_secret => '{}'", filled(30)),
    ("secret_assignment", '{{\\"accessToken\\": \\"{}\\"}}', filled(30)),
    ("secret_assignment", "GET /v1?api_key={}&page=2", filled(20)),
    ("secret_assignment", "Server=db;Uid=app;Pwd={};", "hunter22x"),
    ("secret_assignment", "the API key: {}", filled(20)),
    ("command_line_secret", "mysqldump --user app --password {} shop", "Hunter22x"),
    ("command_line_secret", "gh auth login --with-token={}", filled(30)),
    ("quoted_password", '{{"user": "bob", "password": "{}"}}', "swordfish"),
    ("quoted_password", "connect(password='{}')", "sword-fish"),
    ("discord_webhook", "https://discord.com/api/webhooks/415902741590/{}", filled(68)),
    ("url_signature", "https://x.blob.example.net/c?sv=2024&sig={}&se=2", f"{filled(43)}%3D"),
    ("url_signature", "https://b.example.com/k?X-Amz-Expires=3600&X-Amz-Signature={}", HEX),
    ("url_signature", "GET /v1?token={}&page=2", filled(32)),
    ("aws_secret_key", "aws configure set aws_secret_access_key {}", filled(40)),
    ("secret_assignment", "FORGE_TOKEN={}", filled(32)),
    ("stated_password", "the password is {} and works", "Hunter22x!"),
    ("command_line_password", "curl -u admin:{} https://x.example", "Hunter22x!"),
    ("command_line_password", "sshpass -p '{}' ssh x", "Hunter22x!"),
    ("command_line_password", "machine api.example.net login kim password {}", "Hunter22x!"),
    ("quoted_token", '{{"token": "{}"}}', filled(32)),
]
SURROUNDINGS = ["{}", "use {} now", '"{}"', '{{"key": "{}"}}', "line\\n{}\\nline", "({})", "\\u003d{}", "a={},b", "{}."]

LOOK_ALIKES = [
    UUID,
    HEX,
    HEX[:40],
    f"sha256:{HEX}",
    "4bf92f3577b34da6a3ce929d0e0e4736",
    "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    f"task-{filled(48)}",
    f"risk-{filled(48)}",
    f"desk-{UUID}",
    "sk-learn and sk-image are the old names of two packages",
    "pip install sk-learn-contrib-imbalanced-3",
    "sk-internationalization-of-everything",
    "call_7d8f1d37f5da5735aef4ce4a",
    "toolu_4c58ecd7d0b453d98fe6bb85",
    "chatcmpl-ca3b57f2032d5f55960f29e6",
    "msg_90bf16345aac5930a5c422b1",
    "gpt-5.2-2026-02-11",
    "password: required",
    "password: string",
    '{"password": "string", "secret": "required"}',
    '{"password": {"type": "string", "minLength": 12}}',
    'password = os.environ["DB_PASSWORD"]',
    "password=${DB_PASSWORD_2}",
    '"password": "${DB_PASSWORD}"',
    '"password": "********"',
    '"password": "<your password>"',
    "api_key=settings.api_key",
    "api_key=YOUR_API_KEY",
    "Reset your password: it takes 5 minutes.",
    "A password must have 8-16 characters",
    "max_tokens: 1024, total_tokens=123456789",
    "secret_name: prod/db",
    "the Authorization: header is missing",
    "Authorization: Bearer authentication is required",
    "WWW-Authenticate: Bearer realm=example",
    "bearer of bad news",
    "http://localhost:4318/v1/traces",
    "http://localhost:3000?email=a@b.example",
    "ssh://git@git.example.net:2222/x.git",
    "postgres://user:password@host/db",
    "postgres://<user>:<password>@host/db",
    "https://example.net/@user:name",
    "mail me at a.b@example.net: 12345678",
    "-----BEGIN CERTIFICATE-----\n" + BASE64 + "\n-----END CERTIFICATE-----",
    "-----BEGIN PUBLIC KEY-----\n" + BASE64 + "\n-----END PUBLIC KEY-----",
    "A key file starts with -----BEGIN PRIVATE KEY----- and then has many lines",
    "AKIA is how an access key begins",
    "the eyJ prefix of a token",
    "eyJhbGciOiJIUzI1NiJ9",
    "cookie: two eggs, 100 g flour",
    "PWD=/home/user1/projects/shop",
    "docker run -u 1000:1000 --token-limit 4096",
    "[REDACTED]",
    "password=[REDACTED]",
    "password=[REDACTED:secret_assignment]",
    "Authorization: Bearer [REDACTED]",
    '"api_key": "<REDACTED>"',
    "[Scrubbed due to 'session']",
    "pypi-publish@v1, npm_config_cache, glpat- and ghp_ prefixes",
    "Größe: 12 MB, Schlüssel: keiner",
    f"sess-{UUID}",
    "EOS_TOKEN=<|endoftext|>",
    "MAX_TOKEN=4096, PAD_TOKEN: 0",
    "Add the TOKEN: it is on page 12345678",
    '{"token": "hello", "logprob": -0.12}',
    "token_type=bearer&expires_in=3600",
    "the password is 12-16 characters long",
    "GET /v1?token={token}&sig=short",
    "curl -u $USER:$PASS https://x.example",
    "curl -u user:password https://x.example",
    "docker run --user app:appgroup1 image",
    "machine learning login page password field",
    "hvs.example.com is a host, whsec_ a prefix, 1//0 no fraction",
    "fw_update_status_of_the_device_in_2024",
    "pcsk_index_name_for_all_of_the_documents",
    "e2b_run_code_in_a_sandbox_and_return_result",
    "https://discord.com/api/webhooks/ is where it goes",
    "tavily-search-results-json, sk_test_ mode, dapibus, lsv2_pt_ keys",
]


BARE_SECRETS = [(rule, secret) for rule, secrets in SECRETS.items() for secret in secrets]


@pytest.mark.parametrize(("rule", "secret"), BARE_SECRETS)
@pytest.mark.parametrize("surrounding", SURROUNDINGS)
def test_a_secret_is_replaced_wherever_it_stands(rule: str, secret: str, surrounding: str) -> None:
    text = surrounding.format(secret)
    assert REDACTOR.suspects(pl.Series([text])).tolist() == [True]
    redacted, counts = REDACTOR.redact(text)
    assert counts.total() == 1
    assert filled(8) not in redacted
    assert secret not in redacted
    if "key" not in surrounding:
        assert redacted == surrounding.format(f"[REDACTED:{rule}]") or surrounding == "{}."
        assert counts == {rule: 1}


def test_a_key_that_we_make_ourselves_is_replaced() -> None:
    _, secret = new_key("ci", [Scope.INGEST], None, 0)
    assert REDACTOR.redact(secret) == ("[REDACTED:runlight_key]", Counter({"runlight_key": 1}))


@pytest.mark.parametrize(("rule", "context", "secret"), IN_CONTEXT)
def test_a_secret_is_known_by_its_context_which_stays(rule: str, context: str, secret: str) -> None:
    text = context.format(secret)
    assert REDACTOR.suspects(pl.Series([text])).tolist() == [True]
    assert REDACTOR.redact(text) == (context.format(f"[REDACTED:{rule}]"), {rule: 1})


def test_a_private_key_that_was_cut_short_is_replaced_as_far_as_it_goes() -> None:
    lines = BASE64.splitlines()
    cut = f"-----BEGIN PRIVATE KEY-----\n{lines[0]}\n{lines[1][:20]}\n… (truncated)"
    assert REDACTOR.redact(cut) == ("[REDACTED:private_key]\n… (truncated)", {"private_key": 1})


@pytest.mark.parametrize("text", LOOK_ALIKES)
def test_a_look_alike_is_left_alone(text: str) -> None:
    assert REDACTOR.redact(text) == (text, {})


def test_several_secrets_of_one_text_are_counted_by_rule() -> None:
    first, second, third = f"ghp_{filled(36)}", f"ghp_{filled(40)}", f"AKIA{UPPER}"
    redacted, counts = REDACTOR.redact(f"{first} {second},{third}\npassword=hunter22x")
    assert redacted.splitlines() == [
        "[REDACTED:github_token] [REDACTED:github_token],[REDACTED:aws_access_key]",
        "password=[REDACTED:secret_assignment]",
    ]
    assert counts == {"github_token": 2, "aws_access_key": 1, "secret_assignment": 1}


def test_only_texts_with_something_in_them_are_suspects() -> None:
    texts = pl.Series(["all is well", f"ghp_{filled(36)}", None, "", "Grüße 🙂"])
    assert REDACTOR.suspects(texts).tolist() == [False, True, False, False, False]
    assert REDACTOR.suspects(pl.Series([], dtype=pl.String)).tolist() == []


def test_without_rules_nothing_is_suspect() -> None:
    nothing = Redactor({})
    assert nothing.suspects(pl.Series(["", f"ghp_{filled(36)}"])).tolist() == [False, False]
    assert nothing.redact("password=hunter22x") == ("password=hunter22x", Counter())


def test_own_rules_replace_their_group_or_all_of_their_match() -> None:
    own = Redactor({"ticket": r"TICKET-[0-9]+", "pin": r"pin (?P<secret>[0-9]{4})"})
    assert own.redact("TICKET-12, pin 0042.") == ("[REDACTED:ticket], pin [REDACTED:pin].", {"ticket": 1, "pin": 1})


def test_own_rules_never_eat_into_a_marker() -> None:
    own = Redactor({"word": r"[A-Z]{3,}"})
    once, _ = own.redact("a TICKET b")
    assert once == "a [REDACTED:word] b"
    assert own.redact(once) == (once, {})


@pytest.mark.parametrize(
    ("name", "pattern"), [("open", "("), ("behind", "(?<=a)b"), ("ahead", "a(?!b)"), ("Bad name]", "a")]
)
def test_a_rule_that_cannot_be_used_is_named(name: str, pattern: str) -> None:
    with pytest.raises(ValueError, match="rule '" + name.replace("]", r"\]")):
        Redactor({name: pattern})


FRAGMENTS = st.sampled_from(
    [
        *(secret for secrets in SECRETS.values() for secret in secrets),
        *(context.format(secret) for _, context, secret in IN_CONTEXT),
        *LOOK_ALIKES,
        *(" ", "-", "=", ":", '"', "\\n", "\n", "x", "9", "@", "://u:", "password", "[", "]", "é", "[REDACTED:jwt]"),
    ]
)


@given(st.lists(FRAGMENTS | st.text(max_size=5), max_size=8).map("".join))
def test_redacting_twice_is_redacting_once_and_no_secret_hides_from_the_suspects(text: str) -> None:
    redacted, counts = REDACTOR.redact(text)
    assert REDACTOR.redact(redacted) == (redacted, {})
    assert (redacted != text) == bool(counts)
    if counts:
        assert REDACTOR.suspects(pl.Series([text])).tolist() == [True]


@given(st.lists(st.lists(FRAGMENTS, max_size=4).map(" ".join), max_size=5))
def test_messages_are_redacted_together_as_their_texts_are_alone(texts: list[str]) -> None:
    records = [LogRecord(body=value_of(text)) for text in texts]
    counts = REDACTOR.redact_messages(records)
    assert [(record.body.string_value, found) for record, found in zip(records, counts, strict=True)] == [
        REDACTOR.redact(text) for text in texts
    ]


@pytest.mark.parametrize(
    "hostile",
    [
        "eyJ" * 100_000,
        "://" * 100_000,
        "://a:" + "b" * 300_000,
        "-----BEGIN PRIVATE KEY-----" * 10_000,
        "-----BEGIN PRIVATE KEY-----\n" + "A: b\n" * 60_000,
        "password" * 40_000,
        "password" + "'" * 300_000,
        f"AKIA{UPPER}" * 15_000,
        f"AKIA{UPPER} " * 15_000,
        "cookie:" + "a=b" * 100_000,
        "bearer " + "a" * 300_000,
        "--" + "a-" * 150_000,
        "[REDACTED:a]" * 25_000,
    ],
    ids=lambda text: text[:12] + text[-4:],
)
def test_hostile_text_takes_bounded_time(hostile: str) -> None:
    started = time.process_time()
    REDACTOR.redact(hostile)
    REDACTOR.suspects(pl.Series([hostile]))
    assert time.process_time() - started < 2


TOKEN = f"ghp_{filled(36)}"
GONE = "[REDACTED:github_token]"
WHOLE = "[REDACTED:secret_attribute]"


def test_every_text_of_a_span_is_redacted_and_nothing_else_changes() -> None:
    def span(token: str) -> Span:
        return Span(
            trace_id=b"t" * 16,
            name=f"call {token}",
            trace_state=f"v={token}",
            attributes=[
                KeyValue(key="plain", value=value_of(token)),
                KeyValue(key=f"key {TOKEN}", value=AnyValue(int_value=7)),
                KeyValue(key="list", value=AnyValue(array_value=ArrayValue(values=[value_of("a"), value_of(token)]))),
                KeyValue(
                    key="map",
                    value=AnyValue(kvlist_value=KeyValueList(values=[KeyValue(key="inner", value=value_of(token))])),
                ),
            ],
            events=[Span.Event(name=token, attributes=[KeyValue(key="exception.message", value=value_of(token))])],
            links=[Span.Link(trace_state=token, attributes=[KeyValue(key="l", value=value_of(token))])],
            status=Status(message=f"failed with {token}"),
        )

    redacted = span(TOKEN)
    assert REDACTOR.redact_message(redacted) == {"github_token": 10}
    assert redacted == span(GONE)
    assert REDACTOR.redact_message(redacted) == {}


def test_logs_metrics_and_resources_are_redacted() -> None:
    messages: list[Message] = [
        LogRecord(body=value_of(TOKEN), event_name=TOKEN),
        Metric(
            description=TOKEN,
            gauge=Gauge(data_points=[NumberDataPoint(attributes=[KeyValue(key="a", value=value_of(TOKEN))])]),
        ),
        Resource(
            attributes=[KeyValue(key="process.command_args", value=value_of(TOKEN)), KeyValue(key="n")],
            entity_refs=[EntityRef(type=TOKEN, id_keys=[TOKEN])],
        ),
    ]
    assert [REDACTOR.redact_message(message) for message in messages] == [{"github_token": 2}] * 3
    kept = messages[2]
    assert isinstance(kept, Resource)
    assert kept.entity_refs[0].id_keys == [TOKEN]


@pytest.mark.parametrize(
    "key",
    [
        *(
            "authorization",
            "http.request.header.authorization",
            "Proxy-Authorization",
            "rpc.grpc.metadata.authorization",
        ),
        *(
            "x-api-key",
            "llm.api_key",
            "apiKey",
            "openaiApiKey",
            "password",
            "db.password",
            "userPassword",
            "client_secret",
        ),
        *("http.response.header.set-cookie", "cookie", "access_token", "refreshToken", "aws.session_token"),
        *("secret_access_key", "credentials"),
    ],
)
def test_a_key_that_says_secret_hides_its_value_whole(key: str) -> None:
    record = LogRecord(attributes=[KeyValue(key=key, value=value_of("short"))])
    assert REDACTOR.is_secret_key(key)
    assert REDACTOR.redact_message(record) == {"secret_attribute": 1}
    assert record.attributes[0] == KeyValue(key=key, value=value_of(WHOLE))
    assert REDACTOR.redact_message(record) == {}


@pytest.mark.parametrize(
    "key",
    [
        *(
            "gen_ai.token.type",
            "gen_ai.usage.input_tokens",
            "next_page_token",
            "password_policy",
            "author",
            "tokenizer",
        ),
        *(
            "http.request.header.accept",
            "enduser.id",
            "secretary",
            "cookies_accepted",
            "api_key_id",
            "PWD",
            "error.token",
        ),
    ],
)
def test_other_keys_keep_their_values(key: str) -> None:
    record = LogRecord(attributes=[KeyValue(key=key, value=value_of("short"))])
    assert not REDACTOR.is_secret_key(key)
    assert REDACTOR.redact_message(record) == {}
    assert record.attributes[0].value.string_value == "short"


def test_a_secret_key_hides_lists_maps_and_numbers_but_no_flag_and_no_placeholder() -> None:
    listed = AnyValue(array_value=ArrayValue(values=[value_of("Bearer x")]))
    mapped = AnyValue(kvlist_value=KeyValueList(values=[KeyValue(key="a", value=value_of("b"))]))
    starred = AnyValue(array_value=ArrayValue(values=[value_of("***"), value_of("<REDACTED>")]))
    kept = [AnyValue(bool_value=True), AnyValue(), value_of(""), value_of("[REDACTED]"), starred]
    hidden = [listed, mapped, AnyValue(int_value=1234), AnyValue(bytes_value=b"x")]
    record = LogRecord(attributes=[KeyValue(key="password", value=value) for value in kept + hidden])
    assert REDACTOR.redact_message(record) == {"secret_attribute": 4}
    assert [attribute.value for attribute in record.attributes] == kept + [value_of(WHOLE)] * 4


def test_secret_keys_inside_maps_hide_their_values() -> None:
    headers = KeyValueList(
        values=[KeyValue(key="Cookie", value=value_of("a=b")), KeyValue(key="n", value=value_of("1"))]
    )
    record = LogRecord(body=AnyValue(kvlist_value=headers))
    assert REDACTOR.redact_message(record) == {"secret_attribute": 1}
    assert [value.value.string_value for value in record.body.kvlist_value.values] == [WHOLE, "1"]
