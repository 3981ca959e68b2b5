/* wrong_request.c - makes a request that is valid according to the document, except for one
 * error. */
#include "wrong_request.h"

#include "core/containers/buffer.h"

#include <stdbool.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BODY_TOO_LARGE = 300000 };

struct maker {
    json_t *openapi;
    unsigned *random;
    struct cairn_arena *arena;
};

static int dice(struct maker *maker, int end)
{
    *maker->random = *maker->random * 1664525U + 1013904223U;
    return (int)((*maker->random >> 8) % (unsigned)end);
}

static const char *member_text(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text ? text : "";
}

/* Returns the target of "$ref": "#/components/schemas/Problem". */
static json_t *resolve(const struct maker *maker, json_t *schema)
{
    const char *at = json_string_value(json_object_get(schema, "$ref"));
    if (!at || at[0] != '#')
        return schema;
    json_t *found = maker->openapi;
    while (*at) {
        at += strspn(at, "#/");
        size_t bytes = strcspn(at, "/");
        found = json_object_get(found, cairn_copy_bytes(maker->arena, at, bytes));
        at += bytes;
    }
    return found;
}

/* Returns the schema's type; of several the first. */
static const char *type_of(const json_t *schema)
{
    const json_t *type = json_object_get(schema, "type");
    const char *text = json_string_value(json_is_array(type) ? json_array_get(type, 0) : type);
    return text ? text : "object";
}

static bool is(const json_t *schema, const char *type)
{
    return strcmp(type_of(schema), type) == 0;
}

/* ---- valid values ---- */

static json_t *right_value(const struct maker *maker, json_t *schema);

static json_t *right_object(const struct maker *maker, const json_t *schema)
{
    const char *name;
    json_t *property;
    json_t *object = json_object();
    json_object_foreach(json_object_get(schema, "properties"), name, property)(void)
        json_object_set_new(object, name, right_value(maker, property));
    return object;
}

static json_t *right_text(const json_t *schema)
{
    const char *format = member_text(schema, "format");
    if (json_object_get(schema, "enum"))
        return json_incref(json_array_get(json_object_get(schema, "enum"), 0));
    if (strcmp(format, "uuid") == 0)
        return json_string("00000000-0000-7000-8000-0000000000ff");
    if (strcmp(format, "email") == 0)
        return json_string("a@example.com");
    return json_string("x");
}

static json_t *right_value(const struct maker *maker, json_t *unresolved)
{
    json_t *schema = resolve(maker, unresolved);
    json_t *example = json_array_get(json_object_get(schema, "examples"), 0);
    if (example)
        return json_deep_copy(example);
    if (is(schema, "integer"))
        return json_integer(json_integer_value(json_object_get(schema, "minimum")));
    if (is(schema, "boolean"))
        return json_true();
    if (is(schema, "array"))
        return json_pack("[o]", right_value(maker, json_object_get(schema, "items")));
    return is(schema, "string") ? right_text(schema) : right_object(maker, schema);
}

/* ---- one error in a value ---- */

static json_t *long_text(const struct maker *maker, json_int_t bytes)
{
    char *text = cairn_arena_alloc(maker->arena, (size_t)bytes + 2, 1);
    memset(text, 'x', (size_t)bytes + 1);
    return json_string(text);
}

/* Returns a value that the schema does not allow. */
static json_t *wrong_value(struct maker *maker, json_t *schema)
{
    json_t *most = json_object_get(schema, "maximum");
    json_t *longest = json_object_get(schema, "maxLength");
    if (is(schema, "integer")) {
        switch (dice(maker, 4)) {
        case 0:
            return json_real(1.5);
        case 1:
            return json_string("1");
        case 2:
            return most ? json_integer(json_integer_value(most) + 1) : json_array();
        default:
            return json_real(1e300);
        }
    }
    if (is(schema, "string")) {
        if (longest && dice(maker, 2))
            return long_text(maker, json_integer_value(longest));
        return dice(maker, 2) ? json_integer(dice(maker, 1000)) : json_object();
    }
    return is(schema, "array") || is(schema, "boolean") ? json_string("x") : json_integer(1);
}

static const char *any_member(struct maker *maker, json_t *object)
{
    size_t count = json_object_size(object);
    void *at = json_object_iter(object);
    for (int i = count ? dice(maker, (int)count) : 0; i > 0; i--)
        at = json_object_iter_next(object, at);
    return at ? json_object_iter_key(at) : NULL;
}

