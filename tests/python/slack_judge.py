"""Slack's own library as a judge: one JSON question a line in, one JSON answer a line out.

    {"op": "sign", "secret": s, "timestamp": t, "body": b}            -> {"signature": "v0=..."}
    {"op": "verify", "secret": s, "headers": {...}, "body": b, "now": t} -> {"valid": true}
    {"op": "blocks", "blocks": [...]}   -> {"errors": [...], "unjudged": [...]}
    {"op": "view", "view": {...}}       -> the same

An error is something slack_sdk refuses or silently drops. What it has no model for is unjudged,
so that nobody takes its silence for approval.
"""

import json
import logging
import sys

from slack_sdk.models.blocks import Block, BlockElement
from slack_sdk.models.views import View
from slack_sdk.signature import SignatureVerifier

logging.disable(logging.CRITICAL)


class FixedClock:
    def __init__(self, now: float):
        self.fixed = now

    def now(self) -> float:
        return self.fixed


def dropped(given, kept, path: str) -> list[str]:
    """What was given and did not come through the model."""
    if isinstance(given, dict) and isinstance(kept, dict):
        found = []
        for key, value in given.items():
            if key not in kept:
                if value not in (None, [], ""):
                    found.append(f"{path}/{key}: not a known field here")
            else:
                found += dropped(value, kept[key], f"{path}/{key}")
        return found
    if isinstance(given, list) and isinstance(kept, (list, tuple)):
        if len(given) != len(kept):
            return [f"{path}: {len(given)} given, {len(kept)} understood"]
        return [
            finding
            for position, (one, other) in enumerate(zip(given, kept))
            for finding in dropped(one, other, f"{path}/{position}")
        ]
    return [] if given == kept else [f"{path}: {given!r} became {kept!r}"]


def elements(block: dict):
    """The interactive elements of a block, with their paths below it."""
    for position, element in enumerate(block.get("elements") or []):
        yield f"elements/{position}", element
    for name in ("accessory", "element"):
        if isinstance(block.get(name), dict):
            yield name, block[name]


def judge_block(block: dict, path: str) -> tuple[list[str], list[str]]:
    unjudged = []
    try:
        model = Block.parse(block)
        if model is None:
            return [], [f"{path}: {block.get('type')}"]
        kept = model.to_dict()
    except Exception as refusal:
        return [f"{path}: {refusal}"], []
    errors = dropped(block, kept, path)
    if block.get("type") not in ("rich_text", "context"):
        for where, element in elements(block):
            try:
                if BlockElement.parse(element) is None:
                    unjudged.append(f"{path}/{where}: {element.get('type')}")
            except Exception as refusal:
                errors.append(f"{path}/{where}: {refusal}")
    return errors, unjudged


def judge_blocks(blocks: list, path: str) -> dict:
    errors, unjudged = [], []
    for position, block in enumerate(blocks):
        refused, skipped = judge_block(block, f"{path}/{position}")
        errors += refused
        unjudged += skipped
    return {"errors": errors, "unjudged": unjudged}


def judge_view(view: dict) -> dict:
    verdict = judge_blocks(view.get("blocks") or [], "/blocks")
    try:
        kept = View(**view).to_dict()
    except Exception as refusal:
        verdict["errors"].append(f"/: {refusal}")
        return verdict
    frame = {key: value for key, value in view.items() if key != "blocks"}
    verdict["errors"] += dropped(frame, kept, "")
    if view.get("type") == "modal" and not view.get("title"):
        verdict["errors"].append("/title: a modal has one")
    return verdict


def answer(question: dict) -> dict:
    op = question["op"]
    if op == "sign":
        verifier = SignatureVerifier(question["secret"])
        signature = verifier.generate_signature(
            timestamp=question["timestamp"], body=question["body"]
        )
        return {"signature": signature}
    if op == "verify":
        verifier = SignatureVerifier(question["secret"], FixedClock(question["now"]))
        return {"valid": verifier.is_valid_request(question["body"], question["headers"])}
    if op == "blocks":
        return judge_blocks(question["blocks"], "")
    if op == "view":
        return judge_view(question["view"])
    raise ValueError(f"no such question: {op}")


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), flush=True)
