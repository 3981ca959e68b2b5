/* evidence.h - all that a fault run leaves behind, in memory: the history and the final state.
 *
 *   history.jsonl  history.h
 *   log.jsonl      position, stream, version, type, event_id, data, meta, recorded_us
 *   rows.jsonl     store ("postgres", "redis"), model, key, row
 *   bus.jsonl      load_bus.c: the entries read on the bus, in that order
 *   generations.jsonl  kind, model, generation; "generation" with state and live, "table" and
 *                  "key" (of Redis) with name
 *   tags.jsonl     the table of tags: tag, position, type
 *
 * All memory is in the evidence's arena or belongs to its JSON. */
#ifndef EVIDENCE_H
#define EVIDENCE_H

#include "core/containers/arena.h"
#include "core/containers/map.h"

#include <jansson.h>
#include <stdbool.h>

/* One event of the final log. */
struct event {
    json_t *json;
    int64_t position;
    int64_t version;
    int64_t recorded_us;
    const char *stream;
    const char *type;
    const char *id;
    const char *trace; /* NULL: not from a request of the load */
    json_t *data;
    struct request *cause; /* NULL: none */
    bool asked;            /* it was requested: by HTTP, an append, or SQL */
    bool spoiled;          /* it cannot be read: it changes nothing, and has no state */
    int state;             /* the stream's state after this event: shop.h */
};

/* One HTTP request and its outcome. */
struct request {
    json_t *json;
    int64_t sent;
    int64_t done;
    int64_t status;   /* 0: no answer */
    int64_t position; /* of the answer's Cairn-Position; -1: none */
    const char *service;
    const char *method;
    const char *path;
    const char *code; /* "" where the answer has none */
    const char *key;  /* NULL: none */
    bool replayed;
    json_t *body;        /* NULL: none */
    json_t *answer;      /* NULL: none, or not JSON */
    struct event *first; /* the first of its events */
    int64_t events;
    int64_t times; /* how often it was carried out: each writes an event of the first one's type */
    int64_t known; /* the highest position that any client had been answered when it was sent */
};

struct stream {
    const char *name;
    struct event **events; /* version 1 is at 0 */
    size_t count, capacity;
};

struct evidence {
    struct cairn_arena arena;
    json_t *history, *log, *rows, *bus, *generations, *tags; /* arrays */
    struct event *events;                                    /* in log order */
    size_t event_count;
    struct request *requests;
    size_t request_count;
    struct cairn_map streams; /* name -> struct stream */
    struct cairn_map ids;     /* event id -> struct event */
    struct cairn_map traces;  /* trace id -> struct request */
};

/* The contents of the files: an array each. */
struct evidence_files {
    json_t *history, *log, *rows, *bus, *generations, *tags;
};

/* Takes ownership of the arrays' references, and derives the rest. */
void evidence_take(struct evidence *ret, const struct evidence_files *files);
/* Reads the files of a directory. Returns 0, or -1 with a message on standard error. */
int evidence_read(struct evidence *ret, const char *directory);
void evidence_close(struct evidence *evidence);

/* Members of an object; "" or `otherwise` where there is none. */
const char *member_text(const json_t *object, const char *name);
int64_t member_number(const json_t *object, const char *name, int64_t otherwise);

/* Returns the stream's version when the log ended at this position. */
int64_t stream_version_at(const struct stream *stream, int64_t position);

/* Returns the position in "TAG-EPOCH-POSITION"; -1 if it is not one. */
int64_t token_position(const char *token);

static inline bool request_reads(const struct request *request)
{
    return request->method[0] == 'G';
}

#endif
