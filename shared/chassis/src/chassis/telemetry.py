"""Which trace does this belong to? One trace follows a command through all services.

Without a collector no span is recorded, but every command still gets a trace id, which stands in
logs and problems and travels with the facts.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry import context, trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.trace import INVALID_SPAN_CONTEXT, NonRecordingSpan, SpanContext, TraceFlags

_SAMPLED = TraceFlags(TraceFlags.SAMPLED)
_EXPORT_SECONDS = 2
_VERSION_TRACE_SPAN_FLAGS = 4
_TRACE_DIGITS, _SPAN_DIGITS = 32, 16
_IDS = RandomIdGenerator()


class Tracing:
    """Sends spans to a collector, where one was named."""

    def __init__(self, service: str, otlp_url: str | None) -> None:
        self._provider: TracerProvider | None = None
        if otlp_url is not None:
            self._provider = TracerProvider(resource=Resource.create({"service.name": service}))
            self._provider.add_span_processor(
                BatchSpanProcessor(OTLPSpanExporter(otlp_url, timeout=_EXPORT_SECONDS))
            )
            trace.set_tracer_provider(self._provider)

    def stop(self) -> None:
        """Send what is left, for a few seconds at most."""
        if self._provider is not None:
            self._provider.shutdown()


@contextmanager
def span(name: str, *, parent: str | None = None, arriving: bool = False) -> Iterator[None]:
    """Do something as one step of a trace: the given one, else the current one, else a new one.

    What arrives from outside never belongs to the current trace: a connection that is used again
    runs in the context of whatever was answered on it before.
    Neither the name nor what is recorded may hold anything personal, so exceptions are not kept.
    """
    current = INVALID_SPAN_CONTEXT if arriving else trace.get_current_span().get_span_context()
    before = read_traceparent(parent) or current
    if isinstance(trace.get_tracer_provider(), TracerProvider):
        inside = trace.set_span_in_context(NonRecordingSpan(before))
        with trace.get_tracer("cairn").start_as_current_span(
            name, context=inside, record_exception=False, set_status_on_exception=False
        ):
            yield
        return
    trace_id = before.trace_id if before.is_valid else _IDS.generate_trace_id()
    here = SpanContext(trace_id, _IDS.generate_span_id(), is_remote=False, trace_flags=_SAMPLED)
    token = context.attach(trace.set_span_in_context(NonRecordingSpan(here)))
    try:
        yield
    finally:
        context.detach(token)


def current_traceparent() -> str | None:
    """Write where we are as a `traceparent`, to keep with a change; None outside of a trace."""
    here = trace.get_current_span().get_span_context()
    if not here.is_valid:
        return None
    return f"00-{here.trace_id:032x}-{here.span_id:016x}-{here.trace_flags:02x}"


def current_trace_id() -> str | None:
    """Name the trace, for logs and problems; None outside of one."""
    here = trace.get_current_span().get_span_context()
    return f"{here.trace_id:032x}" if here.is_valid else None


def read_traceparent(text: str | None) -> SpanContext | None:
    """Read a `traceparent`; None where it is none, for it may come from anybody."""
    parts = (text or "").split("-")
    if len(parts) < _VERSION_TRACE_SPAN_FLAGS:
        return None
    _, trace_id, span_id, _ = parts[:_VERSION_TRACE_SPAN_FLAGS]
    if len(trace_id) != _TRACE_DIGITS or len(span_id) != _SPAN_DIGITS:
        return None
    try:
        read = SpanContext(
            int(trace_id, 16), int(span_id, 16), is_remote=True, trace_flags=_SAMPLED
        )
    except ValueError:
        return None
    return read if read.is_valid else None
