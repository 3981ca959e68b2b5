/* test_languages.c - the bus read by another language: docs/examples/consumer.mjs, with the usual
 * packages (tests/node/package.json). Every event has to be a valid CloudEvent to them, or the
 * program exits. */
#include "../support/child.h"
#include "../support/fixture.h"
#include "../support/support.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

enum { LONG_MS = 60000, ORDERS = 50 };

static struct bench {
    char url[512];
    char redis[300];
    char directory[512];
    char log[512];
    struct child projector;
} bench;

static int setup(void **state)
{
    (void)state;
    char binary[512];
    char url[600];
    char database[700];
    char listen[40];
    int port = fixture_free_port();
    bench = (struct bench){0};
    fixture_database(bench.url, sizeof bench.url);
    fixture_url_as(bench.url, "cairn_projector", url, sizeof url);
    (void)snprintf(bench.redis, sizeof bench.redis, "REDIS_URL=%s", fixture_redis());
    (void)snprintf(bench.directory, sizeof bench.directory, "%s/tests/node",
                   getenv("CAIRN_TEST_BUILD"));
    (void)snprintf(bench.log, sizeof bench.log, "%s/log/node.log", getenv("CAIRN_TEST_SERVERS"));
    (void)snprintf(binary, sizeof binary, "%s/bin/cairn-projector", getenv("CAIRN_TEST_BUILD"));
    (void)snprintf(database, sizeof database, "DATABASE_URL=%s", url);
    (void)snprintf(listen, sizeof listen, "PORT=%d", port);
    const char *const argv[] = {binary, NULL};
    const char *const env[] = {database, bench.redis, listen, NULL};
    assert_int_equal(child_start(&bench.projector, argv, env, "/dev/null"), 0);
    fixture_wait_http(port, "/readyz", LONG_MS);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    assert_int_equal(child_stop(&bench.projector, LONG_MS), 0);
    fixture_drop(bench.url);
    return 0;
}

/* Returns false if there is no node. */
static bool prepare(void)
{
    char command[1600];
    (void)snprintf(command, sizeof command, "'%s/tests/node/prepare' '%s' > '%s' 2>&1",
                   getenv("CAIRN_TEST_ROOT"), bench.directory, bench.log);
    int status = system(command);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
        return false;
    if (status != 0) {
        (void)snprintf(command, sizeof command, "cat '%s' >&2", bench.log);
        (void)!system(command);
        fail_msg("the packages cannot be installed");
    }
    return true;
}

static int lines_of_log(void)
{
    char line[4096];
    int count = 0;
    FILE *file = fopen(bench.log, "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file))
        count += strstr(line, " order-") != NULL;
    (void)fclose(file);
    return count;
}

static bool all_is_read_or_it_ended(void *context)
{
    return lines_of_log() == ORDERS || !child_lives(context);
}

static void print_log(void)
{
    char command[600];
    (void)snprintf(command, sizeof command, "cat '%s' >&2", bench.log);
    (void)!system(command);
}

static void start_consumer(struct child *ret)
{
    char program[600];
    (void)snprintf(program, sizeof program, "%s/consumer.mjs", bench.directory);
    const char *const argv[] = {"node", program, "order", "reporting", NULL};
    const char *const env[] = {bench.redis, NULL};
    assert_int_equal(child_start(ret, argv, env, bench.log), 0);
}

static void a_consumer_in_node_reads_and_validates_every_event(void **state)
{
    (void)state;
    struct child node;
    if (!prepare())
        skip();
    fixture_sql(bench.url,
                "select count(*) from (select cairn.append('order-' || gen_random_uuid(),"
                " 'OrderPlaced', json_build_object('user_id', gen_random_uuid(), 'currency', 'EUR',"
                " 'lines', '[]'::json, 'total', i, 'card_token', 'tok \"x\" \xc3\xa9')::text::json)"
                " from generate_series(1, 50) i) t");
    start_consumer(&node);
    fixture_wait(all_is_read_or_it_ended, &node, LONG_MS, "all orders are read");
    if (lines_of_log() != ORDERS)
        print_log();
    assert_int_equal(lines_of_log(), ORDERS);
    child_kill(&node, SIGKILL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_consumer_in_node_reads_and_validates_every_event, setup,
                                        teardown),
    };
    return cmocka_run_group_tests_name("languages", tests, NULL, NULL);
}
