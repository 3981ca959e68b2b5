/* amend.c - the amendments in memory: a list, sorted by position, that is nearly always empty. */
#include "store/events/amend.h"

#include "core/report/log.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct amendment {
    int64_t position;
    struct cairn_uuid event_id;
    const char *data; /* NULL: the event is skipped */
    size_t bytes;
};

static pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER; /* guards what follows */
static struct cairn_arena arena;
static struct amendment *all;
static atomic_size_t count; /* may be read without the lock, as most logs have none */

static const struct cairn_statement statement = {
    .name = NULL,
    .sql = "select position, event_id, data::text from cairn.amendments order by position",
};

/* Returns the amendment of a row; its data is the row's. */
static struct amendment read_row(const struct cairn_pg_result *rows, size_t i)
{
    bool passed_over = cairn_pg_null(rows, (int64_t)i, 2);
    return (struct amendment){
        .position = cairn_pg_integer(rows, (int64_t)i, 0),
        .event_id = cairn_pg_uuid(rows, (int64_t)i, 1),
        .data = passed_over ? NULL : cairn_pg_text(rows, (int64_t)i, 2),
        .bytes = passed_over ? 0 : cairn_pg_bytes(rows, (int64_t)i, 2),
    };
}

static bool is_same(const struct amendment *a, const struct amendment *b)
{
    return a->position == b->position && cairn_uuid_equal(a->event_id, b->event_id) &&
           !a->data == !b->data && a->bytes == b->bytes &&
           (!a->data || memcmp(a->data, b->data, a->bytes) == 0);
}

static bool is_known(const struct cairn_pg_result *rows, size_t found)
{
    bool known = found == atomic_load(&count);
    for (size_t i = 0; known && i < found; i++) {
        const struct amendment row = read_row(rows, i);
        known = is_same(&row, &all[i]);
    }
    return known;
}

/* The list that is replaced stays in memory: other threads may hold its data. */
static void take_in(const struct cairn_pg_result *rows, size_t found)
{
    all = cairn_new(&arena, struct amendment, found);
    for (size_t i = 0; i < found; i++) {
        all[i] = read_row(rows, i);
        all[i].data = all[i].data ? cairn_copy_text(&arena, all[i].data) : NULL;
    }
    atomic_store(&count, found);
}

int cairn_amendments_load(struct cairn_pg *pg, struct cairn_error *error)
{
    CAIRN_PG_RESULT *rows = NULL;
    int64_t found = cairn_pg_call(pg, &statement, NULL, &rows, error);
    if (found < 0)
        return (int)found;
    (void)pthread_rwlock_wrlock(&lock);
    bool known = is_known(rows, (size_t)found);
    if (!known)
        take_in(rows, (size_t)found);
    (void)pthread_rwlock_unlock(&lock);
    if (!known && found > 0)
        cairn_log(CAIRN_LOG_INFO, "some events are amended: read with other data, or skipped",
                  CAIRN_LOG_INTEGER("count", found));
    return 0;
}

static int compare(const void *position, const void *amendment)
{
    int64_t wanted = *(const int64_t *)position;
    int64_t have = ((const struct amendment *)amendment)->position;
    return (wanted > have) - (wanted < have);
}

/* Called under the lock. After a recovery the position may be another event's. */
static const struct amendment *find(const struct cairn_stored_event *event)
{
    const struct amendment *found =
        bsearch(&event->position, all, atomic_load(&count), sizeof *all, compare);
    return found && cairn_uuid_equal(found->event_id, event->event_id) ? found : NULL;
}

bool cairn_is_passed_over(const struct cairn_stored_event *event)
{
    if (atomic_load(&count) == 0)
        return false;
    (void)pthread_rwlock_rdlock(&lock);
    const struct amendment *found = find(event);
    bool passed_over = found && !found->data;
    (void)pthread_rwlock_unlock(&lock);
    return passed_over;
}

struct cairn_stored_event cairn_amended(const struct cairn_stored_event *event)
{
    struct cairn_stored_event amended = *event;
    if (atomic_load(&count) == 0)
        return amended;
    (void)pthread_rwlock_rdlock(&lock);
    const struct amendment *found = find(event);
    if (found && found->data) {
        amended.data = found->data;
        amended.data_bytes = found->bytes;
    }
    (void)pthread_rwlock_unlock(&lock);
    return amended;
}
