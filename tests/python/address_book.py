"""Writes a MaxMind DB and reads it back with other people's libraries: a line asked, a line said."""

import json
import sys

import maxminddb
from mmdb_writer import MMDBWriter
from netaddr import IPSet


def answer(question):
    if "write" in question:
        writer = MMDBWriter(ip_version=6, ipv4_compatible=True, database_type=question["type"])
        for network, record in question["write"].items():
            writer.insert_network(IPSet([network]), record)
        writer.to_db_file(question["file"])
    with maxminddb.open_database(question["file"]) as database:
        return {address: database.get(address) for address in question["addresses"]}


if __name__ == "__main__":
    for line in sys.stdin:
        try:
            said = answer(json.loads(line))
        except Exception as failure:
            said = {"failure": f"{type(failure).__name__}: {failure}"}
        print(json.dumps(said), flush=True)
