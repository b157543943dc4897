"""Who works in the history: seven workflows as data, and what befell them in six weeks.

Days count back from the day of `now`: day 0 is today, day 41 the oldest full one.
"""

from dataclasses import dataclass

DAYS = 42


@dataclass(frozen=True)
class Price:
    """US dollars per million tokens, from the public price lists; cached input is priced apart."""

    input: float
    output: float
    cache_read: float
    cache_write: float = 0.0


PRICES = {
    "claude-sonnet-5-5": Price(2, 10, 0.1, 2.5),
    "gpt-6-sol": Price(2, 10, 0.2),
    "gpt-6.1-sol": Price(2, 10, 0.1),
    "gpt-5.4-mini": Price(0.75, 4.5, 0.075),
    "gpt-5.4-nano": Price(0.2, 1.25, 0.02),
    "gemini-3.5-flash": Price(1.5, 9, 0.15),
}


@dataclass(frozen=True)
class Tool:
    """A tool and what a call of it looks like; `{n}` is a number of the run."""

    name: str
    arguments: str
    result: str
    seconds: float
    error_type: str
    error_message: str


@dataclass(frozen=True)
class Gate:
    """Which share of runs asks a human before the last tool, and what comes of it (the rest is approved)."""

    policy: str
    share: float
    modified: float = 0.0
    rejected: float = 0.0
    expired: float = 0.0
    modified_arguments: str = ""
    wait_minutes: float = 6.0


@dataclass(frozen=True)
class Shape:
    """One workflow: how often it runs, how its agent works and how well."""

    workflow: str
    service: str
    agent: str
    model: str
    provider: str
    runs_per_weekday: int
    weekend: float
    hours: tuple[int, int, int]  # first hour, busiest hour, last hour, UTC
    rounds: tuple[int, int]
    first_input_tokens: int
    input_growth: int
    output_tokens: int
    tools: tuple[Tool, ...]
    asks: tuple[str, ...]
    answers: tuple[str, ...]
    failure_rate: float
    has_workflow_span: bool = True
    gate: Gate | None = None
    edited_share: float = 0.0
    feedback_share: float = 0.0
    releases: tuple[int, ...] = ()  # days on which a new version went out
    prompts: tuple[tuple[int, str], ...] = ()  # (day, version)


_LOOKUP = Tool(
    "lookup_order",
    '{"order_number":"BC-{n}"}',
    '{"order_number":"BC-{n}","status":"shipped","items":2,"total_eur":184.0,"carrier":"Nordpaket"}',
    0.2,
    "OrderServiceTimeout",
    "orders-api did not answer within 5 s",
)
_TRACK = Tool(
    "track_parcel",
    '{"carrier":"Nordpaket","tracking_number":"NP{n}DE"}',
    '{"status":"in transit","last_scan":"Kassel","expected_days":1}',
    0.7,
    "CarrierUnavailable",
    "502 from tracking.nordpaket.example",
)

