/* check_standby.c - checks that the standby, inspected while nothing reached it, had everything
 * that was acknowledged before the inspection. */
#include "check.h"

#include <string.h>

/* One inspection of the standby. */
struct sight {
    int64_t at, head;
    struct verdict *verdict;
};

static void expect(const struct sight *sight, const char *what, int64_t done, int64_t position)
{
    if (done < sight->at && position > sight->head)
        verdict_add(sight->verdict, "replicated",
                    "%s at position %" PRId64 " was acknowledged when the standby had %" PRId64,
                    what, position, sight->head);
}

/* An answer that writes nothing states a position, too, and vouches for it. */
static void expect_requests(const struct evidence *evidence, const struct sight *sight)
{
    for (size_t i = 0; i < evidence->request_count; i++) {
        const struct request *request = &evidence->requests[i];
        if (!request_reads(request) && (request->status == 200 || request->status == 201))
            expect(sight, request->path, request->done, request->position);
    }
}

static void expect_writes(const struct sight *sight, const json_t *line)
{
    size_t i;
    const json_t *write;
    json_array_foreach(json_object_get(line, "writes"), i, write)
        expect(sight, member_text(write, "stream"), member_number(line, "done", INT64_MAX),
               member_number(write, "position", 0));
}

static void expect_ids(const struct evidence *evidence, const struct sight *sight,
                       const json_t *line)
{
    size_t i;
    const json_t *id;
    json_array_foreach(json_object_get(line, "ids"), i, id)
    {
        const struct event *event = cairn_map_get(&evidence->ids, json_string_value(id));
        if (event)
            expect(sight, event->stream, member_number(line, "done", INT64_MAX), event->position);
    }
}

void check_replicated(struct evidence *evidence, struct verdict *verdict)
{
    size_t i, k;
    json_t *looked, *line;
    json_array_foreach(evidence->history, i, looked)
    {
        if (strcmp(member_text(looked, "kind"), "standby") != 0)
            continue;
        const struct sight sight = {member_number(looked, "at", 0),
                                    member_number(looked, "head", 0), verdict};
        expect_requests(evidence, &sight);
        json_array_foreach(evidence->history, k, line)
        {
            const char *kind = member_text(line, "kind");
            const char *outcome = member_text(line, "outcome");
            if (strcmp(kind, "append") == 0 && strcmp(outcome, "appended") == 0)
                expect_writes(&sight, line);
            if (strcmp(kind, "sql") == 0 && strcmp(outcome, "committed") == 0)
                expect_ids(evidence, &sight, line);
        }
    }
}
