"""What AWS's linter of CloudFormation says of a template: a JSON question a line, a JSON answer.

    {"template": "..."}  -> {"faults": ["E3012 ...", ...]}

Errors and warnings count; its advice on how to write templates does not.
"""

import json
import sys

from cfnlint import api


def faults(template: str) -> list[str]:
    counted = (match for match in api.lint_all(template) if match.rule.id[0] in "EW")
    return [f"{match.rule.id} {match.message}" for match in counted]


def main():
    for line in sys.stdin:
        question = json.loads(line)
        print(json.dumps({"faults": faults(question["template"])}), flush=True)


main()
