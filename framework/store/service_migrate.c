/* service_migrate.c - applies the migrations of a service from a directory. */
#include "store/service_migrate.h"

#include "core/containers/arena.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_MAX_BYTES = 40, FILE_MAX_BYTES = 16 << 20 };

#define LOCK "select pg_advisory_lock(1128352083)"
#define UNLOCK "select pg_advisory_unlock(1128352083)"

struct file {
    const char *name; /* "0001_tables", "repeatable/views" */
    const char *path;
    const char *text;
    size_t bytes;
};

struct job {
    struct cairn_pg *pg;
    const char *schema;
    struct cairn_arena arena;
    struct file *files;
    size_t count, capacity;
};

/* ---- names ---- */

static int check_schema_name(const char *schema, struct cairn_error *error)
{
    static const char *const reserved[] = {"cairn", "read", "public", "information_schema"};
    size_t bytes = strlen(schema);
    bool good = bytes > 0 && bytes <= NAME_MAX_BYTES && islower((unsigned char)*schema) &&
                strspn(schema, "abcdefghijklmnopqrstuvwxyz0123456789_") == bytes &&
                strncmp(schema, "pg_", 3) != 0;
    for (size_t i = 0; i < sizeof reserved / sizeof reserved[0] && good; i++)
        good = strcmp(schema, reserved[i]) != 0;
    if (good)
        return 0;
    return cairn_fail(error, CAIRN_CONFIG,
                      "\"%s\" cannot be the schema of a service: a name has lower-case letters, "
                      "digits and _, at most %d, and is not one of cairn, read, public, pg_…",
                      schema, NAME_MAX_BYTES);
}

static bool ends_in_sql(const char *name)
{
    size_t bytes = strlen(name);
    return bytes > 4 && strcmp(name + bytes - 4, ".sql") == 0;
}

/* Returns whether the name is NNNN_what.sql. */
static bool is_numbered(const char *name)
{
    return ends_in_sql(name) && strspn(name, "0123456789") == 4 && name[4] == '_' &&
           strlen(name) > strlen("0001_.sql");
}

/* ---- files ---- */

static int read_file(struct job *job, struct file *file, struct cairn_error *error)
{
    FILE *stream = fopen(file->path, "re");
    if (!stream)
        return cairn_fail(error, CAIRN_CONFIG, "%s cannot be read: %s", file->path,
                          strerror(errno));
    char *text = cairn_arena_alloc(&job->arena, FILE_MAX_BYTES + 1, 1);
    file->bytes = fread(text, 1, FILE_MAX_BYTES + 1, stream);
    bool failed = ferror(stream);
    (void)fclose(stream);
    if (failed || file->bytes > FILE_MAX_BYTES)
        return cairn_fail(error, CAIRN_CONFIG, "%s cannot be read, or is larger than %d MiB",
                          file->path, FILE_MAX_BYTES >> 20);
    file->text = text;
    return 0;
}

static void add_file(struct job *job, const char *directory, const char *prefix, const char *name)
{
    cairn_grow(&job->arena, job->files, job->count, &job->capacity);
    job->files[job->count++] = (struct file){
        .name = cairn_print(&job->arena, "%s%.*s", prefix, (int)(strlen(name) - 4), name),
        .path = cairn_print(&job->arena, "%s/%s%s", directory, prefix, name),
    };
}

static int fail_name(const char *directory, const char *prefix, const char *name,
                     struct cairn_error *error)
{
    return cairn_fail(error, CAIRN_CONFIG,
                      "%s/%s%s is not called NNNN_what.sql (or what.sql in repeatable/)", directory,
                      prefix, name);
}

