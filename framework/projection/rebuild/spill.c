/* spill.c - writes rows and events to a file: numbers as they are in memory, texts after their
 * length. A row's value is written as JSON, since its struct contains pointers. */
#include "projection/rebuild/spill.h"

#include "record/json.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BUFFER = 1 << 15, BYTES_MAX = 1 << 20 };

/* ---- the file ---- */

static int open_nameless(const char *directory)
{
    int fd = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0)
        return fd;
    struct cairn_arena arena = {0}; /* no O_TMPFILE on this file system */
    char *path = cairn_print(&arena, "%s/cairn-rebuild-XXXXXX", directory);
    fd = mkostemp(path, O_CLOEXEC);
    if (fd >= 0)
        (void)unlink(path);
    cairn_arena_close(&arena);
    return fd;
}

FILE *cairn_spill_open(const char *directory, struct cairn_error *error)
{
    int fd = open_nameless(directory);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "w+");
    if (!file) {
        (void)cairn_fail(error, CAIRN_UNAVAILABLE, "no file can be created in %s: %s", directory,
                         strerror(errno));
        if (fd >= 0)
            (void)close(fd);
        return NULL;
    }
    (void)setvbuf(file, NULL, _IOFBF, BUFFER);
    return file;
}

static int check(FILE *file, struct cairn_error *error)
{
    return ferror(file) ? cairn_fail(error, CAIRN_UNAVAILABLE, "spilled rows cannot be written: %s",
                                     strerror(errno))
                        : 0;
}

/* ---- values ---- */

static void put_bytes(FILE *file, const void *bytes, size_t count)
{
    (void)fwrite(&count, sizeof count, 1, file);
    (void)fwrite(bytes, 1, count, file);
}

static void put_text(FILE *file, const char *text)
{
    put_bytes(file, text, strlen(text));
}

static const char *get_bytes(FILE *file, struct cairn_arena *arena, size_t *ret_count)
{
    size_t count = 0;
    if (fread(&count, sizeof count, 1, file) != 1)
        return "";
    char *bytes = cairn_arena_alloc(arena, count + 1, 1);
    *ret_count = fread(bytes, 1, count, file);
    return bytes;
}

static const char *get_text(FILE *file, struct cairn_arena *arena)
{
    size_t count = 0;
    return get_bytes(file, arena, &count);
}

/* ---- rows ---- */

struct row_head {
    int64_t position, version;
    bool exists, parked;
};

static void put_row(FILE *file, const struct cairn_row_table *row_table,
                    const struct cairn_row_table_row *row, struct cairn_arena *arena)
{
    const struct row_head head = {row->position, row->version, row->exists, row->parked};
    const struct cairn_stored_row stored = cairn_row_table_stored(row_table, row, arena);
    (void)fwrite(&head, sizeof head, 1, file);
    put_text(file, row->key);
    put_text(file, stored.json ? stored.json : "");
}

int cairn_spill_row_table(FILE *file, struct cairn_row_table *row_table, struct cairn_error *error)
{
    struct cairn_arena arena = {0};
    uint64_t count = row_table->count;
    (void)fwrite(&count, sizeof count, 1, file);
    for (size_t i = 0; i < row_table->slot_count; i++) {
        if (!row_table->slots[i])
            continue;
        put_row(file, row_table, row_table->slots[i], &arena);
        cairn_arena_reset(&arena);
    }
    cairn_arena_close(&arena);
    cairn_row_table_clear(row_table);
    return check(file, error);
}

static int get_row(FILE *file, struct cairn_row_table *row_table, struct cairn_arena *arena,
                   struct cairn_error *error)
{
    struct row_head head;
    const struct cairn_record *record = row_table->projection->row;
    if (fread(&head, sizeof head, 1, file) != 1)
        return cairn_fail(error, CAIRN_UNAVAILABLE, "the file ends too early");
    struct cairn_fold_row row = {.position = head.position,
                                 .version = head.version,
                                 .exists = head.exists,
                                 .parked = head.parked};
    row.key = get_text(file, arena);
    const char *json = get_text(file, arena);
    row.value = cairn_arena_alloc(arena, record->size, record->align);
    int failed = head.exists ? cairn_record_decode(record, json, strlen(json), CAIRN_LENIENT, arena,
                                                   row.value, error)
                             : 0;
    if (!failed)
        cairn_row_table_put(row_table, cairn_hash(row.key), &row);
    return failed;
}

int cairn_spill_rows(FILE *file, struct cairn_row_table *row_table, struct cairn_arena *arena,
                     struct cairn_error *error)
{
    uint64_t count = 0;
    int failed = 0;
    if (fflush(file) != 0 || fseek(file, 0, SEEK_SET) != 0 ||
        fread(&count, sizeof count, 1, file) != 1)
        return cairn_fail(error, CAIRN_UNAVAILABLE, "the file cannot be read back: %s",
                          strerror(errno));
    for (uint64_t i = 0; i < count && !failed; i++) {
        failed = get_row(file, row_table, arena, error);
        cairn_arena_reset(arena);
    }
    return failed;
}

/* ---- events ---- */

struct event_head {
    int64_t version, position, schema_version;
    struct cairn_uuid event_id;
    struct cairn_time recorded_at;
};

int cairn_spill_event(FILE *file, const struct cairn_stored_event *event, struct cairn_error *error)
{
    const struct event_head head = {event->version, event->position, event->schema_version,
                                    event->event_id, event->recorded_at};
    (void)fwrite(&head, sizeof head, 1, file);
    put_text(file, event->stream);
    put_text(file, event->type);
    put_text(file, cairn_event_kept_meta(event->meta));
    put_bytes(file, event->data, event->data_bytes);
    return check(file, error);
}

int64_t cairn_spill_events(FILE *file, struct cairn_stored_event *ret, int64_t max,
                           struct cairn_arena *arena, struct cairn_error *error)
{
    struct event_head head;
    int64_t count = 0;
    size_t bytes = 0;
    while (count < max && bytes < BYTES_MAX && fread(&head, sizeof head, 1, file) == 1) {
        struct cairn_stored_event *event = &ret[count++];
        *event = (struct cairn_stored_event){.version = head.version,
                                             .position = head.position,
                                             .schema_version = head.schema_version,
                                             .event_id = head.event_id,
                                             .recorded_at = head.recorded_at};
        event->stream = get_text(file, arena);
        event->type = get_text(file, arena);
        event->meta = get_text(file, arena);
        event->data = get_bytes(file, arena, &event->data_bytes);
        bytes += event->data_bytes;
    }
    return ferror(file) ? cairn_fail(error, CAIRN_UNAVAILABLE, "the file cannot be read back: %s",
                                     strerror(errno))
                        : count;
}
