/* load_ledger.c - uses the store without a service: appends several events to several streams, with
 * conditions that hold or do not, claims and commands, alone and in batches. The operations are
 * those of ../support/model.h.
 *
 * In the history an append has an actor, an outcome, "writes" of {stream, version (-1: any),
 * event_id ("": unknown), ids, takes, gives, command, hash; answered (version) and position where
 * it was appended} and, where it checks another stream, "check" of {stream, version, event_id}. */
#include "load.h"

#include "../../support/model.h"

#include "core/threads/clock.h"
#include "store/append/append_batch.h"

#include <stdio.h>
#include <string.h>

enum { BATCH_MAX = 8, OPS_OF_A_ROUND = 40 };

struct ledger {
    struct actor *actor;
    struct cairn_store *store;
    int round; /* part of the names of its streams, claims and commands */
    struct model_stream belief[MODEL_STREAMS];
};

struct pending {
    struct model_op ops[BATCH_MAX];
    struct model_append from[BATCH_MAX];
    struct cairn_append appends[BATCH_MAX];
    json_t *lines[BATCH_MAX];
    struct cairn_appended ret[BATCH_MAX][2];
    int outcomes[BATCH_MAX];
    int count;
};

static const char *name_of(const struct ledger *ledger, const char *what, int number)
{
    return cairn_print(&ledger->actor->arena, "%s%s-%d-%d", what, ledger->actor->name,
                       ledger->round, number);
}

/* ---- from the model's append to the store's, and to a history line ---- */

/* Returns a key that is unique to the run, actor, round and number. */
static struct cairn_command_key key_of(const struct ledger *ledger, int number, int request)
{
    struct cairn_arena *arena = &ledger->actor->arena;
    const char *service =
        cairn_print(arena, "%s %u", ledger->actor->name, ledger->actor->stage->seed);
    const char *key = cairn_print(arena, "%u/%d", (unsigned)ledger->round, number);
    return cairn_command_key(arena, service, key, &request, sizeof request);
}

static json_t *expectation(const char *stream, const struct cairn_expected *expected)
{
    char id[CAIRN_UUID_TEXT_SIZE] = "";
    if (!cairn_uuid_is_zero(expected->event_id))
        cairn_uuid_format(expected->event_id, id);
    return json_pack("{ss sI ss}", "stream", stream, "version", (json_int_t)expected->version,
                     "event_id", id);
}

static json_t *add_events(struct ledger *ledger, const struct model_append *from, int i,
                          struct cairn_write *ret)
{
    size_t count = (size_t)from->op->writes[i].events;
    struct cairn_new_event *events =
        cairn_new(&ledger->actor->arena, struct cairn_new_event, count);
    json_t *ids = json_array();
    for (size_t k = 0; k < count; k++) {
        char id[CAIRN_UUID_TEXT_SIZE];
        events[k] = (struct cairn_new_event){.id = from->ids[i][k],
                                             .type = "Happened",
                                             .schema_version = 1,
                                             .data = "{\"a\":1}",
                                             .meta = "{}"};
        cairn_uuid_format(from->ids[i][k], id);
        (void)json_array_append_new(ids, json_string(id));
    }
    ret->events = events;
    ret->event_count = count;
    return ids;
}

static void add_claim(struct ledger *ledger, const struct model_write *write, json_t *line,
                      struct cairn_write *ret)
{
    if (write->claim < 0)
        return;
    struct cairn_claim *claim = cairn_new(&ledger->actor->arena, struct cairn_claim, 1);
    *claim = (struct cairn_claim){
        .taken = write->takes, .scope = "ledger", .key = name_of(ledger, "", write->claim)};
    ret->claims = claim;
    ret->claim_count = 1;
    (void)json_object_set_new(line, write->takes ? "takes" : "gives", json_string(claim->key));
}

static void add_command(struct ledger *ledger, const struct model_write *write, json_t *line,
                        struct cairn_write *ret)
{
    if (write->command < 0)
        return;
    struct cairn_new_command *made = cairn_new(&ledger->actor->arena, struct cairn_new_command, 1);
    *made = (struct cairn_new_command){key_of(ledger, write->command, write->hash), 200,
                                       ret->event_count, ret->event_count};
    ret->commands = made;
    ret->command_count = 1;
    char id[CAIRN_UUID_TEXT_SIZE];
    cairn_uuid_format(made->key.id, id);
    (void)json_object_set_new(line, "command", json_string(id));
    (void)json_object_set_new(
        line, "hash",
        json_string(cairn_print(&ledger->actor->arena, "%" PRId64, made->key.request_hash)));
}

