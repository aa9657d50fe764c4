"""DuckDB and sqlglot as judges of our SQL: one JSON question a line in, one JSON answer a line out.

    {"op": "table", "ddl": "CREATE TABLE ...", "name": n, "rows": [[...]]}  -> {"rows": count}
    {"op": "trail", "name": n, "files": [...], "days": column, "texts": [...]} -> {"rows": count}
    {"op": "query", "sql": s, "parameters": [...]}           -> {"columns": [...], "rows": [[...]]}
    {"op": "athena", "sql": s, "parameters": [...]}          -> the same, and the SQL that was run

    {"op": "parquet", "name": n, "path": p}                  -> {"path": p}
    {"op": "transpile", "sql": s, "parameters": [text, ...]} -> {"sql": the same in DuckDB's words}

`trail` makes the table AWS documents for CloudTrail out of delivered objects, with the columns of
`texts` as texts of JSON, `query` runs SQL as it is, `athena` reads it in Athena's dialect and
writes it in DuckDB's first. `transpile` puts execution parameters in, each a literal of its own as
Athena wants them, and does not run it. A question that fails is answered with {"error": text}.
"""

import gzip
import json
import re
import sys
import tempfile

import duckdb
import sqlglot
from sqlglot import exp

ISSUER = (
    "STRUCT(type VARCHAR, principalid VARCHAR, arn VARCHAR, accountid VARCHAR,"
    " username VARCHAR)"
)
SESSION = (
    "STRUCT(attributes STRUCT(mfaauthenticated VARCHAR, creationdate VARCHAR),"
    f" sessionissuer {ISSUER}, ec2roledelivery VARCHAR,"
    " webidfederationdata STRUCT(federatedprovider VARCHAR, attributes MAP(VARCHAR, VARCHAR)),"
    " sourceidentity VARCHAR, assumedroot VARCHAR)"
)
IDENTITY = (
    "STRUCT(type VARCHAR, principalid VARCHAR, arn VARCHAR, accountid VARCHAR, invokedby VARCHAR,"
    " accesskeyid VARCHAR, username VARCHAR,"
    " onbehalfof STRUCT(userid VARCHAR, identitystorearn VARCHAR),"
    f" sessioncontext {SESSION}, credentialid VARCHAR)"
)
SCALARS = """eventversion eventtime eventsource eventname awsregion sourceipaddress useragent
errorcode errormessage requestid eventid readonly eventtype apiversion recipientaccountid
sharedeventid vpcendpointid vpcendpointaccountid eventcategory sessioncredentialfromconsole
edgedevicedetails managementevent""".split()
# What the SerDe hands over as a text of JSON, whatever its shape.
TEXTS = "requestparameters responseelements additionaleventdata serviceeventdetails".split()
COLUMNS = (
    dict.fromkeys(SCALARS + TEXTS, "VARCHAR")
    | {
        "useridentity": IDENTITY,
        "resources": "STRUCT(arn VARCHAR, accountid VARCHAR, type VARCHAR)[]",
        "tlsdetails": "STRUCT(tlsversion VARCHAR, ciphersuite VARCHAR,"
        " clientprovidedhostheader VARCHAR)",
        "addendum": "STRUCT(reason VARCHAR, updatedfields VARCHAR, originalrequestid VARCHAR,"
        " originaleventid VARCHAR)",
    }
    | dict.fromkeys(("account", "region"), "VARCHAR")
)
PLACE = re.compile(r"AWSLogs/(?:o-[^/]+/)?(\d{12})/CloudTrail/([^/]+)/(\d{4}/\d{2}/\d{2})/")


def lowered(value):
    """Keys as the SerDe sees them, scalars as the texts it makes of them."""
    if isinstance(value, dict):
        return {key.lower(): lowered(below) for key, below in value.items()}
    if isinstance(value, list):
        return [lowered(below) for below in value]
    return scalar(value)


