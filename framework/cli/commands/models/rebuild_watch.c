/* rebuild_watch.c - shows a running rebuild: a bar on a terminal, or a line of JSON on each
 * change. */
#include "cli/commands/models/rebuild_command.h"

#include "core/threads/clock.h"
#include "operations/views.h"

#include <poll.h>
#include <string.h>

#define PATIENCE_US CAIRN_SECONDS(15) /* without a projector */
enum { LOOK_MS = 100 };

/* ---- the snapshot ---- */

int cairn_cli_rebuild_look(struct cairn_pg *pg, int64_t id, struct cairn_arena *arena,
                           struct cairn_cli_rebuild *ret, struct cairn_error *error)
{
    const struct cairn_view *view = &cairn_views[CAIRN_VIEW_REBUILD];
    const struct cairn_statement statement = {.name = "look_at_rebuild", .sql = view->sql};
    const struct cairn_view_ask ask = {.number = id};
    struct cairn_pg_params params = cairn_view_params(view, &ask, arena);
    CAIRN_PG_RESULT *rows = NULL;
    int64_t count = cairn_pg_call(pg, &statement, &params, &rows, error);
    if (count < 0)
        return (int)count;
    if (count == 0)
        return cairn_fail(error, CAIRN_CONFLICT, "rebuild %" PRId64 " is gone", id);
    *ret = (struct cairn_cli_rebuild){
        .id = id,
        .phase = cairn_copy_text(arena, cairn_pg_text(rows, 0, cairn_pg_column(rows, "phase"))),
        .request = cairn_copy_text(arena, cairn_pg_text(rows, 0, cairn_pg_column(rows, "request"))),
        .note = cairn_copy_text(arena, cairn_pg_text(rows, 0, cairn_pg_column(rows, "note"))),
        .owner = cairn_copy_text(arena, cairn_pg_text(rows, 0, cairn_pg_column(rows, "owner"))),
        .kept = cairn_copy_text(arena, cairn_pg_text(rows, 0, cairn_pg_column(rows, "kept"))),
        .left_out =
            cairn_copy_text(arena, cairn_pg_text(rows, 0, cairn_pg_column(rows, "left_out"))),
        .code_version = cairn_pg_integer(rows, 0, cairn_pg_column(rows, "code_version")),
        .generation = cairn_pg_integer(rows, 0, cairn_pg_column(rows, "generation")),
        .before = cairn_pg_integer(rows, 0, cairn_pg_column(rows, "before")),
        .done = cairn_pg_integer(rows, 0, cairn_pg_column(rows, "done")),
        .total = cairn_pg_integer(rows, 0, cairn_pg_column(rows, "total")),
        .events = cairn_pg_integer(rows, 0, cairn_pg_column(rows, "events")),
        .rows = cairn_pg_integer(rows, 0, cairn_pg_column(rows, "rows")),
        .differences = cairn_pg_integer(rows, 0, cairn_pg_column(rows, "differences")),
        .spent_ms = cairn_pg_integer(rows, 0, cairn_pg_column(rows, "spent_ms")),
        .ended = cairn_pg_bool(rows, 0, cairn_pg_column(rows, "ended")),
        .live = cairn_pg_bool(rows, 0, cairn_pg_column(rows, "live")),
    };
    return 0;
}

/* ---- output ---- */

/* The values shown last. */
struct shown {
    char phase[20];
    char label[60];
    char note[300];
    int64_t generation, done, total, events, rows;
    struct cairn_progress progress;
};

static bool is_new(const struct shown *shown, const struct cairn_cli_rebuild *now)
{
    return strcmp(shown->phase, now->phase) != 0 || shown->generation != now->generation ||
           shown->done != now->done || shown->total != now->total || shown->events != now->events ||
           shown->rows != now->rows;
}

/* Restarts the progress with each phase and generation: a failed attempt is followed by a new one,
 * which begins from the start. */
static void measure(struct shown *shown, const struct cairn_cli_rebuild *now)
{
    if (strcmp(shown->phase, now->phase) != 0 || shown->generation != now->generation) {
        (void)snprintf(shown->phase, sizeof shown->phase, "%s", now->phase);
        if (now->generation)
            (void)snprintf(shown->label, sizeof shown->label, "g%" PRId64 " %s", now->generation,
                           now->phase);
        else
            (void)snprintf(shown->label, sizeof shown->label, "%s", now->phase);
        cairn_progress_phase(&shown->progress, shown->label, now->done, now->total);
    }
    (void)snprintf(shown->note, sizeof shown->note, "%s", now->note);
    shown->progress.total = now->total;
    shown->generation = now->generation;
    shown->done = now->done;
    shown->total = now->total;
    shown->events = now->events;
    shown->rows = now->rows;
}

