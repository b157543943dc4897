"""Research, travel and contracts: desks that delegate, fall back, loop, use a private model or fall silent."""

from sample_traces.agents import GPT_MINI, GPT_SOL, GPT_SOL_NEW, OPUS, SONNET, Agent, Call, Model, Tokens, Workflow
from sample_traces.stage import Stage

_JURISCAN = Model("juriscan-13b", "in_house", "juriscan-13b-2026-10", "models.castellan.example")


def model_fallback(stage: Stage) -> None:
    """The first model is overloaded in the middle of the work; another provider's model finishes it."""
    service = stage.service("briefing-room", "1.4.0")
    search = Call("toolu_31search", "search_news", {"query": "grid battery tenders Nordics", "days": 14})
    with Agent(
        service,
        "brief-writer",
        version="2.3.0",
        system=(
            "You write the Monday brief for an energy trader: five bullets at most, each with a number, a date and a "
            "source. No adjectives. What two sources contradict is named as contradicted. If nothing happened, say "
            "that nothing happened."
        ),
        prompt=("market-brief", "11"),
        conversation="brief-2026-w47",
        tools={"search_news": "Search licensed news."},
        workflow="market-brief",
        user="trader-5",
    ) as writer:
        writer.hear("Brief me on grid battery tenders in the Nordics over the last two weeks.")
        writer.think(OPUS, Tokens(2300, 140), 3.1, "I'll search the last fourteen days.", [search], first_chunk=0.9)
        writer.use(
            search,
            1.9,
            {
                "hits": [
                    {"date": "2026-11-09", "source": "Grid Weekly", "text": "Fingrid opens 120 MW reserve tender"},
                    {"date": "2026-11-13", "source": "Nordic Power", "text": "Two bidders leave the Luleå tender"},
                    {"date": "2026-11-17", "source": "Grid Weekly", "text": "Statnett awards 60 MW to Voltfjell"},
                ]
            },
        )
        writer.think_in_vain(OPUS, 0.7, "overloaded_error", "529 Overloaded: the model is at capacity, try again later")
        writer.think(
            GPT_SOL,
            Tokens(4100, 620, reasoning=128),
            7.4,
            "• 9 Nov: Fingrid opened a reserve tender for 120 MW of batteries (Grid Weekly).\n• 13 Nov: two bidders "
            "left the Luleå tender; the number that remains is not published (Nordic Power).\n• 17 Nov: Statnett "
            "awarded 60 MW to Voltfjell (Grid Weekly).\nNo other tender was opened or awarded in these two weeks.",
            first_chunk=1.2,
        )


