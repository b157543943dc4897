"""Accounts payable and payouts at Halvorsen & Reed, a company that does not exist."""

import json

from sample_traces.agents import GEMINI_FLASH, GPT_MINI, GPT_SOL, SONNET, Agent, Call, Tokens, Workflow
from sample_traces.stage import Stage


def tool_failure_fatal(stage: Stage) -> None:
    """The ledger is down: the tool fails, nobody catches it, and agent and workflow fail with it."""
    service = stage.service("ledger-bots", "1.18.0")
    conversation = "posting-2026-11-20-014"
    asked = "Post invoice INV-88213 from Kestrel Office Supply, cost centre 4410, to the November period."
    fetch = Call("call_fetch_88213", "fetch_invoice", {"invoice": "INV-88213"})
    post = Call(
        "call_post_88213",
        "post_journal_entry",
        {
            "period": "2026-11",
            "lines": [
                {"account": "6815", "cost_centre": "4410", "debit": 412.3},
                {"account": "1576", "debit": 78.34},
                {"account": "1600", "credit": 490.64},
            ],
        },
    )
    stack = (
        "Traceback (most recent call last):\n"
        '  File "ledger_bots/tools.py", line 118, in post_journal_entry\n'
        "    return client.post(entry, timeout=10)\n"
        '  File "ledger_bots/client.py", line 64, in post\n'
        '    raise LedgerUnavailableError(f"{status} from ledger: {reason}")\n'
        "ledger_bots.errors.LedgerUnavailableError: 503 from ledger: posting window closed for maintenance"
    )
    error = ("LedgerUnavailableError", "503 from ledger: posting window closed for maintenance")
    with Workflow(service, "invoice-posting", asked, conversation, "bookkeeping-07") as workflow:
        with Agent(
            service,
            "ledger-clerk",
            version="2.7.3",
            system=(
                "You post checked invoices to the general ledger. Split net and VAT, use the cost centre you are "
                "given, and post once. Never change the period. If the ledger answers with an error, stop and report "
                "it: a second attempt could post twice."
            ),
            prompt=("ledger-clerk", "31"),
            conversation=conversation,
            tools={"fetch_invoice": "A checked invoice.", "post_journal_entry": "Post one balanced journal entry."},
            under=workflow,
            workflow="invoice-posting",
        ) as clerk:
            clerk.hear(asked)
            clerk.think(GPT_MINI, Tokens(1980, 54), 0.92, "", [fetch])
            clerk.use(
                fetch,
                0.27,
                {
                    "invoice": "INV-88213",
                    "supplier": "Kestrel Office Supply",
                    "net": 412.3,
                    "vat": 78.34,
                    "gross": 490.64,
                    "positions": ["12 × archive box A4", "4 × toner TK-1170", "1 × desk lamp"],
                    "checked_by": "bookkeeping-07",
                },
            )
            clerk.think(GPT_MINI, Tokens(2760, 131), 1.4, "", [post])
            clerk.use_in_vain(post, 10.02, *error, stack)
            clerk.fail(*error)
        workflow.fail(*error)


def approval_modified(stage: Stage) -> None:
    """A controller approves the payment but takes the agreed discount off first: a human correction."""
    service = stage.service("payables", "5.3.0")
    conversation, user = "payrun-47-0388", "controller-02"
    asked = "Match invoice 20-4471 from Brammer Cranes against the purchase order and schedule the payment."
    match = Call("call_match_4471", "match_invoice", {"invoice": "20-4471", "purchase_order": "PO-10932"})
    proposed = {"invoice": "20-4471", "amount_eur": 12480.0, "pay_on": "2026-11-27", "iban_ref": "supplier-1187"}
    allowed = proposed | {"amount_eur": 11980.0}
    pay = Call("call_pay_4471", "schedule_payment", proposed)
    with Workflow(service, "invoice-matching", asked, conversation, user) as workflow:
        with Agent(
            service,
            "payables-clerk",
            version="3.1.0",
            system=(
                "You match supplier invoices with purchase orders and goods receipts. Amounts must agree within 2 %. "
                "Name every difference. Every payment above 5,000 EUR goes to a controller, who may change it; carry "
                "out exactly what was approved and say what was changed."
            ),
            prompt=("payables-clerk", "12"),
            conversation=conversation,
            tools={
                "match_invoice": "Compare an invoice with its purchase order and goods receipt.",
                "schedule_payment": "Schedule a payment to a supplier on file.",
            },
            under=workflow,
            workflow="invoice-matching",
        ) as clerk:
            clerk.hear(asked)
            clerk.think(GPT_SOL, Tokens(2600, 70, 0, reasoning=32), 1.9, "", [match], first_chunk=0.8)
            clerk.use(
                match,
                0.61,
                {
                    "ordered_eur": 12480.0,
                    "invoiced_eur": 12480.0,
                    "received": "complete, 2026-11-11",
                    "notes": ["frame contract 2026: 500 EUR off from the third crane hire of a quarter"],
                    "hires_this_quarter": 3,
                },
            )
            clerk.think(GPT_SOL, Tokens(3150, 120, 2048, reasoning=48), 2.3, "", [pay], first_chunk=0.9)
            clerk.ask("appr-payrun-47-0388", pay, "Pay 12,480.00 EUR to Brammer Cranes", "high", "payment>5000")
            stage.wait(1140)
            clerk.decided(
                "appr-payrun-47-0388",
                pay,
                "approved_modified",
                "human",
                decider__id="controller-02",
                reason="Third hire this quarter: the 500 EUR of the frame contract come off.",
                modified_arguments=json.dumps(allowed),
            )
            stage.wait(0.2)
            clerk.use(
                Call(pay.id, pay.tool, allowed), 0.48, {"payment": "P-77120", "amount_eur": 11980.0, "on": "2026-11-27"}
            )
            answer = (
                "Invoice 20-4471 from Brammer Cranes matches PO-10932 and the goods receipt of 11 November. The "
                "controller reduced the payment from 12,480.00 € to 11,980.00 € because the frame contract gives 500 € "
                "off from the third hire of a quarter. Payment P-77120 is scheduled for 27 November."
            )
            clerk.think(GPT_SOL, Tokens(3420, 130, 2048, reasoning=0), 2.4, answer, first_chunk=0.7)
        workflow.answer(answer)


