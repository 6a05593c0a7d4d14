"""What can an operator measure? The numbers of this process, for Prometheus to fetch."""

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)

REGISTRY = CollectorRegistry()
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

BUS_LAG = Gauge(
    "cairn_bus_lag",
    "Facts on a partition that this service has not heard yet",
    ("topic", "partition"),
    registry=REGISTRY,
)
ASSIGNED_PARTITIONS = Gauge(
    "cairn_assigned_partitions",
    "Partitions that this process listens to",
    ("topic",),
    registry=REGISTRY,
)
NEWEST_FACT_AGE_SECONDS = Gauge(
    "cairn_newest_fact_age_seconds",
    "How long ago the newest fact that was heard had been said",
    ("topic",),
    registry=REGISTRY,
)
FACTS_DROPPED = Counter(
    "cairn_facts_dropped",
    "Facts that were dropped on purpose",
    ("reason",),
    registry=REGISTRY,
)
PARKED = Gauge("cairn_parked", "Facts that wait for a person", registry=REGISTRY)
OUTBOX_OLDEST_SECONDS = Gauge(
    "cairn_outbox_oldest_seconds",
    "How long the oldest fact has waited to be published",
    registry=REGISTRY,
)
HTTP_SECONDS = Histogram(
    "cairn_http_seconds",
    "How long an answer took",
    ("route", "status"),
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5),
    registry=REGISTRY,
)
LOG_KEYS_DROPPED = Counter(
    "cairn_log_keys_dropped",
    "Keys and values that were kept out of the log",
    ("key",),
    registry=REGISTRY,
)
ProcessCollector(registry=REGISTRY)


def exposition() -> bytes:
    """Write every number as Prometheus reads it."""
    return generate_latest(REGISTRY)
