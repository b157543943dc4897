"""Data and site operations at Ferrin, a company that does not exist."""

from sample_traces.agents import GPT_SOL, SONNET, Agent, Call, Tokens, Workflow
from sample_traces.stage import Stage


def tool_failure_recovered(stage: Stage) -> None:
    """A query times out; the agent narrows it and gets its answer. A failed step, not a failed run."""
    service = stage.service("warehouse-analyst", "0.22.1", host__name="etl-03")
    broad = Call(
        "call_q1",
        "run_query",
        {"sql": "select * from shipments s join scans c using (shipment_id) where s.created_at >= date '2026-01-01'"},
    )
    narrow = Call(
        "call_q2",
        "run_query",
        {
            "sql": "select depot, count(*) late from shipments where created_at >= date '2026-11-13' and "
            "delivered_at > due_at group by depot order by late desc limit 5"
        },
    )
    with Agent(
        service,
        "warehouse-analyst",
        version="0.22.1",
        system=(
            "You answer questions from the operations team with SQL on the warehouse. Read-only, at most 60 seconds a "
            "query, at most 5,000 rows. Prefer aggregates. If a query is cancelled, ask for less. State the numbers, "
            "the period and the query you used."
        ),
        prompt=("warehouse-analyst", "40"),
        conversation="ops-thread-1290",
        tools={"run_query": "Run a read-only query on the warehouse."},
        workflow="warehouse-question",
        user="ops-lead-1",
    ) as analyst:
        analyst.hear("Which depots had the most late deliveries in the last week, and is that worse than usual?")
        analyst.think(GPT_SOL, Tokens(1850, 160, 0, reasoning=96), 2.8, "", [broad], first_chunk=1.1)
        analyst.use_in_vain(
            broad, 60.0, "QueryTimeout", "query cancelled after 60 s: 1.2 billion rows scanned, 0 returned"
        )
        analyst.think(
            GPT_SOL,
            Tokens(2240, 190, 1536, reasoning=64),
            2.4,
            "That asked for far too much. I'll count by depot for the last week only.",
            [narrow],
            first_chunk=0.9,
        )
        analyst.use(
            narrow,
            3.7,
            {
                "columns": ["depot", "late"],
                "rows": [["Kassel", 412], ["Graz", 133], ["Lille", 121], ["Brno", 97], ["Odense", 64]],
                "weekly_average_8_weeks": {"Kassel": 120, "Graz": 129, "Lille": 118, "Brno": 101, "Odense": 70},
            },
        )
        analyst.think(
            GPT_SOL,
            Tokens(2900, 240, 1536, reasoning=0),
            3.3,
            "Late deliveries from 13 to 19 November: Kassel 412, Graz 133, Lille 121, Brno 97, Odense 64. Only Kassel "
            "is unusual: 412 against an average of 120 a week; the other four are within 5 % of theirs. The count is "
            "shipments delivered after their due time, by depot, from the shipments table.",
            first_chunk=0.8,
        )


def running(stage: Stage) -> None:
    """An incident is being looked at right now: two rounds are done, agent and workflow have not ended."""
    service = stage.service("sre-copilot", "3.0.0")
    conversation = "INC-2214"
    asked = "PagerDuty INC-2214: checkout error rate 7 % (usual 0.3 %) since 14:52 UTC. Find out why."
    metrics = Call("toolu_61metrics", "query_metrics", {"service": "checkout", "window": "30m", "group_by": "version"})
    deploys = Call("toolu_62deploys", "list_deploys", {"service": "checkout", "since": "2h"})
    workflow = Workflow(service, "incident-triage", asked, conversation, "oncall-primary")
    copilot = Agent(
        service,
        "sre-copilot",
        version="3.0.0",
        system=(
            "You help the engineer on call. Look before you conclude: metrics, deploys, logs, in that order. You may "
            "read anything and change nothing. Report every three minutes at the latest: what is known, what is "
            "guessed, what you look at next."
        ),
        prompt=("sre-copilot", "3"),
        conversation=conversation,
        tools={
            "query_metrics": "Error rate, latency and traffic of a service.",
            "list_deploys": "Deploys of a service.",
            "search_logs": "Search the logs of a service.",
        },
        under=workflow,
        workflow="incident-triage",
    )
    copilot.hear(asked)
    copilot.think(
        SONNET, Tokens(2900, 110), 2.2, "Starting with the error rate by version.", [metrics], first_chunk=0.6
    )
    copilot.use(
        metrics,
        1.4,
        {"error_rate": {"checkout 8.41.0": 0.003, "checkout 8.42.0": 0.081}, "traffic_share": {"8.42.0": 0.86}},
    )
    copilot.think(
        SONNET,
        Tokens(3900, 95),
        2.0,
        "Only 8.42.0 is affected. When did it go out?",
        [deploys],
        first_chunk=0.6,
    )
    copilot.use(deploys, 0.7, {"deploys": [{"version": "8.42.0", "at": "2026-11-20T14:49:00Z", "by": "pipeline-6612"}]})
