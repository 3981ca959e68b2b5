/* verify_rows.c - folds a read model again, and compares it with the stored rows. */
#include "projection/verify/verify_rows.h"

#include "core/threads/clock.h"
#include "projection/tables/redis_copy.h"
#include "projection/verify/expected_rows.h"
#include "record/json_member.h"
#include "store/events/amend.h"
#include "store/read/bulk_read.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

enum {
    EVENTS = 2000,    /* per batch */
    BYTES = 4 << 20,  /* of a batch's data, approximately */
    PAGE = 1000,      /* rows read at once */
    DOUBTS_MAX = 5000 /* rows of the copy that are compared again */
};
#define PATIENCE_US CAIRN_SECONDS(10)

struct run {
    struct cairn_verify *verify;
    struct cairn_store *log;      /* reads events */
    struct cairn_store *snapshot; /* has a snapshot open while rows are compared */
    struct cairn_redis *redis;
    struct cairn_copy copy; /* for names and values only */
    struct cairn_rows rows;
    struct cairn_expected_rows expected;
    struct cairn_checkpoint at;
    struct cairn_arena arena; /* of the run */
    struct cairn_arena page;  /* of a batch or a page */
    struct cairn_arena doubt; /* of the keys in `doubts` */
    struct cairn_map doubts;
    size_t dropped;        /* rows that are not in `doubts` for want of room */
    int64_t skips;         /* number of skipped events known to the fold */
    int64_t folded_before; /* positions folded in the parts before, for the progress */
};

/* ---- differences ---- */

static void report_difference(struct run *run, const char *store, const char *key, const char *what,
                              int64_t position)
{
    struct cairn_verify *verify = run->verify;
    struct cairn_difference difference = {
        .key = key, .store = store, .what = what, .position = position, .type = "", .stream = ""};
    const struct cairn_stored_event *event = NULL;
    if (position > 0 && cairn_store_read_range(run->log, position - 1, position, NULL, &run->page,
                                               &event, NULL) == 1) {
        difference.type = event->type;
        difference.stream = event->stream;
    }
    if (strcmp(store, "redis") == 0)
        verify->copy_differences++;
    else
        verify->differences++;
    verify->differs(verify->context, &difference);
}

static int shown_bytes(const struct cairn_json_member *member)
{
    return member->bytes < 200 ? (int)member->bytes : 200;
}

/* Returns `is "total":5, should be "total":7` for the first member that differs. Both objects were
 * written by the same encoder, so they have the same members in the same order. */
static const char *first_difference(const char *stored, const char *folded,
                                    struct cairn_arena *arena)
{
    struct cairn_json_member is = {.text = ""};
    struct cairn_json_member wanted = {.text = ""};
    while (cairn_json_member_next(&stored, &is) && cairn_json_member_next(&folded, &wanted)) {
        if (is.bytes != wanted.bytes || memcmp(is.text, wanted.text, is.bytes) != 0)
            break;
    }
    return cairn_print(arena, "is %.*s, should be %.*s", shown_bytes(&is), is.text,
                       shown_bytes(&wanted), wanted.text);
}

/* ---- folding ---- */

/* Returns 0, or -CAIRN_CONFLICT if it is not to go on. */
static int go_on(struct run *run, struct cairn_error *error)
{
    const struct cairn_verify *verify = run->verify;
    if (!verify->goes_on ||
        verify->goes_on(verify->context, run->folded_before + run->expected.position,
                        verify->progress->total))
        return 0;
    return cairn_fail(error, CAIRN_CONFLICT, "it was cancelled");
}

static int fold_batch(struct run *run, struct cairn_stored_event *events, size_t count, int64_t to,
                      struct cairn_error *error)
{
    int failed = cairn_expected_rows_fold(&run->expected, events, count, to, &run->page, error);
    cairn_progress_at(run->verify->progress, run->folded_before + run->expected.position);
    return failed ? failed : go_on(run, error);
}

/* Returns whether the rows exceed the memory limit, so that more parts are needed. */
static bool is_too_much(const struct run *run)
{
    return cairn_expected_rows_bytes(&run->expected) > run->verify->memory_bytes;
}

