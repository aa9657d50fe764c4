"""Runs MiniStack in this process and leaves, with all it started, when standard input closes.

Whoever started us holds the other end of the pipe, so even a killed test run leaves nothing behind.
"""

import os
import signal
import sys
import threading


def tell_conditions_which_policy() -> None:
    """Lets conditions ask which policy a call attaches or makes the boundary, as IAM does.

    MiniStack evaluates conditions, and does not fill in these two keys of IAM's.
    """
    from ministack.core import iam_actions

    known = iam_actions.request_tag_context
    keys = {"iam:policyarn": "PolicyArn", "iam:permissionsboundary": "PermissionsBoundary"}

    def with_policy(service: str, iam_action: str, body: bytes, params: dict) -> dict:
        context = known(service, iam_action, body, params)
        for key, parameter in keys.items():
            value = params.get(parameter) if service == "iam" else None
            if value:
                context[key] = value[0] if isinstance(value, list) else value
        return context

    iam_actions.request_tag_context = with_policy


def leave_when_the_pipe_closes() -> None:
    sys.stdin.buffer.read()
    os.killpg(os.getpgid(0), signal.SIGKILL)


if __name__ == "__main__":
    if os.getpgid(0) != os.getpid():
        os.setpgid(0, 0)
    threading.Thread(target=leave_when_the_pipe_closes, daemon=True).start()
    sys.argv = ["ministack"]
    tell_conditions_which_policy()
    from ministack.app import main

    main()
