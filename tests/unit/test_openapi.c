/* test_openapi.c - checks /openapi.json against the tables that the services use: every route is
 * documented, and every example is what the tables read and write, byte for byte. */
#include "../support/kit.h"

#include "../../projections/users.h"
#include "../../services/order/order.h"
#include "../../services/projector/projector.h"
#include "../../services/query/query.h"

#include "core/containers/arena.h"
#include "http/http.h"
#include "record/json.h"
#include "runtime/openapi/openapi.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

extern const struct cairn_service user_service;
extern const struct cairn_service payment_service;
extern const struct cairn_service order_service;

static const struct cairn_service *const shop[] = {
    &user_service, &order_service, &payment_service, &query_service, &projector_service, NULL};
static struct cairn_arena arena;
static json_t *document;

static int setup(void **state)
{
    json_error_t wrong;
    struct cairn_buffer out = cairn_buffer(&arena);
    cairn_openapi_write(shop, &(struct cairn_openapi_options){.secured = false}, &out);
    document = json_loadb(out.text, out.length, JSON_REJECT_DUPLICATES, &wrong);
    if (!document)
        fail_msg("%s at %d: %.200s", wrong.text, wrong.position,
                 out.text + (wrong.position > 100 ? wrong.position - 100 : 0));
    return kit_setup(state);
}

static int teardown(void **state)
{
    (void)state;
    json_decref(document);
    cairn_arena_close(&arena);
    return 0;
}

/* ---- access to the document ---- */

/* Returns the value at a path of names; fails the test if there is none. */
static json_t *at(json_t *from, const char *const names[])
{
    for (size_t i = 0; names[i]; i++) {
        json_t *next = json_object_get(from, names[i]);
        if (!next)
            fail_msg("there is no %s", names[i]);
        from = next;
    }
    return from;
}
#define IN(from, ...) at((from), (const char *const[]){__VA_ARGS__, NULL})

static char *text_of(const json_t *value)
{
    char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
    char *kept = cairn_copy_text(&arena, text);
    free(text);
    return kept;
}

static json_t *operation_of(const struct cairn_command_type *command)
{
    char method[8] = "";
    const char *space = strchr(command->route, ' ');
    for (size_t i = 0; i < (size_t)(space - command->route); i++)
        method[i] = (char)(command->route[i] - 'A' + 'a');
    return IN(document, "paths", space + 1, method);
}

static void each_command(void (*check)(const struct cairn_decider *decider,
                                       const struct cairn_command_type *command))
{
    for (size_t i = 0; shop[i]; i++) {
        for (size_t k = 0; k < CAIRN_SERVICE_MAX && shop[i]->deciders[k]; k++) {
            const struct cairn_commands *commands = shop[i]->deciders[k]->commands;
            for (uint32_t n = 0; n < commands->count; n++)
                check(shop[i]->deciders[k], &commands->types[n]);
        }
    }
}

static void each_resource(void (*check)(const struct cairn_resource *resource))
{
    for (const struct cairn_resource *resource = shop_resources; resource->path; resource++)
        check(resource);
}

static bool has_parameter(json_t *operation, const char *name)
{
    size_t i;
    json_t *parameter;
    json_array_foreach(IN(operation, "parameters"), i, parameter)
    {
        const char *reference = json_string_value(json_object_get(parameter, "$ref"));
        const char *own = json_string_value(json_object_get(parameter, "name"));
        if (reference)
            own = json_string_value(
                IN(document, "components", "parameters", strrchr(reference, '/') + 1, "name"));
        if (strcmp(own, name) == 0)
            return true;
    }
    return false;
}

static void assert_parameters(json_t *operation, const char *const names[])
{
    size_t count = 0;
    for (; names[count]; count++) {
        if (!has_parameter(operation, names[count]))
            fail_msg("%s has no parameter %s", json_string_value(IN(operation, "operationId")),
                     names[count]);
    }
    assert_int_equal(json_array_size(IN(operation, "parameters")), count);
}
#define ASSERT_PARAMETERS(operation, ...)                                                          \
    assert_parameters((operation), (const char *const[]){__VA_ARGS__, NULL})

static void assert_responses(json_t *operation, const char *statuses)
{
    struct cairn_buffer found = cairn_buffer(&arena);
    const char *status;
    json_t *response;
    json_object_foreach(IN(operation, "responses"), status, response)
        cairn_buffer_print(&found, "%s ", status);
    assert_string_equal(found.text, statuses);
}

/* ---- examples ---- */