/* Makes one member of the object, or of an object within it, invalid. */
static const char *spoil(struct maker *maker, json_t *schema, json_t *object)
{
    json_t *properties = json_object_get(schema, "properties");
    const char *name = any_member(maker, properties);
    json_t *required = json_object_get(schema, "required");
    if (name && dice(maker, 4) == 0 && json_array_size(required) > 0) {
        int at = dice(maker, (int)json_array_size(required));
        (void)json_object_del(object, json_string_value(json_array_get(required, (size_t)at)));
        return "a member is missing";
    }
    if (!name || dice(maker, 5) == 0) {
        (void)json_object_set_new(object, "never_heard_of", json_integer(1));
        return "a member is unknown";
    }
    json_t *property = resolve(maker, json_object_get(properties, name));
    json_t *items = resolve(maker, json_object_get(property, "items"));
    json_t *first = json_array_get(json_object_get(object, name), 0);
    if (json_is_object(first) && dice(maker, 3))
        return spoil(maker, items, first);
    (void)json_object_set_new(object, name, wrong_value(maker, property));
    return "a value is wrong";
}

/* ---- bodies ---- */

static void set_body(struct wrong_request *ret, const char *way, const char *body, size_t bytes)
{
    ret->way = way;
    ret->body = body;
    ret->body_bytes = bytes;
}

/* Makes a body that is not JSON, or not acceptable JSON. */
static void make_rubbish(struct maker *maker, struct wrong_request *ret)
{
    static const char *const rubbish[] = {
        "",
        "{",
        "[]",
        "nul",
        "{}{}",
        "\"x\"",
        "{\"a\":\xff}",
        "{\"a\":1,\"a\":2}",
        "{\"a\":\"\\u0000\"}",
        "{\"a\":\"\\ud800\"}",
        "{'a':1}",
        "{\"a\":1e999}",
        "{\"a\":01}",
        "\xef\xbb\xbf{}",
        "{\"a\":\"\t\"}",
    };
    int which = dice(maker, (int)(sizeof rubbish / sizeof rubbish[0]) + 2);
    if (which == (int)(sizeof rubbish / sizeof rubbish[0])) {
        char *deep = cairn_arena_alloc(maker->arena, 5001, 1);
        memset(deep, '[', 5000);
        set_body(ret, "it is nested too deeply", deep, 5000);
    } else if (which > (int)(sizeof rubbish / sizeof rubbish[0])) {
        char *large = cairn_arena_alloc(maker->arena, BODY_TOO_LARGE + 1, 1);
        memset(large, ' ', BODY_TOO_LARGE);
        set_body(ret, "it is too large", large, BODY_TOO_LARGE);
    } else {
        /* an empty body counts as {}, which may be valid: send an unknown member instead */
        const char *text = *rubbish[which] ? rubbish[which] : "{\"never_heard_of\":1}";
        set_body(ret, "it is no JSON", text, strlen(text));
    }
}

static void make_body(struct maker *maker, json_t *operation, struct wrong_request *ret)
{
    json_t *content =
        json_object_get(resolve(maker, json_object_get(operation, "requestBody")), "content");
    json_t *schema =
        resolve(maker, json_object_get(json_object_get(content, "application/json"), "schema"));
    if (dice(maker, 3) == 0) {
        make_rubbish(maker, ret);
        return;
    }
    json_t *body = right_object(maker, schema);
    const char *way = spoil(maker, schema, body);
    char *text = json_dumps(body, JSON_COMPACT);
    const char *copy = cairn_copy_text(maker->arena, text ? text : "");
    set_body(ret, way, copy, strlen(copy));
    free(text);
    json_decref(body);
}

/* ---- paths, parameters, headers ---- */

/* Returns the path with a nonexistent or malformed {id}. */
static const char *path_of(struct maker *maker, const char *pattern)
{
    static const char *const ids[] = {
        "0",  "not-a-uuid", "%00",          "%ff", "00000000-0000-0000-0000-000000000000",
        "..", "%2e%2e%2f",  "'%20or%20true"};
    const char *brace = strchr(pattern, '{');
    if (!brace)
        return pattern;
    const char *rest = brace + strcspn(brace, "}") + 1;
    const char *id = dice(maker, 3) ? cairn_print(maker->arena, "00000000-0000-7000-8000-%012x",
                                                  (unsigned)dice(maker, 1 << 20))
                                    : ids[dice(maker, (int)(sizeof ids / sizeof ids[0]))];
    return cairn_print(maker->arena, "%.*s%s%s", (int)(brace - pattern), pattern, id, rest);
}

/* Returns query parameters that the resource does not know, or cannot parse. */
static const char *parameters(struct maker *maker, json_t *operation)
{
    size_t i;
    json_t *unresolved;
    json_array_foreach(json_object_get(operation, "parameters"), i, unresolved)
    {
        json_t *parameter = resolve(maker, unresolved);
        const char *name = member_text(parameter, "name");
        json_t *schema = resolve(maker, json_object_get(parameter, "schema"));
        if (strcmp(member_text(parameter, "in"), "query") != 0 || dice(maker, 2))
            continue;
        if (is(schema, "integer"))
            return cairn_print(maker->arena, "?%s=%s", name,
                               (const char *const[]){"x", "0", "-1", "1.5", "99999999999999999999",
                                                     "", "%2B1"}[dice(maker, 7)]);
        return cairn_print(maker->arena, "?%s=a&%s=b", name, name);
    }
    return cairn_print(maker->arena, "?never_heard_of=%d", dice(maker, 100));
}

