/* test_declarations.c - errors in what a service declares, found before anything is started. */
#include "../support/support.h"

#include "runtime/check/findings.h"
#include "runtime/check/route_check.h"

#include <string.h>

static void answer(struct cairn_request *request, struct cairn_reply *reply)
{
    (void)request;
    reply->status = 204;
}

static void expect(const char *const routes[], size_t count, const char *words)
{
    struct cairn_route own[8] = {{0}};
    for (size_t i = 0; i < count; i++)
        own[i] = (struct cairn_route){.route = routes[i], .handle = answer};
    const struct cairn_service service = {.name = "shelf", .routes = own};
    const struct cairn_service *const services[] = {&service, NULL};
    struct cairn_findings findings = {0};
    struct cairn_error error = {0};
    cairn_routes_check(services, &findings);
    assert_int_equal(cairn_findings_end(&findings, &error), words ? -CAIRN_BUG : 0);
    if (words && !strstr(error.message, words))
        fail_msg("wanted \"%s\", saw: %s", words, error.message);
}
#define EXPECT(words, ...)                                                                         \
    expect((const char *const[]){__VA_ARGS__},                                                     \
           sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *), words)

static void paths_are_made_of_segments_and_one_id(void **state)
{
    (void)state;
    EXPECT(NULL, "GET /books", "GET /books/{id}", "POST /books/{id}", "POST /books/{id}/lend",
           "GET /");
    EXPECT("shelf: the path /books/{book_id} has another parameter than {id}: the stream's id is "
           "always called {id}",
           "GET /books/{book_id}");
    EXPECT("has another parameter than {id}", "GET /books/id}");
    EXPECT("has another parameter than {id}", "GET /books/x{id}");
    EXPECT("has {id} twice: one path names one stream", "GET /books/{id}/pages/{id}");
    EXPECT("has an empty segment", "GET /books/");
    EXPECT("has an empty segment", "GET /books//{id}");
}

static void two_routes_are_not_the_same(void **state)
{
    (void)state;
    EXPECT("shelf and shelf have the same route, GET /books/{id}", "GET /books/{id}",
           "PUT /books/{id}", "GET /books/{id}");
    EXPECT("every process and shelf have the same route, GET /metrics", "GET /metrics");
    EXPECT(NULL, "POST /metrics");
}

/* That it has none is reported by the check of resources. */
static void a_resource_without_a_projection_has_a_route(void **state)
{
    (void)state;
    const struct cairn_service service = {
        .name = "shelf", .resources = CAIRN_RESOURCES({.path = "/books"}, {.path = "/books"})};
    const struct cairn_service *const services[] = {&service, NULL};
    struct cairn_findings findings = {0};
    struct cairn_error error = {0};
    cairn_routes_check(services, &findings);
    assert_int_equal(cairn_findings_end(&findings, &error), -CAIRN_BUG);
    assert_non_null(strstr(error.message, "test_declarations.c:"));
    assert_non_null(strstr(error.message, ": shelf and shelf have the same "
                                          "route, GET /books"));
}

static void all_errors_are_counted(void **state)
{
    (void)state;
    EXPECT("has {id} twice: one path names one stream (and 2 more, logged before)",
           "GET /a/{id}/{id}", "GET /a/", "GET /healthz");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_are_made_of_segments_and_one_id),
        cmocka_unit_test(two_routes_are_not_the_same),
        cmocka_unit_test(a_resource_without_a_projection_has_a_route),
        cmocka_unit_test(all_errors_are_counted),
    };
    return cmocka_run_group_tests_name("declarations", tests, NULL, NULL);
}
