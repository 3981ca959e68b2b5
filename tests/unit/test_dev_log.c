/* test_dev_log.c - how `cairn dev` reads the log lines of services. */
#include "../support/support.h"
#include "cli/dev/output/dev_log_line.h"

#include <string.h>

static struct cairn_arena arena;
static struct cairn_dev_log_line line;

static int close_arena(void **state)
{
    (void)state;
    cairn_arena_close(&arena);
    return 0;
}

static void a_line_of_the_log_has_its_fields(void **state)
{
    (void)state;
    assert_true(cairn_dev_log_line_read(
        &arena,
        "{\"time\":\"2026-11-29T20:18:15Z\",\"level\":\"info\",\"message\":\"request\",\"status\":201,"
        "\"path\":\"/shops/{id}\",\"error\":\"\"}",
        &line));
    assert_int_equal(line.count, 6);
    assert_string_equal(cairn_dev_log_line_get(&line, "status"), "201");
    assert_string_equal(cairn_dev_log_line_get(&line, "path"), "/shops/{id}");
    assert_string_equal(cairn_dev_log_line_get(&line, "error"), "");
    assert_string_equal(cairn_dev_log_line_get(&line, "none"), "");
}

static void what_was_escaped_is_text_again(void **state)
{
    (void)state;
    assert_true(cairn_dev_log_line_read(
        &arena, "{\"level\":\"warn\",\"message\":\"a \\\"b\\\" \\\\ c\\n\\u001b[1m \\/ \xc3\xa4\"}",
        &line));
    assert_string_equal(cairn_dev_log_line_get(&line, "message"),
                        "a \"b\" \\ c\n\033[1m / \xc3\xa4");
}

/* Output that is no line of the log is shown as it is. */
static void other_output_is_no_line_of_the_log(void **state)
{
    (void)state;
    static const char *const others[] = {
        "",
        "assertion failed",
        "{",
        "{}",
        "{\"level\":\"info\"}",
        "{\"level\":\"info\",\"message\":\"cut",
        "{\"level\":\"info\",\"message\":\"x\\",
        "{\"level\":\"info\",\"message\":\"x\\u00",
        "{\"level\":\"info\",\"message\":\"x\\q\"}",
        "{\"level\":\"info\",\"message\":\"x\",\"more\":{\"a\":1}}",
        "{\"level\":\"info\",\"message\":[1]}",
        "{\"level\":\"info\" \"message\":\"x\"}",
        "{\"level\":,\"message\":\"x\"}",
    };
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (cairn_dev_log_line_read(&arena, others[i], &line))
            fail_msg("was read: %s", others[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_of_the_log_has_its_fields),
        cmocka_unit_test(what_was_escaped_is_text_again),
        cmocka_unit_test(other_output_is_no_line_of_the_log),
    };
    return cmocka_run_group_tests_name("dev log", tests, NULL, close_arena);
}
