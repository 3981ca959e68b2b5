/* cut.h - reads several resources of the query side at one position: a consistent cut.
 *
 * Read models follow the log one by one, so answers that are asked for together show different
 * positions. An answer that is read at position p and is unchanged at q (304 to its ETag) was the
 * answer at every position between: it is good for the range p..q. The parts are read again, each
 * only from the position that the newest of them shows ("Cairn-Position"), until there is a
 * position that all ranges contain:
 *
 *     user       |────────────────────|          100 … 140
 *     orders           |──────────────|          118 … 140
 *     sales                           |          140
 *                                     140: all three are as they were then
 *
 * Invariants
 *  (1) Each part that is shown is the answer that a query at `position` would give.
 *  (2) It takes as long as the deadline at most. A part that fails, is refused, or changes faster
 *      than all the others are read, is left out, and says why.
 *
 * (1) takes an ETag that was read twice for a range without change: rows have versions, and the
 * shop's lists and totals do not return to an earlier content. */
#ifndef BFF_CUT_H
#define BFF_CUT_H

#include <cairn/handler.h>

enum { CUT_PARTS_MAX = 24 };

/* A part: a path of the query service, and its answer. */
struct cut_part {
    const char *name; /* "orders" */
    const char *path;
    const char *body;    /* JSON, "null" for a row that does not exist; NULL: it is missing */
    const char *why;     /* it is missing: the code, such as "forbidden" */
    bool is_asked;       /* at least once */
    char etag[128];      /* "": it has none */
    char position[80];   /* the token at which it is known to be so */
    int64_t from, until; /* the range of positions at which it is so */
};

struct cut {
    struct cut_part parts[CUT_PARTS_MAX];
    size_t count;
    char position[80]; /* of all parts; "": none is there */
    int rounds;        /* how often the query service was asked */
    int64_t until_us;  /* monotonic: the deadline */
};

/* Begins an empty cut, which is to be read within the time. */
void cut_begin(struct cut *cut, int64_t within_us);

/* Adds a part, unless there is one of this path. The texts are borrowed. */
void cut_add(struct cut *cut, const char *name, const char *path);

/* Reads the parts that were not read, and reads again until all are at one position:
 * `cut->position`. A second call, after more parts were added, moves the position on.
 * `at_least`: a token which the answer is not to be older than, or NULL. */
void cut_read(struct cut *cut, struct cairn_request *request, const char *at_least);

#endif
