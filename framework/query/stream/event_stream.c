/* event_stream.c - begins the stream of a followed row or page, or refuses it. */
#include "query/read/query_read.h"
#include "query/stream/event_id.h"
#include "query/stream/topics.h"

/* Returns the position up to which the client has seen this generation in this timeline; -1 if its
 * Last-Event-ID is of another. A client with the same page content is up to date. */
static int64_t seen_by(const struct cairn_query_read *read, const char *print)
{
    int64_t position = -1;
    const struct cairn_query_known *known = read->known;
    if (!read->ask->last || !cairn_event_id_parse(read->ask->last, &known->timeline,
                                                  known->generation, print, &position))
        return -1;
    return print ? read->position : position;
}

static struct cairn_page *make_page(const struct cairn_query_read *read)
{
    struct cairn_page *page = cairn_allocate(sizeof *page);
    page->resource = read->resource;
    page->ask = cairn_query_ask_keep(read->ask, &page->arena);
    page->holders = 1;
    return page;
}

/* The stream of a deleted row is open only to clients that have seen the row: they are told of the
 * deletion and of the row's return. Other clients get 404. */
int cairn_query_begin_stream(const struct cairn_query_read *read, int looked,
                             struct cairn_error *error)
{
    struct cairn_query_visit *visit = read->visit;
    if (looked && !(read->ask->last && read->changed))
        return looked;
    const bool list = read->resource->list;
    const struct cairn_actor *actor = visit->request->actor;
    const bool open = !actor || read->resource->allow.kind == CAIRN_ALLOW_ANYONE;
    const struct cairn_query_owner of_none = {.field = NULL};
    const struct cairn_query_state state = {
        .key = list ? cairn_query_ask_page(read->ask, read->arena) : read->ask->key,
        .owner = list ? of_none : read->ask->owner,
        .until_s = open ? 0 : actor->until_s,
        .json = looked ? NULL : cairn_copy_bytes(read->arena, read->body, read->body_bytes),
        .print = list ? cairn_query_page_print(read) : NULL,
        .generation = read->known->generation,
        .changed = list ? read->position : read->changed,
        .position = read->position,
        .timeline = &read->known->timeline,
    };
    struct cairn_error full = {0};
    int failed = cairn_query_live_join(
        visit->engine->live, visit->model, list ? make_page(read) : NULL, &state,
        seen_by(read, state.print), visit->request, visit->response, &full);
    *error = full;
    return failed;
}
