/* bulk_load.c - loads parts into the table by COPY, one connection per thread; each thread passes
 * its rows on to the one thread that fills Redis. */
#include "projection/rebuild/bulk_load.h"

#include "core/threads/clock.h"
#include "core/threads/lock.h"
#include "core/threads/thread.h"
#include "projection/tables/read_table.h"
#include "projection/tables/table_names.h"
#include "record/json.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { THREADS_MAX = 16, PAGE = 1000, PAGE_BYTES = 1 << 20, PAGES_MAX = 4 };

/* Rows that are passed to the thread that fills Redis. */
struct page {
    struct cairn_arena arena;
    struct cairn_stored_row rows[PAGE];
    size_t count, bytes;
    struct page *next;
};

struct cairn_bulk_load {
    struct cairn_bulk_load_options options;
    struct cairn_copy copy;
    struct cairn_arena arena; /* of the copy's names */
    pthread_t threads[THREADS_MAX + 1];
    int started;
    atomic_size_t next; /* part to be loaded */
    atomic_llong rows, copied;
    atomic_bool stopping;

    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t changed;
    struct page *pages, **last;
    int page_count;
    bool no_copy; /* there is no Redis, or filling it failed */
    int loading;  /* number of loading threads */
    bool filling; /* the thread that fills Redis is running */
    struct cairn_error problem;
};

/* ---- PostgreSQL ---- */

static void put_json(const struct cairn_field *field, const void *at, struct cairn_pg_copy *copy,
                     struct cairn_arena *arena)
{
    struct cairn_buffer json = cairn_buffer(arena);
    cairn_field_encode(field, at, &json);
    if (strcmp(json.text, "null") == 0)
        cairn_pg_copy_null(copy);
    else
        cairn_pg_copy_text(copy, json.text);
}

static void put_text(const char *text, struct cairn_pg_copy *copy)
{
    if (text)
        cairn_pg_copy_text(copy, text);
    else
        cairn_pg_copy_null(copy);
}

static void put_uuid(const void *at, struct cairn_pg_copy *copy)
{
    struct cairn_uuid id;
    memcpy(&id, at, sizeof id);
    if (cairn_uuid_is_zero(id))
        cairn_pg_copy_null(copy);
    else
        cairn_pg_copy_uuid(copy, id);
}

static void put_time(const void *at, struct cairn_pg_copy *copy)
{
    struct cairn_time time;
    memcpy(&time, at, sizeof time);
    if (time.us == 0)
        cairn_pg_copy_null(copy);
    else
        cairn_pg_copy_time(copy, cairn_time_after(time, 0)); /* within the range of JSON times */
}

static void put_day(const void *at, struct cairn_pg_copy *copy)
{
    const struct cairn_day last = cairn_day_of((struct cairn_time){INT64_MAX});
    struct cairn_day day;
    memcpy(&day, at, sizeof day);
    if (day.days == 0)
        cairn_pg_copy_null(copy);
    else if (day.days < 0)
        cairn_pg_copy_day(copy, (struct cairn_day){1});
    else
        cairn_pg_copy_day(copy, day.days < last.days ? day : last);
}

static void put_enum(const struct cairn_field *field, const void *at, struct cairn_pg_copy *copy)
{
    unsigned value;
    memcpy(&value, at, sizeof value);
    put_text(value && value < field->name_count ? field->names[value] : NULL, copy);
}

