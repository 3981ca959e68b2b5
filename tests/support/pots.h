/* pots.h - a small domain for tests of projections, and a bench: a database and a Redis number for
 * each test.
 *
 * Pots are filled, poured from one into another, and broken. Filling 666 litres parks the pot. A
 * pot's label may be any text. */
#ifndef POTS_H
#define POTS_H

#include "projection/projector.h"
#include "redis/redis.h"
#include "store/store.h"

struct pot_filled {
    int64_t litres;
};
struct pot_poured {
    struct cairn_uuid into;
    int64_t litres;
};
struct pot_labelled {
    const char *label;
};
struct pot_broken {
    CAIRN_NO_FIELDS;
};
struct pot_event {
    enum pot_event_type { POT_FILLED = 1, POT_POURED, POT_LABELLED, POT_BROKEN } type;
    union {
        struct pot_filled pot_filled;
        struct pot_poured pot_poured;
        struct pot_labelled pot_labelled;
        struct pot_broken pot_broken;
    } as;
};

struct pots {
    struct cairn_uuid pot_id;
    int64_t litres;
    const char *label;
};
extern const struct cairn_record pot_filled_record;
extern const struct cairn_record pots_record;
extern const struct cairn_events pot_events;

extern const struct cairn_projection pots_projection;
/* Version 2 of it, which ignores PotLabelled and PotBroken. */
extern const struct cairn_projection pots_version_2;
/* Version 1 with other poison handling: one stops at poison, the other accepts 666 litres. */
extern const struct cairn_projection pots_that_stop;
extern const struct cairn_projection pots_that_are_mended;
/* The total litres, in one row. Its key comes from a function of the event, so the row of an event
 * that cannot be decoded is unknown. */
extern const struct cairn_projection cellar_projection;
cairn_apply pots_fill;

/* ---- the bench ---- */

/* A projector with its own leases, as in a process. */
struct pot_keeper {
    struct cairn_leases *leases;
    struct cairn_projector *projector;
};

struct pot_bench {
    char url[512];           /* as the owner */
    char projector_url[600]; /* as the role cairn_projector */
    const char *redis_url;
    struct cairn_store *store;
    struct cairn_redis *redis;
    struct cairn_arena arena;
    struct pot_keeper keeper; /* of start_projector() */
    struct cairn_timeline timeline;
};
extern struct pot_bench pot_bench;
extern struct cairn_rebuild_limits pot_rebuild; /* for the projectors that are started */

/* For cmocka: setup and teardown of each test. */
int pots_setup(void **state);
int pots_teardown(void **state);

struct pot_keeper start_keeper(const struct cairn_projection *projection, const char *redis_url);
void stop_keeper(struct pot_keeper *keeper);
void start_projector(void); /* one that follows pots */
void stop_projector(void);
struct cairn_projector_state keeper_state(const struct pot_keeper *keeper);

/* ---- events ---- */

struct cairn_uuid new_pot(void);
void append(const char *category, struct cairn_uuid id, const char *type, int64_t version,
            const char *data);
void fill(struct cairn_uuid id, int litres);
void pour(struct cairn_uuid from, struct cairn_uuid into, int litres);

/* ---- state ---- */

int64_t sql_int(const char *sql);
const char *key_of(struct cairn_uuid id);
void expect_litres(struct cairn_uuid id, int64_t litres);
void wait_for_head(void);
/* Waits until the keeper reports that it is stopped by this problem. */
void wait_for_problem(const struct pot_keeper *keeper, const char *words);
/* Waits until the query returns 1. */
void wait_for_sql(const char *sql, const char *what);

/* Returns Redis's value of a key; NULL for none. */
const char *redis_get(const char *key);
const char *redis_row(struct cairn_uuid id);
const char *redis_row_key(struct cairn_uuid id);
const char *redis_checkpoint_key(void);
/* Waits until the first generation's copy in Redis matches PostgreSQL. */
void wait_for_copy(void);
void redis_do(const char *command, const char *key, const char *value);

#endif
