"""One plain look for the two pages that this package shows: the mailbox and the sign-in."""

from collections.abc import Iterable, Sequence
from html import escape

_LOOK = """
:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; }
body { margin: 2rem auto; padding: 0 1rem; }
article { border-top: 1px solid #8886; padding: 1rem 0; }
h2 { font-size: 1.1rem; margin: 0; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0 1rem; margin: .25rem 0 1rem; }
dt { opacity: .7; } dd { margin: 0; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; margin: 0; font: inherit; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .4rem .8rem .4rem 0; vertical-align: top; }
code { overflow-wrap: anywhere; }
"""


def page(title: str, body: Iterable[str]) -> str:
    """Put finished pieces of HTML into a whole page."""
    head = (
        f'<meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{escape(title)}</title><style>{_LOOK}</style>"
    )
    inside = "".join(body)
    return (
        f'<!doctype html><html lang="en"><head>{head}</head>'
        f"<body><main><h1>{escape(title)}</h1>{inside}</main></body></html>"
    )


def paragraph(text: str) -> str:
    """Show a sentence."""
    return f"<p>{escape(text)}</p>"


def article(heading: str, facts: Sequence[tuple[str, str]], text: str) -> str:
    """Show one thing with its facts and its words, every character of them escaped."""
    terms = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in facts)
    return f"<article><h2>{escape(heading)}</h2><dl>{terms}</dl><pre>{escape(text)}</pre></article>"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Show rows of finished pieces of HTML under escaped heads."""
    head = "".join(f'<th scope="col">{escape(each)}</th>' for each in heads)
    body = "".join(f"<tr>{''.join(f'<td>{each}</td>' for each in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def button(action: str, label: str, **fields: str) -> str:
    """Show a button that posts some hidden fields."""
    hidden = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, value in fields.items()
    )
    return (
        f'<form method="post" action="{escape(action)}">{hidden}'
        f"<button>{escape(label)}</button></form>"
    )