/* Returns whether the generation is built, and only has to catch up with the log. */
static bool follows(const struct cairn_cli_rebuild *now)
{
    return strcmp(now->phase, "following") == 0 || strcmp(now->phase, "held") == 0;
}

static void add_number(struct cairn_buffer *line, const char *name, int64_t number, bool known)
{
    if (known)
        cairn_buffer_print(line, ",\"%s\":%" PRId64, name, number);
    else
        cairn_buffer_print(line, ",\"%s\":null", name);
}

static void print_line(const struct cairn_cli_watch *watch, const struct shown *shown,
                       const struct cairn_cli_rebuild *now)
{
    struct cairn_arena arena = {0};
    struct cairn_buffer line = cairn_buffer(&arena);
    int64_t left_s = cairn_progress_left_s(&shown->progress, now->done);
    cairn_buffer_print(&line, "{\"rebuild\":%" PRId64 ",\"projection\":", now->id);
    cairn_buffer_json(&line, watch->name);
    cairn_buffer_print(&line, ",\"phase\":\"%s\"", now->phase);
    add_number(&line, "code_version", now->code_version, true);
    add_number(&line, "generation", now->generation, now->generation > 0);
    add_number(&line, "done", now->done, true);
    add_number(&line, "total", now->total, true);
    add_number(&line, "lag", now->total - now->done, follows(now));
    add_number(&line, "events", now->events, true);
    add_number(&line, "rows", now->rows, true);
    add_number(&line, "per_second", cairn_progress_rate(&shown->progress, now->done), true);
    add_number(&line, "left_s", left_s, left_s >= 0);
    add_number(&line, "spent_ms", now->spent_ms, true);
    add_number(&line, "differences", now->differences, now->differences >= 0);
    cairn_buffer_text(&line, ",\"note\":");
    cairn_buffer_json(&line, now->note[0] ? now->note : NULL);
    (void)printf("%s}\n", line.text);
    (void)fflush(stdout);
    cairn_arena_close(&arena);
}

static void show(const struct cairn_cli_watch *watch, struct shown *shown,
                 const struct cairn_cli_rebuild *now)
{
    bool changed = is_new(shown, now);
    measure(shown, now);
    if (watch->json) {
        if (changed)
            print_line(watch, shown, now);
    } else if (strcmp(now->phase, "waiting") == 0) {
        cairn_progress_note(&shown->progress, now->note[0] ? now->note
                                              : now->owner[0]
                                                  ? "for its projector, which builds one at a time"
                                                  : "for a projector");
    } else if (follows(now)) {
        char text[60];
        (void)snprintf(text, sizeof text, "%" PRId64 " events behind the log",
                       now->total - now->done);
        cairn_progress_note(&shown->progress, text);
    } else if (now->total == 0) {
        cairn_progress_note(&shown->progress, "...");
    } else {
        cairn_progress_at(&shown->progress, now->done);
    }
}

/* ---- the watch ---- */

static bool is_over(const struct cairn_cli_watch *watch, const struct cairn_cli_rebuild *now)
{
    return now->ended ||
           (strcmp(now->phase, "held") == 0 && !watch->beyond_held && !now->request[0]);
}

int cairn_cli_rebuild_watch(struct cairn_cli_watch *watch, struct cairn_cli_rebuild *ret,
                            struct cairn_error *error)
{
    struct shown shown = {.generation = -1};
    int64_t led_us = cairn_monotonic_us();
    int failed = 0;
    cairn_progress_begin(&shown.progress, watch->name, 0);
    for (;;) {
        cairn_arena_reset(&watch->arena);
        failed = cairn_cli_rebuild_look(watch->pg, watch->id, &watch->arena, ret, error);
        if (failed)
            break;
        show(watch, &shown, ret);
        if (ret->owner[0])
            led_us = cairn_monotonic_us();
        if (is_over(watch, ret) || cairn_monotonic_us() - led_us > PATIENCE_US)
            break;
        (void)poll(NULL, 0, LOOK_MS);
    }
    cairn_progress_end(&shown.progress);
    return failed;
}