/* Writes the value that json_populate_recordset would make of the same field's JSON. */
static void put_field(const struct cairn_field *field, const void *member,
                      struct cairn_pg_copy *copy, struct cairn_arena *arena)
{
    const void *at = cairn_field_unwrap(field, member);
    if (!at) {
        cairn_pg_copy_null(copy);
        return;
    }
    int64_t integer;
    const char *text;
    bool flag;
    switch (field->kind) {
    case CAIRN_KIND_INTEGER:
        memcpy(&integer, at, sizeof integer);
        cairn_pg_copy_integer(copy, integer);
        break;
    case CAIRN_KIND_BOOL:
        memcpy(&flag, at, sizeof flag);
        cairn_pg_copy_bool(copy, flag);
        break;
    case CAIRN_KIND_TEXT:
        memcpy(&text, at, sizeof text);
        put_text(text, copy);
        break;
    case CAIRN_KIND_UUID:
        put_uuid(at, copy);
        break;
    case CAIRN_KIND_TIME:
        put_time(at, copy);
        break;
    case CAIRN_KIND_DAY:
        put_day(at, copy);
        break;
    case CAIRN_KIND_ENUM:
        put_enum(field, at, copy);
        break;
    case CAIRN_KIND_DECIMAL:
        memcpy(&integer, at, sizeof integer);
        cairn_pg_copy_decimal(copy, integer, field->scale);
        break;
    case CAIRN_KIND_DURATION:
        memcpy(&integer, at, sizeof integer);
        cairn_pg_copy_interval(copy, integer);
        break;
    case CAIRN_KIND_MONEY:
    case CAIRN_KIND_NESTED:
    case CAIRN_KIND_LIST:
    case CAIRN_KIND_TEXT_MAP:
        put_json(field, member, copy, arena);
        break;
    }
}

static int put_row(const struct cairn_record *record, const struct cairn_row_table_row *row,
                   struct cairn_pg_copy *copy, struct cairn_arena *arena, struct cairn_error *error)
{
    int failed = cairn_pg_copy_row(copy, 5 + (int)record->count, error);
    if (failed)
        return failed;
    cairn_pg_copy_text(copy, row->key);
    cairn_pg_copy_integer(copy, row->position);
    cairn_pg_copy_integer(copy, row->version);
    cairn_pg_copy_bool(copy, row->parked);
    cairn_pg_copy_bool(copy, !row->exists);
    for (uint32_t i = 0; i < record->count; i++) {
        if (row->exists)
            put_field(&record->fields[i], cairn_field_at(&record->fields[i], row->value), copy,
                      arena);
        else
            cairn_pg_copy_null(copy);
    }
    return 0;
}

/* ---- to Redis ---- */

static struct page *new_page(void)
{
    return cairn_allocate(sizeof(struct page));
}

static void free_page(struct page *page)
{
    cairn_arena_close(&page->arena);
    free(page);
}

/* Waits while PAGES_MAX pages are queued; frees the page if Redis is not being filled. */
static void send_page(struct cairn_bulk_load *load, struct page *page)
{
    cairn_lock(&load->lock);
    while (load->page_count >= PAGES_MAX && !load->no_copy)
        cairn_cond_wait(&load->changed, &load->lock);
    bool takes = !load->no_copy;
    if (takes) {
        *load->last = page;
        load->last = &page->next;
        load->page_count++;
        cairn_cond_broadcast(&load->changed);
    }
    cairn_unlock(&load->lock);
    if (!takes)
        free_page(page);
}

/* Returns the next page, or NULL if there will be no more. */
static struct page *receive_page(struct cairn_bulk_load *load)
{
    cairn_lock(&load->lock);
    while (!load->pages && load->loading > 0)
        cairn_cond_wait(&load->changed, &load->lock);
    struct page *page = load->pages;
    if (page) {
        load->pages = page->next;
        load->page_count--;
        if (!load->pages)
            load->last = &load->pages;
        cairn_cond_broadcast(&load->changed);
    }
    cairn_unlock(&load->lock);
    return page;
}

static bool fill_all(struct cairn_bulk_load *load)
{
    struct cairn_arena arena = {0};
    struct page *page;
    bool good = cairn_fill_begin(&load->copy, &load->options.at, &arena) == 1;
    while (good && (page = receive_page(load))) {
        good = cairn_fill_page(&load->copy, page->rows, page->count, &page->arena) == 1;
        atomic_fetch_add(&load->copied, (long long)page->count);
        free_page(page);
    }
    if (good && !load->problem.code && !atomic_load(&load->stopping))
        good = cairn_fill_end(&load->copy, &load->options.at, &arena) == 1;
    cairn_arena_close(&arena);
    return good;
}

