/* model.c - an in-memory model of the store's specification, without a database. */
#include "model.h"

#include "core/threads/clock.h"

#include <string.h>

/* ---- expectations ---- */

static struct cairn_expected expect(const struct model_stream *believed, enum model_expects expects)
{
    struct cairn_expected ret = {.version = believed->version, .event_id = believed->last};
    switch (expects) {
    case MODEL_ANY:
        return (struct cairn_expected){.version = CAIRN_VERSION_ANY};
    case MODEL_NONE:
        return (struct cairn_expected){.version = CAIRN_VERSION_NONE};
    case MODEL_RIGHT:
    case MODEL_EXPECTS:
        break;
    case MODEL_VERSION_ONLY:
        ret.event_id = (struct cairn_uuid){{0}};
        break;
    case MODEL_OLDER:
        ret.version = believed->version > 0 ? believed->version - 1 : 0;
        ret.event_id = (struct cairn_uuid){{0}};
        break;
    case MODEL_AHEAD:
        ret.version = believed->version + 1;
        ret.event_id = (struct cairn_uuid){{0}};
        break;
    case MODEL_OTHER_EVENT:
        if (believed->version > 0)
            ret.event_id = cairn_uuid_make();
        break;
    }
    return ret;
}

void model_resolve(struct model_stream belief[MODEL_STREAMS], const struct model_op *op,
                   struct model_append *ret)
{
    *ret = (struct model_append){.op = op};
    if (op->check >= 0)
        ret->check = expect(&belief[op->check], op->check_expects);
    for (int i = 0; i < op->write_count; i++)
        ret->expected[i] = expect(&belief[op->writes[i].stream], op->writes[i].expects);
    for (int i = 0; i < op->write_count; i++) {
        struct model_stream *stream = &belief[op->writes[i].stream];
        for (int k = 0; k < op->writes[i].events; k++) {
            ret->ids[i][k] = cairn_uuid_make();
            stream->version++;
            stream->last = ret->ids[i][k];
        }
    }
}

/* ---- appending ---- */

static bool holds(const struct model_stream *stream, const struct cairn_expected *expected)
{
    if (expected->version == CAIRN_VERSION_ANY)
        return true;
    return stream->version == expected->version &&
           (cairn_uuid_is_zero(expected->event_id) || stream->version == 0 ||
            cairn_uuid_equal(stream->last, expected->event_id));
}

static int check_commands(const struct model *model, const struct model_op *op)
{
    int outcome = 0;
    for (int i = 0; i < op->write_count; i++) {
        const struct model_write *write = &op->writes[i];
        if (write->command >= 0 && model->commands[write->command].known)
            outcome = model->commands[write->command].hash == write->hash ? 1 : -CAIRN_KEY_REUSED;
    }
    return outcome;
}

static int check_conditions(const struct model *model, const struct model_append *append)
{
    const struct model_op *op = append->op;
    int outcome = 0;
    for (int i = 0; i < op->write_count; i++) {
        if (holds(&model->streams[op->writes[i].stream], &append->expected[i]))
            continue;
        if (outcome == 0)
            outcome = -CAIRN_EXISTS;
        if (append->expected[i].version != CAIRN_VERSION_NONE)
            outcome = -CAIRN_CONFLICT;
    }
    if (op->check >= 0 && !holds(&model->streams[op->check], &append->check))
        outcome = -CAIRN_CONFLICT;
    return outcome;
}

static int check_claims(const struct model *model, const struct model_op *op)
{
    for (int i = 0; i < op->write_count; i++) {
        const struct model_write *write = &op->writes[i];
        if (write->claim < 0 || !write->takes)
            continue;
        int holder = model->holder[write->claim];
        if (holder && holder != write->stream + 1)
            return -CAIRN_CLAIMED;
    }
    return 0;
}

