"""A pseudo-terminal: says its name, then passes on what comes between it and this program's standard streams."""
import os
import pty
import select
import sys

MOST_BYTES = 4096

board, host = pty.openpty()  # with echo and all that a terminal does, as a new device has it
os.write(sys.stdout.fileno(), f"{os.ttyname(host)}\n".encode())
ways = {sys.stdin.fileno(): board, board: sys.stdout.fileno()}
while True:
    for source in select.select(list(ways), [], [])[0]:
        said = os.read(source, MOST_BYTES)
        if not said:
            sys.exit(0)
        os.write(ways[source], said)