/* Folds all events of the reader, until a problem or the memory limit. */
static int fold_all(struct run *run, struct cairn_bulk *bulk, int64_t to, struct cairn_error *error)
{
    int got = 1;
    while (got == 1 && run->expected.problem[0] == '\0' && !is_too_much(run)) {
        cairn_arena_reset(&run->page);
        struct cairn_stored_event *events =
            cairn_new(&run->page, struct cairn_stored_event, EVENTS);
        struct cairn_stored_event event;
        size_t count = 0;
        size_t bytes = 0;
        while (count < EVENTS && bytes < BYTES &&
               (got = cairn_bulk_next(bulk, &event, error)) == 1) {
            events[count++] = cairn_event_keep(&event, &run->page);
            bytes += event.data_bytes;
        }
        if (got < 0)
            return got;
        int failed = fold_batch(run, events, count, got ? events[count - 1].position : to, error);
        if (failed)
            return failed;
    }
    return 0;
}

static int fold_to(struct run *run, int64_t to, struct cairn_error *error)
{
    struct cairn_bulk *bulk = NULL;
    if (run->expected.position >= to || run->expected.problem[0])
        return 0;
    const struct cairn_event_filter filter = {
        .types = cairn_projection_types(run->verify->projection, &run->arena)};
    int failed = cairn_bulk_open(run->log, run->expected.position, to, &filter, &bulk, error);
    if (!failed)
        failed = fold_all(run, bulk, to, error);
    cairn_bulk_close(bulk);
    return failed;
}

/* ---- skipped events ---- */

static const struct cairn_statement skipped_statement = {
    .name = "skipped",
    .sql = "select position, key from cairn.skipped where projection = $1 and generation = $2",
};

static int64_t read_skipped(struct run *run, struct cairn_pg_result **ret,
                            struct cairn_error *error)
{
    struct cairn_pg_params params = {.arena = &run->page};
    cairn_pg_add_text(&params, run->verify->projection->name);
    cairn_pg_add_integer(&params, run->rows.generation.number);
    return cairn_pg_call(cairn_store_pg(run->snapshot), &skipped_statement, &params, ret, error);
}

static int load_skipped(struct run *run, struct cairn_error *error)
{
    CAIRN_PG_RESULT *rows = NULL;
    run->skips = read_skipped(run, &rows, error);
    for (int64_t i = 0; i < run->skips; i++)
        cairn_skip_name(&run->expected.skipped, cairn_pg_integer(rows, i, 0),
                        cairn_pg_text(rows, i, 1));
    return run->skips < 0 ? (int)run->skips : 0;
}

/* ---- PostgreSQL ---- */

static void compare(struct run *run, const struct cairn_stored_row *stored)
{
    struct cairn_expected_row *folded = cairn_expected_row(&run->expected, stored->key);
    const char *wanted = folded ? folded->json : "";
    const char *found = stored->json ? stored->json : "";
    int64_t position = folded ? folded->position : stored->position;
    if (folded)
        folded->seen = true;
    if (stored->parked) {
        run->verify->parked++;
        return;
    }
    run->verify->rows += stored->json != NULL;
    const char *what = NULL;
    if (folded && folded->parked)
        what = "an event cannot be applied to it, and it is not parked";
    else if (*wanted && !*found)
        what = "is not there, and should be";
    else if (*found && !*wanted)
        what = "is there, and should not be";
    else if (strcmp(found, wanted) != 0)
        what = first_difference(found, wanted, &run->page);
    else if (*wanted && stored->version != folded->version)
        what = cairn_print(&run->page, "is of version %" PRId64 ", should be %" PRId64,
                           stored->version, folded->version);
    else if (*wanted && stored->position < folded->position)
        what = cairn_print(&run->page, "says that the event at %" PRId64 " changed it last",
                           stored->position);
    if (what)
        report_difference(run, "postgres", stored->key, what, position);
}

static void look_at_copy(struct run *run, const struct cairn_stored_row *rows, size_t count);

static int compare_all(struct run *run, struct cairn_error *error)
{
    char key[CAIRN_KEY_MAX_BYTES + 1] = "";
    int64_t count = PAGE;
    while (count == PAGE) {
        const struct cairn_stored_row *page = NULL;
        cairn_arena_reset(&run->page);
        count = cairn_rows_walk(&run->rows, cairn_store_pg(run->snapshot), key, PAGE, &run->page,
                                &page, error);
        if (count < 0)
            return (int)count;
        for (int64_t i = 0; i < count; i++) {
            if (cairn_expected_rows_has(&run->expected, page[i].key))
                compare(run, &page[i]);
        }
        look_at_copy(run, page, (size_t)count);
        if (count)
            (void)snprintf(key, sizeof key, "%s", page[count - 1].key);
        int ends = go_on(run, error);
        if (ends)
            return ends;
    }
    return 0;
}

