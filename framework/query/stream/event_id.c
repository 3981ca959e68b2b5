/* event_id.c - formats and parses the ids of the messages of a stream. */
#include "query/stream/event_id.h"

#include "store/read/token.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void cairn_event_id_format(const struct cairn_timeline *timeline, int64_t position,
                           int64_t generation, const char *print,
                           char ret[static CAIRN_EVENT_ID_SIZE])
{
    char token[CAIRN_TOKEN_TEXT_SIZE];
    cairn_token_format(timeline, position, token);
    (void)snprintf(ret, CAIRN_EVENT_ID_SIZE, "%s.%" PRId64 "%s%s", token, generation,
                   print ? "." : "", print ? print : "");
}

bool cairn_event_id_parse(const char *text, const struct cairn_timeline *timeline,
                          int64_t generation, const char *print, int64_t *ret_position)
{
    char token[CAIRN_TOKEN_TEXT_SIZE];
    const char *dot = strchr(text, '.');
    size_t digits = dot ? strspn(dot + 1, "0123456789") : 0;
    if (digits == 0 || digits > 18 || (size_t)(dot - text) >= sizeof token)
        return false;
    const char *rest = dot + 1 + digits;
    if (*rest && *rest != '.')
        return false;
    if (print && strcmp(*rest ? rest + 1 : "", print) != 0)
        return false;
    if (generation && strtoll(dot + 1, NULL, 10) != generation)
        return false;
    (void)snprintf(token, sizeof token, "%.*s", (int)(dot - text), text);
    return cairn_token_parse(token, timeline, ret_position, NULL) == 0;
}
