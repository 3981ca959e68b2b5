/* test_debugger.c - deploy/debug/cairn_gdb.py shows Cairn's values in gdb. The program that gdb
 * runs is this one: as `test_debugger specimen` it makes values, and calls specimen_is_ready(). */
#include "../support/shell.h"
#include "../support/support.h"
#include "core/containers/buffer.h"

#include <cairn/record.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

CAIRN_ENUM(jar_colour, (JAR_BLUE, "blue"), (JAR_GREEN, "green"));
CAIRN_STRUCT(jar_lid, INT(threads));
CAIRN_STRUCT(jar, UUID(id), TEXT(label), ENUM(colour, jar_colour),
             ENUM(inside, jar_colour, .optional = true), TIME(filled_at), DAY(best_before),
             MONEY(price), DECIMAL(litres, 3), DURATION(aged), BOOL(sealed), LIST(lids, jar_lid),
             TEXTS(names), INTS(counts), TEXT_MAP(notes), OPTIONAL_INT(batch), OPTIONAL_INT(shelf),
             RECORD(lid, jar_lid), OPTIONAL_RECORD(spare, jar_lid));

struct specimen {
    struct cairn_arena arena, empty;
    struct cairn_buffer buffer;
    struct jar jar;
    struct cairn_uuid no_id;
};

/* gdb stops here. */
__attribute__((noinline)) static void specimen_is_ready(const struct specimen *specimen)
{
    __asm__ volatile("" : : "r"(specimen), "r"(&jar_record) : "memory");
}

static int be_specimen(void)
{
    static const struct jar_lid lids[] = {{.threads = 2}, {.threads = 5}};
    static const char *const names[] = {"plum", "Pflaume \"süß\""};
    static const int64_t counts[] = {-1, 7};
    static const struct cairn_text_pair notes[] = {{.key = "from", .value = "the garden"}};
    struct specimen specimen = {.jar = {.id = CAIRN_UUID("0193a1c2-0000-7000-8000-000000000001"),
                                        .label = "jam",
                                        .colour = JAR_GREEN,
                                        .filled_at = CAIRN_TIME("2026-11-21T07:00:00.000123Z"),
                                        .price = {.minor = 450, .currency = "EUR"},
                                        .litres = {.units = -1250},
                                        .aged = {.us = CAIRN_MINUTES(15)},
                                        .sealed = true,
                                        .lids = {lids, 2},
                                        .names = {names, 2},
                                        .counts = {counts, 2},
                                        .notes = {notes, 1},
                                        .batch = CAIRN_SOME(0),
                                        .lid = {.threads = 3},
                                        .spare = &lids[1]}};
    specimen.buffer = cairn_buffer(&specimen.arena);
    cairn_buffer_text(&specimen.buffer, "a line\nand more");
    specimen_is_ready(&specimen);
    cairn_arena_close(&specimen.arena);
    return 0;
}

/* ---- the tests ---- */

static struct shell place;

/* What gdb says to the command, where it stops: in the directory's `said`. */
static void gdb_says(const char *command, const char *words)
{
    char line[1000];
    (void)snprintf(
        line, sizeof line,
        "gdb -nx -batch -ex 'set debuginfod enabled off'"
        " -ex 'source '$tree/deploy/debug/cairn_gdb.py -ex 'break specimen_is_ready'"
        " -ex run -ex up -ex '%s' --args '%s/tests/e2e/test_debugger' specimen >said 2>&1",
        command, getenv("CAIRN_TEST_BUILD"));
    shell_expect(&place, line);
    (void)snprintf(line, sizeof line, "grep -F '%s' said || { cat said; false; }", words);
    shell_expect(&place, line);
}

static int setup(void **state)
{
    (void)state;
    shell_open(&place, "debugger");
    return 0;
}

static void needs_gdb(void)
{
    if (shell_run(&place, "gdb -nx -batch -ex 'python print(1)'") != 0)
        skip();
}

static void a_struct_is_shown_as_its_json_with_the_names_of_its_enums(void **state)
{
    (void)state;
    needs_gdb();
    gdb_says("print specimen.jar",
             "jar {\"id\": \"0193a1c2-0000-7000-8000-000000000001\", \"label\": \"jam\","
             " \"colour\": \"green\", \"inside\": null,"
             " \"filled_at\": \"2026-11-21T07:00:00.000123Z\", \"best_before\": null,"
             " \"price\": {\"amount\": 450, \"currency\": \"EUR\"}, \"litres\": \"-1.250\","
             " \"aged\": \"900.000000 s\", \"sealed\": true,"
             " \"lids\": [{\"threads\": 2}, {\"threads\": 5}],"
             " \"names\": [\"plum\", \"Pflaume \\\"süß\\\"\"], \"counts\": [-1, 7],"
             " \"notes\": {\"from\": \"the garden\"}, \"batch\": 0, \"shelf\": null,"
             " \"lid\": {\"threads\": 3}, \"spare\": {\"threads\": 5}}");
    gdb_says("cairn-json jar_lid_record specimen.jar.spare", "{\"threads\": 5}");
}

static void arenas_buffers_ids_and_lists_are_shown_as_what_they_hold(void **state)
{
    (void)state;
    needs_gdb();
    gdb_says("print specimen.buffer", "buffer of 15 bytes, ");
    shell_expect(&place, "grep -F '\"a line\\nand more\"' said");
    gdb_says("print specimen.arena", "arena of 8192 bytes in 1 blocks, ");
    gdb_says("print specimen.empty", "= empty arena");
    gdb_says("print specimen.no_id", "= none");
    gdb_says("print specimen.jar.id", "= 0193a1c2-0000-7000-8000-000000000001");
    gdb_says("print specimen.jar.lids",
             "= 2 items = {jar_lid {\"threads\": 2}, jar_lid {\"threads\": 5}}");
    gdb_says("print specimen.jar.price", "= 450 EUR (minor units)");
    gdb_says("print specimen.jar.batch", "= 0");
}

/* A core of a broken process has broken pointers. */
static void a_broken_pointer_is_told_and_ends_nothing(void **state)
{
    (void)state;
    needs_gdb();
    gdb_says("print (specimen.jar.label = (char *)8, specimen.jar.label), specimen.jar",
             "\"label\": \"cannot be read\", \"colour\": \"green\"");
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "specimen") == 0)
        return be_specimen();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_struct_is_shown_as_its_json_with_the_names_of_its_enums),
        cmocka_unit_test(arenas_buffers_ids_and_lists_are_shown_as_what_they_hold),
        cmocka_unit_test(a_broken_pointer_is_told_and_ends_nothing),
    };
    return cmocka_run_group_tests_name("debugger", tests, setup, NULL);
}