static void find_missing(struct run *run)
{
    for (size_t i = 0; i < run->expected.rows.count; i++) {
        const struct cairn_expected_row *row = run->expected.rows.entries[i].value;
        cairn_arena_reset(&run->page);
        if (!row->seen && (*row->json || row->parked))
            report_difference(run, "postgres", row->key, "is not there, and should be",
                              row->position);
    }
}

/* ---- Redis ---- */

/* Marks a row of the copy to be compared again at the end, outside the snapshot; further ones than
 * DOUBTS_MAX are counted. */
static void note_doubt(struct run *run, const char *key)
{
    if (run->doubts.count < DOUBTS_MAX)
        *cairn_map_at(&run->doubts, key) = run;
    else if (!cairn_map_get(&run->doubts, key))
        run->dropped++;
}

static void note_copy_problem(struct run *run, const struct cairn_error *error)
{
    (void)snprintf(run->verify->copy_problem, sizeof run->verify->copy_problem, "%.190s",
                   error->message);
}

static int copy_values(struct run *run, const struct cairn_stored_row *rows, size_t count,
                       struct cairn_redis_reply *ret)
{
    struct cairn_redis_arg *args = cairn_new(&run->page, struct cairn_redis_arg, count + 1);
    struct cairn_error error = {0};
    args[0] = CAIRN_ARG("MGET");
    for (size_t i = 0; i < count; i++) {
        const char *key = cairn_copy_key(&run->copy, rows[i].key, &run->page);
        args[i + 1] = CAIRN_ARG(key);
    }
    int failed = cairn_redis_call(run->redis, args, count + 1, &run->page, ret, &error);
    if (!failed && (ret->kind != CAIRN_REDIS_LIST || ret->count != count))
        failed = cairn_fail(&error, CAIRN_BUG, "Redis does not answer MGET with a list");
    if (failed)
        note_copy_problem(run, &error);
    return failed;
}

static bool is_copy_of(struct run *run, const struct cairn_stored_row *row,
                       const struct cairn_redis_reply *reply)
{
    const char *wanted = cairn_copy_value(&run->copy, run->at.epoch, row, &run->page);
    return strcmp(reply->kind == CAIRN_REDIS_TEXT ? reply->text : "", wanted) == 0;
}

static void look_at_copy(struct run *run, const struct cairn_stored_row *rows, size_t count)
{
    struct cairn_redis_reply reply = {0};
    if (!run->redis || run->verify->copy_problem[0] || count == 0 ||
        copy_values(run, rows, count, &reply) < 0)
        return;
    for (size_t i = 0; i < count; i++) {
        if (!cairn_expected_rows_has(&run->expected, rows[i].key))
            continue;
        run->verify->copied += rows[i].json && !rows[i].parked;
        if (!is_copy_of(run, &rows[i], &reply.items[i]))
            note_doubt(run, rows[i].key);
    }
}

/* Marks the keys whose rows do not exist or are parked. */
static int doubt_left_over(struct run *run, const struct cairn_redis_reply *keys, size_t count,
                           struct cairn_error *error)
{
    size_t prefix = strlen(run->copy.row_prefix);
    struct cairn_fold fold = cairn_fold(run->verify->projection, &run->page);
    for (size_t i = 0; i < count; i++)
        (void)cairn_fold_row(&fold, keys[i].text + prefix);
    int failed = cairn_rows_load(&run->rows, cairn_store_pg(run->snapshot), &fold, error);
    if (failed)
        return failed;
    for (size_t i = 0; i < fold.rows.count; i++) {
        const struct cairn_fold_row *row = fold.rows.entries[i].value;
        if (!row->exists || row->parked)
            note_doubt(run, row->key);
    }
    return 0;
}

/* Scans the copy for keys that should not exist. An error is PostgreSQL's; one of Redis becomes
 * `copy_problem`. */