SHAPES = (
    Shape(
        "order-support", "brightcart-support", "order-desk", "claude-sonnet-5-5", "anthropic", 68, 0.7, (5, 18, 22),
        (2, 5), 2100, 420, 130, (_LOOKUP, _TRACK),
        (
            "Where is my order BC-{n}? It should have been here two days ago.",
            "Order BC-{n}: one of the two lamps is missing from the parcel. What now?",
            "Can you change the delivery address of BC-{n}? It has not been sent yet, I think.",
            "I'd like an invoice for BC-{n} with my company's address on it.",
        ),
        (
            "Your order BC-{n} was scanned in Kassel this morning and should arrive tomorrow. I'm sorry for the delay.",
            "The missing lamp of BC-{n} ships today by express; you need not send anything back.",
            "BC-{n} has left the warehouse, so the carrier has to redirect it; the link is in your inbox.",
            "The invoice for BC-{n} with the new address is on its way to you by mail.",
        ),
        0.025, feedback_share=0.09, releases=(36, 29, 23, 16, 8, 2), prompts=((43, "15"), (29, "16"), (8, "17")),
    ),
    Shape(
        "ticket-triage", "brightcart-triage", "triage", "gpt-5.4-mini", "openai", 48, 0.6, (4, 9, 21),
        (1, 2), 1350, 260, 70,
        (
            Tool(
                "route_ticket", '{"ticket":{n},"queue":"returns","priority":"normal"}',
                '{"ticket":{n},"queue":"returns"}', 0.1, "TicketLocked", "ticket {n} is being edited by another agent",
            ),
        ),
        (
            "Ticket {n}: 'The glass of the pendant arrived cracked, I would like a new one.' Set queue and priority.",
            "Ticket {n}: 'My voucher is not accepted at checkout.' Set queue and priority.",
            "Ticket {n}: 'Can I use the outdoor spots at -20 °C?' Set queue and priority.",
        ),
        ("Returns, normal: wants a replacement for damaged goods.", "Billing, normal: voucher refused at checkout."),
        0.012, has_workflow_span=False, releases=(33, 12), prompts=((43, "7"), (20, "8")),
    ),
    Shape(
        "refund-request", "brightcart-support", "refund-desk", "claude-sonnet-5-5", "anthropic", 26, 0.6, (6, 14, 21),
        (2, 4), 1900, 430, 120,
        (
            _LOOKUP,
            Tool(
                "issue_refund", '{"order_number":"BC-{n}","amount_eur":248.0,"reason":"damaged on arrival"}',
                '{"refund_id":"RF-{n}","amount_eur":248.0,"arrives_within_days":3}',
                0.9, "PaymentProviderError", "refund refused: transaction {n} is older than 180 days",
            ),
        ),
        (
            "The lamp from BC-{n} flickers since day one. I want my money back.",
            "BC-{n} arrived broken, photos are attached. Please refund it.",
        ),
        (
            "The refund for BC-{n} is on its way to your card and arrives within three working days.",
            "I have passed your request for BC-{n} on; a colleague will write to you today.",
        ),
        0.02, gate=Gate("refund>200", 0.55, rejected=0.10, expired=0.04, wait_minutes=7), feedback_share=0.05,
        releases=(36, 29, 23, 16, 8, 2), prompts=((43, "8"), (17, "9")),
    ),
    Shape(
        "invoice-matching", "payables", "payables-clerk", "gpt-6.1-sol", "openai", 24, 0.0, (6, 10, 16),
        (2, 4), 2600, 520, 160,
        (
            Tool(
                "match_invoice", '{"invoice":"20-{n}","purchase_order":"PO-{n}"}',
                '{"ordered_eur":6240.0,"invoiced_eur":6240.0,"received":"complete","differences":[]}',
                0.6, "DocumentNotFound", "no goods receipt for PO-{n}",
            ),
            Tool(
                "schedule_payment", '{"invoice":"20-{n}","amount_eur":6240.0,"pay_in_days":7}',
                '{"payment":"P-{n}","amount_eur":6240.0}', 0.5, "LedgerUnavailableError", "503 from ledger",
            ),
        ),
        ("Match invoice 20-{n} against PO-{n} and schedule the payment.",),
        ("Invoice 20-{n} agrees with the order and the goods receipt; payment P-{n} is scheduled.",),
        0.03,
        gate=Gate(
            "payment>5000", 0.7, modified=0.12, rejected=0.05, expired=0.02, wait_minutes=35,
            modified_arguments='{"invoice":"20-{n}","amount_eur":5990.0,"pay_in_days":14}',
        ),
        releases=(40, 19, 5), prompts=((43, "11"), (19, "12")),
    ),
    Shape(
        "reply-drafting", "brightcart-replies", "reply-drafter", "claude-sonnet-5-5", "anthropic", 28, 0.3, (6, 11, 19),
        (1, 3), 1600, 480, 260,
        (
            Tool(
                "fetch_ticket", '{"ticket":{n}}',
                '{"ticket":{n},"subject":"Late delivery","messages":3,"language":"de"}', 0.2,
                "TicketNotFound", "ticket {n} was merged into another one",
            ),
        ),
        ("Draft a reply to ticket {n}.", "Draft a reply to ticket {n}, the customer has written for the second time."),
        (
            "Dear customer, thank you for your patience. The replacement for ticket {n} left our warehouse today.",
            "Dear customer, you are right, and I'm sorry. For ticket {n} we collect the lamp at your door on Monday.",
        ),
        0.015, has_workflow_span=False, edited_share=0.3, releases=(38, 25, 10), prompts=((43, "21"), (25, "22")),
    ),
    Shape(
        "warehouse-question", "warehouse-analyst", "warehouse-analyst", "gpt-6-sol", "openai", 18, 0.15, (6, 13, 18),
        (2, 6), 1800, 600, 190,
        (
            Tool(
                "run_query", '{"sql":"select depot, count(*) from shipments where batch = {n} group by depot"}',
                '{"columns":["depot","count"],"rows":[["Kassel",412],["Graz",133],["Lille",121]]}',
                6.0, "QueryTimeout", "query cancelled after 60 s",
            ),
            Tool(
                "describe_table", '{"table":"shipments"}',
                '{"columns":["shipment_id","depot","due_at","delivered_at"]}', 0.3,
                "TableNotFound", "no table of this name",
            ),
        ),
        ("How many shipments of batch {n} were late, by depot?", "Is batch {n} complete in every depot?"),
        ("Batch {n}: Kassel 412, Graz 133, Lille 121. Only Kassel is above its average.",),
        0.04, has_workflow_span=False, releases=(31, 11), prompts=((43, "38"), (31, "39"), (11, "40")),
    ),
    Shape(
        "competitor-watch", "market-watch", "web-researcher", "gemini-3.5-flash", "gcp.gemini", 12, 1.0, (1, 3, 6),
        (5, 10), 3000, 900, 150,
        (
            Tool(
                "web_search", '{"query":"Arc lamp price dealer {n}","page":1}',
                '{"pages":[{"url":"https://lumenhaus.example/p/{n}","text":"Arc lamp, 389 EUR, in stock"}]}',
                1.2, "SearchQuotaExceeded", "daily quota of the search provider is used up",
            ),
        ),
        ("What do the dealers charge for article {n} today?",),
        ("Article {n}: 389 € at Lumenhaus, 379 € at Casa Faro, out of stock at Atelier Nord.",),
        0.03, has_workflow_span=False, releases=(27,), prompts=((43, "2"),),
    ),
)  # fmt: skip

BAD_RELEASE_SERVICE = "brightcart-support"
BAD_RELEASE_DAY = 16
BAD_RELEASE_HOUR = 10
ROLLBACK_DAY, ROLLBACK_HOUR = 15, 13
BAD_RELEASE_FAILURE_RATE = 0.3

COST_SPIKE_WORKFLOW = "competitor-watch"
COST_SPIKE_DAY = 9
COST_SPIKE_HOURS = (1, 7)
COST_SPIKE_ROUNDS = (36, 46)
COST_SPIKE_INPUT_GROWTH = 1000

ROUTE_CHANGE_WORKFLOW = "warehouse-question"
ROUTE_CHANGE_DAY = 13
ROUTE_CHANGE_SERVED = "gpt-5.4-nano"

BETTER_PROMPT_WORKFLOW = "reply-drafting"
BETTER_PROMPT_DAY = 25
BETTER_PROMPT_EDITED_SHARE = 0.12