def multi_agent_handoff(stage: Stage) -> None:
    """Triage hands over to the flight agent, which calls the hotel agent of another service as a tool."""
    service = stage.service("trip-desk", "6.0.2")
    hotels = stage.service("stay-finder", "1.12.0")
    conversation, user = "trip-GX41", "traveller-77"
    asked = (
        "My flight OX 318 from Porto to Vienna tomorrow morning was cancelled. I need to be in Vienna by tomorrow "
        "evening, and if I arrive late I need a room near the airport, 120 € at most."
    )
    flights = Call("call_flights_1", "search_flights", {"from": "OPO", "to": "VIE", "on": "2026-11-21"})
    ask = Call("call_hotel_1", "ask_hotel_agent", {"near": "VIE", "nights": 1, "max_eur": 120, "on": "2026-11-21"})
    rooms = Call("toolu_41rooms", "find_rooms", {"near": "VIE", "checkin": "2026-11-21", "nights": 1, "max_eur": 120})
    with Workflow(service, "trip-rebooking", asked, conversation, user) as workflow:
        with Agent(
            service,
            "triage",
            version="6.0.2",
            system=(
                "Decide which desk takes a travel request: flights, hotels, refunds or human. Answer with JSON only: "
                '{"desk": …, "urgency": …, "summary": …}. Choose human for minors travelling alone and for emergencies.'
            ),
            prompt=("trip-triage", "5"),
            conversation=conversation,
            under=workflow,
            workflow="trip-rebooking",
        ) as triage:
            triage.hear(asked)
            triage.think(
                GPT_MINI,
                Tokens(980, 40),
                0.8,
                '{"desk": "flights", "urgency": "today", "summary": "cancelled OX 318, must reach Vienna on the 21st"}',
            )
        with Agent(
            service,
            "flight-agent",
            version="6.0.2",
            system=(
                "You rebook cancelled flights within the fare's rules. Offer the earliest arrival first. If the "
                "traveller arrives after 21:00, ask the hotel agent for a room within the stated budget. Book nothing "
                "without a yes."
            ),
            prompt=("flight-agent", "14"),
            conversation=conversation,
            under=workflow,
            workflow="trip-rebooking",
            tools={"search_flights": "Flights with seats.", "ask_hotel_agent": "Ask the hotel desk for a room."},
        ) as flight:
            flight.hear(asked)
            flight.think(GPT_SOL, Tokens(1900, 85), 1.6, "", [flights], first_chunk=0.7)
            flight.use(
                flights,
                1.2,
                {
                    "options": [
                        {"flight": "TP 1270 + OS 456", "arrives": "21:40", "seats": 4, "extra_eur": 0},
                        {"flight": "OX 322", "arrives": "23:05", "seats": 11, "extra_eur": 0},
                    ]
                },
            )
            flight.think(GPT_SOL, Tokens(2800, 90), 1.5, "", [ask], first_chunk=0.7)
            with flight.tool(ask) as asking:
                stage.wait(0.05)
                with Agent(
                    hotels,
                    "hotel-agent",
                    version="1.12.0",
                    system=(
                        "You find one room that fits budget, date and place, and answer with name, price, distance "
                        "and check-in times. If nothing fits, say what the cheapest alternative costs."
                    ),
                    prompt=("hotel-agent", "3"),
                    conversation=conversation,
                    under=asking,
                    workflow="trip-rebooking",
                    tools={"find_rooms": "Rooms by place, date and price."},
                ) as hotel:
                    hotel.hear("One room near Vienna airport for the night of 21 November, at most 120 €.")
                    hotel.think(SONNET, Tokens(1450, 60), 1.1, "", [rooms], first_chunk=0.4)
                    hotel.use(
                        rooms,
                        0.9,
                        {"rooms": [{"hotel": "Pannonia Stop", "eur": 104, "walk_min": 9, "checkin": "24 h"}]},
                    )
                    found = "Pannonia Stop, 104 €, nine minutes' walk from the terminal, check-in around the clock."
                    hotel.think(SONNET, Tokens(2050, 130), 1.9, found, first_chunk=0.4)
                asking.span.set_attribute("gen_ai.tool.call.result", found)
            flight.learn(ask, found)
            answer = (
                "The earliest way to Vienna tomorrow is TP 1270 with OS 456, arriving at 21:40, at no extra cost; four "
                "seats are left. For the night, Pannonia Stop has a room for 104 €, nine minutes on foot from the "
                "terminal, with check-in around the clock. Shall I book both?"
            )
            flight.think(GPT_SOL, Tokens(3300, 260), 2.7, answer, first_chunk=0.8)
        workflow.answer(answer)


def cost_spike(stage: Stage) -> None:
    """A loop: 23 times the same search, every time with a longer context, and hardly an answer at the end."""
    service = stage.service("market-watch", "0.9.7")
    with Agent(
        service,
        "web-researcher",
        version="0.9.7",
        system=(
            "You watch competitors' prices. Search until you are sure, then report product, old price, new price and "
            "the page you saw it on. Do not guess. Do not stop before you have found the price."
        ),
        prompt=("competitor-watch", "2"),
        conversation="watch-2026-11-20",
        tools={"web_search": "Search the web and return the text of the best pages."},
        workflow="competitor-watch",
        user="pricing-01",
    ) as researcher:
        researcher.hear("What does Lumenhaus charge for the Arc 3 lamp today, and since when?")
        for turn in range(1, 24):
            search = Call(f"call_web_{turn:02d}", "web_search", {"query": "Lumenhaus Arc 3 price", "page": 1})
            researcher.think(
                GPT_SOL_NEW,
                Tokens(6000 + 4000 * (turn - 1), 180),
                4.2,
                "The page does not show a price. I'll search again.",
                [search],
                remembers=4,
            )
            researcher.use(
                search,
                1.3,
                {
                    "pages": [
                        {
                            "url": "https://lumenhaus.example/arc-3",
                            "text": "Arc 3. Aluminium, dimmable, 2,700 K. Price on request; please choose a dealer "
                            "near you. Dealers: Lichtgut Basel, Atelier Nord, Casa Faro. "
                            + "Customers also viewed Arc 2. "
                            * 8,
                        }
                    ]
                },
            )
        researcher.think(
            GPT_SOL_NEW,
            Tokens(6000 + 4000 * 23, 180),
            5.0,
            "Lumenhaus does not publish a price for the Arc 3; its page says 'price on request' and names dealers. I "
            "found no date since when this is so.",
            remembers=4,
        )


