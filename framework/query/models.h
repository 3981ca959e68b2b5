/* models.h - what a process knows of the read models that it answers from: for each which
 * generation is read, in which timeline, and how far it has come.
 *
 * This is the one place that decides which generation is read: the newest complete one of the row
 * version that the binary was compiled with. All of it is looked up by one statement; the watch
 * (watch.h) does so whenever a checkpoint has moved and at least once a second, and a request that
 * finds what is known out of date does so itself. While PostgreSQL is away, what was known is good
 * for another minute.
 *
 * Threads: any; one lock, held for copying only. */
#ifndef CAIRN_QUERY_MODELS_H
#define CAIRN_QUERY_MODELS_H

#include "postgres/postgres.h"
#include "store/store.h"

#include <cairn/resource.h>

struct cairn_query_known {
    const struct cairn_projection *projection;
    struct cairn_timeline timeline;
    int64_t generation; /* 0: none is complete */
    int64_t epoch;      /* of its checkpoint */
    int64_t position;
    int64_t revision;       /* grows also when parked events were applied, without the position */
    const char *row_prefix; /* in Redis: what comes before the row's key */
    const char *checkpoint_key;
    bool copy_fails; /* the copy in Redis answers nothing: ask PostgreSQL */
};

struct cairn_query_models;

/* Those of the resources; `tables` ends with NULL, each of them with a zeroed row. */
struct cairn_query_models *cairn_query_models_open(const struct cairn_resource *const tables[]);
void cairn_query_models_close(struct cairn_query_models *models);

size_t cairn_query_models_count(const struct cairn_query_models *models);
/* Its number, from 0; it must be one of them. */
size_t cairn_query_models_find(const struct cairn_query_models *models,
                               const struct cairn_projection *projection);

/* What is known. Returns 0, or -CAIRN_UNAVAILABLE if it is nothing, or is too old, or if no
 * generation is complete. What it points to lives as long as the models. */
int cairn_query_models_get(struct cairn_query_models *models, size_t model,
                           struct cairn_query_known *ret, struct cairn_error *error) CAIRN_CHECKED;

/* Looks at all of them. On the caller's connection. */
int cairn_query_models_look(struct cairn_query_models *models, struct cairn_pg *pg,
                            struct cairn_arena *scratch, struct cairn_error *error) CAIRN_CHECKED;

/* Whether the copy in Redis could answer one that was asked of it. After many in a row that it
 * could not, because it has no checkpoint, or that of another timeline, or one that is behind,
 * nobody asks it until cairn_query_models_mend() has been told that it is as far as PostgreSQL was.
 */
void cairn_query_models_served(struct cairn_query_models *models, size_t model, bool served);
void cairn_query_models_mend(struct cairn_query_models *models, size_t model, int64_t generation,
                             int64_t epoch, int64_t position);
/* Is there such a copy? */
bool cairn_query_models_passed_over(const struct cairn_query_models *models);

/* An answer shows this position of the read model. After queries have gone to another generation
 * nobody may be shown an older state than before: for a while an answer has to be at or past the
 * floor, the newest position that this process has shown; 0 as a rule. */
void cairn_query_models_shown(struct cairn_query_models *models, size_t model, int64_t position);
int64_t cairn_query_models_floor(const struct cairn_query_models *models, size_t model);

#endif
