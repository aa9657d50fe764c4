"""Runs MiniStack in this process and leaves, with all it started, when standard input closes.

Whoever started us holds the other end of the pipe, so even a killed test run leaves nothing behind.
"""

import os
import signal
import sys
import threading


def leave_when_the_pipe_closes() -> None:
    sys.stdin.buffer.read()
    os.killpg(os.getpgid(0), signal.SIGKILL)


if __name__ == "__main__":
    if os.getpgid(0) != os.getpid():
        os.setpgid(0, 0)
    threading.Thread(target=leave_when_the_pipe_closes, daemon=True).start()
    sys.argv = ["ministack"]
    from ministack.app import main

    main()
