/* model.h - the event store as it is meant, in memory: some arrays and no database. Random
 * operations are run on it and on the real store, and must come to the same
 * (tests/integration/test_model.c).
 *
 * An operation says what it expects in relation to the state that its author believes in, not in
 * numbers, so it still makes sense after operations before it were taken out. */
#ifndef MODEL_H
#define MODEL_H

#include "store/append.h"

enum { MODEL_STREAMS = 4, MODEL_CLAIMS = 3, MODEL_COMMANDS = 4, MODEL_EVENTS = 400 };

/* What a condition says of the stream. */
enum model_expects {
    MODEL_ANY,
    MODEL_NONE,         /* it does not exist */
    MODEL_RIGHT,        /* version and event id as believed */
    MODEL_VERSION_ONLY, /* the version as believed, whatever event it is */
    MODEL_OLDER,        /* one version less */
    MODEL_AHEAD,        /* one more */
    MODEL_OTHER_EVENT,  /* the right version, and the id of an event that is not there */
    MODEL_EXPECTS,
};

struct model_write {
    int stream;
    enum model_expects expects;
    int events;  /* 0 only with a command */
    int claim;   /* -1: none */
    bool takes;  /* else gives back */
    int command; /* -1: none */
    int hash;    /* which request: 0 or 1 */
};

struct model_op {
    struct model_write writes[2];
    int write_count;
    int check; /* a stream that is only looked at; -1: none */
    enum model_expects check_expects;
    bool joins; /* goes into one batch with the operation before it, if it can */
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
    int holder[MODEL_CLAIMS]; /* stream + 1; 0: nobody */
    struct {
        bool known;
        int hash;
        int stream;
        int64_t version;
        int64_t position; /* counted from the first event of this model */
        int64_t events;
    } commands[MODEL_COMMANDS];
};

/* What an operation is once it is put in numbers: the same for the model and for the store. */
struct model_append {
    const struct model_op *op;
    struct cairn_expected expected[2]; /* of the writes; the stream's name is not filled in */
    struct cairn_expected check;
    struct cairn_uuid ids[2][3]; /* of the events */
};

/* Puts an operation in numbers, for somebody who believes in `belief`, and lets the belief go on as
 * if it had succeeded. */
void model_resolve(struct model_stream belief[MODEL_STREAMS], const struct model_op *op,
                   struct model_append *ret);

/* Carries it out. Returns what cairn_store_append() has to return; `ret` as there, positions
 * counted from the model's first event. */
int model_append(struct model *model, const struct model_append *append,
                 struct cairn_appended ret[2]);

/* A random operation; `random` is the generator's state. */
struct model_op model_random_op(unsigned *random);

/* One line for people. */
void model_print_op(const struct model_op *op, struct cairn_buffer *out);

#endif
