/* dashboard.c - joins a person's user, orders, payments and sales: parts of one cut (cut.h).
 *
 *     {"position":"3f2a9c1e-1-4711","complete":true,"user":{…},"orders":{"items":[…],"next":null},
 *      "payments":{"items":[…]},"sales":null,"missing":[{"part":"sales","code":"forbidden"}]}
 *
 * A part that is missing is null, and `missing` says why. `complete` is false if one is missing
 * that the caller may read. Payments and sales are for those whose work it is
 * (services/query/query.c). */
#include "dashboard.h"

#include "cut.h"
#include "peers.h"

#include "../../projections/order_summary.h"
#include "../../projections/users.h"

#include <cairn/json.h>
#include <string.h>

#define ORDERS "5" /* the newest ones */

CAIRN_STRUCT(order_page, LIST(items, order_summary), TEXT(next, .optional = true));
CAIRN_STRUCT(small_order, UUID(id), ENUM(status, order_summary_status), INT(total), TEXT(currency));

enum { SMALL_PARTS = 2, ALL_PARTS = 4 }; /* the first so many of: */
static const char *const part_names[] = {"user", "orders", "payments", "sales"};

/* ---- asking ---- */

/* Returns the id of the user that is asked about: the caller, or ?user_id= where callers have no
 * names. */
static int find_user(struct cairn_request *request, const char **ret, struct cairn_error *error)
{
    struct cairn_uuid id;
    const char *text =
        request->actor.sub ? request->actor.sub : cairn_request_query(request, "user_id");
    if (!text)
        return cairn_wrong(error, "?user_id", "is missing: callers are not authenticated here");
    if (cairn_uuid_parse(text, &id) < 0)
        return cairn_wrong(error, "?user_id", "is not a uuid, and no user of the shop");
    *ret = text;
    return 0;
}

/* Returns a zeroed part if there is none of this name. */
static const struct cut_part *find_part(const struct cut *cut, const char *name)
{
    static const struct cut_part none;
    for (size_t i = 0; i < cut->count; i++) {
        if (strcmp(cut->parts[i].name, name) == 0)
            return &cut->parts[i];
    }
    return &none;
}

/* Reads the page of orders; an empty one if it is missing. */
static struct order_page read_orders(const struct cut *cut, struct cairn_arena *arena)
{
    const struct cut_part *part = find_part(cut, "orders");
    struct order_page page = {.next = NULL};
    struct cairn_error error = {0};
    if (!part->body ||
        CAIRN_FROM_JSON(order_page, &page, part->body, strlen(part->body), arena, &error) < 0)
        return (struct order_page){.next = NULL};
    return page;
}

/* The payments are named by the orders, so they are read after them, at the same position or a
 * later one. An order that was paid since names one more. */
static void add_payments(struct cut *cut, const struct cairn_request *request)
{
    const struct order_page page = read_orders(cut, request->arena);
    CAIRN_FOR_EACH (order, page.items) {
        if (!cairn_uuid_is_zero(order->payment_id))
            cut_add(
                cut, "payments",
                cairn_print(request->arena, "/payments/%s", cairn_uuid_text(order->payment_id)));
    }
}

static bool may_see_payments(const struct cairn_actor *actor)
{
    return !actor->sub || cairn_actor_has(actor, "support") || cairn_actor_has(actor, "finance");
}

static void read_cut(struct cut *cut, struct cairn_request *request, const char *user, bool small)
{
    const char *at_least = cairn_request_header(request, "Cairn-Position");
    cut_begin(cut, CAIRN_MILLISECONDS(bff_deadline_ms));
    cut_add(cut, "user", cairn_print(request->arena, "/users/%s", user));
    cut_add(cut, "orders", cairn_print(request->arena, "/users/%s/orders?limit=" ORDERS, user));
    if (!small)
        cut_add(cut, "sales", "/reports/sales?limit=7");
    cut_read(cut, request, at_least);
    for (size_t before = 0; !small && before != cut->count && may_see_payments(&request->actor);) {
        before = cut->count;
        add_payments(cut, request);
        cut_read(cut, request, at_least);
    }
}

/* ---- answering ---- */

/* Returns why a part is missing; NULL if it is there. */
static const char *why_missing(const struct cut *cut, const char *name, bool may_see)
{
    const char *why = may_see ? NULL : "forbidden";
    for (size_t i = 0; i < cut->count && !why; i++)
        why = strcmp(cut->parts[i].name, name) == 0 ? cut->parts[i].why : NULL;
    /* Without the orders nothing tells which payments there are. */
    return !why && strcmp(name, "payments") == 0 ? find_part(cut, "orders")->why : why;
}

