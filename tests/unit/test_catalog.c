/* test_catalog.c - what the catalogue says of the shop, compared with the shop's tables. */
#include "../support/kit.h"

#include "../../services/order/order.h"
#include "../../services/projector/projector.h"
#include "../../services/query/query.h"

#include "core/containers/arena.h"
#include "runtime/catalog/catalog.h"

#include <jansson.h>
#include <string.h>

extern const struct cairn_service user_service;
extern const struct cairn_service payment_service;
extern const struct cairn_service order_service;
extern const struct cairn_service notification_service;

static const struct cairn_service *const shop[] = {&user_service,
                                                   &order_service,
                                                   &payment_service,
                                                   &notification_service,
                                                   &query_service,
                                                   &projector_service,
                                                   NULL};
static struct cairn_arena arena;
static struct cairn_catalog catalog;
static json_t *document;

static int setup(void **state)
{
    json_error_t wrong;
    struct cairn_buffer out = cairn_buffer(&arena);
    cairn_catalog_collect(shop, &arena, &catalog);
    cairn_catalog_json(&catalog, &out);
    document = json_loadb(out.text, out.length, JSON_REJECT_DUPLICATES, &wrong);
    if (!document)
        fail_msg("%s at %d: %s", wrong.text, wrong.position, out.text);
    return kit_setup(state);
}

static int teardown(void **state)
{
    (void)state;
    json_decref(document);
    cairn_arena_close(&arena);
    return 0;
}

/* Returns the item of a list whose member has this value; NULL if there is none. */
static const json_t *find(const char *list, const char *member, const char *value)
{
    size_t i;
    const json_t *item;
    json_array_foreach(json_object_get(document, list), i, item)
    {
        const char *text = json_string_value(json_object_get(item, member));
        if (text && strcmp(text, value) == 0)
            return item;
    }
    return NULL;
}

static bool is_handled_by(const char *type, const char *kind, const char *name)
{
    size_t i;
    const json_t *item;
    json_array_foreach(json_object_get(find("events", "type", type), "handled_by"), i, item)
    {
        if (strcmp(json_string_value(json_object_get(item, "kind")), kind) == 0 &&
            strcmp(json_string_value(json_object_get(item, "name")), name) == 0)
            return true;
    }
    return false;
}

static void every_event_is_listed_once_with_its_version_and_fields(void **state)
{
    (void)state;
    size_t count = 0;
    for (size_t i = 0; shop[i]; i++) {
        for (int k = 0; k < CAIRN_SERVICE_MAX && shop[i]->deciders[k]; k++)
            count += shop[i]->deciders[k]->events->count;
    }
    assert_int_equal(json_array_size(json_object_get(document, "events")), count);
    const json_t *placed = find("events", "type", "OrderPlaced");
    assert_int_equal(json_integer_value(json_object_get(placed, "version")), 1);
    assert_string_equal(json_string_value(json_object_get(placed, "service")), "order");
    assert_int_equal(json_array_size(json_object_get(placed, "fields")),
                     order_events.types[0].record->count);
}

static void what_handles_an_event_is_named_and_nothing_else(void **state)
{
    (void)state;
    assert_true(is_handled_by("OrderPlaced", "process", "fulfilment"));
    assert_true(is_handled_by("OrderPlaced", "read model", "order_summary"));
    assert_true(is_handled_by("OrderPlaced", "consumer", "notification"));
    assert_true(is_handled_by("PaymentRequested", "reactor", "charging"));
    assert_false(is_handled_by("OrderPlaced", "reactor", "charging"));
    assert_false(is_handled_by("OrderPaid", "process", "fulfilment"));
}

static void every_way_to_ask_a_service_is_listed_with_its_policy(void **state)
{
    (void)state;
    const json_t *ship = find("routes", "name", "ship_order");
    assert_string_equal(json_string_value(json_object_get(ship, "route")),
                        "POST /orders/{id}/ship");
    assert_string_equal(json_string_value(json_object_get(ship, "policy")), "clerk");
    const json_t *user = find("routes", "route", "GET /users/{id}");
    assert_string_equal(json_string_value(json_object_get(user, "policy")),
                        "its owner, or support");
    assert_non_null(find("publications", "category", "order"));
}

static void markdown_has_the_same_and_escapes_what_would_end_a_cell(void **state)
{
    (void)state;
    static const struct cairn_route routes[] = {
        {.route = "GET /a", .allow = CAIRN_ANYONE, .help = "One | two."}, {.route = NULL}};
    static const struct cairn_service odd = {.name = "odd", .routes = routes};
    static const struct cairn_service *const alone[] = {&odd, NULL};
    struct cairn_buffer out = cairn_buffer(&arena);
    struct cairn_catalog of_odd;
    cairn_catalog_collect(alone, &arena, &of_odd);
    cairn_catalog_markdown(&of_odd, &out);
    assert_non_null(strstr(out.text, "| odd | `GET /a` | route | anyone | One \\| two. |\n"));
    out = cairn_buffer(&arena);
    cairn_catalog_markdown(&catalog, &out);
    assert_non_null(strstr(out.text, "```mermaid\nflowchart LR\n    c_user[\"user\"]\n"));
    assert_non_null(strstr(out.text, " -. commands .-> c_payment\n"));
    assert_non_null(
        strstr(out.text, "| `OrderShipped` | 1 | order | order | process fulfilment, "));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_event_is_listed_once_with_its_version_and_fields),
        cmocka_unit_test(what_handles_an_event_is_named_and_nothing_else),
        cmocka_unit_test(every_way_to_ask_a_service_is_listed_with_its_policy),
        cmocka_unit_test(markdown_has_the_same_and_escapes_what_would_end_a_cell),
    };
    return cmocka_run_group_tests_name("catalog", tests, setup, teardown);
}
