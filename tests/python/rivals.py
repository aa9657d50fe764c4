"""What benches/investigate is measured beside: one JSON question a line in, one JSON answer out.

    {"op": "run", "command": [...]}                                   a program
    {"op": "unpack", "folder": f}                                     ISA-L unpacks every object
    {"op": "duckdb", "asked": {objects, cut, parameters, questions}}  DuckDB is asked the same

Each is run in a process of its own; the answer is {"seconds", "processor", "peak_mb", "told"}, the last being
what the process itself said of its parts. A failure is answered with {"error": text}.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

SCALARS = """eventTime eventSource eventName awsRegion sourceIPAddress userAgent errorCode
errorMessage requestID eventID readOnly eventType recipientAccountId sharedEventID vpcEndpointId
eventCategory sessionCredentialFromConsole""".split()
TEXTS = "requestParameters responseElements additionalEventData serviceEventDetails".split()
ISSUER = '"sessionIssuer" STRUCT("type" VARCHAR, "principalId" VARCHAR, "arn" VARCHAR,' \
    ' "accountId" VARCHAR, "userName" VARCHAR)'
SESSION = '"sessionContext" STRUCT("attributes" STRUCT("mfaAuthenticated" VARCHAR,' \
    f' "creationDate" VARCHAR), {ISSUER}, "sourceIdentity" VARCHAR)'
IDENTITY = 'STRUCT("type" VARCHAR, "principalId" VARCHAR, "arn" VARCHAR, "accountId" VARCHAR,' \
    f' "invokedBy" VARCHAR, "accessKeyId" VARCHAR, "userName" VARCHAR, {SESSION},' \
    ' "credentialId" VARCHAR)'
FIELDS = [f'"{name}" VARCHAR' for name in SCALARS + TEXTS] + [
    f'"userIdentity" {IDENTITY}',
    '"resources" STRUCT("ARN" VARCHAR, "accountId" VARCHAR, "type" VARCHAR)[]',
    '"tlsDetails" STRUCT("tlsVersion" VARCHAR)',
]


def unpack(folder: str) -> dict:
    from isal import igzip

    paths = list(pathlib.Path(folder).rglob("*.json.gz"))

    def size(path: pathlib.Path) -> int:
        return len(igzip.decompress(path.read_bytes()))

    with ThreadPoolExecutor(os.cpu_count()) as threads:
        return {"bytes": sum(threads.map(size, paths, chunksize=64))}


def duckdb(asked: dict) -> dict:
    import duckdb as engine
    import sqlglot
    from sqlglot import exp

    def transpiled(sql: str) -> str:
        tree = sqlglot.parse_one(sql, read="athena")
        marks = list(tree.find_all(exp.Placeholder, bfs=False))
        for mark, text in zip(marks, asked["parameters"], strict=True):
            mark.replace(exp.Literal.string(text))
        return tree.sql(dialect="duckdb")

    database, told = engine.connect(), {}

    def timed(part: str, work) -> None:
        started = time.perf_counter()
        work()
        told[part] = round(time.perf_counter() - started, 2)

    shape = f"{{'Records': 'STRUCT({', '.join(FIELDS)})[]'}}"
    load = (
        "CREATE TABLE cloudtrail AS SELECT record.* FROM (SELECT unnest(\"Records\") AS record"
        f" FROM read_json('{asked['objects']}', columns={shape}, compression='gzip',"
        " maximum_object_size=67108864))"
    )
    cut = "CREATE TABLE case_table AS " + transpiled(asked["cut"])
    timed("load", lambda: database.execute(load))
    timed("cut", lambda: database.execute(cut))
    timed("questions", lambda: [database.execute(q).fetchall() for q in asked["questions"]])
    told["rows"] = database.execute("SELECT count(*) FROM case_table").fetchone()[0]
    return told


def measured(command: list[str]) -> dict:
    with tempfile.TemporaryFile() as out:
        started = time.perf_counter()
        child = subprocess.Popen(command, stdout=out)
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - started
        if status != 0:
            raise RuntimeError(f"{command[0]} ended with {status}")
        out.seek(0)
        told = out.read() if command[0] == sys.executable else b"null"
    return {
        "seconds": seconds,
        "processor": usage.ru_utime + usage.ru_stime,
        "peak_mb": usage.ru_maxrss / 1024,
        "told": json.loads(told),
    }


def answer(question: dict) -> dict:
    if question["op"] == "run":
        return measured(question["command"])
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(question, file)
        file.flush()
        return measured([sys.executable, __file__, file.name])


def in_a_process_of_its_own(path: str) -> None:
    question = json.loads(pathlib.Path(path).read_text())
    unpacks = question["op"] == "unpack"
    print(json.dumps(unpack(question["folder"]) if unpacks else duckdb(question["asked"])))


if __name__ == "__main__":
    if len(sys.argv) > 1:
        in_a_process_of_its_own(sys.argv[1])
        sys.exit()
    for line in sys.stdin:
        try:
            said = answer(json.loads(line))
        except Exception as failure:
            said = {"error": f"{type(failure).__name__}: {failure}"}
        print(json.dumps(said), flush=True)
