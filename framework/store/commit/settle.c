/* settle.c - finds out what became of appends whose connection was lost. */
#include "store/commit/settle.h"

#include "core/report/log.h"
#include "core/threads/clock.h"

#include <time.h>

enum { LOOK_US = 20000 }; /* between two checks */

static void pause_for(int64_t us)
{
    const struct timespec pause = {.tv_nsec = us * 1000};
    (void)nanosleep(&pause, NULL);
}

/* Waits until the backend is gone. Returns 0, or -CAIRN_UNKNOWN after the deadline. */
static int await_end(const struct cairn_settling *how, const struct cairn_pg_backend *backend,
                     struct cairn_error *error)
{
    for (;;) {
        struct cairn_error wrong = {0};
        int gone = cairn_backend_end(how->store, backend, how->arena, &wrong);
        if (gone == 1)
            return 0;
        if (cairn_monotonic_us() >= how->deadline_us)
            return gone < 0
                       ? cairn_error_pass_as(error, CAIRN_UNKNOWN, &wrong)
                       : cairn_fail(error, CAIRN_UNKNOWN,
                                    "the server process %" PRId64 " does not end", backend->pid);
        pause_for(LOOK_US);
    }
}

/* Looks for an append in the log, and retries on lost connections. Returns 1, 0 or
 * -CAIRN_UNKNOWN. */
static int look_up_append(const struct cairn_settling *how, struct cairn_appending *appending,
                          struct cairn_error *error)
{
    for (;;) {
        struct cairn_error wrong = {0};
        int found =
            cairn_append_find(how->store, &appending->append, how->arena, appending->ret, &wrong);
        if (found >= 0)
            return found;
        if (cairn_monotonic_us() >= how->deadline_us)
            return cairn_error_pass_as(error, CAIRN_UNKNOWN, &wrong);
        pause_for(LOOK_US);
    }
}

/* Makes sure that what was found is on disk, and on the standby. Returns 0 or -CAIRN_UNKNOWN. */
static int confirm(const struct cairn_settling *how, struct cairn_error *error)
{
    struct cairn_pg *pg = cairn_store_pg(how->store);
    int failed;
    do {
        int64_t left_us = how->deadline_us - cairn_monotonic_us();
        cairn_pg_set_deadline(pg, left_us > LOOK_US ? left_us : LOOK_US);
        failed = cairn_store_confirm(how->store, how->arena, error);
        if (failed)
            pause_for(LOOK_US);
    } while (failed && cairn_monotonic_us() < how->deadline_us);
    cairn_pg_set_deadline(pg, how->call_us);
    return failed;
}

/* Looks all appends up. Returns 0, or -CAIRN_UNKNOWN if what was found cannot be confirmed.
 *
 * What was found on one connection is confirmed on that one: a server that crashed in between has
 * lost what was not flushed, and then everything is looked up again. */
static int look_up_all(const struct cairn_settling *how, struct cairn_appending **items,
                       size_t count, int *ret, struct cairn_error *error)
{
    struct cairn_pg *pg = cairn_store_pg(how->store);
    for (;;) {
        (void)!cairn_pg_ready(pg, NULL);
        int64_t connection = cairn_pg_connection_number(pg);
        bool any = false;
        for (size_t i = 0; i < count; i++) {
            ret[i] = look_up_append(how, items[i], error);
            any = any || ret[i] == 1;
        }
        int unconfirmed = any ? confirm(how, error) : 0;
        if (!any || unconfirmed || connection == cairn_pg_connection_number(pg))
            return unconfirmed;
        if (cairn_monotonic_us() >= how->deadline_us)
            return cairn_fail(error, CAIRN_UNKNOWN, "the connection is lost again and again");
    }
}

size_t cairn_settle(const struct cairn_settling *how, const struct cairn_pg_backend *backend,
                    struct cairn_appending **items, size_t count, struct cairn_error *error)
{
    int found[CAIRN_BATCH_APPENDS];
    int failed = backend ? await_end(how, backend, error) : 0;
    int unconfirmed = failed ? failed : look_up_all(how, items, count, found, error);
    for (size_t i = 0; failed && i < count; i++)
        found[i] = failed;
    /* The connection was just used, so this rarely fails; if it does, the timeline of the previous
     * connection stays. */
    if (!failed)
        (void)!cairn_store_timeline(how->store, how->timeline, NULL);
    size_t left = 0;
    for (size_t i = 0; i < count; i++) {
        items[i]->timeline = *how->timeline;
        if (found[i] == 0)
            items[left++] = items[i];
        else
            cairn_appending_answer(items[i], how->notifier, found[i] < 0 ? found[i] : unconfirmed,
                                   error, cairn_monotonic_us());
    }
    cairn_log(CAIRN_LOG_WARN, "a connection was lost while appends were under way",
              CAIRN_LOG_INTEGER("appends", (int64_t)count),
              CAIRN_LOG_INTEGER("again", (int64_t)left));
    return left;
}
