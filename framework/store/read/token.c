/* token.c - formats and parses Cairn-Position tokens. */
#include "store/read/token.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void store_tag(const struct cairn_timeline *timeline, char ret[static 9])
{
    char text[CAIRN_UUID_TEXT_SIZE];
    cairn_uuid_format(timeline->store_id, text);
    memcpy(ret, text, 8);
    ret[8] = '\0';
}

void cairn_token_format(const struct cairn_timeline *timeline, int64_t position,
                        char ret[static CAIRN_TOKEN_TEXT_SIZE])
{
    char tag[9];
    store_tag(timeline, tag);
    (void)snprintf(ret, CAIRN_TOKEN_TEXT_SIZE, "%s-%" PRId64 "-%" PRId64, tag, timeline->epoch,
                   position);
}

/* Reads "-" and a number without sign, at most 18 digits. Returns what follows, or NULL. */
static const char *read_part(const char *text, int64_t *ret)
{
    if (*text++ != '-')
        return NULL;
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 18)
        return NULL;
    *ret = strtoll(text, NULL, 10);
    return text + digits;
}

int cairn_token_parse(const char *text, const struct cairn_timeline *timeline,
                      int64_t *ret_position, struct cairn_error *error)
{
    int64_t epoch = 0;
    int64_t position = 0;
    const char *rest = strspn(text, "0123456789abcdef") == 8 ? text + 8 : NULL;
    if (rest)
        rest = read_part(rest, &epoch);
    if (rest)
        rest = read_part(rest, &position);
    if (!rest || *rest)
        return cairn_fail(error, CAIRN_MALFORMED,
                          "Cairn-Position is malformed: send it back as received");

    char tag[9];
    store_tag(timeline, tag);
    if (strncmp(text, tag, 8) != 0 || epoch != timeline->epoch)
        return cairn_fail(
            error, CAIRN_TIMELINE,
            "Cairn-Position belongs to another timeline than this store's: discard it");
    *ret_position = position;
    return 0;
}

bool cairn_timeline_equal(const struct cairn_timeline *a, const struct cairn_timeline *b)
{
    return a->epoch == b->epoch && cairn_uuid_equal(a->store_id, b->store_id);
}
