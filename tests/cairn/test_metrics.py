from cairn.metrics import by_label, samples, total

TEXT = """\
# HELP cairn_bus_lag Facts that wait.
# TYPE cairn_bus_lag gauge
cairn_bus_lag{topic="intake.clients",partition="0"} 3.0
cairn_bus_lag{topic="intake.clients",partition="1"} 4.0
cairn_outbox_oldest_seconds 1.5
cairn_newest_fact_age_seconds{topic="intake.clients"} 0.25
cairn_newest_fact_age_seconds{topic="intake.pathways"} 1e3
"""


class TestSamples:
    """Reading what a service shows at `/metrics`."""

    def test_add_up_over_labels(self):
        """The lag of a service is that of all its partitions."""
        assert total(samples(TEXT), "cairn_bus_lag") == 7

    def test_leave_unknown_what_is_not_told(self):
        """A service that says nothing of parked facts does not say that there are none."""
        assert total(samples(TEXT), "cairn_parked") is None

    def test_keep_apart_what_a_label_keeps_apart(self):
        """One silent topic must not hide behind a lively one."""
        assert by_label(samples(TEXT), "cairn_newest_fact_age_seconds", "topic") == {
            "intake.clients": 0.25,
            "intake.pathways": 1000,
        }
