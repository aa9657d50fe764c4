"""The limits that another library keeps for Slack's blocks: a JSON question a line, a JSON answer.

    {"op": "blocks", "blocks": [...]}  -> {"errors": [...], "checked": 7}
    {"op": "view", "view": {...}}      -> the same

The numbers are slackblocks' own, from the registry that its clients in several languages share;
none is repeated here. `checked` says how many of them were held against something.
"""

import json
import sys

import slackblocks._limits as limits


class Check:
    def __init__(self):
        self.errors = []
        self.checked = 0

    def within(self, count: int, limit: str, path: str):
        self.checked += 1
        if count > getattr(limits, limit):
            self.errors.append(f"{path}: {count} is beyond {limit}")

    def at_least(self, count: int, limit: str, path: str):
        self.checked += 1
        if count < getattr(limits, limit):
            self.errors.append(f"{path}: {count} is below {limit}")

    def words(self, given, limit: str, path: str):
        """A text object, or a plain string."""
        text = given.get("text", "") if isinstance(given, dict) else given
        if text is None:
            return
        self.within(len(text), limit, path)
        self.at_least(len(text), "TEXT_MIN_LENGTH", path)


# For each type: the field, how it is measured, the limit.
FIELDS = {
    "header": [("text", "words", "HEADER_TEXT_MAX_LENGTH")],
    "section": [("text", "words", "SECTION_TEXT_MAX_LENGTH"), ("fields", "items", "SECTION_FIELDS_MAX_ITEMS")],
    "context": [("elements", "items", "CONTEXT_ELEMENTS_MAX_ITEMS")],
    "actions": [("elements", "items", "ACTIONS_ELEMENTS_MAX_ITEMS")],
    "input": [("label", "words", "INPUT_LABEL_MAX_LENGTH"), ("hint", "words", "INPUT_HINT_MAX_LENGTH")],
    "button": [("text", "words", "BUTTON_TEXT_MAX_LENGTH"), ("value", "words", "BUTTON_VALUE_MAX_LENGTH")],
    "plain_text": [("text", "words", "TEXT_MAX_LENGTH")],
    "mrkdwn": [("text", "words", "TEXT_MAX_LENGTH")],
    "plain_text_input": [("placeholder", "words", "PLAIN_TEXT_INPUT_PLACEHOLDER_MAX_LENGTH")],
    "checkboxes": [("options", "items", "CHECKBOXES_OPTIONS_MAX_ITEMS")],
    "radio_buttons": [("options", "items", "RADIO_BUTTONS_OPTIONS_MAX_ITEMS")],
    "static_select": [("options", "items", "SELECT_OPTIONS_MAX_ITEMS")],
    "multi_static_select": [("options", "items", "SELECT_OPTIONS_MAX_ITEMS")],
    "table": [("rows", "items", "TABLE_ROWS_MAX_ITEMS")],
    "data_visualization": [("title", "words", "DATA_VISUALIZATION_TITLE_MAX_LENGTH")],
}
# Objects without a type, by the field that they stand in.
PARTS = {
    "confirm": [
        ("title", "words", "CONFIRMATION_TITLE_MAX_LENGTH"),
        ("text", "words", "CONFIRMATION_TEXT_MAX_LENGTH"),
        ("confirm", "words", "CONFIRMATION_CONFIRM_MAX_LENGTH"),
        ("deny", "words", "CONFIRMATION_DENY_MAX_LENGTH"),
    ],
    "options": [
        ("text", "words", "OPTION_TEXT_MAX_LENGTH"),
        ("value", "words", "OPTION_VALUE_MAX_LENGTH"),
        ("description", "words", "OPTION_DESCRIPTION_MAX_LENGTH"),
    ],
    "axis_config": [("categories", "items", "DATA_VISUALIZATION_CATEGORIES_MAX_ITEMS")],
    "chart": [("series", "items", "DATA_VISUALIZATION_SERIES_MAX_ITEMS")],
    "series": [
        ("name", "words", "DATA_VISUALIZATION_SERIES_NAME_MAX_LENGTH"),
        ("data", "items", "DATA_VISUALIZATION_DATA_MAX_ITEMS"),
    ],
    "data": [("label", "words", "DATA_VISUALIZATION_POINT_LABEL_MAX_LENGTH")],
}
IDS = {"block_id": "BLOCK_ID_MAX_LENGTH", "action_id": "ACTION_ID_MAX_LENGTH"}
VIEW = [
    ("title", "words", "VIEW_TITLE_MAX_LENGTH"),
    ("close", "words", "VIEW_CLOSE_MAX_LENGTH"),
    ("submit", "words", "VIEW_SUBMIT_MAX_LENGTH"),
    ("private_metadata", "words", "VIEW_PRIVATE_METADATA_MAX_LENGTH"),
    ("callback_id", "words", "VIEW_CALLBACK_ID_MAX_LENGTH"),
    ("blocks", "items", "VIEW_BLOCKS_MAX_ITEMS"),
]


def held(check: Check, given: dict, rules: list, path: str):
    for field, how, limit in rules:
        if field not in given:
            continue
        if how == "items":
            check.within(len(given[field]), limit, f"{path}/{field}")
        else:
            check.words(given[field], limit, f"{path}/{field}")


def walk(check: Check, given, name: str, path: str):
    if isinstance(given, list):
        for position, item in enumerate(given):
            walk(check, item, name, f"{path}/{position}")
        return
    if not isinstance(given, dict):
        return
    held(check, given, FIELDS.get(given.get("type"), []), path)
    held(check, given, PARTS.get(name, []), path)
    for field, limit in IDS.items():
        if field in given:
            check.within(len(given[field]), limit, f"{path}/{field}")
    if given.get("type") == "table":
        for row in given.get("rows", []):
            check.within(len(row), "TABLE_COLUMNS_MAX_ITEMS", f"{path}/rows")
    for field, below in given.items():
        walk(check, below, field, f"{path}/{field}")


def answer(question: dict) -> dict:
    check = Check()
    if question["op"] == "blocks":
        blocks = question["blocks"]
        check.within(len(blocks), "MESSAGE_BLOCKS_MAX_ITEMS", "")
        charts = [block for block in blocks if block.get("type") == "data_visualization"]
        check.within(len(charts), "MESSAGE_DATA_VISUALIZATIONS_MAX_ITEMS", "")
        walk(check, blocks, "", "")
    elif question["op"] == "view":
        held(check, question["view"], VIEW, "")
        walk(check, question["view"].get("blocks", []), "", "/blocks")
    else:
        raise ValueError(f"no such question: {question['op']}")
    return {"errors": check.errors, "checked": check.checked}


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), flush=True)
