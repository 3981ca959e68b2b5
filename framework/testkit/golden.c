/* golden.c - checks one stored event of each version of each type against the current tables. */
#include "record/json.h"
#include "store/events/events.h"
#include "store/store.h"
#include "testkit/scenario.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct golden {
    struct cairn_arena arena;
    const struct cairn_events *events;
    const char *directory; /* of the category */
    bool writes;
    struct cairn_buffer problems; /* a line or more each */
};

#define ADVICE                                                                                     \
    "this shape was published as version %d: raise the version of its EVENT, and add a CAIRN_UPCAST"

static void problem(struct golden *golden, const char *path, const char *format, ...)
    CAIRN_PRINTF(3, 4);

static void problem(struct golden *golden, const char *path, const char *format, ...)
{
    char text[1024];
    va_list list;
    va_start(list, format);
    (void)vsnprintf(text, sizeof text, format, list);
    va_end(list);
    cairn_buffer_print(&golden->problems, "\n  %s: %s", path, text);
}

static const char *path_of(struct golden *golden, const struct cairn_event_type *type, int version)
{
    return cairn_print(&golden->arena, "%s/%s.v%d.json", golden->directory, type->name, version);
}

/* ---- files ---- */

/* Returns the file without the line break at its end; NULL if it cannot be opened. */
static const char *read_file(struct golden *golden, const char *path)
{
    FILE *file = fopen(path, "re");
    if (!file)
        return NULL;
    char *text = cairn_arena_alloc(&golden->arena, CAIRN_EVENT_MAX_BYTES + 2, 1);
    size_t length = fread(text, 1, CAIRN_EVENT_MAX_BYTES + 1, file);
    (void)fclose(file);
    if (length > 0 && text[length - 1] == '\n')
        text[length - 1] = '\0';
    return text;
}

/* Never overwrites an existing file. */
static void write_file(struct golden *golden, const char *path, const char *text)
{
    FILE *file = fopen(path, "wxe");
    bool written = file && fprintf(file, "%s\n", text) > 0;
    if (file && fclose(file) != 0)
        written = false;
    if (!written)
        problem(golden, path, "cannot be written: %s", strerror(errno));
    else
        (void)fprintf(stderr, "written: %s\n", path);
}

/* Creates the directory and its parents. */
static void make_directory(struct golden *golden)
{
    char *path = cairn_copy_text(&golden->arena, golden->directory);
    for (char *slash = path + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = '\0';
        (void)mkdir(path, 0777);
        *slash = '/';
    }
    (void)mkdir(path, 0777);
}

/* ---- one event ---- */

static const char *first_wrong(struct golden *golden, const struct cairn_error *wrong)
{
    return wrong->wrong_count == 0 ? cairn_print(&golden->arena, "%s", wrong->message)
                                   : cairn_print(&golden->arena, "%s %s", wrong->wrong[0].pointer,
                                                 wrong->wrong[0].message);
}

/* Decodes the file as strictly as a request and encodes it again: the text must be the same. */
static void check_current(struct golden *golden, const struct cairn_event_type *type,
                          const char *path, const char *text)
{
    const struct cairn_record *record = type->record;
    void *value = cairn_arena_alloc(&golden->arena, record->size, record->align);
    struct cairn_error wrong = {0};
    if (cairn_record_decode(record, text, strlen(text), CAIRN_STRICT, &golden->arena, value,
                            &wrong) < 0) {
        problem(golden, path, "%s: " ADVICE, first_wrong(golden, &wrong), type->schema_version);
        return;
    }
    struct cairn_buffer again = cairn_buffer(&golden->arena);
    cairn_record_encode(record, value, &again);
    if (strcmp(again.text, text) != 0)
        problem(golden, path, ADVICE "\n    file:  %.300s\n    today: %.300s", type->schema_version,
                text, again.text);
}

/* Decodes the file as the service does. */
static void check_older(struct golden *golden, const struct cairn_event_type *type, int version,
                        const char *path, const char *text)
{
    const struct cairn_record *record = type->record;
    const struct cairn_stored_event stored = {.stream = golden->events->category,
                                              .position = 1,
                                              .type = type->name,
                                              .schema_version = version,
                                              .data = text,
                                              .data_bytes = strlen(text)};
    void *value = cairn_arena_alloc(&golden->arena, record->size, record->align);
    struct cairn_error wrong = {0};
    if (cairn_event_decode(type, &stored, &golden->arena, value, &wrong) < 0)
        problem(golden, path, "%s", wrong.message);
}

