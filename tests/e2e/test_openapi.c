/* test_openapi.c - /openapi.json is correct: each process's document passes an independent
 * validator, and every operation, called with its own example, answers as documented. */
#include "../support/fixture.h"
#include "../support/support.h"
#include "../support/system.h"

#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

enum { PROCESSES = 6, OPERATIONS_MAX = 100 };

static struct system_under_test shop;
static int ports[PROCESSES];
static json_t *documents[PROCESSES];
static struct http_reply reply;
static char position[200];
static const char *asked[OPERATIONS_MAX]; /* operationIds */
static size_t asked_count;

static int setup(void **state)
{
    (void)state;
    system_start(&shop);
    const int all[PROCESSES] = {shop.user,     shop.order, shop.payment,
                                shop.acquirer, shop.query, shop.projector};
    for (int i = 0; i < PROCESSES; i++) {
        ports[i] = all[i];
        ask_for(200, system_admin_port(&shop, ports[i]), "GET", "/openapi.json", NULL, NULL,
                &reply);
        documents[i] = json_loads(reply.body, JSON_REJECT_DUPLICATES, NULL);
        assert_non_null(documents[i]);
    }
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    for (int i = 0; i < PROCESSES; i++)
        json_decref(documents[i]);
    http_reply_free(&reply);
    system_stop(&shop);
    return 0;
}

/* ---- operations ---- */

struct operation {
    int process;
    const char *path;
    const char *method;
    const char *id;
    json_t *json;
};

typedef void operation_check(const struct operation *operation, void *context);

static void each_operation(operation_check *check, void *context)
{
    for (int i = 0; i < PROCESSES; i++) {
        const char *path;
        const char *method;
        json_t *methods;
        json_t *json;
        json_object_foreach(json_object_get(documents[i], "paths"), path, methods)
        {
            json_object_foreach(methods, method, json)
            {
                const struct operation operation = {
                    i, path, method, json_string_value(json_object_get(json, "operationId")), json};
                check(&operation, context);
            }
        }
    }
}

static json_t *within(json_t *from, const char *const names[])
{
    for (size_t i = 0; from && names[i]; i++)
        from = json_object_get(from, names[i]);
    return from;
}
#define WITHIN(from, ...) within((from), (const char *const[]){__VA_ARGS__, NULL})

/* Returns the target of a reference, or the value itself. */
static json_t *resolved(int process, json_t *value)
{
    const char *reference = json_string_value(json_object_get(value, "$ref"));
    char path[200];
    if (!reference)
        return value;
    json_t *at = documents[process];
    (void)snprintf(path, sizeof path, "%s", reference + 2); /* past #/ */
    for (char *rest = path, *name; (name = strsep(&rest, "/"));)
        at = json_object_get(at, name);
    assert_non_null(at);
    return at;
}

/* ---- requests ---- */

struct asking {
    const struct operation *operation;
    const char *instead; /* replaces the last digit of the examples' id */
    bool first;          /* the stream is at version 1, which the example of If-Match names */
    char path[600];
    char headers[1000];
};

/* The examples are all about one id; another last digit makes a second one. */
static void change_id(char *text, const char *instead)
{
    static const char id[] = "01890000-0000-7000-8000-000000000002";
    for (char *at = text; (at = strstr(at, id)); at += sizeof id - 1)
        at[sizeof id - 2] = *instead;
}

static void add_parameter(struct asking *asking, json_t *parameter)
{
    const char *name = json_string_value(json_object_get(parameter, "name"));
    const char *in = json_string_value(json_object_get(parameter, "in"));
    json_t *example = json_object_get(parameter, "example");
    char value[200];
    size_t used = strlen(asking->path);
    bool wanted =
        strcmp(name, "If-Match") == 0 ? asking->first : strcmp(name, "If-None-Match") != 0;
    if (!example || !wanted)
        return;
    if (json_is_string(example))
        (void)snprintf(value, sizeof value, "%s", json_string_value(example));
    else
        (void)snprintf(value, sizeof value, "%lld", (long long)json_integer_value(example));
    if (strcmp(in, "path") == 0) {
        char *mark = strstr(asking->path, "{id}");
        char rest[200];
        (void)snprintf(rest, sizeof rest, "%s", mark + 4);
        (void)snprintf(mark, sizeof asking->path - (size_t)(mark - asking->path), "%s%s", value,
                       rest);
    } else if (strcmp(in, "query") == 0) {
        (void)snprintf(asking->path + used, sizeof asking->path - used, "%s%s=%s",
                       strchr(asking->path, '?') ? "&" : "?", name, value);
    } else { /* a key belongs to one request */
        used = strlen(asking->headers);
        (void)snprintf(asking->headers + used, sizeof asking->headers - used, "%s: %s%s%s\r\n",
                       name, value,
                       strcmp(name, "Idempotency-Key") == 0 ? asking->operation->id : "",
                       strcmp(name, "Idempotency-Key") == 0 ? asking->instead : "");
    }
}

