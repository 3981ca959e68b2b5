/* test_row_keys.c - rows whose keys are made of fields: several from one event, joined from two
 * categories, deleted; and what apply says when it parks a row. */
#include "../support/kit.h"

#include "projection/tables/read_table.h"

#include <cairn/projection.h>

#include <string.h>

CAIRN_STRUCT(stay_booked, UUID(room_id), DAY(from), DAY(to), TEXT(guest));
CAIRN_STRUCT(stay_cancelled, UUID(room_id), DAY(from), DAY(to));
CAIRN_EVENTS(stay, EVENT(stay_booked, "StayBooked", 1), EVENT(stay_cancelled, "StayCancelled", 1));
CAIRN_STRUCT(meal_ordered, UUID(room_id), DAY(day), TEXT(meal));
CAIRN_EVENTS(meal, EVENT(meal_ordered, "MealOrdered", 1));

/* One row a room and night, made of stays and meals. */
CAIRN_STRUCT(nights_key, UUID(room_id), DAY(night));
CAIRN_STRUCT(nights, UUID(room_id), DAY(night), TEXT(guest, .optional = true), INT(meals));
CAIRN_PROJECTION(nights, .version = 1, .key = &nights_key_record);

CAIRN_KEYS(nights, stay_booked)
{
    for (struct cairn_day night = event->from; night.days < event->to.days; night.days++)
        CAIRN_KEY(ret, nights_key, .room_id = event->room_id, .night = night);
}

/* Overwrites the whole row: the columns of its key stay what they are. */
CAIRN_ON(nights, stay, stay_booked)
{
    *row = (struct nights){.guest = event->guest, .meals = row->meals};
    return CAIRN_KEEP;
}

CAIRN_KEYS(nights, stay_cancelled)
{
    for (struct cairn_day night = event->from; night.days < event->to.days; night.days++)
        CAIRN_KEY(ret, nights_key, .room_id = event->room_id, .night = night);
}

CAIRN_ON(nights, stay, stay_cancelled)
{
    return row->meals ? cairn_park(error, "%" PRId64 " meals were ordered", row->meals)
                      : CAIRN_DELETE;
}

CAIRN_KEYS(nights, meal_ordered)
{
    CAIRN_KEY(ret, nights_key, .room_id = event->room_id, .night = event->day);
}

CAIRN_ON(nights, meal, meal_ordered)
{
    row->meals++;
    return CAIRN_KEEP;
}

#define ROOM_KEY "01890000-0000-7000-8000-00000000000a"
#define ROOM .room_id = CAIRN_UUID(ROOM_KEY)
#define MAY(n) CAIRN_DAY("2026-05-0" #n)

static void an_event_makes_a_row_for_each_of_its_keys(void **state)
{
    (void)state;
    CAIRN_PROJECTING(nights);
    GIVEN(stay_booked, ROOM, .from = MAY(1), .to = MAY(3), .guest = "Ada");
    THEN_ROW(ROOM_KEY ":2026-05-01", nights, ROOM, .night = MAY(1), .guest = "Ada");
    THEN_ROW(ROOM_KEY ":2026-05-02", nights, ROOM, .night = MAY(2), .guest = "Ada");
    THEN_NO_ROW(ROOM_KEY ":2026-05-03");
}

static void two_categories_make_one_row_and_it_is_deleted(void **state)
{
    (void)state;
    CAIRN_PROJECTING(nights);
    GIVEN(meal_ordered, ROOM, .day = MAY(2), .meal = "tea");
    GIVEN(stay_booked, ROOM, .from = MAY(1), .to = MAY(3), .guest = "Ada");
    THEN_ROW(ROOM_KEY ":2026-05-02", nights, ROOM, .night = MAY(2), .guest = "Ada", .meals = 1);
    GIVEN(stay_cancelled, ROOM, .from = MAY(1), .to = MAY(2));
    THEN_NO_ROW(ROOM_KEY ":2026-05-01");
    GIVEN(stay_cancelled, ROOM, .from = MAY(2), .to = MAY(3));
    THEN_PARKED(ROOM_KEY ":2026-05-02");
}

/* ---- every kind in a key ---- */

CAIRN_ENUM(size, (SMALL, "small"), (LARGE, "large"));
CAIRN_STRUCT(seen, INT(number), BOOL(flag), TEXT(text), TIME(time), ENUM(size, size),
             DECIMAL(price, 2), DURATION(stay));
CAIRN_EVENTS(sight, EVENT(seen, "Seen", 1));
CAIRN_STRUCT(sights_key, INT(number), BOOL(flag), TEXT(text), TIME(time), ENUM(size, size),
             DECIMAL(price, 2), DURATION(stay));
CAIRN_STRUCT(sights, DURATION(stay), DECIMAL(price, 2), ENUM(size, size), TIME(time), TEXT(text),
             BOOL(flag), INT(number));
CAIRN_PROJECTION(sights, .version = 1, .key = &sights_key_record);

CAIRN_KEYS(sights, seen)
{
    CAIRN_KEY(ret, sights_key, .number = event->number, .flag = event->flag, .text = event->text,
              .time = event->time, .size = event->size, .price = event->price, .stay = event->stay);
}

CAIRN_ON(sights, sight, seen)
{
    return CAIRN_KEEP;
}

#define SIGHT                                                                                      \
    .number = -7, .flag = true, .text = "a:b%c",                                                   \
    .time = CAIRN_TIME("2026-05-01T10:20:30.000001Z"), .size = LARGE, .price = {-150},             \
    .stay = {CAIRN_MINUTES(90)}

static void a_key_of_every_kind_fills_the_columns(void **state)
{
    (void)state;
    CAIRN_PROJECTING(sights);
    GIVEN(seen, SIGHT);
    THEN_ROW("-7:true:a%3Ab%25c:2026-05-01T10:20:30.000001Z:large:-1.50:PT1H30M", sights, SIGHT);
}

/* ---- mistakes, found at start ---- */

CAIRN_STRUCT(no_column_key, UUID(room_id), DAY(day));
CAIRN_STRUCT(other_kind_key, TEXT(room_id));
CAIRN_STRUCT(list_key, TEXTS(guest));
CAIRN_STRUCT(no_key);

static void a_key_that_the_row_does_not_have_is_found(void **state)
{
    (void)state;
    static const struct {
        const struct cairn_record *key;
        const char *said;
    } cases[] = {
        {&no_column_key_record,
         "the row has no column day of the kind that its key no_column_key has"},
        {&other_kind_key_record,
         "the row has no column room_id of the kind that its key other_kind_key has"},
        {&list_key_record, "list_key.guest cannot be a part of a key: it is no plain value"},
        {&no_key_record, "its key no_key has no fields"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cairn_projection projection = nights_projection;
        struct cairn_error error = {0};
        projection.key = cases[i].key;
        assert_int_equal(cairn_table_check(&projection, &error), -CAIRN_BUG);
        assert_non_null(strstr(error.message, cases[i].said));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_event_makes_a_row_for_each_of_its_keys),
        cmocka_unit_test(two_categories_make_one_row_and_it_is_deleted),
        cmocka_unit_test(a_key_of_every_kind_fills_the_columns),
        cmocka_unit_test(a_key_that_the_row_does_not_have_is_found),
    };
    return cmocka_run_group_tests_name("row keys", tests, kit_setup, NULL);
}