static void assert_reads_and_writes(const struct cairn_record *record, const char *id_name,
                                    const char *example)
{
    struct cairn_error error = {0};
    struct cairn_uuid id = {0};
    struct cairn_buffer out = cairn_buffer(&arena);
    void *value = cairn_arena_alloc(&arena, record->size, record->align);
    int failed = id_name ? cairn_record_decode_with_id(record, id_name, example, strlen(example),
                                                       &arena, value, &id, &error)
                         : cairn_record_decode(record, example, strlen(example), CAIRN_STRICT,
                                               &arena, value, &error);
    if (failed)
        fail_msg("%s: %s %s %s", record->name, error.message, error.wrong[0].pointer, example);
    cairn_record_encode(record, value, &out);
    if (id_name) { /* the id, which decoding has split off */
        char text[CAIRN_UUID_TEXT_SIZE];
        cairn_uuid_format(id, text);
        out.text = cairn_print(&arena, "{\"%s\":\"%s\"%s%s", id_name, text,
                               record->count ? "," : "", out.text + 1);
    }
    assert_string_equal(out.text, example);
}

static void check_request(const struct cairn_decider *decider,
                          const struct cairn_command_type *command)
{
    const char *id_name = cairn_print(&arena, "%s_id", decider->category);
    bool creates = !strstr(command->route, "{id}");
    json_t *example =
        IN(operation_of(command), "requestBody", "content", "application/json", "example");
    assert_reads_and_writes(command->record, creates ? id_name : NULL, text_of(example));
}

static void every_example_of_a_request_is_read_and_written_by_the_table_of_its_command(void **state)
{
    (void)state;
    each_command(check_request);
}

static void check_row(const struct cairn_resource *resource)
{
    json_t *example = IN(document, "paths", resource->path, "get", "responses", "200", "content",
                         "application/json", "example");
    json_t *row = resource->list ? json_array_get(IN(example, "items"), 0) : example;
    assert_reads_and_writes(resource->projection->row, NULL, text_of(row));
}

static void every_example_of_an_answer_is_a_row_of_its_table(void **state)
{
    (void)state;
    each_resource(check_row);
}

/* The HTTP layer writes these; the document only describes them. */
static void every_problem_example_is_what_http_writes(void **state)
{
    (void)state;
    const char *name;
    const char *code;
    json_t *response;
    json_t *example;
    json_object_foreach(IN(document, "components", "responses"), name, response)
    {
        json_object_foreach(IN(response, "content", "application/problem+json", "examples"), code,
                            example)
        {
            struct cairn_http_request request = {.arena = &arena,
                                                 .trace_id = "4bf92f3577b34da6a3ce929d0e0e4736"};
            struct cairn_http_response written = {0};
            struct cairn_error error = {0};
            error.code = CAIRN_MALFORMED; /* the first code */
            while (strcmp(cairn_code_info((int)error.code)->name, code) != 0)
                error.code = (enum cairn_code)(error.code + 1);
            if (error.code == CAIRN_INVALID) {
                error.code = CAIRN_OK;
                (void)cairn_wrong(&error, "/name", "is missing");
                error.message[0] = '\0';
            }
            cairn_http_problem(&request, &written, &error);
            assert_string_equal(text_of(IN(example, "value")), written.body);
            assert_int_equal(strtol(name + strlen("Problem"), NULL, 10), written.status);
        }
    }
}

/* ---- completeness ---- */

static void check_operation(const struct cairn_decider *decider,
                            const struct cairn_command_type *command)
{
    json_t *operation = operation_of(command);
    bool creates = !strstr(command->route, "{id}");
    assert_string_equal(json_string_value(IN(operation, "operationId")), command->name);
    json_t *answer = IN(operation, "responses", creates ? "201" : "200");
    json_t *types = IN(answer, "content", "application/json", "schema", "properties", "events",
                       "items", "properties", "type", "enum");
    assert_int_equal(json_array_size(types), decider->events->count);
    (void)IN(answer, "headers", "ETag");
    (void)IN(answer, "headers", "Cairn-Position");
    (void)IN(answer, "headers", "Idempotency-Replayed");
    (void)IN(answer, "headers", "traceparent");
    if (creates) {
        (void)IN(answer, "headers", "Location");
        ASSERT_PARAMETERS(operation, "Idempotency-Key", "Correlation-Id", "traceparent");
        assert_responses(operation, "201 400 408 409 412 413 415 422 429 431 500 503 ");
    } else {
        ASSERT_PARAMETERS(operation, "id", "Idempotency-Key", "If-Match", "Correlation-Id",
                          "traceparent");
        assert_responses(operation, "200 400 404 408 409 412 413 415 422 429 431 500 503 ");
    }
}

static void every_command_is_documented_with_its_headers_and_problems(void **state)
{
    (void)state;
    each_command(check_operation);
}

