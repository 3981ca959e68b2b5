/* history.h - what was asked and what was answered, as lines of JSON in a file.
 *
 * Each actor that talks to the system during a fault run writes a line for each thing it did, once
 * the outcome is known (or never will be). Lines of one actor are in the order in which it acted.
 * Times are microseconds on a monotonic clock that all actors share: "sent" is before the first
 * byte left, "done" after the last one came.
 *
 *   kind      members besides kind
 *   request   op, service, method, path, trace, sent, done, status (0: no answer); key, if_match,
 *             token, body (JSON text) where the request has them; code, position, etag, replayed,
 *             answer (text) where the answer has them
 *   append    actor, sent, done, outcome (the code's name, "appended", "replayed"), writes, check:
 *             by the C interface, see load_ledger.c
 *   sql       ids, sent, done, outcome: cairn.append in a transaction: committed, rolled-back,
 *             unknown
 *   spoiled   id: of an event that cannot be read, load_people.c; it is in an "sql" line, too
 *   standby   at, head: the end of the log on the synchronous standby, cut off, at that time
 *   seen      actor, from, ids: the events that a reader of the log found after the position `from`
 *   live      hold, path, at, id, event, data (text): what a follower of a row was shown;
 *             load_live.c
 *   tamper    sql, outcome: an attempt to change the log: refused, done
 *   fault     name, at, what: for human readers
 *
 * The same directory holds log.jsonl (every event, in order), rows.jsonl (every row of every read
 * model, from PostgreSQL and from Redis), bus.jsonl (every entry that was read on the bus) and
 * generations.jsonl (of the read models): evidence.h reads all of them. A new kind of load is a new
 * kind of line. */
#ifndef HISTORY_H
#define HISTORY_H

#include <jansson.h>
#include <stdint.h>

struct history;

/* Creates a file; aborts if it cannot be written. */
struct history *history_open(const char *path);
void history_close(struct history *history);
/* Flushes all lines so far to the file. */
void history_flush(struct history *history);

/* Adds one line and releases the object. Any thread may call it. */
void history_add(struct history *history, json_t *line);

int64_t history_now_us(void);

#endif