static int scan_copy(struct run *run, struct cairn_error *error)
{
    const char *cursor = "0";
    int failed = 0;
    do {
        cairn_arena_reset(&run->page);
        const char *pattern = cairn_print(&run->page, "%s*", run->copy.row_prefix);
        const struct cairn_redis_arg args[] = {CAIRN_ARG("SCAN"),  CAIRN_ARG(cursor),
                                               CAIRN_ARG("MATCH"), CAIRN_ARG(pattern),
                                               CAIRN_ARG("COUNT"), CAIRN_ARG("1000")};
        struct cairn_redis_reply reply = {0};
        struct cairn_error away = {0};
        if (cairn_redis_call(run->redis, args, 6, &run->page, &reply, &away) < 0) {
            note_copy_problem(run, &away);
            return 0;
        }
        if (reply.count != 2)
            return cairn_fail(error, CAIRN_BUG, "Redis does not answer SCAN with a pair");
        cursor = cairn_copy_text(&run->arena, reply.items[0].text);
        failed = doubt_left_over(run, reply.items[1].items, reply.items[1].count, error);
    } while (!failed && strcmp(cursor, "0") != 0);
    return failed;
}

/* Compares one row again. PostgreSQL is read before Redis, which has only committed rows: if Redis
 * is ahead by then, the caller compares once more. Returns 1 if both agree, or if Redis failed
 * (copy_problem); 0 if not; or an error of PostgreSQL. */
static int agrees(struct run *run, const char *key, struct cairn_stored_row *ret,
                  struct cairn_redis_reply *ret_value, struct cairn_error *error)
{
    struct cairn_redis_reply reply = {0};
    cairn_arena_reset(&run->page);
    int failed =
        cairn_rows_get(&run->rows, cairn_store_pg(run->snapshot), key, &run->page, ret, error);
    if (failed)
        return failed;
    if (copy_values(run, ret, 1, &reply) < 0)
        return 1;
    *ret_value = reply.items[0];
    return is_copy_of(run, ret, ret_value);
}

static void report_doubt(struct run *run, const struct cairn_stored_row *row,
                         const struct cairn_redis_reply *value)
{
    const char *wanted = cairn_copy_value(&run->copy, run->at.epoch, row, &run->page);
    const char *what = "is not there, and should be";
    if (value->kind == CAIRN_REDIS_TEXT && !*wanted)
        what = "is there, and should not be";
    else if (value->kind == CAIRN_REDIS_TEXT)
        what = cairn_print(&run->page, "is \"%.200s\", should be \"%.200s\"", value->text, wanted);
    report_difference(run, "redis", row->key, what, row->position);
}

static int recheck_doubts(struct run *run, struct cairn_error *error)
{
    struct cairn_verify *verify = run->verify;
    int64_t patience_us = verify->patience_us ? verify->patience_us : PATIENCE_US;
    int64_t until_us = cairn_monotonic_us() + patience_us;
    for (size_t i = 0; i < run->doubts.count && !verify->copy_problem[0]; i++) {
        const char *key = run->doubts.entries[i].key;
        struct cairn_stored_row row = {0};
        struct cairn_redis_reply value = {0};
        int good = agrees(run, key, &row, &value, error);
        while (good == 0 && cairn_monotonic_us() < until_us) {
            (void)poll(NULL, 0, 20);
            good = agrees(run, key, &row, &value, error);
        }
        if (good < 0)
            return good;
        if (!good)
            report_doubt(run, &row, &value);
    }
    if (run->dropped && !verify->copy_problem[0])
        (void)snprintf(verify->copy_problem, sizeof verify->copy_problem,
                       "%zu more rows seemed to differ and were not compared again", run->dropped);
    return 0;
}

/* ---- a part ---- */

static int begin_snapshot(struct run *run, struct cairn_error *error)
{
    int failed = cairn_pg_script(cairn_store_pg(run->snapshot),
                                 "begin isolation level repeatable read read only", error);
    if (!failed)
        failed = cairn_generation_checkpoint(run->snapshot, &run->rows.generation, &run->page,
                                             &run->at, error);
    return failed;
}

static void end_snapshot(struct run *run)
{
    if (cairn_pg_connected(cairn_store_pg(run->snapshot)))
        (void)!cairn_pg_script(cairn_store_pg(run->snapshot), "rollback", NULL);
}

/* Returns 1 if the part must be repeated: an event was skipped meanwhile, which the fold has
 * applied, or the memory limit is exceeded. */
static int compare_part(struct run *run, struct cairn_error *error)
{
    CAIRN_PG_RESULT *skipped = NULL;
    int failed = begin_snapshot(run, error);
    if (!failed)
        failed = fold_to(run, run->at.position, error);
    if (failed)
        return failed;
    if (run->expected.position < run->at.position && !is_too_much(run))
        return cairn_fail(error, CAIRN_UNREADABLE, "the fold ends at %" PRId64 ": %.400s",
                          run->expected.position, run->expected.problem);
    int64_t skips = read_skipped(run, &skipped, error);
    if (skips != run->skips || is_too_much(run))
        return skips < 0 ? (int)skips : 1;
    run->verify->position = run->at.position;
    failed = compare_all(run, error);
    if (!failed)
        find_missing(run);
    return failed;
}