/* ---- a missing file ---- */

static void write_example(struct golden *golden, const struct cairn_event_type *type,
                          const char *path)
{
    const struct cairn_record *record = type->record;
    struct cairn_buffer example = cairn_buffer(&golden->arena);
    struct cairn_buffer text = cairn_buffer(&golden->arena);
    void *value = cairn_arena_alloc(&golden->arena, record->size, record->align);
    struct cairn_error wrong = {0};
    cairn_record_example(record, NULL, &example);
    if (cairn_record_decode(record, example.text, example.length, CAIRN_STRICT, &golden->arena,
                            value, &wrong) < 0) {
        problem(golden, path, "cannot be generated, write it by hand: %s",
                first_wrong(golden, &wrong));
        return;
    }
    cairn_record_encode(record, value, &text);
    write_file(golden, path, text.text);
}

static void report_missing(struct golden *golden, const struct cairn_event_type *type, int version,
                           const char *path)
{
    if (version < type->schema_version)
        problem(
            golden, path,
            "is missing, and cannot be generated any more: take the data of an event of version %d "
            "from the log",
            version);
    else if (golden->writes)
        write_example(golden, type, path);
    else
        problem(golden, path,
                "is missing: run this test once with CAIRN_GOLDEN=write, look at the file and "
                "commit it");
}

/* ---- all of them ---- */

static void check_version(struct golden *golden, const struct cairn_event_type *type, int version)
{
    const char *path = path_of(golden, type, version);
    const char *text = read_file(golden, path);
    if (!text)
        report_missing(golden, type, version, path);
    else if (version == type->schema_version)
        check_current(golden, type, path, text);
    else
        check_older(golden, type, version, path, text);
}

/* What was published stays readable: a file that no row of the table covers belongs to an event
 * that was renamed or removed. */
static void check_stray(struct golden *golden, const char *name)
{
    char type_name[256];
    int version = 0;
    int end = 0;
    const char *path = cairn_print(&golden->arena, "%s/%s", golden->directory, name);
    if (sscanf(name, "%255[^.].v%d.json%n", type_name, &version, &end) != 2 || name[end] || !end) {
        problem(golden, path, "is not called TYPE.vN.json");
        return;
    }
    const struct cairn_event_type *type = cairn_events_find(golden->events, type_name);
    if (!type)
        problem(golden, path, "was published, and %s has no event %s any more",
                golden->events->category, type_name);
    else if (version < 1 || version > type->schema_version)
        problem(golden, path, "was published, and the table has %s up to version %d", type_name,
                type->schema_version);
}

static void check_strays(struct golden *golden)
{
    DIR *directory = opendir(golden->directory);
    const struct dirent *entry;
    while (directory && (entry = readdir(directory))) {
        if (entry->d_name[0] != '.')
            check_stray(golden, entry->d_name);
    }
    if (directory)
        (void)closedir(directory);
}

static void check_all(struct golden *golden)
{
    for (uint32_t i = 0; i < golden->events->count; i++) {
        const struct cairn_event_type *type = &golden->events->types[i];
        for (int version = 1; version <= type->schema_version; version++)
            check_version(golden, type, version);
    }
    check_strays(golden);
}

void cairn_golden(const char *file, int line, const char *directory,
                  const struct cairn_events *events)
{
    const char *word = getenv("CAIRN_GOLDEN");
    struct golden golden = {.events = events, .writes = word && strcmp(word, "write") == 0};
    struct cairn_error wrong = {0};
    golden.directory = cairn_print(&golden.arena, "%s/%s", directory, events->category);
    golden.problems = cairn_buffer(&golden.arena);
    if (golden.writes)
        make_directory(&golden);
    if (cairn_events_check(events, &wrong) < 0)
        problem(&golden, golden.directory, "%s", wrong.message);
    else
        check_all(&golden);
    if (golden.problems.length > 0)
        cairn_test_fail(file, line,
                        cairn_print(&golden.arena,
                                    "the events of %s differ from their golden files:%s",
                                    events->category, golden.problems.text));
    cairn_arena_close(&golden.arena);
}
