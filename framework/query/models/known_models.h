/* known_models.h - the process's knowledge of the read models that it answers from: for each the
 * generation that is read, its timeline, and its position.
 *
 * This is the one place that decides which generation is read: the newest complete one of the row
 * version that the binary was compiled with. All of it is looked up by one statement; the watch
 * (watch.h) does so whenever a checkpoint has moved and at least once a second, and a request that
 * finds the known state outdated does so itself. While PostgreSQL is unavailable, the known state
 * stays valid for an hour.
 *
 * Threads: any; one lock, held for copying only. */
#ifndef CAIRN_QUERY_KNOWN_MODELS_H
#define CAIRN_QUERY_KNOWN_MODELS_H

#include "postgres/postgres.h"
#include "store/store.h"

#include <cairn/resource.h>

struct cairn_query_known {
    const struct cairn_projection *projection;
    struct cairn_timeline timeline;
    int64_t generation; /* 0: none is complete */
    bool is_begun;      /* there is one of this version, complete or being built */
    int64_t epoch;      /* of its checkpoint */
    int64_t position;
    int64_t revision;       /* also grows when parked events are applied at the same position */
    const char *row_prefix; /* in Redis: prefix of the row's key */
    const char *checkpoint_key;
    bool copy_fails; /* the copy in Redis cannot answer: ask PostgreSQL */
};

struct cairn_query_models;

/* Opens the models of the resources; `tables` ends with NULL, each table with a zeroed row. */
struct cairn_query_models *cairn_query_models_open(const struct cairn_resource *const tables[]);
void cairn_query_models_close(struct cairn_query_models *models);

size_t cairn_query_models_count(const struct cairn_query_models *models);
/* Returns the model's index, from 0; the projection must be one of them. */
size_t cairn_query_models_find(const struct cairn_query_models *models,
                               const struct cairn_projection *projection);

/* Copies the known state. Returns 0, or -CAIRN_UNAVAILABLE if nothing is known, it is too old, or
 * no generation is complete. What it points to lives as long as the models. */
int cairn_query_models_get(struct cairn_query_models *models, size_t model,
                           struct cairn_query_known *ret, struct cairn_error *error) CAIRN_CHECKED;

/* Looks up all models in PostgreSQL, on the caller's connection. */
int cairn_query_models_look(struct cairn_query_models *models, struct cairn_pg *pg,
                            struct cairn_arena *scratch, struct cairn_error *error) CAIRN_CHECKED;

/* Returns a read model that no projector has begun to build, as looks have found for this time;
 * each is returned once. NULL if there is none. */
const struct cairn_projection *cairn_query_models_unbuilt(struct cairn_query_models *models,
                                                          int64_t for_us);

/* Records whether the copy in Redis could answer a request. After many failures in a row (no
 * checkpoint, one of another timeline, or one that is behind) the copy is not asked until
 * cairn_query_models_mend() is told that it is as far as PostgreSQL was.
 */
void cairn_query_models_served(struct cairn_query_models *models, size_t model, bool served);
void cairn_query_models_mend(struct cairn_query_models *models, size_t model, int64_t generation,
                             int64_t epoch, int64_t position);
/* Returns whether there is such a copy. */
bool cairn_query_models_passed_over(const struct cairn_query_models *models);

/* Records that an answer shows this position of the read model. After queries have switched to
 * another generation, no client may be shown an older state than before: for a while an answer has
 * to be at or past the floor, the newest position that this process has shown; usually it is 0. */
void cairn_query_models_shown(struct cairn_query_models *models, size_t model, int64_t position);
int64_t cairn_query_models_floor(const struct cairn_query_models *models, size_t model);

#endif