static json_t *make_write(struct ledger *ledger, const struct model_append *from, int i,
                          struct cairn_write *ret)
{
    const struct model_write *write = &from->op->writes[i];
    *ret = (struct cairn_write){.expected = from->expected[i]};
    ret->expected.stream = name_of(ledger, "ledger-", write->stream);
    json_t *line = expectation(ret->expected.stream, &ret->expected);
    (void)json_object_set_new(line, "ids", add_events(ledger, from, i, ret));
    add_claim(ledger, write, line, ret);
    add_command(ledger, write, line, ret);
    return line;
}

static json_t *make_append(struct ledger *ledger, const struct model_append *from,
                           struct cairn_append *ret)
{
    struct cairn_write *writes = cairn_new(&ledger->actor->arena, struct cairn_write, 2);
    json_t *line = json_pack("{ss ss}", "kind", "append", "actor", ledger->actor->name);
    json_t *list = json_array();
    for (int i = 0; i < from->op->write_count; i++)
        (void)json_array_append_new(list, make_write(ledger, from, i, &writes[i]));
    (void)json_object_set_new(line, "writes", list);
    *ret = (struct cairn_append){.writes = writes, .write_count = (size_t)from->op->write_count};
    if (from->op->check < 0)
        return line;
    struct cairn_expected *check = cairn_new(&ledger->actor->arena, struct cairn_expected, 1);
    *check = from->check;
    check->stream = name_of(ledger, "ledger-", from->op->check);
    ret->checks = check;
    ret->check_count = 1;
    (void)json_object_set_new(line, "check", expectation(check->stream, check));
    return line;
}

/* ---- appending ---- */

/* Carries out all appends in one batch, or a single one alone. A batch that was sent and not
 * answered is unknown; one that the database refused, which should never happen, is recorded as its
 * error. */
static void carry_out(struct ledger *ledger, struct pending *pending,
                      struct cairn_append_batch *batch)
{
    struct cairn_error error = {0};
    if (pending->count == 1) {
        pending->outcomes[0] = cairn_store_append(ledger->store, &pending->appends[0],
                                                  &ledger->actor->arena, pending->ret[0], &error);
        return;
    }
    int failed = cairn_append_batch_call(batch, ledger->store, &error);
    struct cairn_append_batch_cursor cursor = {0};
    for (int i = 0; i < pending->count; i++) {
        if (failed)
            pending->outcomes[i] =
                cairn_pg_sent(cairn_store_pg(ledger->store)) ? -CAIRN_UNKNOWN : failed;
        else
            pending->outcomes[i] = cairn_append_batch_next(batch, &cursor, &pending->appends[i],
                                                           pending->ret[i], NULL);
    }
}

static void write_down(struct ledger *ledger, struct pending *pending, int i)
{
    json_t *line = pending->lines[i];
    int outcome = pending->outcomes[i];
    const char *word = outcome == 0  ? "appended"
                       : outcome > 0 ? "replayed"
                                     : cairn_code_info(outcome)->name;
    (void)json_object_set_new(line, "done", json_integer(history_now_us()));
    (void)json_object_set_new(line, "outcome", json_string(word));
    for (size_t k = 0; outcome == 0 && k < pending->appends[i].write_count; k++) {
        json_t *write = json_array_get(json_object_get(line, "writes"), k);
        (void)json_object_set_new(write, "answered", json_integer(pending->ret[i][k].version));
        (void)json_object_set_new(write, "position", json_integer(pending->ret[i][k].position));
    }
    history_add(ledger->actor->stage->history, line);
}

/* Returns whether the outcome is definite; after any other the streams' versions are unknown. */
static bool is_known(int outcome)
{
    return outcome >= 0 || outcome == -CAIRN_CONFLICT || outcome == -CAIRN_EXISTS ||
           outcome == -CAIRN_CLAIMED || outcome == -CAIRN_KEY_REUSED;
}

/* Reads the streams' real versions after a refusal, as any client would. */
static void read_versions(struct ledger *ledger)
{
    for (int i = 0; i < MODEL_STREAMS; i++) {
        const struct cairn_stored_event *events = NULL;
        int64_t count = cairn_store_read_stream(ledger->store, name_of(ledger, "ledger-", i), 0,
                                                10000, &ledger->actor->arena, &events, NULL, NULL);
        ledger->belief[i] = (struct model_stream){0};
        if (count > 0)
            ledger->belief[i] =
                (struct model_stream){events[count - 1].version, events[count - 1].event_id};
    }
}

