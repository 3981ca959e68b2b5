/* housekeeping.c - a thread that deletes expired commands periodically. */
#include "runtime/housekeeping.h"

#include "core/report/log.h"
#include "core/report/metrics.h"
#include "core/threads/queue.h"
#include "postgres/postgres.h"

#include "core/threads/clock.h"
#include "core/threads/thread.h"

#include <pthread.h>
#include <stdlib.h>

#define FIRST_US CAIRN_SECONDS(10)
#define EVERY_US CAIRN_SECONDS(600)
#define PAUSE_US CAIRN_MILLISECONDS(20)

enum { PAGES = 512 }; /* 4 MiB */

struct cairn_housekeeping {
    struct cairn_queue *stop; /* carries no items; closing it stops the thread */
    struct cairn_pg *pg;
    int64_t retention_h;
    pthread_t thread;
    bool failing; /* the last run failed, which was logged */
};

static struct cairn_metric forgotten = CAIRN_COUNTER(
    "cairn_commands_forgotten_total",
    "Commands with an Idempotency-Key that were deleted after their retention.", NULL);

static const struct cairn_statement forget_statement = {
    .name = "forget_commands",
    .sql = "select gone, next_page from cairn.forget_commands(make_interval(hours => $1::int),"
           " $2, $3)",
};

/* Deletes those in a portion of the pages and advances *page; -1 after the last. */
static int forget_some(struct cairn_housekeeping *housekeeping, int64_t *page,
                       struct cairn_error *error)
{
    struct cairn_arena arena = {0};
    struct cairn_pg_params params = {.arena = &arena};
    cairn_pg_add_integer(&params, housekeeping->retention_h);
    cairn_pg_add_integer(&params, *page);
    cairn_pg_add_integer(&params, PAGES);
    CAIRN_PG_RESULT *rows = NULL;
    int64_t count = cairn_pg_call(housekeeping->pg, &forget_statement, &params, &rows, error);
    cairn_arena_close(&arena);
    if (count < 0)
        return (int)count;
    cairn_metric_add(&forgotten, "", cairn_pg_integer(rows, 0, 0));
    *page = cairn_pg_null(rows, 0, 1) ? -1 : cairn_pg_integer(rows, 0, 1);
    return 0;
}

static bool is_closed(struct cairn_housekeeping *housekeeping)
{
    int64_t now_us = cairn_monotonic_us();
    (void)cairn_queue_pop(housekeeping->stop, now_us + PAUSE_US);
    return cairn_monotonic_us() < now_us + PAUSE_US;
}

/* Deletes all expired commands, with a pause after each portion, since others use the database
 * too. */
static void clean_up(struct cairn_housekeeping *housekeeping)
{
    struct cairn_error error = {0};
    int failed = 0;
    for (int64_t page = 0; page >= 0 && !failed;) {
        failed = forget_some(housekeeping, &page, &error);
        if (page >= 0 && !failed && is_closed(housekeeping))
            break;
    }
    if (failed && !housekeeping->failing)
        cairn_log_error(CAIRN_LOG_WARN, "expired commands cannot be deleted", &error);
    housekeeping->failing = failed != 0;
}

static void *work(void *context)
{
    struct cairn_housekeeping *housekeeping = context;
    int64_t due_us = cairn_monotonic_us() + FIRST_US;
    for (;;) {
        (void)cairn_queue_pop(housekeeping->stop, due_us);
        if (cairn_monotonic_us() < due_us) /* the queue was closed */
            return NULL;
        clean_up(housekeeping);
        due_us = cairn_monotonic_us() + EVERY_US;
    }
}

int cairn_housekeeping_open(const char *database_url, const char *label, int64_t retention_h,
                            struct cairn_housekeeping **ret, struct cairn_error *error)
{
    struct cairn_housekeeping *housekeeping = cairn_allocate(sizeof *housekeeping);
    housekeeping->retention_h = retention_h;
    int failed = cairn_pg_open(database_url, label, &housekeeping->pg, error);
    if (!failed) {
        housekeeping->stop = cairn_queue_open(1);
        failed = cairn_thread_start(&housekeeping->thread, work, housekeeping,
                                    "deletes expired commands", error);
    }
    if (failed) {
        cairn_queue_free(housekeeping->stop);
        cairn_pg_close(housekeeping->pg);
        free(housekeeping);
        return failed;
    }
    *ret = housekeeping;
    return 0;
}

void cairn_housekeeping_close(struct cairn_housekeeping *housekeeping)
{
    if (!housekeeping)
        return;
    cairn_queue_close(housekeeping->stop);
    cairn_thread_join(housekeeping->thread);
    cairn_queue_free(housekeeping->stop);
    cairn_pg_close(housekeeping->pg);
    free(housekeeping);
}
