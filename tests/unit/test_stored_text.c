/* test_stored_text.c - finding a text in a stored row: what is found is what decoding it gives, and
 * whatever is cut off or odd is not found. */
#include "../support/support.h"

#include "core/containers/arena.h"
#include "query/request/row_owner.h"
#include "query/request/stored_text.h"
#include "record/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ADA "01890000-0000-7000-8000-00000000000a"

CAIRN_STRUCT(stamp, TEXT(owner), TEXTS(words));
CAIRN_STRUCT(letter, TEXT(title), LIST(stamps, stamp), TEXT(owner, .optional = true),
             UUID(owner_id, .optional = true), INT(weight));

static const struct {
    const char *json;
    const char *owner; /* NULL: not found */
} rows[] = {
    {"{\"owner\":\"ada\"}", "ada"},
    {"{\"owner\":\"\"}", ""},
    {"{\"title\":\"t\",\"owner\":\"ada\",\"weight\":7}", "ada"},
    {"{\"title\":\"\\\"owner\\\":\\\"bob\\\"\",\"owner\":\"ada\"}", "ada"},
    {"{\"title\":\"\\\\\",\"owner\":\"ada\"}", "ada"},
    {"{\"title\":\"owner\",\"weight\":-1.5e3,\"ok\":true,\"none\":null,\"owner\":\"ada\"}", "ada"},
    {"{\"stamps\":[{\"owner\":\"bob\",\"words\":[\"]\",\"}\"]}],\"owner\":\"ada\"}", "ada"},
    {"{\"stamps\":{\"a\":{\"owner\":\"bob\"}},\"owner\":\"ada\"}", "ada"},
    {"{\"stamps\":[{\"owner\":\"bob\"}]}", NULL},
    {"{\"owner\":null,\"title\":\"owner\"}", NULL},
    {"{\"owner\":7}", NULL},
    {"{\"owner\":{\"owner\":\"bob\"}}", NULL},
    {"{\"owner\":\"a\\u0064a\"}", NULL}, /* has to be decoded */
    {"{\"owners\":\"bob\",\"owne\":\"bob\"}", NULL},
    {"{\"own\\u0065r\":\"bob\"}", NULL},
    {"{ \"owner\":\"bob\"}", NULL},
    {"[\"owner\",\"bob\"]", NULL},
    {"{}", NULL},
    {"", NULL},
};
enum { ROWS = sizeof rows / sizeof rows[0] };

/* Returns a copy that ends where the allocation does, so that a read past its end is noticed. */
static char *copy(const char *text, size_t bytes)
{
    char *ret = malloc(bytes ? bytes : 1);
    assert_non_null(ret);
    memcpy(ret, text, bytes);
    return ret;
}

static void a_member_of_the_row_is_found_and_none_in_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS; i++) {
        const char *text = NULL;
        size_t bytes = 0;
        char *json = copy(rows[i].json, strlen(rows[i].json));
        bool found = cairn_stored_text(json, strlen(rows[i].json), "owner", &text, &bytes);
        if (found != (rows[i].owner != NULL) ||
            (found && (bytes != strlen(rows[i].owner) || memcmp(text, rows[i].owner, bytes) != 0)))
            fail_msg("%s: %s %.*s", rows[i].json, found ? "found" : "not found", (int)bytes,
                     found ? text : "");
        free(json);
    }
}

static void what_is_cut_off_anywhere_is_not_read_beyond_its_end(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS; i++) {
        for (size_t length = 0; length < strlen(rows[i].json); length++) {
            const char *text = NULL;
            size_t bytes = 0;
            char *json = copy(rows[i].json, length);
            if (cairn_stored_text(json, length, "owner", &text, &bytes))
                assert_true(text >= json && text + bytes < json + length && rows[i].owner);
            free(json);
        }
    }
}

/* Any row that is encoded: what is found is what was encoded. */
static void the_owner_of_a_stored_row_is_the_one_that_was_stored(void **state)
{
    (void)state;
    struct cairn_arena arena = {0};
    static const char *const names[] = {"ada", "bob", "a\"b",     "\\",
                                        "\n",  "",    "\xc3\xa4", "owner\":"};
    enum { NAMES = sizeof names / sizeof names[0] };
    for (size_t i = 0; i < (size_t)NAMES * NAMES; i++) {
        const char *owner = names[i % NAMES];
        const struct letter letter = {
            .title = names[i / NAMES],
            .stamps = CAIRN_ITEMS(stamp, {.owner = "ada"}, {.owner = names[i / NAMES]}),
            .owner = *owner ? owner : NULL,
            .owner_id = i % 3 ? CAIRN_UUID(ADA) : (struct cairn_uuid){.bytes = {0}},
        };
        struct cairn_buffer out = cairn_buffer(&arena);
        cairn_record_encode(&letter_record, &letter, &out);
        for (size_t k = 0; k < NAMES; k++) {
            const struct cairn_query_owner by_name = {
                .field = cairn_record_field(&letter_record, "owner"), .subject = names[k]};
            assert_int_equal(
                cairn_query_owner_sees_json(&by_name, &letter_record, out.text, out.length, &arena),
                *owner && strcmp(owner, names[k]) == 0);
        }
        const struct cairn_query_owner by_id = {.field =
                                                    cairn_record_field(&letter_record, "owner_id"),
                                                .subject = "01890000-0000-7000-8000-00000000000A"};
        assert_int_equal(
            cairn_query_owner_sees_json(&by_id, &letter_record, out.text, out.length, &arena),
            i % 3 != 0);
    }
    cairn_arena_close(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_member_of_the_row_is_found_and_none_in_it),
        cmocka_unit_test(what_is_cut_off_anywhere_is_not_read_beyond_its_end),
        cmocka_unit_test(the_owner_of_a_stored_row_is_the_one_that_was_stored),
    };
    return cmocka_run_group_tests_name("stored text", tests, NULL, NULL);
}
