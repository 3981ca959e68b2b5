/* test_thing.c - the thing service over HTTP, with all its parts, on an empty log of its own. */
#include "../../services/thing/thing_service.h"
#include "../support/kit.h"

#include <stdlib.h>

static void one_is_opened_closed_and_read(void **state)
{
    (void)state;
    CAIRN_SERVING(thing_service, NULL);
    WHEN_POST("/things", "{\"title\":\"first\"}");
    THEN_STATUS(201);
    const char *thing = LOCATION();
    WHEN_POST(PATH("%s/close", thing), "{\"reason\":\"done\"}");
    WHEN_POST(PATH("%s/close", thing), "{\"reason\":\"again\"}");
    THEN_STATUS(422);
    THEN_BODY_HAS("/code", "thing-closed");
    WHEN_GET(thing);
    THEN_BODY_HAS("/closed_because", "done");
    WHEN_GET("/things?closed=true");
    THEN_BODY_HAS("/items/0/title", "first");
}

static void invalid_requests_are_refused(void **state)
{
    (void)state;
    CAIRN_SERVING(thing_service, NULL);
    WHEN_POST("/things", "{\"title\":\"\"}");
    THEN_STATUS(400);
    THEN_BODY_HAS("/errors/0/pointer", "/title");
    WHEN_POST("/things/" CAIRN_TEST_KEY "/close", "{\"reason\":\"done\"}");
    THEN_STATUS(404);
}

static void one_that_stays_open_is_closed_by_its_timer(void **state)
{
    (void)state;
    (void)setenv("CAIRN_THING_EXPIRY_S", "1", 1);
    CAIRN_SERVING(thing_service, NULL);
    WHEN_POST("/things", "{\"title\":\"forgotten\"}");
    THEN_EVENTUALLY(LOCATION(), "/closed_because", "it was open for too long");
    (void)unsetenv("CAIRN_THING_EXPIRY_S");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_is_opened_closed_and_read),
        cmocka_unit_test(invalid_requests_are_refused),
        cmocka_unit_test(one_that_stays_open_is_closed_by_its_timer),
    };
    return cmocka_run_group_tests_name("thing over HTTP", tests, kit_setup, NULL);
}
