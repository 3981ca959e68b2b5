/* fuzz_text.c - the short texts that clients send in headers and URLs, and operators in settings:
 * tokens, cursors, preferences, ETags, ids, times, days, numbers, addresses. The first byte selects
 * the kind. Input that is accepted and written again is accepted again, and means the same. */
#include "fuzz.h"

#include "http/request/conditional.h"
#include "query/read/fresh.h"
#include "query/request/cursor.h"
#include "query/request/operand.h"
#include "redis/address.h"
#include "store/read/token.h"

#include "../../projections/order_summary.h"
#include "record/json.h"

#include <string.h>

static void try_token(const char *text)
{
    struct cairn_timeline timeline = {
        .store_id = CAIRN_UUID("3f2a9c1e-0000-4000-8000-000000000000"), .epoch = 1};
    char again[CAIRN_TOKEN_TEXT_SIZE];
    int64_t position = -1;
    int64_t same = -1;
    if (cairn_token_parse(text, &timeline, &position, NULL) != 0)
        return;
    expect(position >= 0);
    cairn_token_format(&timeline, position, again);
    expect(cairn_token_parse(again, &timeline, &same, NULL) == 0 && same == position);
}

/* A decoded cursor can be encoded again. No input has a valid seal; an encoded cursor has. */
static void try_cursor(const char *text, struct cairn_arena *arena)
{
    const struct cairn_query_seal seal = {"a secret that no input knows", "/things"};
    struct cairn_query_cursor cursor, same;
    if (cairn_query_cursor_decode(text, arena, &cursor) != 0)
        return;
    expect(!cairn_query_cursor_holds(&cursor, &seal, arena));
    const char *made = cairn_query_cursor_encode(&cursor, &seal, arena);
    expect(cairn_query_cursor_decode(made, arena, &same) == 0);
    expect(cairn_query_cursor_holds(&same, &seal, arena));
    expect(same.descending == cursor.descending && strcmp(same.value, cursor.value) == 0 &&
           strcmp(same.key, cursor.key) == 0);
}

static void try_prefer(const char *text)
{
    int64_t seconds = -1;
    (void)cairn_query_prefer_wait(text, &seconds);
    expect(seconds >= 0 && seconds <= 30);
}

static void try_uuid(const char *text)
{
    struct cairn_uuid id, same;
    char again[CAIRN_UUID_TEXT_SIZE];
    if (cairn_uuid_parse(text, &id) != 0)
        return;
    cairn_uuid_format(id, again);
    expect(strcasecmp(again, text) == 0);
    expect(cairn_uuid_parse(again, &same) == 0 && cairn_uuid_equal(id, same));
}

static void try_time(const char *text)
{
    struct cairn_time time, same;
    struct cairn_day day, same_day;
    char again[CAIRN_TIME_TEXT_SIZE];
    char day_again[CAIRN_DAY_TEXT_SIZE];
    if (cairn_time_parse(text, &time) == 0) {
        cairn_time_format(time, again);
        expect(cairn_time_parse(again, &same) == 0 && same.us == time.us);
    }
    if (cairn_day_parse(text, &day) == 0) {
        cairn_day_format(day, day_again);
        expect(strcmp(day_again, text) == 0);
        expect(cairn_day_parse(day_again, &same_day) == 0);
    }
}

static void try_operands(const char *text)
{
    struct cairn_error error = {0};
    for (uint32_t i = 0; i < order_summary_record.count; i++) {
        struct cairn_query_operand operand;
        if (cairn_query_comparable(&order_summary_record.fields[i]))
            (void)!cairn_query_operand_read(&order_summary_record.fields[i], text, "?x", &operand,
                                            &error);
    }
    int64_t number;
    if (cairn_integer_parse(text, &number) == 0)
        expect(strtoll(text, NULL, 10) == number);
}

static void try_redis(const char *text, struct cairn_arena *arena)
{
    struct cairn_redis_address address;
    struct cairn_error error = {0};
    if (cairn_redis_address(text, arena, &address, &error) == 0)
        expect(address.path || (address.host && address.port > 0 && address.port <= 65535));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cairn_arena arena = {0};
    if (size == 0)
        return 0;
    char *text = text_of(data + 1, size - 1);
    switch (data[0] % 8) {
    case 0:
        try_token(text);
        break;
    case 1:
        try_cursor(text, &arena);
        break;
    case 2:
        try_prefer(text);
        break;
    case 3:
        (void)cairn_etags_name(text, "\"12.3\"");
        (void)cairn_accept_quality(text, "text/event-stream");
        break;
    case 4:
        try_uuid(text);
        break;
    case 5:
        try_time(text);
        break;
    case 6:
        try_operands(text);
        break;
    default:
        try_redis(text, &arena);
        break;
    }
    free(text);
    cairn_arena_close(&arena);
    return 0;
}
