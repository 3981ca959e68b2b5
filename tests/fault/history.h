/* history.h - what was asked and what was answered, as lines of JSON in a file.
 *
 * Whoever talks to the system during a fault run writes a line for each thing it did, once the
 * outcome is there (or will never be). Lines of one actor are in the order in which it acted. Times
 * are microseconds on a clock that only goes forward and that all actors share: "sent" is before
 * the first byte left, "done" after the last one came.
 *
 *   kind      members besides kind
 *   request   op, service, method, path, trace, sent, done, status (0: no answer); key, if_match,
 *             token, body (JSON text) where the request has them; code, position, etag, replayed,
 *             answer (text) where the answer has them
 *   append    actor, sent, done, outcome (the code's name, "appended", "replayed"), writes, check:
 *             by the C interface, load_ledger.c says how
 *   sql       ids, sent, done, outcome: cairn.append in a transaction: committed, rolled-back,
 *             unknown
 *   spoiled   id: of an event that cannot be read, load_people.c; it is in an "sql" line, too
 *   standby   at, head: so far the synchronous standby had the log, cut off, at that time
 *   seen      actor, from, ids: what a reader of the log found after the position `from`
 *   live      hold, path, at, id, event, data (text): what one who follows a row was shown;
 *             load_live.c
 *   tamper    sql, outcome: somebody tried to change what has happened: refused, done
 *   fault     name, at, what: for people
 *
 * Beside it lie log.jsonl (every event, in order), rows.jsonl (every row of every read model, from
 * PostgreSQL and from Redis), bus.jsonl (every entry that was read on the bus) and
 * generations.jsonl (of the read models): evidence.h reads all of them. Another kind of load is
 * another kind of line. */
#ifndef HISTORY_H
#define HISTORY_H

#include <jansson.h>
#include <stdint.h>

struct history;

/* Begins a file; aborts if it cannot be written. */
struct history *history_open(const char *path);
void history_close(struct history *history);
/* All lines so far are in the file. */
void history_flush(struct history *history);

/* Adds one line and forgets the object. Any thread may call. */
void history_add(struct history *history, json_t *line);

int64_t history_now_us(void);

#endif