def approval_refused(stage: Stage) -> None:
    """Procurement says no to a new supplier. This agent has no logger: question and answer are span events."""
    service = stage.service("vendor-desk", "0.14.2", "staging")
    conversation = "vendor-request-311"
    asked = "Please create Quillmark Print GmbH as a supplier, we need their banners for the fair on Thursday."
    check = Call("call_check_311", "check_vendor", {"name": "Quillmark Print GmbH", "country": "DE"})
    create = Call(
        "call_create_311",
        "create_vendor",
        {"name": "Quillmark Print GmbH", "payment_terms_days": 7, "category": "print", "limit_eur": 8000},
    )
    with Agent(
        service,
        "procurement-assistant",
        version="0.6.0",
        system=(
            "You help colleagues with purchasing. Check every new supplier in the register and against our list of "
            "frame contracts first. A new supplier always needs procurement's approval. If it is refused, name the "
            "reason and the alternative, and do not try again."
        ),
        prompt=("procurement", "6"),
        conversation=conversation,
        tools={"check_vendor": "Look a company up in the register.", "create_vendor": "Create a supplier."},
        workflow="vendor-onboarding",
        user="employee-512",
    ) as agent:
        agent.hear(asked)
        agent.think(GEMINI_FLASH, Tokens(1500, 80, reasoning=40), 1.3, "", [check])
        agent.use(
            check,
            1.12,
            {
                "registered": True,
                "since": "2026-09-02",
                "insolvency": False,
                "frame_contracts_in_category": [{"supplier": "Lindenhof Druck", "valid_until": "2027-06-30"}],
            },
        )
        agent.think(GEMINI_FLASH, Tokens(1980, 140, reasoning=60), 1.8, "", [create])
        agent.ask_on_the_span("appr-vendor-311", create, "New supplier Quillmark Print GmbH", "medium", "new-vendor")
        stage.wait(390)
        agent.decided_on_the_span(
            "appr-vendor-311",
            create,
            "rejected",
            "human",
            decider__id="procurement-01",
            reason="Frame contract with Lindenhof Druck covers banners.",
        )
        agent.learn(create, "Refused by procurement: the frame contract with Lindenhof Druck covers banners.")
        agent.think(
            GEMINI_FLASH,
            Tokens(2250, 170, reasoning=20),
            1.9,
            "Procurement did not approve Quillmark Print as a new supplier: our frame contract with Lindenhof Druck "
            "covers banners and runs until June 2027. They usually deliver within two working days, so Thursday is "
            "possible if you order today. Shall I prepare the order with them?",
        )


def approval_pending(stage: Stage) -> None:
    """A payout waits for a human: nothing above the question has ended yet, so no root was sent."""
    service = stage.service("payouts", "2.2.0")
    conversation = "payout-5520"
    fetch = Call("toolu_51fetch", "fetch_payout", {"payout": "PO-5520"})
    release = Call(
        "toolu_52release", "release_payout", {"payout": "PO-5520", "amount_eur": 26150.0, "to": "seller-904"}
    )
    asked = "Review payout PO-5520 that the risk rules stopped, and release it if everything is in order."
    workflow = Workflow(service, "payout-review", asked, conversation, "risk-desk")
    reviewer = Agent(
        service,
        "payout-reviewer",
        version="1.1.0",
        system=(
            "You review payouts that the risk rules have stopped. Compare with the seller's last six months, name what "
            "is unusual and what explains it. You may propose to release a payout; above 10,000 EUR a human decides."
        ),
        prompt=("payout-review", "5"),
        conversation=conversation,
        tools={"fetch_payout": "A stopped payout and its history.", "release_payout": "Release a stopped payout."},
        under=workflow,
        workflow="payout-review",
    )
    reviewer.hear(asked)
    reviewer.think(SONNET, Tokens(2050, 70), 1.5, "", [fetch], first_chunk=0.5)
    reviewer.use(
        fetch,
        0.33,
        {
            "payout": "PO-5520",
            "amount_eur": 26150.0,
            "stopped_by": "amount above 3 × median",
            "seller": {"id": "seller-904", "since": "2023-02", "median_payout_eur": 7900.0, "disputes": 0},
            "orders": 611,
            "campaign": "Black Week pre-sale, announced 2026-11-09",
        },
    )
    reviewer.think(
        SONNET,
        Tokens(2500, 105),
        2.1,
        "The amount is 3.3 times the seller's median, but 611 orders of an announced campaign explain it and there are "
        "no disputes. I propose to release it.",
        [release],
        first_chunk=0.6,
    )
    reviewer.ask("appr-payout-5520", release, "Release 26,150.00 EUR to seller-904", "high", "payout>10000")