/* Lists the directory, or its subdirectory of repeatable migrations, which need not exist. */
static int list(struct job *job, const char *directory, bool is_repeatable,
                struct cairn_error *error)
{
    const char *prefix = is_repeatable ? "repeatable/" : "";
    DIR *stream = opendir(cairn_print(&job->arena, "%s/%s", directory, prefix));
    const struct dirent *entry;
    int failed = 0;
    if (!stream && is_repeatable)
        return 0;
    if (!stream)
        return cairn_fail(error, CAIRN_CONFIG, "the directory %s cannot be read: %s", directory,
                          strerror(errno));
    while ((entry = readdir(stream)) && !failed) {
        const char *name = entry->d_name;
        if (name[0] == '.' || (!is_repeatable && strcmp(name, "repeatable") == 0))
            continue;
        if (is_repeatable ? ends_in_sql(name) : is_numbered(name))
            add_file(job, directory, prefix, name);
        else
            failed = fail_name(directory, prefix, name, error);
    }
    (void)closedir(stream);
    return failed;
}

static int by_name(const void *left, const void *right)
{
    return strcmp(((const struct file *)left)->name, ((const struct file *)right)->name);
}

/* Reads all files, in the order in which they are applied: digits come before "repeatable". */
static int read_files(struct job *job, const char *directory, struct cairn_error *error)
{
    int failed = list(job, directory, false, error);
    if (!failed)
        failed = list(job, directory, true, error);
    if (!failed && job->count == 0)
        failed = cairn_fail(error, CAIRN_CONFIG, "the directory %s has no migrations", directory);
    if (failed)
        return failed;
    qsort(job->files, job->count, sizeof *job->files, by_name);
    for (size_t i = 0; i < job->count && !failed; i++) {
        if (i > 0 && strncmp(job->files[i].name, job->files[i - 1].name, 5) == 0 &&
            isdigit((unsigned char)job->files[i].name[0]))
            return cairn_fail(error, CAIRN_CONFIG, "%s and %s have the same number",
                              job->files[i - 1].path, job->files[i].path);
        failed = read_file(job, &job->files[i], error);
    }
    return failed;
}

/* ---- what was applied ---- */

static const struct cairn_statement applied_statement = {
    .name = NULL,
    .sql = "select m.checksum = encode(sha256($3), 'hex') from cairn.service_migrations m"
           " where m.schema = $1 and m.name = $2",
};
static const struct cairn_statement missing_statement = {
    .name = NULL,
    .sql = "select m.name from cairn.service_migrations m where m.schema = $1"
           " and m.name not like 'repeatable/%' and m.name <> all ($2) order by 1 limit 1",
};
static const struct cairn_statement record_statement = {
    .name = NULL,
    .sql = "insert into cairn.service_migrations as m (schema, name, checksum)"
           " values ($1, $2, encode(sha256($3), 'hex'))"
           " on conflict on constraint service_migrations_pkey do update"
           " set checksum = excluded.checksum, applied_at = excluded.applied_at",
};

static struct cairn_pg_params name_file(struct job *job, const struct file *file)
{
    struct cairn_pg_params params = {.arena = &job->arena};
    cairn_pg_add_text(&params, job->schema);
    cairn_pg_add_text(&params, file->name);
    cairn_pg_add_bytes(&params, file->text, file->bytes);
    return params;
}

/* Returns 1 if the file was applied as it is, 0 if it has to be. */
static int was_applied(struct job *job, const struct file *file, struct cairn_error *error)
{
    struct cairn_pg_params params = name_file(job, file);
    CAIRN_PG_RESULT *rows = NULL;
    int64_t count = cairn_pg_call(job->pg, &applied_statement, &params, &rows, error);
    if (count <= 0)
        return (int)count;
    bool is_same = cairn_pg_bool(rows, 0, 0);
    if (!is_same && isdigit((unsigned char)file->name[0]))
        return cairn_fail(error, CAIRN_SCHEMA,
                          "%s was applied with another content: a migration that was applied is "
                          "never changed, so add another one",
                          file->path);
    return is_same;
}

