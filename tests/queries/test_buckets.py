"""What trends are cut into: every moment lies in its bucket, and a bucket ends where the next begins."""

from datetime import datetime, timedelta

import duckdb
import pytest

from queries.database import Database

# In Berlin clocks go back on 25 October at 1:00 UTC and forward on 29 March at 1:00 UTC.
NIGHTS = (datetime(2026, 10, 24, 20), datetime(2026, 3, 28, 20))  # noqa: DTZ001


@pytest.mark.parametrize("night", NIGHTS, ids=["back", "forward"])
@pytest.mark.parametrize("tz", ["UTC", "Europe/Berlin", "Asia/Kolkata"])
@pytest.mark.parametrize("bucket", ["5 minutes", "hour", "day", "week"])
def test_buckets_cover_time_without_gaps_when_clocks_change(
    store: duckdb.DuckDBPyConnection, bucket: str, tz: str, night: datetime
) -> None:
    Database(store)  # which defines the macros
    found = store.execute(
        """
        select
            bucket_of(moment, $bucket, $tz) as bucket_at,
            bucket_until(bucket_at, $bucket, $tz),
            min(moment),
            max(moment)
        from (select unnest(generate_series($begin, $begin + interval 36 hours, interval 5 minutes)) as moment)
        group by bucket_at
        order by bucket_at
        """,
        {"bucket": bucket, "tz": tz, "begin": night},
    ).fetchall()
    assert all(begins <= first and last < ends for begins, ends, first, last in found)
    assert [ends for _, ends, _, _ in found[:-1]] == [begins for begins, _, _, _ in found[1:]]


def test_the_day_on_which_clocks_go_back_has_25_hours(store: duckdb.DuckDBPyConnection) -> None:
    Database(store)
    begins = datetime(2026, 10, 24, 22)  # noqa: DTZ001
    ends = store.execute("select bucket_until($begins, 'day', 'Europe/Berlin')", {"begins": begins}).fetchall()[0][0]
    assert ends - begins == timedelta(hours=25)