/* What tells how a process is has the tag "process", and all but /healthz is at the operators'
 * port. */
static int port_of(const struct operation *operation)
{
    const char *tag =
        json_string_value(json_array_get(json_object_get(operation->json, "tags"), 0));
    bool is_public = strcmp(tag, "process") != 0 || strcmp(operation->path, "/healthz") == 0;
    int port = ports[operation->process];
    return is_public ? port : system_admin_port(&shop, port);
}

/* Sends an operation's examples. Returns the documented response for the status. */
static json_t *send_examples(const struct operation *operation, const char *instead, bool first,
                             const char *more_headers)
{
    struct asking asking = {.operation = operation, .instead = instead, .first = first};
    char method[8] = "";
    size_t i;
    json_t *parameter;
    (void)snprintf(asking.path, sizeof asking.path, "%s", operation->path);
    (void)snprintf(asking.headers, sizeof asking.headers, "%s", more_headers);
    json_array_foreach(json_object_get(operation->json, "parameters"), i, parameter)
        add_parameter(&asking, resolved(operation->process, parameter));
    json_t *example =
        WITHIN(operation->json, "requestBody", "content", "application/json", "example");
    char *body = example ? json_dumps(example, JSON_COMPACT) : NULL;
    change_id(asking.path, instead);
    if (body)
        change_id(body, instead);
    for (i = 0; operation->method[i]; i++)
        method[i] = (char)(operation->method[i] - 'a' + 'A');
    ask(port_of(operation), method, asking.path, asking.headers, body, &reply);
    free(body);
    char status[12];
    (void)snprintf(status, sizeof status, "%d", reply.status);
    json_t *response = WITHIN(operation->json, "responses", status);
    if (!response)
        fail_msg("%s answers %d, which is not documented: %s", operation->id, reply.status,
                 reply.body);
    asked[asked_count++] = operation->id;
    return resolved(operation->process, response);
}

static void assert_headers(const struct operation *operation, json_t *response)
{
    const char *name;
    json_t *header;
    char value[300];
    json_object_foreach(json_object_get(response, "headers"), name, header)
    {
        bool always =
            strcmp(name, "Idempotency-Replayed") != 0 && strcmp(name, "Preference-Applied") != 0;
        if (always && !http_header(&reply, name, value, sizeof value))
            fail_msg("%s answers without %s", operation->id, name);
    }
}

/* Checks that two objects have the same members in the same order. */
static void assert_alike(const struct operation *operation, json_t *said, json_t *documented)
{
    void *at = json_object_iter(said);
    void *wanted = json_object_iter(documented);
    for (; at && wanted;
         at = json_object_iter_next(said, at), wanted = json_object_iter_next(documented, wanted)) {
        if (strcmp(json_object_iter_key(at), json_object_iter_key(wanted)) != 0)
            fail_msg("%s says %s where its document says %s", operation->id,
                     json_object_iter_key(at), json_object_iter_key(wanted));
    }
    assert_null(at);
    assert_null(wanted);
}

static void assert_answered(const struct operation *operation, json_t *response)
{
    json_t *example = WITHIN(response, "content", "application/json", "example");
    json_t *said = json_loads(reply.body, 0, NULL);
    if (reply.status >= 300)
        fail_msg("%s: %d %s", operation->id, reply.status, reply.body);
    assert_headers(operation, response);
    if (example)
        assert_alike(operation, said, example);
    if (json_object_get(example, "events")) {
        json_t *event = json_array_get(json_object_get(said, "events"), 0);
        json_t *wanted = json_array_get(json_object_get(example, "events"), 0);
        assert_string_equal(json_string_value(json_object_get(event, "type")),
                            json_string_value(json_object_get(wanted, "type")));
        assert_alike(operation, event, wanted);
    }
    json_decref(said);
}

/* ---- the commands ---- */

struct step {
    const char *id;
    const char *instead;
    bool first; /* command on the new stream */
    bool done;
};

static void take_step(const struct operation *operation, void *context)
{
    struct step *step = context;
    if (strcmp(operation->id, step->id) != 0)
        return;
    json_t *response = send_examples(operation, step->instead, step->first, "");
    assert_answered(operation, response);
    (void)reply_position(&reply, position, sizeof position);
    step->done = true;
}

