/* feed_place.c - reads and moves the place of a consumer in a feed. */
#include "feed/follow/feed_place.h"

#include <stdio.h>

static const struct cairn_statement make_statement = {
    .name = "feed_make",
    .sql = "insert into cairn.feeds (consumer, feed) values ($1, $2) on conflict do nothing",
};
static const struct cairn_statement take_statement = {
    .name = "feed_take",
    .sql = "update cairn.feeds set fence = $3 where consumer = $1 and feed = $2 and fence <= $3"
           " returning history, position, event_id, attempts",
};
static const struct cairn_statement advance_statement = {
    .name = "feed_advance",
    .sql = "update cairn.feeds set position = $4, event_id = $5, attempts = 0, problem = null,"
           " moved_at = clock_timestamp() where consumer = $1 and feed = $2 and fence = $3",
};
static const struct cairn_statement begin_statement = {
    .name = "feed_begin",
    .sql = "update cairn.feeds set attempts = $4"
           " where consumer = $1 and feed = $2 and fence = $3",
};
static const struct cairn_statement history_statement = {
    .name = "feed_history",
    .sql = "update cairn.feeds set history = $4"
           " where consumer = $1 and feed = $2 and fence = $3",
};
static const struct cairn_statement say_statement = {
    .name = "feed_say",
    .sql = "update cairn.feeds set problem = $4"
           " where consumer = $1 and feed = $2 and fence = $3",
};
static const struct cairn_statement bury_statement = {
    .name = "feed_bury",
    .sql = "insert into cairn.feed_dead (consumer, feed, event, position, reason)"
           " values ($1, $2, $3, $4, $5) on conflict do nothing",
};
static const struct cairn_statement revive_statement = {
    .name = "feed_revive",
    .sql = "select number, event from cairn.feed_dead where consumer = $1 and feed = $2 and again"
           " order by number limit 1 for update skip locked",
};
static const struct cairn_statement settle_statement = {
    .name = "feed_settle",
    .sql = "delete from cairn.feed_dead where number = $1",
};
static const struct cairn_statement keep_statement = {
    .name = "feed_keep",
    .sql = "update cairn.feed_dead set again = false, reason = $2 where number = $1",
};

/* The parameters that nearly all statements begin with. */
static struct cairn_pg_params named(const struct cairn_feed_place *place, bool fenced,
                                    struct cairn_arena *arena)
{
    struct cairn_pg_params params = {.arena = arena};
    cairn_pg_add_text(&params, place->consumer);
    cairn_pg_add_text(&params, place->feed);
    if (fenced)
        cairn_pg_add_integer(&params, place->fence);
    return params;
}

static int overtaken(struct cairn_error *error)
{
    return cairn_fail(error, CAIRN_BUSY, "another process follows this feed now");
}

/* Runs a statement that changes the place's row. */
static int change(struct cairn_feed_place *place, const struct cairn_statement *statement,
                  const struct cairn_pg_params *params, struct cairn_error *error)
{
    int64_t changed = cairn_pg_run(place->pg, statement, params, error);
    if (changed < 0)
        return (int)changed;
    return changed ? 0 : overtaken(error);
}

int cairn_feed_take_over(struct cairn_feed_place *place, struct cairn_arena *arena,
                         struct cairn_error *error)
{
    CAIRN_PG_RESULT *rows = NULL;
    const struct cairn_pg_params names = named(place, false, arena);
    int64_t made = cairn_pg_run(place->pg, &make_statement, &names, error);
    if (made < 0)
        return (int)made;
    const struct cairn_pg_params params = named(place, true, arena);
    int64_t count = cairn_pg_call(place->pg, &take_statement, &params, &rows, error);
    if (count < 0)
        return (int)count;
    if (count == 0)
        return overtaken(error);
    (void)snprintf(place->history, sizeof place->history, "%s", cairn_pg_text(rows, 0, 0));
    place->position = cairn_pg_integer(rows, 0, 1);
    place->event_id = (struct cairn_uuid){{0}};
    if (!cairn_pg_null(rows, 0, 2))
        place->event_id = cairn_pg_uuid(rows, 0, 2);
    place->attempts = cairn_pg_integer(rows, 0, 3);
    return 0;
}

int cairn_feed_advance(struct cairn_feed_place *place, int64_t position, struct cairn_uuid event_id,
                       struct cairn_arena *arena, struct cairn_error *error)
{
    struct cairn_pg_params params = named(place, true, arena);
    cairn_pg_add_integer(&params, position);
    cairn_pg_add_uuid(&params, event_id);
    int failed = change(place, &advance_statement, &params, error);
    if (failed)
        return failed;
    place->position = position;
    place->event_id = event_id;
    place->attempts = 0;
    return 0;
}

int cairn_feed_begin(struct cairn_feed_place *place, int64_t attempt, struct cairn_arena *arena,
                     struct cairn_error *error)
{
    struct cairn_pg_params params = named(place, true, arena);
    cairn_pg_add_integer(&params, attempt);
    return change(place, &begin_statement, &params, error);
}

int cairn_feed_enter_history(struct cairn_feed_place *place, const char *history,
                             struct cairn_arena *arena, struct cairn_error *error)
{
    struct cairn_pg_params params = named(place, true, arena);
    cairn_pg_add_text(&params, history);
    int failed = change(place, &history_statement, &params, error);
    if (!failed)
        (void)snprintf(place->history, sizeof place->history, "%s", history);
    return failed;
}

int cairn_feed_say(struct cairn_feed_place *place, const char *problem, struct cairn_arena *arena,
                   struct cairn_error *error)
{
    struct cairn_pg_params params = named(place, true, arena);
    cairn_pg_add_text(&params, problem);
    return change(place, &say_statement, &params, error);
}

int cairn_feed_bury(struct cairn_feed_place *place, const char *event, int64_t position,
                    const char *reason, struct cairn_arena *arena, struct cairn_error *error)
{
    struct cairn_pg_params params = named(place, false, arena);
    cairn_pg_add_text(&params, event);
    cairn_pg_add_integer(&params, position);
    cairn_pg_add_text(&params, reason);
    return (int)cairn_pg_run(place->pg, &bury_statement, &params, error);
}

int cairn_feed_revive(struct cairn_feed_place *place, struct cairn_arena *arena,
                      struct cairn_feed_dead *ret, struct cairn_error *error)
{
    CAIRN_PG_RESULT *rows = NULL;
    const struct cairn_pg_params params = named(place, false, arena);
    int64_t count = cairn_pg_call(place->pg, &revive_statement, &params, &rows, error);
    if (count <= 0)
        return (int)count;
    ret->number = cairn_pg_integer(rows, 0, 0);
    ret->event = cairn_copy_text(arena, cairn_pg_text(rows, 0, 1));
    return 1;
}

int cairn_feed_settle(struct cairn_feed_place *place, int64_t number, const char *reason,
                      struct cairn_arena *arena, struct cairn_error *error)
{
    struct cairn_pg_params params = {.arena = arena};
    cairn_pg_add_integer(&params, number);
    if (reason)
        cairn_pg_add_text(&params, reason);
    int64_t done =
        cairn_pg_run(place->pg, reason ? &keep_statement : &settle_statement, &params, error);
    return done < 0 ? (int)done : 0;
}