static void check_query(const struct cairn_resource *resource)
{
    json_t *operation = IN(document, "paths", resource->path, "get");
    static const char *const common[] = {"Cairn-Position", "Prefer", "If-None-Match",
                                         "Last-Event-ID", "traceparent"};
    for (size_t i = 0; i < sizeof common / sizeof *common; i++)
        assert_true(has_parameter(operation, common[i]));
    assert_non_null(IN(operation, "responses", "200", "content", "text/event-stream"));
    for (size_t i = 0; i < CAIRN_FILTERS_MAX && resource->filters[i].parameter; i++)
        assert_true(has_parameter(operation, resource->filters[i].parameter));
    assert_true(has_parameter(operation, "limit") == resource->list);
    assert_true(has_parameter(operation, "cursor") == resource->list);
    assert_responses(operation, resource->list ? "200 304 400 408 412 429 431 500 503 "
                                               : "200 304 400 404 408 412 429 431 500 503 ");
}

static void every_query_is_documented_with_its_parameters_and_problems(void **state)
{
    (void)state;
    each_resource(check_query);
    json_t *list = IN(document, "paths", "/users/{id}/orders", "get");
    ASSERT_PARAMETERS(list, "id", "status", "limit", "cursor", "Cairn-Position", "Prefer",
                      "If-None-Match", "traceparent", "Last-Event-ID");
    json_t *status = json_array_get(IN(list, "parameters"), 1);
    assert_string_equal(text_of(IN(status, "schema", "enum")),
                        "[\"placed\",\"paid\",\"shipped\",\"cancelled\"]");
    json_t *limit = json_array_get(IN(document, "paths", "/reports/sales", "get", "parameters"), 2);
    assert_int_equal(json_integer_value(IN(limit, "schema", "maximum")), 400);
}

static void what_every_process_answers_is_documented(void **state)
{
    (void)state;
    static const char *const paths[] = {"/healthz", "/readyz", "/metrics", "/openapi.json"};
    for (size_t i = 0; i < 4; i++)
        (void)IN(document, "paths", paths[i], "get", "responses", "200");
}

static void
operators_listener_has_what_tells_how_a_process_is_and_the_public_one_the_rest(void **state)
{
    (void)state;
    const struct cairn_openapi_options options = {
        .scheme = "https", .address = "0.0.0.0", .port = 8002};
    struct cairn_buffer out = cairn_buffer(&arena);
    cairn_openapi_write(shop, &options, &out);
    json_t *apart = json_loadb(out.text, out.length, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(apart);
    assert_string_equal(text_of(IN(apart, "servers")),
                        "[{\"url\":\"https://{host}:8002\",\"variables\":{\"host\":{"
                        "\"default\":\"localhost\"}}}]");
    static const char *const own[] = {"/readyz", "/metrics", "/openapi.json"};
    for (size_t i = 0; i < 3; i++)
        assert_string_equal(text_of(IN(apart, "paths", own[i], "get", "servers")),
                            "[{\"url\":\"/\",\"description\":\"The operators' listener.\"}]");
    assert_null(json_object_get(IN(apart, "paths", "/healthz", "get"), "servers"));
    assert_null(json_object_get(IN(apart, "paths", "/orders", "post"), "servers"));
    assert_null(json_object_get(IN(document, "paths", "/readyz", "get"), "servers"));
    json_decref(apart);
}

static void bounds_stand_in_the_schema(void **state)
{
    (void)state;
    json_t *schema = IN(document, "paths", "/orders", "post", "requestBody", "content",
                        "application/json", "schema");
    json_t *lines = IN(schema, "properties", "lines");
    assert_int_equal(json_integer_value(IN(lines, "minItems")), 1);
    assert_true(json_integer_value(IN(lines, "maxItems")) > 1);
    json_t *quantity = IN(lines, "items", "properties", "quantity");
    assert_int_equal(json_integer_value(IN(quantity, "minimum")), 1);
    assert_string_equal(json_string_value(IN(schema, "properties", "order_id", "format")), "uuid");
    assert_true(json_is_false(IN(schema, "additionalProperties")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            every_example_of_a_request_is_read_and_written_by_the_table_of_its_command),
        cmocka_unit_test(every_example_of_an_answer_is_a_row_of_its_table),
        cmocka_unit_test(every_problem_example_is_what_http_writes),
        cmocka_unit_test(every_command_is_documented_with_its_headers_and_problems),
        cmocka_unit_test(every_query_is_documented_with_its_parameters_and_problems),
        cmocka_unit_test(what_every_process_answers_is_documented),
        cmocka_unit_test(
            operators_listener_has_what_tells_how_a_process_is_and_the_public_one_the_rest),
        cmocka_unit_test(bounds_stand_in_the_schema),
    };
    return cmocka_run_group_tests_name("openapi", tests, setup, teardown);
}
