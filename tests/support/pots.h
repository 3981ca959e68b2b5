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

CAIRN_STRUCT(pot_filled, INT(litres));
CAIRN_STRUCT(pot_poured, UUID(into), INT(litres));
CAIRN_STRUCT(pot_labelled, TEXT(label, .max_bytes = 10000));
CAIRN_STRUCT(pot_broken);
CAIRN_EVENTS(pot, EVENT(pot_filled, "PotFilled", 1), EVENT(pot_poured, "PotPoured", 1),
             EVENT(pot_labelled, "PotLabelled", 1), EVENT(pot_broken, "PotBroken", 1));

CAIRN_STRUCT(pots, UUID(pot_id), INT(litres), TEXT(label, .optional = true, .max_bytes = 10000));

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