/* Returns whether the round continues. */
static bool flush(struct ledger *ledger, struct pending *pending, struct cairn_append_batch *batch)
{
    bool known = true;
    bool refused = false;
    int64_t sent = history_now_us();
    carry_out(ledger, pending, batch);
    for (int i = 0; i < pending->count; i++) {
        (void)json_object_set_new(pending->lines[i], "sent", json_integer(sent));
        known = known && is_known(pending->outcomes[i]);
        refused = refused || pending->outcomes[i] != 0;
        write_down(ledger, pending, i);
    }
    pending->count = 0;
    if (known && refused)
        read_versions(ledger);
    return known;
}

/* Some rounds are about two claims alone, in batches: acquired, released, and acquired again by
 * another stream before anything is committed. */
static void make_it_about_claims(struct ledger *ledger, struct model_op *op)
{
    unsigned *random = &ledger->actor->random;
    op->write_count = 1;
    op->check = -1;
    op->joins = dice(random, 8) > 0;
    op->writes[0].expects = MODEL_ANY;
    op->writes[0].events = 1;
    op->writes[0].command = -1;
    op->writes[0].claim = dice(random, 2);
    op->writes[0].takes = dice(random, 2);
}

/* In other rounds every append is one event alone, often with a check of another stream: the short
 * paths. */
static void make_it_short(struct ledger *ledger, struct model_op *op)
{
    unsigned *random = &ledger->actor->random;
    op->write_count = 1;
    op->joins = false;
    op->writes[0].events = 1;
    op->writes[0].claim = -1;
    op->check = dice(random, 3) ? (op->writes[0].stream + 1) % MODEL_STREAMS : -1;
    if (dice(random, 4))
        op->check_expects = MODEL_RIGHT;
}

/* In others every append says what its stream ends with, and looks at a stream that its batch
 * does not write: such a batch is written as a whole, or not at all. Half of the streams are
 * written for a while, then the other half. */
static void make_it_whole(struct ledger *ledger, struct model_op *op, int i)
{
    enum { HALF = MODEL_STREAMS / 2, WHILE = 6 };
    unsigned *random = &ledger->actor->random;
    int written = i / WHILE % 2 ? HALF : 0;
    op->write_count = 1;
    op->joins = i % WHILE > 0;
    op->writes[0].stream = written + dice(random, HALF);
    op->writes[0].expects = MODEL_RIGHT;
    op->writes[0].events = 1 + dice(random, 2);
    op->writes[0].claim = -1;
    op->check = dice(random, 2) ? (HALF - written) + dice(random, HALF) : -1;
    op->check_expects = dice(random, 6) ? MODEL_RIGHT : MODEL_OTHER_EVENT;
}

static bool run_round(struct ledger *ledger)
{
    struct actor *actor = ledger->actor;
    struct pending pending = {.count = 0};
    struct cairn_append_batch batch;
    bool known = true;
    ledger->round++;
    memset(ledger->belief, 0, sizeof ledger->belief);
    for (int i = 0; i < OPS_OF_A_ROUND && known && !actor->stage->over; i++) {
        struct model_op *op = &pending.ops[pending.count];
        struct model_append *from = &pending.from[pending.count];
        struct model_stream kept[MODEL_STREAMS];
        *op = model_random_op(&actor->random);
        if (ledger->round % 4 == 0)
            make_it_about_claims(ledger, op);
        else if (ledger->round % 4 == 1)
            make_it_short(ledger, op);
        else if (ledger->round % 4 == 2)
            make_it_whole(ledger, op, i);
        memcpy(kept, ledger->belief, sizeof kept);
        model_resolve(ledger->belief, op, from);
        struct cairn_append append;
        json_t *line = make_append(ledger, from, &append);
        if (pending.count > 0 && (!op->joins || pending.count == BATCH_MAX - 1 ||
                                  !cairn_append_batch_takes(&batch, &append))) {
            json_decref(line); /* another one is drawn after the flush */
            memcpy(ledger->belief, kept, sizeof kept);
            known = flush(ledger, &pending, &batch);
            continue;
        }
        if (pending.count == 0)
            cairn_append_batch_init(&batch, &actor->arena);
        pending.appends[pending.count] = append;
        cairn_append_batch_add(&batch, &pending.appends[pending.count]);
        pending.lines[pending.count++] = line;
    }
    return pending.count == 0 || flush(ledger, &pending, &batch);
}

void load_ledger(struct actor *actor)
{
    struct ledger ledger = {.actor = actor};
    if (cairn_store_open(actor->stage->writer_url, "ledger", &ledger.store, NULL) < 0)
        return;
    while (!actor->stage->over) {
        cairn_arena_reset(&actor->arena);
        if (!run_round(&ledger))
            rest_us(100000);
        rest_us(actor->stage->pause_us * 5);
    }
    cairn_store_close(ledger.store);
}
