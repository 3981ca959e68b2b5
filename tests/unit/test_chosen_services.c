/* test_chosen_services.c - the option --only, which chooses the services of a process. */
#include "../support/support.h"

#include "runtime/config/chosen_services.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct cairn_service front = {.name = "front", .port = 8080};
static const struct cairn_service back = {.name = "back", .port = 8081};
static const struct cairn_service backyard = {.name = "backyard", .port = 8082};
static const struct cairn_service *const all[] = {&front, &back, &backyard, NULL};

/* Chooses with `--only LIST`. Returns the names of the services, each followed by a space. */
static const char *chosen(const char *list)
{
    static char names[80];
    char option[] = "--only";
    char value[80];
    char *argv[] = {option, option, value, NULL};
    const struct cairn_service *const *services;
    struct cairn_error error = {0};
    (void)snprintf(value, sizeof value, "%s", list);
    assert_int_equal(cairn_services_choose(3, argv, all, &services, &error), 2);
    names[0] = '\0';
    for (size_t i = 0; services[i]; i++) {
        (void)strcat(names, services[i]->name);
        (void)strcat(names, " ");
    }
    free((void *)(uintptr_t)services);
    return names;
}

/* Returns the message about `--only LIST`, or about --only alone if it is NULL. */
static const char *refused(const char *list)
{
    static struct cairn_error error;
    char option[] = "--only";
    char value[80];
    char *argv[] = {option, option, list ? value : NULL, NULL};
    const struct cairn_service *const *services;
    error = (struct cairn_error){0};
    (void)snprintf(value, sizeof value, "%s", list ? list : "");
    assert_int_equal(cairn_services_choose(list ? 3 : 2, argv, all, &services, &error),
                     -CAIRN_CONFIG);
    return error.message;
}

/* ---- tests ---- */

static void without_the_option_all_services_run(void **state)
{
    (void)state;
    char verify[] = "verify";
    char *argv[] = {verify, verify, NULL};
    const struct cairn_service *const *services;
    struct cairn_error error = {0};
    assert_int_equal(cairn_services_choose(2, argv, all, &services, &error), 0);
    assert_ptr_equal(services, all);
}

static void the_named_services_run_in_the_order_of_the_program(void **state)
{
    (void)state;
    assert_string_equal(chosen("back"), "back ");
    assert_string_equal(chosen("backyard,front"), "front backyard ");
    assert_string_equal(chosen("back,back"), "back ");
}

static void a_name_of_no_service_is_refused_with_those_that_there_are(void **state)
{
    (void)state;
    assert_string_equal(refused("front,bak"), "--only: no service of this program is called "
                                              "\"bak\": it has front, back, backyard");
    assert_non_null(strstr(refused("backy"), "\"backy\""));
    assert_non_null(strstr(refused("front,"), "\"\""));
    assert_non_null(strstr(refused(""), "\"\""));
}

static void the_option_without_names_is_refused(void **state)
{
    (void)state;
    assert_string_equal(refused(NULL), "--only needs the names of services: --only front");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_the_option_all_services_run),
        cmocka_unit_test(the_named_services_run_in_the_order_of_the_program),
        cmocka_unit_test(a_name_of_no_service_is_refused_with_those_that_there_are),
        cmocka_unit_test(the_option_without_names_is_refused),
    };
    return cmocka_run_group_tests_name("chosen_services", tests, NULL, NULL);
}