static void *fill(void *context)
{
    struct cairn_bulk_load *load = context;
    bool good = fill_all(load);
    cairn_lock(&load->lock);
    load->no_copy = !good;
    load->filling = false;
    cairn_cond_broadcast(&load->changed);
    cairn_unlock(&load->lock);
    return NULL;
}

/* ---- a loading thread ---- */

struct loader {
    struct cairn_bulk_load *load;
    struct cairn_pg *pg;
    struct cairn_pg_copy copy;
    struct cairn_arena arena;
    struct page *page;
};

/* Adds the row to the page for Redis, unless it is parked or deleted: such rows have no copy. */
static void add_to_page(struct loader *loader, const struct cairn_row_table *row_table,
                        const struct cairn_row_table_row *row)
{
    if (!row->exists || row->parked)
        return;
    struct page *page = loader->page;
    struct cairn_stored_row *stored = &page->rows[page->count++];
    *stored = cairn_row_table_stored(row_table, row, &page->arena);
    stored->key = cairn_copy_text(&page->arena, row->key);
    page->bytes += strlen(stored->json);
    if (page->count < PAGE && page->bytes < PAGE_BYTES)
        return;
    send_page(loader->load, page);
    loader->page = new_page();
}

static int load_row_table(struct loader *loader, const struct cairn_row_table *row_table,
                          struct cairn_error *error)
{
    const struct cairn_record *record = row_table->projection->row;
    int failed = 0;
    int64_t count = 0;
    for (size_t i = 0; i < row_table->slot_count && !failed; i++) {
        const struct cairn_row_table_row *row = row_table->slots[i];
        if (!row)
            continue;
        failed = put_row(record, row, &loader->copy, &loader->arena, error);
        cairn_arena_reset(&loader->arena);
        if (!failed && loader->page)
            add_to_page(loader, row_table, row);
        count++;
    }
    atomic_fetch_add(&loader->load->rows, count);
    return failed;
}

static int load_parts(struct loader *loader, struct cairn_error *error)
{
    struct cairn_bulk_load *load = loader->load;
    size_t part;
    int failed = 0;
    while (!failed && !atomic_load(&load->stopping) &&
           (part = atomic_fetch_add(&load->next, 1)) < CAIRN_REFOLD_PARTS) {
        const struct cairn_row_table *row_table = NULL;
        failed = cairn_refold_part(load->options.refold, part, &row_table, error);
        if (!failed)
            failed = load_row_table(loader, row_table, error);
        cairn_refold_done(load->options.refold, part);
    }
    return failed;
}

static int load_table(struct loader *loader, struct cairn_error *error)
{
    const struct cairn_generation *generation = loader->load->options.generation;
    int failed = cairn_pg_open(loader->load->options.database_url, "rebuild", &loader->pg, error);
    if (failed)
        return failed;
    cairn_pg_set_deadline(loader->pg, CAIRN_HOURS(1));
    const char *sql = cairn_print(
        &loader->arena, "copy read.\"%s\" from stdin (format binary)",
        cairn_table_name(&loader->arena, generation->projection->name, generation->number));
    failed = cairn_pg_copy_begin(loader->pg, sql, &loader->copy, error);
    if (failed)
        return failed;
    failed = load_parts(loader, error);
    if (!failed)
        failed = cairn_pg_copy_end(&loader->copy, error);
    cairn_pg_copy_close(&loader->copy);
    return failed;
}

