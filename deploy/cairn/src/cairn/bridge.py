"""How does plain code ask something of a library that only answers in an event loop?"""

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")


def answer_of(question: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine in a loop and thread of its own, whatever loop the caller may be in."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, question).result()
