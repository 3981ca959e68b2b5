/* model.h - the specification of the event store, in memory: some arrays and no database. Random
 * operations are run on the model and on the real store, and must have the same results
 * (tests/integration/test_model.c).
 *
 * An operation states its expectations relative to the state that its author believes in, not in
 * numbers, so it stays meaningful after earlier operations are removed. */
#ifndef MODEL_H
#define MODEL_H

#include "store/append/append.h"

enum { MODEL_STREAMS = 4, MODEL_CLAIMS = 3, MODEL_COMMANDS = 4, MODEL_EVENTS = 400 };

/* What a condition expects of the stream. */
enum model_expects {
    MODEL_ANY,
    MODEL_NONE,         /* the stream does not exist */
    MODEL_RIGHT,        /* version and event id as believed */
    MODEL_VERSION_ONLY, /* the version as believed, any event id */
    MODEL_OLDER,        /* one version less */
    MODEL_AHEAD,        /* one version more */
    MODEL_OTHER_EVENT,  /* the right version, and the id of a nonexistent event */
    MODEL_EXPECTS,
};

struct model_write {
    int stream;
    enum model_expects expects;
    int events;  /* 0 only with a command */
    int claim;   /* -1: none */
    bool takes;  /* else releases */
    int command; /* -1: none */
    int hash;    /* which of two requests: 0 or 1 */
};

struct model_op {
    struct model_write writes[2];
    int write_count;
    int check; /* a stream that is only checked; -1: none */
    enum model_expects check_expects;
    bool joins; /* joins the batch of the operation before it, if it can */
};

struct model_stream {
    int64_t version;
    struct cairn_uuid last;
};

struct model {
    struct model_stream streams[MODEL_STREAMS];
    struct {
        int stream;
        int64_t version;
        struct cairn_uuid id;
    } events[MODEL_EVENTS];
    int64_t count;
    int holder[MODEL_CLAIMS]; /* stream + 1; 0: free */
    struct {
        bool known;
        int hash;
        int stream;
        int64_t version;
        int64_t position; /* counted from the first event of this model */
        int64_t events;
    } commands[MODEL_COMMANDS];
};

/* An operation resolved to numbers: the same for the model and for the store. */
struct model_append {
    const struct model_op *op;
    struct cairn_expected expected[2]; /* of the writes; the stream's name is not filled in */
    struct cairn_expected check;
    struct cairn_uuid ids[2][3]; /* of the events */
};

/* Resolves an operation to numbers, given the belief of its author, and advances the belief as if
 * the operation had succeeded. */
void model_resolve(struct model_stream belief[MODEL_STREAMS], const struct model_op *op,
                   struct model_append *ret);

/* Executes the operation. Returns what cairn_store_append() must return; `ret` as there, positions
 * counted from the model's first event. */
int model_append(struct model *model, const struct model_append *append,
                 struct cairn_appended ret[2]);

/* Returns a random operation; `random` is the generator's state. */
struct model_op model_random_op(unsigned *random);

/* Prints one human-readable line. */
void model_print_op(const struct model_op *op, struct cairn_buffer *out);

#endif