def private_model(stage: Stage) -> None:
    """A model of the house that no price list knows: tokens are counted, the cost stays unknown."""
    service = stage.service("clause-check", "2.0.0")
    precedents = Call("call_prec_9", "find_precedents", {"clause": "limitation of liability", "law": "NL", "limit": 3})
    with Agent(
        service,
        "clause-checker",
        version="2.0.0",
        system=(
            "You compare contract clauses with the house positions of Castellan's legal team. Quote the clause, name "
            "the deviation, rate it green, amber or red, and propose wording. You advise nobody outside the house."
        ),
        prompt=("clause-check", "7"),
        conversation="contract-2290",
        tools={"find_precedents": "Earlier wording that we accepted."},
        workflow="clause-check",
        user="counsel-3",
    ) as checker:
        checker.hear(
            "Check this clause: 'The supplier's liability for all claims in a contract year is limited to the fees "
            "paid in the three months before the event, save for intent.'"
        )
        checker.think(_JURISCAN, Tokens(3900, 120), 5.2, "", [precedents])
        checker.use(
            precedents,
            0.4,
            {"precedents": ["12 months' fees, save for intent and gross negligence (2025)", "annual fees (2024)"]},
        )
        checker.think(
            _JURISCAN,
            Tokens(5400, 380),
            11.8,
            "Red. The clause limits liability to three months' fees; our position is twelve months, and gross "
            "negligence must be excepted beside intent. Proposed wording: 'The supplier's liability for all claims in "
            "a contract year is limited to the fees of that year; not so for intent and gross negligence.'",
        )


def abandoned(stage: Stage) -> None:
    """The process died while the model's next wish was open: no root, no further record."""
    service = stage.service("contract-digest", "0.5.1", "staging")
    conversation = "digest-0071"
    asked = "Summarise the lease for the Utrecht warehouse with all annexes, one page."
    lease = Call("call_doc_1", "fetch_document", {"document": "lease-utrecht-2024.pdf"})
    annex = Call("call_doc_2", "fetch_document", {"document": "lease-utrecht-2024-annex-C.pdf"})
    workflow = Workflow(service, "contract-summary", asked, conversation, "facility-2")
    reader = Agent(
        service,
        "contract-reader",
        version="0.5.1",
        system=(
            "You summarise contracts on one page: parties, term, notice, money, duties, oddities. Read every annex "
            "that the contract names before you write. Quote clause numbers."
        ),
        prompt=("contract-digest", "1"),
        conversation=conversation,
        tools={"fetch_document": "The text of a document."},
        under=workflow,
        workflow="contract-summary",
    )
    reader.hear(asked)
    reader.think(GPT_MINI, Tokens(5200, 60), 1.1, "", [lease])
    reader.use(
        lease,
        2.8,
        {
            "pages": 31,
            "text": "Lease between Polderhal Vastgoed and the tenant, signed 2024-03-01, ten years, annexes A to C. "
            "§ 4 rent 18,400 € a month, indexed each January. § 9 notice twelve months before the term ends, else five "
            "more years. § 14 the tenant maintains roof and gates (see annex C).",
        },
    )
    reader.think(GPT_MINI, Tokens(7900, 70), 1.3, "Annex C decides who maintains the roof; I need it.", [annex])