static int check_missing(struct job *job, const char *directory, struct cairn_error *error)
{
    struct cairn_pg_array names = cairn_pg_array(CAIRN_PG_TEXTS, &job->arena);
    struct cairn_pg_params params = {.arena = &job->arena};
    CAIRN_PG_RESULT *rows = NULL;
    for (size_t i = 0; i < job->count; i++)
        cairn_pg_array_text(&names, job->files[i].name);
    cairn_pg_add_text(&params, job->schema);
    cairn_pg_add_array(&params, &names);
    int64_t count = cairn_pg_call(job->pg, &missing_statement, &params, &rows, error);
    if (count <= 0)
        return (int)count;
    return cairn_fail(error, CAIRN_SCHEMA,
                      "the database has migration %s of %s, which %s does not: it belongs to "
                      "another release of the service",
                      cairn_pg_text(rows, 0, 0), job->schema, directory);
}

/* ---- applying ---- */

static int apply_in_transaction(struct job *job, const struct file *file, struct cairn_error *error)
{
    struct cairn_pg_params params = name_file(job, file);
    int failed = cairn_pg_script(
        job->pg, cairn_print(&job->arena, "set local search_path = \"%s\", pg_temp", job->schema),
        error);
    if (!failed)
        failed = cairn_pg_script(job->pg, file->text, error);
    if (!failed)
        failed = cairn_pg_script(job->pg, "reset search_path", error);
    if (failed)
        return failed;
    int64_t recorded = cairn_pg_run(job->pg, &record_statement, &params, error);
    return recorded < 0 ? (int)recorded : cairn_pg_script(job->pg, "commit", error);
}

static int apply(struct job *job, const struct file *file, struct cairn_error *error)
{
    int failed = cairn_pg_script(job->pg, "begin", error);
    if (!failed)
        failed = apply_in_transaction(job, file, error);
    if (failed) {
        cairn_error_context(error, "%s", file->path);
        (void)!cairn_pg_script(job->pg, "rollback", NULL);
    }
    return failed;
}

/* Creates the schema. What its migrations create may be used by the roles of services. */
static int make_schema(struct job *job, struct cairn_error *error)
{
    return cairn_pg_script(
        job->pg,
        cairn_print(&job->arena,
                    "create schema if not exists \"%s\";"
                    "grant usage on schema \"%s\" to cairn_writer, cairn_consumer, cairn_reader;"
                    "alter default privileges in schema \"%s\""
                    "    grant select, insert, update, delete on tables"
                    "    to cairn_writer, cairn_consumer;"
                    "alter default privileges in schema \"%s\""
                    "    grant usage on sequences to cairn_writer, cairn_consumer;"
                    "alter default privileges in schema \"%s\""
                    "    grant select on tables to cairn_reader;",
                    job->schema, job->schema, job->schema, job->schema, job->schema),
        error);
}

static int apply_missing(struct job *job, cairn_migration_applied *applied, void *context,
                         struct cairn_error *error)
{
    int count = 0;
    for (size_t i = 0; i < job->count; i++) {
        int had = was_applied(job, &job->files[i], error);
        if (!had)
            had = apply(job, &job->files[i], error);
        else if (had > 0)
            continue;
        if (had < 0)
            return had;
        if (applied)
            applied(context, job->files[i].name);
        count++;
    }
    return count;
}

static int migrate(struct job *job, const char *directory, cairn_migration_applied *applied,
                   void *context, struct cairn_error *error)
{
    int failed = check_schema_name(job->schema, error);
    if (!failed)
        failed = read_files(job, directory, error);
    if (!failed)
        failed = cairn_migrate_check(job->pg, error);
    if (!failed)
        failed = cairn_pg_script(job->pg, LOCK, error);
    if (!failed)
        failed = check_missing(job, directory, error);
    if (!failed)
        failed = make_schema(job, error);
    return failed ? failed : apply_missing(job, applied, context, error);
}

int cairn_service_migrate(struct cairn_pg *pg, const char *schema, const char *directory,
                          cairn_migration_applied *applied, void *context,
                          struct cairn_error *error)
{
    struct job job = {.pg = pg, .schema = schema};
    int count = migrate(&job, directory, applied, context, error);
    if (cairn_pg_connected(pg))
        (void)!cairn_pg_script(pg, UNLOCK, NULL);
    cairn_arena_close(&job.arena);
    return count;
}