/* Returns 1 if the part must be repeated. */
static int verify_part(struct run *run, uint64_t part, uint64_t parts, struct cairn_error *error)
{
    cairn_expected_rows_open(&run->expected, run->verify->projection, part, parts);
    int failed = cairn_generation_checkpoint(run->snapshot, &run->rows.generation, &run->page,
                                             &run->at, error);
    run->verify->progress->total = run->at.position * (int64_t)parts;
    if (!failed)
        failed = load_skipped(run, error);
    if (!failed)
        failed = fold_to(run, run->at.position, error); /* most of it, without a snapshot */
    if (!failed && is_too_much(run))
        failed = 1;
    if (!failed) {
        failed = compare_part(run, error);
        end_snapshot(run);
    }
    run->folded_before += run->expected.position;
    cairn_expected_rows_close(&run->expected);
    return failed;
}

/* Doubles the number of parts while the rows of the first do not fit into memory; the others are
 * about as large. */
static int verify_parts(struct run *run, struct cairn_error *error)
{
    uint64_t parts = 1;
    int failed = 0;
    for (uint64_t part = 0; part < parts && failed >= 0;) {
        failed = verify_part(run, part, parts, error);
        if (failed == 1 && part == 0 && parts < 4096)
            parts *= 2;
        else if (failed == 1)
            run->verify->memory_bytes *= 2;
        else
            part++;
        run->verify->progress->total = run->at.position * (int64_t)parts;
        run->folded_before = run->at.position * (int64_t)part;
    }
    return failed;
}

/* ---- the whole verification ---- */

static int open_run(struct run *run, struct cairn_error *error)
{
    struct cairn_verify *verify = run->verify;
    struct cairn_generation generation;
    struct cairn_timeline timeline;
    int failed = cairn_store_open(verify->database_url, "verify", &run->log, error);
    if (!failed)
        failed = cairn_store_open(verify->database_url, "verify", &run->snapshot, error);
    if (!failed)
        failed = cairn_amendments_load(cairn_store_pg(run->log), error);
    if (!failed && verify->redis_url)
        failed = cairn_redis_open(verify->redis_url, CAIRN_SECONDS(5), &run->redis, error);
    if (failed)
        return failed;
    cairn_pg_on_connect(cairn_store_pg(run->snapshot), "set enable_seqscan = off");
    cairn_pg_set_deadline(cairn_store_pg(run->log), CAIRN_HOURS(1));
    cairn_pg_set_deadline(cairn_store_pg(run->snapshot), CAIRN_HOURS(1));
    failed = cairn_store_timeline(run->snapshot, &timeline, error);
    if (failed)
        return failed;
    int found =
        cairn_generation_look(run->snapshot, verify->projection, &run->arena, &generation, error);
    if (found <= 0)
        return found < 0
                   ? found
                   : cairn_fail(error, CAIRN_NOT_FOUND, "no generation of version %d was built",
                                verify->projection->version);
    verify->generation = generation.number;
    cairn_rows_init(&run->rows, &generation, &run->arena);
    cairn_copy_init(&run->copy, &timeline, &generation, &run->arena);
    run->doubts = cairn_map(&run->doubt);
    return 0;
}

static void close_run(struct run *run)
{
    cairn_store_close(run->log);
    cairn_store_close(run->snapshot);
    cairn_redis_close(run->redis);
    cairn_arena_close(&run->arena);
    cairn_arena_close(&run->page);
    cairn_arena_close(&run->doubt);
}

int cairn_projection_verify(struct cairn_verify *verify, struct cairn_error *error)
{
    struct run run = {.verify = verify};
    int failed = open_run(&run, error);
    cairn_progress_begin(verify->progress, verify->projection->name, 0);
    if (!failed)
        failed = verify_parts(&run, error);
    if (!failed && run.redis) {
        cairn_progress_note(verify->progress, "comparing the copy in Redis ...");
        failed = scan_copy(&run, error);
        if (!failed)
            failed = recheck_doubts(&run, error);
    }
    cairn_progress_end(verify->progress);
    close_run(&run);
    if (failed)
        cairn_error_context(error, "read model %s", verify->projection->name);
    return failed;
}
