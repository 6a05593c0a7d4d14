"""The process that ends what a command started when the command itself is gone.

It reads `+ pid birth` and `- pid` on its standard input. The command holds the other end: when it
ends in any way, kill -9 included, the input closes, and whatever is still noted is ended.
"""

import signal
import sys

from cairn.identity import Life, end_all

GRACE_SECONDS = 5.0


def main() -> None:
    """Keep the list until the command is gone, then end what is on it, newest first."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    watched: dict[int, Life] = {}
    for line in sys.stdin:
        match line.split():
            case ["+", pid, birth]:
                watched[int(pid)] = Life(pid=int(pid), birth=birth)
            case ["-", pid]:
                watched.pop(int(pid), None)
            case _:
                continue
    end_all(list(reversed(watched.values())), grace_seconds=GRACE_SECONDS)


if __name__ == "__main__":
    main()