/* The commands, in an order in which each is allowed. */
static struct step story[] = {
    {.id = "register_user", .instead = "2"},
    {.id = "change_user_email", .instead = "2", .first = true},
    {.id = "place_order", .instead = "2"},
    {.id = "pay_order", .instead = "2", .first = true},
    {.id = "ship_order", .instead = "2"},
    {.id = "request_payment", .instead = "2"},
    {.id = "authorize_payment", .instead = "2", .first = true},
    {.id = "capture_payment", .instead = "2"},
    {.id = "refund_payment", .instead = "2"},
    {.id = "register_user", .instead = "3"},
    {.id = "place_order", .instead = "3"},
    {.id = "cancel_order", .instead = "3", .first = true},
    {.id = "request_payment", .instead = "3"},
    {.id = "decline_payment", .instead = "3", .first = true},
    {.id = "deactivate_user", .instead = "3", .first = true},
};

static void the_example_of_every_command_is_answered_as_documented(void **state)
{
    (void)state;
    system_kill(&shop, "acquirer", SIGSTOP); /* it would pay or decline the orders */
    for (size_t i = 0; i < sizeof story / sizeof story[0]; i++) {
        each_operation(take_step, &story[i]);
        if (!story[i].done)
            fail_msg("no document has %s", story[i].id);
    }
    system_kill(&shop, "acquirer", SIGCONT);
}

/* Returns whether this is a custom route, whose input and output only its handler knows. */
static bool is_its_own(const struct operation *operation)
{
    return WITHIN(operation->json, "responses", "default") != NULL;
}

/* Asks with the ETag of the last answer. Returns whether it holds: orders go on being paid. */
static bool is_not_modified(const struct operation *operation)
{
    char headers[300];
    char etag[100];
    char now[100] = "";
    if (!http_header(&reply, "ETag", etag, sizeof etag))
        return true;
    (void)snprintf(headers, sizeof headers, "If-None-Match: %s\r\n", etag);
    json_t *response = send_examples(operation, "2", false, headers);
    if (reply.status == 200 && http_header(&reply, "ETag", now, sizeof now) &&
        strcmp(now, etag) != 0)
        return false;
    if (reply.status != 304)
        fail_msg("%s answers %d to its own ETag", operation->id, reply.status);
    assert_headers(operation, response);
    return true;
}

static void ask_query(const struct operation *operation, void *context)
{
    (void)context;
    if (strcmp(operation->method, "get") != 0 || is_its_own(operation))
        return;
    json_t *response = send_examples(operation, "2", false, position);
    assert_answered(operation, response);
    for (int changes = 0; !is_not_modified(operation); changes++)
        assert_true(changes < 100);
}

static void assert_asked(const struct operation *operation, void *context)
{
    (void)context;
    size_t i = 0;
    if (is_its_own(operation))
        return;
    while (i < asked_count && strcmp(asked[i], operation->id) != 0)
        i++;
    if (i == asked_count)
        fail_msg("%s has an example that nobody has tried: the story leaves it out", operation->id);
}

static void the_example_of_every_query_is_answered_as_documented(void **state)
{
    (void)state;
    each_operation(ask_query, NULL);
    each_operation(assert_asked, NULL);
}

/* ---- the validator ---- */

static int validate(const char *files)
{
    char command[4096];
    (void)snprintf(command, sizeof command, "'%s/tests/openapi/validate' '%s/openapi' %s",
                   getenv("CAIRN_TEST_ROOT"), getenv("CAIRN_TEST_BUILD"), files);
    return WEXITSTATUS(system(command));
}

static void a_validator_finds_no_error_in_the_document_of_any_process(void **state)
{
    (void)state;
    char file[300];
    char files[PROCESSES * 320] = "";
    for (int i = 0; i < PROCESSES; i++) {
        (void)snprintf(file, sizeof file, "%s/openapi-%d.json", getenv("CAIRN_TEST_SERVERS"), i);
        assert_int_equal(json_dump_file(documents[i], file, JSON_INDENT(2)), 0);
        (void)snprintf(files + strlen(files), sizeof files - strlen(files), "'%s' ", file);
    }
    int status = validate(files);
    if (status == 77)
        skip(); /* the script has printed why */
    assert_int_equal(status, 0);

    /* the validator does detect an error */
    json_t *title = json_object_get(json_object_get(documents[0], "info"), "title");
    json_t *wrong = json_deep_copy(documents[0]);
    assert_non_null(title);
    assert_int_equal(json_object_del(json_object_get(wrong, "info"), "title"), 0);
    (void)snprintf(file, sizeof file, "%s/openapi-wrong.json", getenv("CAIRN_TEST_SERVERS"));
    assert_int_equal(json_dump_file(wrong, file, 0), 0);
    json_decref(wrong);
    (void)snprintf(files, sizeof files, "'%s' >/dev/null 2>&1", file);
    assert_int_equal(validate(files), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_example_of_every_command_is_answered_as_documented),
        cmocka_unit_test(the_example_of_every_query_is_answered_as_documented),
        cmocka_unit_test(a_validator_finds_no_error_in_the_document_of_any_process),
    };
    return cmocka_run_group_tests_name("openapi", tests, setup, teardown);
}
