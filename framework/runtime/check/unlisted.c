/* unlisted.c - compares what a program contains with what its services list. */
#include "runtime/check/unlisted.h"

#include "core/report/log.h"
#include "postgres/postgres.h"

#include <stdlib.h>
#include <string.h>

/* ---- kinds ---- */

struct kind {
    const char *noun;
    const char *list;     /* of a service */
    const char *follower; /* begins its name in cairn.followers; NULL: it is not there */
};

static const struct kind kinds[] = {
    [CAIRN_DECLARES_PROJECTION] = {"projection", ".projections", NULL},
    [CAIRN_DECLARES_PROCESS] = {"process", ".processes", "process/"},
    [CAIRN_DECLARES_REACTOR] = {"reactor", ".reactors", "reactor/"},
    [CAIRN_DECLARES_CONSUMER] = {"consumer", ".consumers", NULL},
};

static const char *name_of(const struct cairn_declared *declared)
{
    switch (declared->kind) {
    case CAIRN_DECLARES_PROJECTION:
        return ((const struct cairn_projection *)declared->what)->name;
    case CAIRN_DECLARES_PROCESS:
        return ((const struct cairn_process *)declared->what)->name;
    case CAIRN_DECLARES_REACTOR:
        return ((const struct cairn_reactor *)declared->what)->name;
    case CAIRN_DECLARES_CONSUMER:
        return ((const struct cairn_consumer *)declared->what)->name;
    }
    return "";
}

/* ---- what services list ---- */

static size_t directory_bytes(const char *at)
{
    const char *slash = strrchr(at, '/');
    return slash ? (size_t)(slash - at) : 0;
}

static bool is_same_directory(const char *a, const char *b)
{
    size_t bytes = directory_bytes(a);
    return bytes == directory_bytes(b) && memcmp(a, b, bytes) == 0;
}

/* What is looked for in the lists, and what was found. */
struct search {
    const struct cairn_declared *declared;
    bool is_listed;     /* or read by a resource or a publication */
    bool has_neighbour; /* something of its directory is listed */
};

static void see(struct search *search, const void *what, const char *at)
{
    search->is_listed |= what == search->declared->what;
    search->has_neighbour |= at && is_same_directory(at, search->declared->at);
}

static void see_service(struct search *search, const struct cairn_service *service)
{
    for (int i = 0; i < CAIRN_SERVICE_MAX && service->deciders[i]; i++)
        see(search, service->deciders[i], service->deciders[i]->at);
    for (int i = 0; i < CAIRN_SERVICE_MAX && service->projections[i]; i++)
        see(search, service->projections[i], service->projections[i]->at);
    for (int i = 0; i < CAIRN_SERVICE_MAX && service->processes[i]; i++)
        see(search, service->processes[i], service->processes[i]->at);
    for (int i = 0; i < CAIRN_SERVICE_MAX && service->reactors[i]; i++)
        see(search, service->reactors[i], service->reactors[i]->at);
    for (int i = 0; i < CAIRN_SERVICE_MAX && service->consumers[i]; i++)
        see(search, service->consumers[i], service->consumers[i]->at);
    for (const struct cairn_resource *at = service->resources; at && at->path; at++)
        see(search, at->projection, NULL);
    for (const struct cairn_publication *at = service->publishes; at && at->events; at++)
        see(search, at->state, NULL);
}

static int by_place(const void *left, const void *right)
{
    const struct cairn_declared *const *a = left;
    const struct cairn_declared *const *b = right;
    return strcmp((*a)->at, (*b)->at);
}

size_t cairn_unlisted_find(const struct cairn_service *const services[], struct cairn_arena *arena,
                           const struct cairn_declared ***ret)
{
    const struct cairn_declared **all = NULL;
    size_t count = 0;
    size_t capacity = 0;
    for (const struct cairn_declared *at = cairn_declared_first(); at; at = at->next) {
        struct search search = {.declared = at};
        for (size_t i = 0; services[i]; i++)
            see_service(&search, services[i]);
        if (search.is_listed || !search.has_neighbour)
            continue;
        cairn_grow(arena, all, count, &capacity);
        all[count++] = at;
    }
    if (count > 1)
        qsort((void *)all, count, sizeof *all, by_place);
    *ret = all;
    return count;
}

const char *cairn_unlisted_text(const struct cairn_declared *declared, struct cairn_arena *arena)
{
    const struct kind *kind = &kinds[declared->kind];
    return cairn_print(arena,
                       "%s: %s %s is linked with this program, none of its services lists it, and "
                       "it has never run: write &%s in %s of a service, if this program is to run "
                       "it",
                       declared->at, kind->noun, name_of(declared), declared->symbol, kind->list);
}

/* ---- what has run ---- */

static const struct cairn_statement never_statement = {
    .name = NULL,
    .sql = "select w.n - 1 from unnest($1::text[], $2::text[], $3::text[]) with ordinality"
           "     as w(kind, follower, name, n)"
           " where not exists (select from cairn.followers f where f.name = w.follower || w.name)"
           "   and not (w.kind = 'projection' and exists"
           "       (select from cairn.generations g where g.projection = w.name))"
           "   and not (w.kind = 'consumer' and exists"
           "       (select from cairn.consumed c where c.consumer = w.name))"
           " order by w.n",
};

/* Removes what has run from the array. Returns how many are left, or an error. */
static int64_t keep_never_run(const char *url, const struct cairn_declared **all, size_t count,
                              struct cairn_arena *arena, struct cairn_error *error)
{
    struct cairn_pg_params params = {.arena = arena};
    struct cairn_pg_array texts[3];
    struct cairn_pg *pg = NULL;
    CAIRN_PG_RESULT *rows = NULL;
    for (size_t i = 0; i < 3; i++)
        texts[i] = cairn_pg_array(CAIRN_PG_TEXTS, arena);
    for (size_t i = 0; i < count; i++) {
        const struct kind *kind = &kinds[all[i]->kind];
        cairn_pg_array_text(&texts[0], kind->noun);
        cairn_pg_array_text(&texts[1], kind->follower ? kind->follower : "");
        cairn_pg_array_text(&texts[2], name_of(all[i]));
    }
    for (size_t i = 0; i < 3; i++)
        cairn_pg_add_array(&params, &texts[i]);
    int64_t left = cairn_pg_open(url, "start", &pg, error);
    if (left == 0)
        left = cairn_pg_call(pg, &never_statement, &params, &rows, error);
    for (int64_t row = 0; row < left; row++)
        all[row] = all[cairn_pg_integer(rows, row, 0)];
    cairn_pg_close(pg);
    return left;
}

void cairn_unlisted_warn(const struct cairn_service *const services[], const char *url)
{
    struct cairn_arena arena = {0};
    struct cairn_error ignored = {0};
    const struct cairn_declared **all = NULL;
    size_t count = cairn_unlisted_find(services, &arena, &all);
    int64_t left = count && url ? keep_never_run(url, all, count, &arena, &ignored) : -1;
    if (left < 0)
        left = (int64_t)count;
    for (int64_t i = 0; i < left; i++)
        cairn_log(CAIRN_LOG_WARN, "a declaration is not listed",
                  CAIRN_LOG_TEXT("error", cairn_unlisted_text(all[i], &arena)));
    cairn_arena_close(&arena);
}
