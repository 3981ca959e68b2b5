/* caused_by.c - reads the caller that caused an event from its meta. */
#include "record/json.h"
#include "store/store.h"

#include <cairn/record.h>

#include <string.h>

CAIRN_STRUCT(event_actor, TEXT(sub), TEXT(iss));
CAIRN_STRUCT(event_cause, OPTIONAL_RECORD(actor, event_actor));

const char *cairn_event_kept_meta(const char *meta)
{
    return meta && strstr(meta, "\"actor\"") ? meta : "{}";
}

struct cairn_actor cairn_caused_by(const struct cairn_meta *meta, struct cairn_arena *arena)
{
    struct event_cause cause = {0};
    struct cairn_error wrong = {0};
    const char *json = cairn_event_kept_meta(meta->json);
    int failed = cairn_record_decode(&event_cause_record, json, strlen(json), CAIRN_LENIENT, arena,
                                     &cause, &wrong);
    if (failed || !cause.actor) /* what was appended by hand may say anything */
        return (struct cairn_actor){.sub = NULL};
    return (struct cairn_actor){.sub = cause.actor->sub, .iss = cause.actor->iss};
}
