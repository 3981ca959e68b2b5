/* stream.c - a row that is followed: where its stream begins, and for whom there is none. */
#include "query/read.h"

/* Up to where the reader has seen this generation in this timeline; -1 if it says nothing of
 * these. */
static int64_t seen_by(const struct cairn_query_read *read)
{
    int64_t position = -1;
    const struct cairn_query_known *known = read->known;
    if (!read->ask->last ||
        !cairn_event_id_parse(read->ask->last, &known->timeline, known->generation, &position))
        return -1;
    return position;
}

/* A row that was there before is followed by those who have seen it: they are told that it was
 * deleted, and are there when it comes back. To anybody else there is no such row. */
int cairn_query_begin_stream(const struct cairn_query_read *read, int looked,
                             struct cairn_error *error)
{
    struct cairn_query_visit *visit = read->visit;
    if (looked && !(read->ask->last && read->changed))
        return looked;
    const struct cairn_query_state state = {
        .key = read->ask->key,
        .json = looked ? NULL : cairn_copy_bytes(read->arena, read->body, read->body_bytes),
        .generation = read->known->generation,
        .changed = read->changed,
        .position = read->position,
        .timeline = &read->known->timeline,
    };
    struct cairn_error full = {0};
    int failed = cairn_query_live_join(visit->side->live, visit->model, &state, seen_by(read),
                                       visit->request, visit->response, &full);
    *error = full;
    return failed;
}
