/* pots.h - a small domain for tests of projections, and a bench: a database and a Redis a test.
 *
 * Pots are filled, poured from one into another, and broken. Filling 666 litres cannot be right:
 * that parks the pot. A pot's label may be anything. */
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
/* The next version of it, which nobody can break. */
extern const struct cairn_projection pots_version_2;
/* The first version, with other ideas of what is poison. */
extern const struct cairn_projection pots_that_stop;
extern const struct cairn_projection pots_that_are_mended;
/* All litres there are, in one row that is found by a field: it cannot be told of an event that
 * cannot be decoded. */
extern const struct cairn_projection cellar_projection;
cairn_apply pots_fill;

/* ---- the bench ---- */

/* A projector with leases of its own, as a process has. */
struct pot_keeper {
    struct cairn_leases *leases;
    struct cairn_projector *projector;
};

struct pot_bench {
    char url[512];           /* as the owner */
    char projector_url[600]; /* as the role of projectors */
    const char *redis_url;
    struct cairn_store *store;
    struct cairn_redis *redis;
    struct cairn_arena arena;
    struct pot_keeper keeper; /* of start_projector() */
    struct cairn_timeline timeline;
};
extern struct pot_bench pot_bench;
extern struct cairn_rebuild_limits pot_rebuild; /* of projectors that are started */

/* For cmocka, of each test. */
int pots_setup(void **state);
int pots_teardown(void **state);

struct pot_keeper start_keeper(const struct cairn_projection *projection, const char *redis_url);
void stop_keeper(struct pot_keeper *keeper);
void start_projector(void); /* of pots */
void stop_projector(void);
struct cairn_projector_state keeper_state(const struct pot_keeper *keeper);

/* ---- events ---- */

struct cairn_uuid new_pot(void);
void append(const char *category, struct cairn_uuid id, const char *type, int64_t version,
            const char *data);
void fill(struct cairn_uuid id, int litres);
void pour(struct cairn_uuid from, struct cairn_uuid into, int litres);

/* ---- what is there ---- */

int64_t sql_int(const char *sql);
const char *key_of(struct cairn_uuid id);
void expect_litres(struct cairn_uuid id, int64_t litres);
void wait_for_head(void);
/* Until the keeper says that it stands still because of this. */
void wait_for_problem(const struct pot_keeper *keeper, const char *words);
/* Until it is 1. */
void wait_for_sql(const char *sql, const char *what);

/* What Redis holds for a key; NULL for nothing. */
const char *redis_get(const char *key);
const char *redis_row(struct cairn_uuid id);
const char *redis_row_key(struct cairn_uuid id);
const char *redis_checkpoint_key(void);
/* Until the copy of the first generation is what PostgreSQL has. */
void wait_for_copy(void);
void redis_do(const char *command, const char *key, const char *value);

#endif
