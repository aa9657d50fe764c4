"""Runs MiniStack in this process and leaves, with all it started, when standard input closes.

Whoever started us holds the other end of the pipe, so even a killed test run leaves nothing behind.
"""

import json
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


def tell_policies_which_resource() -> None:
    """Judges what is about a group, an instance profile, a provider or a second factor as IAM does.

    MiniStack takes the user, the role or the policy for what such a call is about, or everything;
    by IAM's service reference it is the group, the profile, the provider or the device. What is
    asked about a query is about its workgroup.
    """
    from ministack.core import iam_actions

    known = iam_actions.extract_resource_arn
    about = {
        "AddUserToGroup": ("GroupName", "group/"),
        "RemoveUserFromGroup": ("GroupName", "group/"),
        "DetachGroupPolicy": ("GroupName", "group/"),
        "AddRoleToInstanceProfile": ("InstanceProfileName", "instance-profile/"),
        "RemoveRoleFromInstanceProfile": ("InstanceProfileName", "instance-profile/"),
        "GetInstanceProfile": ("InstanceProfileName", "instance-profile/"),
        "DeleteInstanceProfile": ("InstanceProfileName", "instance-profile/"),
        "DeleteSAMLProvider": ("SAMLProviderArn", None),
        "DeleteOpenIDConnectProvider": ("OpenIDConnectProviderArn", None),
        "DeleteVirtualMFADevice": ("SerialNumber", None),
    }

    def workgroup_of(asked: dict, region: str, account: str) -> str:
        from ministack.services import athena

        query = athena._executions.get(asked["QueryExecutionId"]) or {}
        return f"arn:aws:athena:{region}:{account}:workgroup/{query.get('WorkGroup', '*')}"

    def one(params: dict, name: str) -> str:
        value = params.get(name) or ""
        return value[0] if isinstance(value, list) else value

    def with_resource(service, method, path, headers, body, params, region, account) -> str:
        parameter, kind = about.get(one(params, "Action"), (None, None))
        if service == "iam" and parameter:
            named = one(params, parameter)
            return f"arn:aws:iam::{account}:{kind}{named}" if kind else named
        if service == "athena" and b"QueryExecutionId" in body:
            return workgroup_of(json.loads(body), region, account)
        return known(service, method, path, headers, body, params, region, account)

    iam_actions.extract_resource_arn = with_resource


def leave_when_the_pipe_closes() -> None:
    sys.stdin.buffer.read()
    os.killpg(os.getpgid(0), signal.SIGKILL)


if __name__ == "__main__":
    if os.getpgid(0) != os.getpid():
        os.setpgid(0, 0)
    threading.Thread(target=leave_when_the_pipe_closes, daemon=True).start()
    sys.argv = ["ministack"]
    tell_conditions_which_policy()
    tell_policies_which_resource()
    from ministack.app import main

    main()