static void carry_out(struct model *model, const struct model_write *write,
                      const struct cairn_uuid *ids)
{
    struct model_stream *stream = &model->streams[write->stream];
    for (int i = 0; i < write->events; i++) {
        stream->version++;
        stream->last = ids[i];
        model->events[model->count].stream = write->stream;
        model->events[model->count].version = stream->version;
        model->events[model->count].id = ids[i];
        model->count++;
    }
    if (write->claim >= 0 && write->takes)
        model->holder[write->claim] = write->stream + 1;
    else if (write->claim >= 0 && model->holder[write->claim] == write->stream + 1)
        model->holder[write->claim] = 0;
    if (write->command >= 0) {
        model->commands[write->command].known = true;
        model->commands[write->command].hash = write->hash;
        model->commands[write->command].stream = write->stream;
        model->commands[write->command].version = stream->version;
        model->commands[write->command].position = model->count;
        model->commands[write->command].events = write->events;
    }
}

int model_append(struct model *model, const struct model_append *append,
                 struct cairn_appended ret[2])
{
    const struct model_op *op = append->op;
    int outcome = check_commands(model, op);
    if (!outcome)
        outcome = check_conditions(model, append);
    if (!outcome)
        outcome = check_claims(model, op);
    for (int i = 0; i < op->write_count; i++) {
        if (outcome == 0)
            carry_out(model, &op->writes[i], append->ids[i]);
        ret[i] =
            (struct cairn_appended){model->streams[op->writes[i].stream].version, model->count};
    }
    return outcome;
}

/* ---- random operations ---- */

/* Numerical Recipes' linear congruential generator: sufficient, and the same on every platform. */
static int below(unsigned *random, int end)
{
    *random = *random * 1664525U + 1013904223U;
    return (int)((*random >> 8) % (unsigned)end);
}

static enum model_expects random_expectation(unsigned *random)
{
    return below(random, 2) ? MODEL_RIGHT : (enum model_expects)below(random, MODEL_EXPECTS);
}

static struct model_write random_write(unsigned *random)
{
    struct model_write write = {
        .stream = below(random, MODEL_STREAMS),
        .expects = random_expectation(random),
        .events = below(random, 4),
        .claim = below(random, 3) ? -1 : below(random, MODEL_CLAIMS),
        .takes = below(random, 3) > 0,
        .command = below(random, 3) ? -1 : below(random, MODEL_COMMANDS),
        .hash = below(random, 8) == 0,
    };
    if (write.events == 0 && (write.command < 0 || write.claim >= 0))
        write.events = 1;
    return write;
}

struct model_op model_random_op(unsigned *random)
{
    struct model_op op = {
        .write_count = 1 + (below(random, 4) == 0),
        .check = below(random, 4) ? -1 : below(random, MODEL_STREAMS),
        .check_expects = random_expectation(random),
        .joins = below(random, 2),
    };
    for (int i = 0; i < op.write_count; i++)
        op.writes[i] = random_write(random);
    struct model_write *first = &op.writes[0];
    struct model_write *second = &op.writes[1];
    if (op.write_count == 2 && first->stream == second->stream)
        second->stream = (second->stream + 1) % MODEL_STREAMS;
    if (op.write_count == 2 && first->claim == second->claim)
        second->claim = -1;
    if (op.write_count == 2 && first->command == second->command)
        second->command = -1;
    if (op.write_count == 2 && second->events == 0 && second->command < 0)
        second->events = 1;
    for (int i = 0; i < op.write_count; i++) {
        if (op.writes[i].stream == op.check)
            op.check = -1;
    }
    return op;
}

/* ---- printing ---- */

static const char *const words[MODEL_EXPECTS] = {
    "any", "none", "right", "right version", "older version", "version ahead", "another event",
};

void model_print_op(const struct model_op *op, struct cairn_buffer *out)
{
    cairn_buffer_text(out, op->joins ? "  + " : "  - ");
    for (int i = 0; i < op->write_count; i++) {
        const struct model_write *write = &op->writes[i];
        cairn_buffer_print(out, "%s%d events on s%d (%s)", i ? " and " : "", write->events,
                           write->stream, words[write->expects]);
        if (write->claim >= 0)
            cairn_buffer_print(out, " %s c%d", write->takes ? "taking" : "giving back",
                               write->claim);
        if (write->command >= 0)
            cairn_buffer_print(out, " as command k%d%s", write->command,
                               write->hash ? " of another request" : "");
    }
    if (op->check >= 0)
        cairn_buffer_print(out, ", looking at s%d (%s)", op->check, words[op->check_expects]);
    cairn_buffer_char(out, '\n');
}
