/* fuzz_record.c - JSON to records. Input that is accepted strictly is also accepted leniently, is
 * well-formed, and is identical, byte for byte, after it was written and read again. */
#include "fuzz.h"

#include "../../projections/order_summary.h"
#include "../../projections/payments.h"
#include "../../projections/sales_by_day.h"
#include "../../projections/users.h"
#include "../../services/order/order.h"
#include "../../services/payment/payment.h"
#include "../../services/user/user.h"
#include "record/json.h"

#include <string.h>

/* All kinds of fields, which the shop does not have. */
CAIRN_ENUM(colour, (RED, "red"), (GREEN, "green"), (OTHER, "other"));
CAIRN_STRUCT(point, INT(x, CAIRN_RANGE(-5, 5)), DECIMAL(y, 2, .optional = true));
CAIRN_STRUCT(box, RECORD(corner, point), OPTIONAL_RECORD(other, point), LIST(points, point),
             TEXT_MAP(labels, .max_count = 3, .max_bytes = 8));
CAIRN_STRUCT(many_kinds, DECIMAL(weight, 3, CAIRN_RANGE(-1000, 100000)),
             MONEY(price, CAIRN_RANGE(0, 100000)), MONEY(fee, .optional = true),
             DURATION(length, CAIRN_RANGE(0, CAIRN_HOURS(48))),
             ENUM(colour, colour, .fallback = OTHER), ENUM(shade, colour, .optional = true),
             TEXTS(tags, .max_count = 3, .max_bytes = 5), INTS(numbers, CAIRN_RANGE(1, 9)),
             UUIDS(ids), DAYS(days, .min_count = 1), TEXT_MAP(labels), OPTIONAL_INT(count),
             OPTIONAL_BOOL(sure), OPTIONAL_DECIMAL(share, 2), OPTIONAL_DURATION(pause),
             OPTIONAL_RECORD(box, box), LIST(boxes, box, .max_count = 4),
             TEXT(mail, .format = CAIRN_FORMAT_EMAIL, .optional = true), TIME(at), DAY(day));
CAIRN_STRUCT(deep, RECORD(box, box), LIST(many, many_kinds, .max_count = 2));

/* The seeds name a record by its index. */
static const struct cairn_record *const records[] = {
    &place_order_record,   &register_user_record,   &request_payment_record, &order_placed_record,
    &order_summary_record, &payments_record,        &sales_by_day_record,    &users_record,
    &cancel_order_record,  &capture_payment_record, &many_kinds_record,      &deep_record};

/* Compares the encoded value with the encodings of its decoded encoding and of its copy. */
static void round_trip(const struct cairn_record *record, const void *value,
                       struct cairn_arena *arena)
{
    struct cairn_error error = {0};
    struct cairn_buffer once = cairn_buffer(arena);
    struct cairn_buffer twice = cairn_buffer(arena);
    void *again = cairn_arena_alloc(arena, record->size, record->align);
    expect(cairn_record_check(record, value, &error) == 0);
    cairn_record_encode(record, value, &once);
    expect(cairn_record_decode(record, once.text, once.length, CAIRN_STRICT, arena, again,
                               &error) == 0);
    cairn_record_encode(record, again, &twice);
    expect(strcmp(once.text, twice.text) == 0);
    void *copy = cairn_arena_alloc(arena, record->size, record->align);
    cairn_record_copy(record, value, copy, arena);
    struct cairn_buffer copied = cairn_buffer(arena);
    cairn_record_encode(record, copy, &copied);
    expect(strcmp(once.text, copied.text) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cairn_arena arena = {0};
    struct cairn_error error = {0};
    if (size == 0)
        return 0;
    const struct cairn_record *record = records[data[0] % (sizeof records / sizeof records[0])];
    char *json = text_of(data + 1, size - 1);
    void *value = cairn_arena_alloc(&arena, record->size, record->align);
    void *stored = cairn_arena_alloc(&arena, record->size, record->align);
    struct cairn_uuid id = {{0}};
    int strict = cairn_record_decode(record, json, size - 1, CAIRN_STRICT, &arena, value, &error);
    int lenient = cairn_record_decode(record, json, size - 1, CAIRN_LENIENT, &arena, stored, NULL);
    expect(strict == 0 || error.code != CAIRN_OK);
    expect(strict == 0 || -strict == (int)error.code);
    expect(error.code != CAIRN_INVALID || error.wrong_count > 0);
    expect(strict != 0 || lenient == 0);
    if (strict == 0)
        round_trip(record, value, &arena);
    (void)!cairn_record_decode_with_id(
        &place_order_record, "order_id", json, size - 1, &arena,
        cairn_arena_alloc(&arena, place_order_record.size, place_order_record.align), &id, NULL);
    free(json);
    cairn_arena_close(&arena);
    return 0;
}
