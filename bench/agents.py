"""The services whose agents send: their models, tools, and how often they run."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Service:
    """One deployed agent: models in the order they are tried, tools with the kind of plumbing beneath them."""

    name: str
    agent: str
    workflow: str
    models: tuple[tuple[str, str], ...]  # provider, model
    tools: tuple[tuple[str, str], ...]  # name, and http, db or '' for the span below it
    weight: float
    release_days: tuple[int, ...]  # days of the week on which a new version went out


_ANTHROPIC, _OPENAI, _GEMINI, _OWN = (
    ("anthropic", "claude-sonnet-5-5"),
    ("openai", "gpt-5.4-mini"),
    ("gcp.gemini", "gemini-3.5-flash"),
    ("acme", "acme-large-2"),  # in no price list
)

SERVICES = (
    Service(
        "order-support", "order-desk", "order-support", (_ANTHROPIC, _OPENAI),
        (("lookup_order", "db"), ("track_parcel", "http"), ("issue_refund", "http"), ("search_help", "")), 30, (2, 5),
    ),
    Service(
        "ticket-triage", "triage", "ticket-triage", (_OPENAI, _GEMINI),
        (("fetch_ticket", "db"), ("route_ticket", "http"), ("find_similar", "db")), 22, (3,),
    ),
    Service(
        "invoice-matching", "payables-clerk", "invoice-matching", (("openai", "gpt-6.1-sol"), _OPENAI),
        (("read_document", ""), ("match_invoice", "db"), ("schedule_payment", "http")), 14, (1, 4),
    ),
    Service(
        "warehouse-analyst", "warehouse-analyst", "warehouse-question", (("openai", "gpt-6-sol"), _ANTHROPIC),
        (("run_query", "db"), ("describe_table", "db"), ("draw_chart", "")), 12, (),
    ),
    Service(
        "market-watch", "web-researcher", "competitor-watch", (_GEMINI, _OPENAI),
        (("web_search", "http"), ("fetch_page", "http"), ("extract_prices", "")), 12, (6,),
    ),
    Service(
        "contract-review", "contract-reader", "contract-review", (_OWN, _ANTHROPIC),
        (("read_clause", "db"), ("compare_clauses", ""), ("send_summary", "http")), 10, (2,),
    ),
)  # fmt: skip

TOOL_ERRORS = (
    ("TimeoutError", "the service did not answer within 5 s"),
    ("ConnectionRefusedError", "connection refused by upstream"),
    ("ValidationError", "2 validation errors for arguments: amount must be positive"),
    ("PermissionError", "the account may not do this"),
)
MODEL_ERRORS = (
    ("RateLimitError", "429 rate limit reached, retry after 20 s"),
    ("APIConnectionError", "connection reset by peer"),
    ("InternalServerError", "529 overloaded"),
)
REGIONS = ("eu-west", "eu-north", "us-east", "us-west", "ap-south")
