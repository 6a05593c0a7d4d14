"""One trace follows a command through all services."""

import pytest

from chassis.telemetry import current_trace_id, current_traceparent, read_traceparent, span

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = f"00-{TRACE}-00f067aa0ba902b7-01"


class TestSpan:
    """Being inside a step of a trace."""

    def test_goes_on_with_the_trace_it_is_given(self):
        """The fact that was stored yesterday belongs to yesterday's command."""
        with span("hear", parent=PARENT):
            assert current_trace_id() == TRACE
            assert current_traceparent() != PARENT

    def test_goes_on_with_the_current_one_inside_another(self):
        """A write within a request is part of it."""
        with span("outer"):
            outer = current_trace_id()
            with span("inner"):
                assert current_trace_id() == outer

    def test_never_belongs_to_the_current_one_when_it_arrives(self):
        """A connection that is used again runs in the context of its last answer."""
        with span("before", parent=PARENT), span("HTTP POST", arriving=True):
            assert current_trace_id() not in {None, TRACE}

    def test_is_left_again(self):
        """A trace that leaks ties strangers' requests together."""
        with pytest.raises(KeyError), span("fails", parent=PARENT):
            raise KeyError

        assert current_trace_id() is None
        assert current_traceparent() is None

    def test_can_be_written_and_read_back(self):
        """It travels as text in the outbox and in a header."""
        with span("write", parent=PARENT):
            written = current_traceparent()

        with span("read", parent=written):
            assert current_trace_id() == TRACE


class TestReadTraceparent:
    """Reading what came from outside."""

    @pytest.mark.parametrize(
        "text",
        [None, "", "x", "00-x-y-01", f"00-{TRACE}", f"00-{'0' * 32}-00f067aa0ba902b7-01", "-" * 9],
    )
    def test_reads_nothing_from_nonsense(self, text):
        """Anybody may send a header; it must not be able to fail a request."""
        assert read_traceparent(text) is None
