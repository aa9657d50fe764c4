"""Says which names are operations of AWS services: one question a line, one answer a line."""

import json
import sys

from botocore.loaders import Loader


def operations(services):
    loader = Loader()
    found = set()
    for service in services:
        found.update(loader.load_service_model(service, "service-2")["operations"])
    return found


if __name__ == "__main__":
    for line in sys.stdin:
        question = json.loads(line)
        known = operations(question["services"])
        unknown = [name for name in question["names"] if name not in known]
        print(json.dumps({"unknown": unknown}), flush=True)