def scalar(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if value is None or isinstance(value, str) else str(value)


def flat(record: dict, place: dict, texts: list) -> dict:
    row = dict(place)
    for key, value in record.items():
        name = key.lower()
        if name in texts:
            row[name] = None if value is None else json.dumps(value, separators=(",", ":"))
        elif name in SCALARS:
            row[name] = json.dumps(value) if isinstance(value, (dict, list)) else scalar(value)
        elif name in COLUMNS:
            row[name] = lowered(value)
    return row


def load_trail(database, question: dict) -> int:
    days = question.get("days", "dt")
    texts = TEXTS + question.get("texts", [])
    columns = COLUMNS | dict.fromkeys([days, *texts], "VARCHAR")
    with tempfile.NamedTemporaryFile("w", suffix=".ndjson") as lines:
        for path in question["files"]:
            place = dict(zip(("account", "region", days), PLACE.search(path).groups()))
            with gzip.open(path, "rt", encoding="utf-8") as delivered:
                for record in json.load(delivered).get("Records", []):
                    lines.write(json.dumps(flat(record, place, texts)) + "\n")
        lines.flush()
        name = question["name"]
        database.execute(
            f"CREATE OR REPLACE TABLE {name} AS SELECT * FROM read_json(?,"
            " format='newline_delimited', maximum_object_size=67108864,"
            f" columns={columns!r})",
            [lines.name],
        )
    return database.execute(f"SELECT count(*) FROM {name}").fetchone()[0]


def load_table(database, question: dict) -> int:
    database.execute(f"DROP TABLE IF EXISTS {question['name']}")
    database.execute(sqlglot.transpile(question["ddl"], read="trino", write="duckdb")[0])
    rows = question["rows"]
    if rows:
        marks = ", ".join("?" for _ in rows[0])
        database.executemany(f"INSERT INTO {question['name']} VALUES ({marks})", rows)
    return len(rows)


def plain(value):
    """A value JSON can carry; a decimal and a big integer are numbers there."""
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    if isinstance(value, dict):
        return {key: plain(below) for key, below in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(below) for below in value]
    return float(value) if hasattr(value, "is_finite") else str(value)


def run(database, sql: str, parameters) -> dict:
    found = database.execute(sql, parameters or None)
    columns = [column[0] for column in found.description]
    return {"columns": columns, "rows": [plain(row) for row in found.fetchall()], "sql": sql}


def transpiled(sql: str, parameters: list[str]) -> str:
    """Athena's text and parameters as DuckDB's text; anything else than literals is refused."""
    tree = sqlglot.parse_one(sql, read="athena")
    marks = [node for node in tree.find_all(exp.Placeholder, bfs=False)]
    if len(marks) != len(parameters):
        raise ValueError(f"{len(marks)} marks and {len(parameters)} parameters")
    for mark, text in zip(marks, parameters):
        value = sqlglot.parse_one(text, read="athena")
        if not isinstance(value, (exp.Literal, exp.Neg, exp.Cast, exp.Null, exp.Boolean)):
            raise ValueError(f"not a literal: {text}")
        mark.replace(value)
    return in_duckdb(tree)


def check_rows(cast, kind) -> None:
    """A cast to a row takes fields by their places in Athena, by their names in DuckDB: what is cast
    must be a row that is written out, field by field, so that both mean the same."""
    value = cast.this
    if kind.this == exp.DataType.Type.ARRAY and isinstance(value, exp.Array):
        kind, value = kind.expressions[0], value.expressions[0]
    if kind.this != exp.DataType.Type.STRUCT or isinstance(value, exp.Null):
        return
    fields = [field.args["kind"] for field in kind.expressions]
    given = value.expressions if isinstance(value, (exp.Anonymous, exp.Struct)) else []
    if len(given) != len(fields):
        raise ValueError(f"{len(given)} values are cast to {len(fields)} fields: {cast.sql()}")
    for one, wanted in zip(given, fields):
        if wanted.is_type(*exp.DataType.NESTED_TYPES) and not (
            isinstance(one, exp.Cast) and one.to == wanted
        ):
            raise ValueError(f"a row within a cast, not written out: {one.sql()}")


def in_duckdb(tree) -> str:
    """Athena's `json_extract_scalar` is null on an object or a list; DuckDB's writes it out."""
    for cast in tree.find_all(exp.Cast):
        check_rows(cast, cast.to)
    for call in list(tree.find_all(exp.JSONExtractScalar)):
        place = [call.this.copy(), call.expression.copy()]
        shape = exp.Anonymous(this="json_type", expressions=place)
        compound = exp.In(this=shape, expressions=[exp.Literal.string("OBJECT"),
                                                   exp.Literal.string("ARRAY")])
        case = exp.Case(ifs=[exp.If(this=compound, true=exp.Null())], default=call.copy())
        call.replace(exp.Paren(this=case))
    return tree.sql(dialect="duckdb")


def answer(database, question: dict) -> dict:
    op = question["op"]
    if op == "table":
        return {"rows": load_table(database, question)}
    if op == "trail":
        return {"rows": load_trail(database, question)}
    if op == "parquet":
        database.execute(f"COPY {question['name']} TO '{question['path']}' (FORMAT parquet)")
        return {"path": question["path"]}
    if op == "transpile":
        return {"sql": transpiled(question["sql"], question.get("parameters") or [])}
    if op == "query":
        return run(database, question["sql"], question.get("parameters"))
    if op == "athena":
        sql = in_duckdb(sqlglot.parse_one(question["sql"], read="athena"))
        return run(database, sql, question.get("parameters"))
    raise ValueError(f"no such question: {op}")


if __name__ == "__main__":
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    for line in sys.stdin:
        try:
            said = answer(connection, json.loads(line))
        except Exception as failure:
            said = {"error": f"{type(failure).__name__}: {failure}"}
        print(json.dumps(said), flush=True)
