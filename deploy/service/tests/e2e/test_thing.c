/* test_thing.c - runs the thing service as a process: a command, a refusal, and the read model. */
#include "../support/service.h"
#include "../support/support.h"
#include "../support/system.h"

#include <stdio.h>
#include <string.h>

static struct service service;

static int setup(void **state)
{
    (void)state;
    service_start(&service, "thing");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    service_stop(&service);
    return 0;
}

static void one_is_opened_closed_and_read(void **state)
{
    (void)state;
    struct http_reply reply = {0};
    char path[200];
    char close[220];
    char headers[200];
    ask_for(201, service.port, "POST", "/things", NULL, "{\"title\":\"first\"}", &reply);
    assert_true(http_header(&reply, "Location", path, sizeof path));
    (void)snprintf(close, sizeof close, "%s/close", path);
    ask_for(200, service.port, "POST", close, NULL, "{\"reason\":\"done\"}", &reply);
    (void)reply_position(&reply, headers, sizeof headers); /* the reads show at least this */
    ask_for(422, service.port, "POST", close, NULL, "{\"reason\":\"again\"}", &reply);

    ask_for(200, service.port, "GET", path, headers, NULL, &reply);
    assert_non_null(strstr(reply.body, "\"closed_because\":\"done\""));
    ask_for(200, service.port, "GET", "/things?closed=true", headers, NULL, &reply);
    assert_non_null(strstr(reply.body, "\"title\":\"first\""));
    http_reply_free(&reply);
}

static void invalid_requests_are_refused(void **state)
{
    (void)state;
    struct http_reply reply = {0};
    char pointer[40];
    ask_for(400, service.port, "POST", "/things", NULL, "{\"title\":\"\"}", &reply);
    assert_string_equal(reply_member(&reply, "pointer", pointer, sizeof pointer), "/title");
    ask_for(404, service.port, "POST", "/things/01890000-0000-7000-8000-00000000dead/close", NULL,
            "{\"reason\":\"done\"}", &reply);
    http_reply_free(&reply);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_is_opened_closed_and_read),
        cmocka_unit_test(invalid_requests_are_refused),
    };
    return cmocka_run_group_tests_name("thing", tests, setup, teardown);
}