static void print_missing(const struct cut *cut, const struct cairn_request *request, int parts,
                          struct cairn_reply *reply)
{
    bool complete = true;
    const char *between = "";
    cairn_reply_print(reply, ",\"missing\":[");
    for (int i = 0; i < parts; i++) {
        const char *name = part_names[i];
        bool may_see = strcmp(name, "payments") != 0 || may_see_payments(&request->actor);
        const char *why = why_missing(cut, name, may_see);
        if (!why)
            continue;
        complete = complete && strcmp(why, "forbidden") == 0;
        cairn_reply_print(reply, "%s{\"part\":\"%s\",\"code\":\"%s\"}", between, name, why);
        between = ",";
    }
    cairn_reply_print(reply, "],\"complete\":%s}", complete ? "true" : "false");
}

/* Only payments that the shown orders name: an order may have left the page since. */
static void print_payments(const struct cut *cut, const struct cairn_request *request,
                           struct cairn_reply *reply)
{
    const struct order_page page = read_orders(cut, request->arena);
    const char *between = "";
    if (!may_see_payments(&request->actor) || why_missing(cut, "payments", true)) {
        cairn_reply_print(reply, ",\"payments\":null");
        return;
    }
    cairn_reply_print(reply, ",\"payments\":{\"items\":[");
    CAIRN_FOR_EACH (order, page.items) {
        const char *path =
            cairn_print(request->arena, "/payments/%s", cairn_uuid_text(order->payment_id));
        for (size_t i = 0; i < cut->count; i++) {
            if (strcmp(cut->parts[i].path, path) != 0)
                continue;
            cairn_reply_print(reply, "%s%s", between, cut->parts[i].body);
            between = ",";
        }
    }
    cairn_reply_print(reply, "]}");
}

static void print_part(const struct cut *cut, const char *name, struct cairn_reply *reply)
{
    const struct cut_part *part = find_part(cut, name);
    cairn_reply_print(reply, ",\"%s\":%s", name, part->body ? part->body : "null");
}

static void print_large(const struct cut *cut, struct cairn_request *request,
                        struct cairn_reply *reply)
{
    cairn_reply_print(reply, "{\"position\":\"%s\"", cut->position);
    print_part(cut, "user", reply);
    print_part(cut, "orders", reply);
    print_payments(cut, request, reply);
    print_part(cut, "sales", reply);
    print_missing(cut, request, ALL_PARTS, reply);
}

/* Text is short, and the rows are those of the orders' list without lines and times. */
static void print_small(const struct cut *cut, struct cairn_request *request,
                        struct cairn_reply *reply)
{
    const struct cut_part *part = find_part(cut, "user");
    const struct order_page page = read_orders(cut, request->arena);
    const char *between = "";
    struct users user = {.name = NULL};
    struct cairn_error error = {0};
    cairn_reply_print(reply, "{\"position\":\"%s\",\"name\":", cut->position);
    if (part->body && strcmp(part->body, "null") != 0 &&
        CAIRN_FROM_JSON(users, &user, part->body, strlen(part->body), request->arena, &error) == 0)
        cairn_reply_json(reply, user.name);
    else
        cairn_reply_print(reply, "null");
    cairn_reply_print(reply, ",\"orders\":[");
    CAIRN_FOR_EACH (order, page.items) {
        const struct small_order small = {order->order_id, order->status, order->total,
                                          order->currency};
        const char *json = CAIRN_TO_JSON(small_order, &small, request->arena, &error);
        cairn_reply_print(reply, "%s%s", between, json ? json : "null");
        between = ",";
    }
    cairn_reply_print(reply, "],\"more\":%s", page.next ? "true" : "false");
    print_missing(cut, request, SMALL_PARTS, reply);
}

/* No part is there: says why, as the first one does. */
static void refuse(const struct cut *cut, struct cairn_reply *reply)
{
    const char *why = cut->parts[0].why;
    struct cairn_error error = {0};
    bool is_other = strcmp(why, "position-of-another-timeline") == 0;
    (void)cairn_fail(&error, is_other ? CAIRN_TIMELINE : CAIRN_UNAVAILABLE,
                     is_other ? "the Cairn-Position is of another history of the store: drop it"
                              : "the query service does not answer: %s",
                     why);
    cairn_reply_problem(reply, &error);
}

static void show(struct cairn_request *request, struct cairn_reply *reply, bool small)
{
    struct cut *cut = CAIRN_NEW(request->arena, struct cut, 1);
    struct cairn_error error = {0};
    const char *user = NULL;
    if (find_user(request, &user, &error) < 0) {
        cairn_reply_problem(reply, &error);
        return;
    }
    read_cut(cut, request, user, small);
    if (!cut->position[0]) {
        refuse(cut, reply);
        return;
    }
    reply->status = 200;
    cairn_reply_header(reply, "Cairn-Position", cut->position);
    cairn_reply_header(reply, "Cairn-Rounds", cairn_print(request->arena, "%d", cut->rounds));
    if (small)
        print_small(cut, request, reply);
    else
        print_large(cut, request, reply);
}

void dashboard_show(struct cairn_request *request, struct cairn_reply *reply)
{
    show(request, reply, false);
}

void dashboard_show_small(struct cairn_request *request, struct cairn_reply *reply)
{
    show(request, reply, true);
}