static void *load_thread(void *context)
{
    struct cairn_bulk_load *load = context;
    struct loader loader = {.load = load, .page = load->options.redis_url ? new_page() : NULL};
    struct cairn_error error = {0};
    cairn_thread_yields();
    int failed = load_table(&loader, &error);
    cairn_pg_close(loader.pg);
    cairn_arena_close(&loader.arena);
    if (loader.page)
        send_page(load, loader.page);
    cairn_lock(&load->lock);
    load->loading--;
    if (failed && !load->problem.code)
        load->problem = error;
    if (failed)
        atomic_store(&load->stopping, true);
    cairn_cond_broadcast(&load->changed);
    cairn_unlock(&load->lock);
    return NULL;
}

/* ---- opening, waiting, closing ---- */

static int start(struct cairn_bulk_load *load, void *(*run_thread)(void *),
                 struct cairn_error *error)
{
    if (cairn_thread_start(&load->threads[load->started], run_thread, load, "loads", NULL))
        return cairn_fail(error, CAIRN_BUSY, "no more threads can be created");
    load->started++;
    return 0;
}

/* `missing` threads could not be started and must not be waited for. */
static void give_up(struct cairn_bulk_load *load, int missing)
{
    cairn_lock(&load->lock);
    load->loading -= missing;
    cairn_cond_broadcast(&load->changed);
    cairn_unlock(&load->lock);
}

int cairn_bulk_load_open(const struct cairn_bulk_load_options *options,
                         struct cairn_bulk_load **ret, struct cairn_error *error)
{
    struct cairn_bulk_load *load = cairn_allocate(sizeof *load);
    int threads = options->threads < THREADS_MAX ? options->threads : THREADS_MAX;
    int failed = 0;
    *ret = load;
    load->options = *options;
    load->last = &load->pages;
    cairn_lock_init(&load->lock);
    cairn_cond_init(&load->changed);
    load->no_copy = !options->redis_url;
    if (options->redis_url) {
        failed = cairn_redis_open(options->redis_url, CAIRN_SECONDS(5), &load->copy.redis, error);
        cairn_copy_init(&load->copy, options->timeline, options->generation, &load->arena);
    }
    load->loading = failed ? 0 : threads;
    if (!failed && options->redis_url) {
        load->filling = true;
        failed = start(load, fill, error);
        if (failed) /* otherwise the thread, which may have ended, clears it */
            load->filling = false;
    }
    for (int i = 0; i < threads && !failed; i++) {
        failed = start(load, load_thread, error);
        if (failed)
            give_up(load, threads - i);
    }
    return failed;
}

int cairn_bulk_load_wait(struct cairn_bulk_load *load, int64_t until_us, struct cairn_error *error)
{
    cairn_lock(&load->lock);
    while ((load->loading > 0 || load->filling) &&
           cairn_cond_wait_until(&load->changed, &load->lock, until_us))
        continue;
    bool over = load->loading == 0 && !load->filling;
    int failed = over && load->problem.code ? cairn_error_pass(error, &load->problem) : 0;
    cairn_unlock(&load->lock);
    return failed ? failed : over;
}

void cairn_bulk_load_state(struct cairn_bulk_load *load, struct cairn_bulk_load_state *ret)
{
    cairn_lock(&load->lock);
    ret->loaded = load->loading == 0;
    cairn_unlock(&load->lock);
    ret->rows = atomic_load(&load->rows);
    ret->copied = atomic_load(&load->copied);
}

void cairn_bulk_load_close(struct cairn_bulk_load *load)
{
    if (!load)
        return;
    atomic_store(&load->stopping, true);
    for (int i = 0; i < load->started; i++)
        cairn_thread_join(load->threads[i]);
    while (load->pages) {
        struct page *page = load->pages;
        load->pages = page->next;
        free_page(page);
    }
    cairn_redis_close(load->copy.redis);
    cairn_arena_close(&load->arena);
    cairn_cond_destroy(&load->changed);
    cairn_lock_destroy(&load->lock);
    free(load);
}