/* Returns a malformed value of a header that Cairn reads. */
static const char *wrong_header(struct maker *maker, bool reads)
{
    static const char *const writing[] = {
        "Idempotency-Key: \r\n",
        "Idempotency-Key: a b\r\n",
        "Idempotency-Key: a\r\nIdempotency-Key: b\r\n",
        "If-Match: W/\"1\"\r\n",
        "If-Match: 1\r\n",
        "If-Match: \"0\"\r\n",
        "If-Match: \"1\" \"2\"\r\n",
        "If-Match: \"99999999999999999999\"\r\n",
    };
    static const char *const reading[] = {
        "Cairn-Position: x\r\n",
        "Cairn-Position: 00000000-1-1\r\n",
        "Cairn-Position: \r\n",
        "Cairn-Position: 00000000-1-99999999999999999999\r\n",
        "Cairn-Position: 1\r\nCairn-Position: 2\r\n",
    };
    return reads ? reading[dice(maker, 5)] : writing[dice(maker, 8)];
}

/* ---- requests ---- */

/* A path that does not exist, or an existing one with a method that it does not have. */
static void make_stray(struct maker *maker, const char *pattern, struct wrong_request *ret)
{
    static const char *const nowhere[] = {
        "/nothing",      "/-", "//", "/orders/1/2/3/4", "/%zz", "/users/%c3%28", "/.env",
        "/../etc/passwd"};
    static const char *const methods[] = {"DELETE", "PATCH", "PURGE", "TRACE", "BREW"};
    ret->headers = "";
    if (pattern && dice(maker, 2)) {
        ret->way = "the method is another";
        ret->method = methods[dice(maker, 5)];
        ret->path = path_of(maker, pattern);
    } else {
        ret->way = "there is no such path";
        ret->method = dice(maker, 2) ? "GET" : "DELETE";
        ret->path = nowhere[dice(maker, 8)];
    }
}

/* Returns whether an operation reads the header Cairn-Position. */
static bool reads_position(struct maker *maker, json_t *operation)
{
    size_t i;
    json_t *parameter;
    json_array_foreach(json_object_get(operation, "parameters"), i, parameter)
    {
        if (strcmp(member_text(resolve(maker, parameter), "name"), "Cairn-Position") == 0)
            return true;
    }
    return false;
}

static void make_read(struct maker *maker, json_t *operation, struct wrong_request *ret)
{
    ret->method = "GET";
    ret->headers = "";
    if (!reads_position(maker, operation) || dice(maker, 2)) {
        ret->way = "a parameter is wrong";
        ret->path = cairn_print(maker->arena, "%s%s", ret->path, parameters(maker, operation));
    } else {
        ret->way = "a header is wrong";
        ret->headers = wrong_header(maker, true);
    }
}

static void make_command(struct maker *maker, const char *method, json_t *operation,
                         struct wrong_request *ret)
{
    const char *type = "Content-Type: application/json\r\n";
    ret->method = strcmp(method, "put") == 0 ? "PUT" : "POST";
    make_body(maker, operation, ret);
    if (dice(maker, 6) == 0) {
        ret->way = "it is of another type";
        type = dice(maker, 2) ? "Content-Type: text/plain\r\n" : "Content-Type: application/x\r\n";
    }
    ret->headers =
        cairn_print(maker->arena, "%s%s", type, dice(maker, 4) ? "" : wrong_header(maker, false));
}

void wrong_request_make(json_t *openapi, unsigned *random, struct cairn_arena *arena,
                        struct wrong_request *ret)
{
    struct maker maker = {openapi, random, arena};
    json_t *paths = json_object_get(openapi, "paths");
    const char *pattern = any_member(&maker, paths);
    json_t *item = pattern ? resolve(&maker, json_object_get(paths, pattern)) : NULL;
    const char *method = any_member(&maker, item);
    *ret = (struct wrong_request){.path = ""};
    if (!method || dice(&maker, 8) == 0) {
        make_stray(&maker, pattern, ret);
        return;
    }
    ret->path = path_of(&maker, pattern);
    json_t *operation = json_object_get(item, method);
    if (strcmp(method, "post") == 0 || strcmp(method, "put") == 0)
        make_command(&maker, method, operation, ret);
    else if (strcmp(method, "get") == 0 && json_is_array(json_object_get(operation, "parameters")))
        make_read(&maker, operation, ret);
    else
        make_stray(&maker, pattern, ret);
}
