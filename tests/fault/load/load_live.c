/* load_live.c - watchers: each follows some rows and pages as server-sent events, each over as many
 * connections as needed, for some seconds, then another one. When the load ends, a watcher keeps
 * those it follows until it has seen their last state, or half a minute has passed.
 *
 * Lines of kind `live`: hold, path, id, event, data (text); at the end of the last: ends. */
#include "client.h"

#include "../../support/fixture.h"
#include "../../support/sse.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HOLDS = 5, PATIENCE_MS = 30000, STEP_MS = 50 };

/* One row, or one page, that is followed. */
struct hold {
    struct actor *actor;
    struct sse sse;
    bool in_vain;     /* the row does not exist */
    int64_t until_ms; /* while there is load: when to follow something else */
    char name[48];
    char path[80];
    char id[128]; /* of the last message; "" if there was none */
    char data[8192];
};

static void begin(struct hold *hold, struct actor *actor, int number)
{
    static const struct {
        int kind;
        const char *before, *after;
    } all[] = {{ORDERS, "/orders/", ""},
               {ORDERS, "/orders/", ""},
               {USERS, "/users/", ""},
               {USERS, "/users/", "/orders?limit=5"}};
    int i = dice(&actor->random, 4);
    *hold = (struct hold){.actor = actor, .sse.socket = -1};
    hold->until_ms = fixture_now_ms() + 500 + dice(&actor->random, 8000);
    (void)snprintf(hold->name, sizeof hold->name, "%s:%d", actor->name, number);
    (void)snprintf(hold->path, sizeof hold->path, "%s%s%s", all[i].before,
                   world_pick(actor, all[i].kind), all[i].after);
}

/* Reconnects, and resumes after the last message. */
static void join(struct hold *hold)
{
    char headers[200];
    int port = hold->actor->stage->ports[SERVICE_QUERY];
    hold->in_vain = hold->sse.status == 404 && !hold->id[0];
    if (hold->sse.socket >= 0)
        sse_close(&hold->sse);
    (void)snprintf(headers, sizeof headers, "Last-Event-ID: %s\r\n", hold->id);
    if (!hold->in_vain && !sse_open(&hold->sse, port, hold->path, hold->id[0] ? headers : NULL))
        rest_us(20000);
}

static bool is_open(const struct hold *hold)
{
    return hold->sse.socket >= 0 && !hold->sse.ended &&
           (hold->sse.status == 0 || hold->sse.status == 200);
}

static void write_down(struct hold *hold, const struct sse_message *message)
{
    (void)snprintf(hold->id, sizeof hold->id, "%s", message->id);
    (void)snprintf(hold->data, sizeof hold->data, "%s", message->data);
    history_add(hold->actor->stage->history,
                json_pack("{ss ss ss sI ss ss ss}", "kind", "live", "hold", hold->name, "path",
                          hold->path, "at", (json_int_t)history_now_us(), "id", message->id,
                          "event", message->event, "data", message->data));
}

/* Waits a moment for the next message, and records it. */
static void step(struct hold *hold)
{
    struct sse_message message;
    if (!is_open(hold))
        join(hold);
    if (is_open(hold) && sse_next(&hold->sse, &message, STEP_MS))
        write_down(hold, &message);
    else if (!is_open(hold))
        rest_us(20000);
}

static void leave(struct hold *hold)
{
    if (hold->sse.socket >= 0)
        sse_close(&hold->sse);
}

/* Stops following a row, after long enough or because it does not exist, and follows another. */
static void exchange(struct hold *hold, struct actor *actor, int *number)
{
    leave(hold);
    begin(hold, actor, ++*number);
}

/* ---- the end ---- */

/* Returns whether the state seen last is the one that the query service answers now. */
static bool has_seen_all(const struct hold *hold)
{
    struct http_reply reply = {0};
    bool same = hold->id[0] &&
                http_send(hold->actor->stage->ports[SERVICE_QUERY], "GET", hold->path, NULL, NULL,
                          0, &reply, 5000) == 0 &&
                reply.status == 200 && strcmp(reply.body, hold->data) == 0;
    http_reply_free(&reply);
    return same;
}

/* Waits until the last state was seen. A row that does not exist shows nothing: it is exchanged. */
static void see_the_last(struct hold *hold, int *number)
{
    struct actor *actor = hold->actor;
    int64_t until_ms = fixture_now_ms() + PATIENCE_MS;
    while (fixture_now_ms() < until_ms && !has_seen_all(hold)) {
        if (hold->in_vain)
            exchange(hold, actor, number);
        step(hold);
    }
    history_add(actor->stage->history, json_pack("{ss ss ss sb}", "kind", "live", "hold",
                                                 hold->name, "path", hold->path, "ends", 1));
}

/* ---- a watcher ---- */

void load_watcher(struct actor *actor)
{
    int number = 0;
    struct hold *holds = calloc(HOLDS, sizeof *holds);
    if (!holds)
        abort();
    for (int i = 0; i < HOLDS; i++)
        begin(&holds[i], actor, ++number);
    for (int i = 0; !actor->stage->over; i = (i + 1) % HOLDS) {
        step(&holds[i]);
        if (!actor->stage->over && (holds[i].in_vain || fixture_now_ms() > holds[i].until_ms))
            exchange(&holds[i], actor, &number);
        cairn_arena_reset(&actor->arena);
    }
    for (int i = 0; !actor->stage->settled; i = (i + 1) % HOLDS)
        step(&holds[i]);
    for (int i = 0; i < HOLDS; i++)
        see_the_last(&holds[i], &number);
    for (int i = 0; i < HOLDS; i++)
        leave(&holds[i]);
    free(holds);
}
