"""Judges JSON documents by a JSON schema: one question a line, one answer a line."""

import json
import sys

import jsonschema


def answer(question):
    with open(question["schema"], encoding="utf-8") as file:
        schema = json.load(file)
    kind = jsonschema.validators.validator_for(schema)
    kind.check_schema(schema)
    errors = kind(schema).iter_errors(question["document"])
    return {"errors": sorted(f"{error.json_path}: {error.message}" for error in errors)}


if __name__ == "__main__":
    for line in sys.stdin:
        try:
            said = answer(json.loads(line))
        except Exception as failure:
            said = {"failure": f"{type(failure).__name__}: {failure}"}
        print(json.dumps(said), flush=True)
