"""dcb_recorder.py - the load for the PostgreSQL recorder of Python's eventsourcing: so many appends at
once, each followed by the next.

  dcb_recorder.py fill SOCKET DATABASE EVENTS
  dcb_recorder.py run SOCKET DATABASE CLIENTS WARM_S RUN_S     prints what cairn_append.c prints

BENCH_DATA and BENCH_META are the JSON of an event. Each client is a thread with a connection, in one of two
processes, and has accounts of its own. An append is one event with the tags of an account and of a branch,
on the condition that none with either of them has come since the client's last one.
"""
import json
import multiprocessing
import os
import sys
import threading
import time

from eventsourcing.dcb.api import DCBAppendCondition, DCBEvent, DCBQuery, DCBQueryItem
from eventsourcing.dcb.postgres_tt import PostgresDCBRecorderTT
from eventsourcing.postgres import PostgresDatastore

TYPE = "AmountCredited"
ACCOUNTS = 4096
BATCH = 500
PROCESSES = 2
# The recorder has no metadata: it is part of the data.
DATA = (os.environ.get("BENCH_DATA", "{}") + os.environ.get("BENCH_META", "{}")).encode()


def open_recorder(host, database, connections):
    datastore = PostgresDatastore(dbname=database, host=host, port=5432, user="postgres", password="",
                                  pool_size=connections, max_waiting=connections, connect_timeout=60)
    return PostgresDCBRecorderTT(datastore)


def event(tags):
    return DCBEvent(type=TYPE, data=DATA, tags=tags)


def fill(host, database, events):
    recorder = open_recorder(host, database, 1)
    recorder.create_table()
    accounts = max(events // 10, 1)
    for start in range(0, events, BATCH):
        recorder.append([event([f"account:{n % accounts}-0", f"branch:{n * 7919 % accounts}-0"])
                         for n in range(start, min(start + BATCH, events))])


class Client(threading.Thread):
    def __init__(self, recorder, number, clients, begin, end):
        super().__init__()
        self.recorder, self.number, self.own = recorder, number, ACCOUNTS // clients
        self.begin, self.end = begin, end
        self.acknowledged, self.took, self.failed = 0, [], None

    def run(self):
        try:
            self.append_until_end()
        except Exception as error:  # reported by the main thread, which ends with 1
            self.failed = error

    def append_until_end(self):
        after, turn = None, 0
        while (began := time.monotonic()) < self.end:
            tags = [f"account:{self.number * self.own + turn % self.own}-1",
                    f"branch:{self.number * self.own + turn * 7919 % self.own}-1"]
            items = [DCBQueryItem(types=[TYPE], tags=[tag]) for tag in tags]
            after = self.recorder.append([event(tags)], DCBAppendCondition(DCBQuery(items), after))
            self.acknowledged += 1
            turn += 1
            now = time.monotonic()
            if self.begin <= now < self.end:
                self.took.append(round((now - began) * 1e6))


def load(host, database, numbers, clients, begin, end, results):
    recorder = open_recorder(host, database, len(numbers))
    recorder.datastore.pool.open(wait=True)
    threads = [Client(recorder, number, clients, begin, end) for number in numbers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    results.put((sum(t.acknowledged for t in threads), [us for t in threads for us in t.took],
                 next((str(t.failed) for t in threads if t.failed), None)))


def run(host, database, clients, warm, seconds):
    begin = time.monotonic() + warm
    results = multiprocessing.Queue()
    processes = [multiprocessing.Process(target=load, args=(host, database, list(range(clients))[n::PROCESSES], clients,
                                                            begin, begin + seconds, results))
                 for n in range(min(PROCESSES, clients))]
    for process in processes:
        process.start()
    parts = [results.get() for _ in processes]
    for process in processes:
        process.join()
    for _, _, failed in parts:
        if failed:
            sys.exit(f"dcb_recorder.py: an append failed: {failed}")
    took = sorted(us for _, times, _ in parts for us in times)

    def at(thousandth):
        return took[max(-(-len(took) * thousandth // 1000), 1) - 1] if took else None

    print(json.dumps({"acknowledged": sum(part[0] for part in parts), "rate": len(took) / seconds,
                      "p50_us": at(500), "p99_us": at(990), "p999_us": at(999)}))


if __name__ == "__main__":
    mode, host, database, *words = sys.argv[1:]
    if mode == "fill":
        fill(host, database, int(words[0]))
    else:
        run(host, database, int(words[0]), float(words[1]), float(words[2]))
