/* shop.c - folds users, orders, payments and sales from the log. */
#include "shop.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

void shop_open(struct shop *ret, struct cairn_arena *arena)
{
    *ret = (struct shop){.arena = arena,
                         .made = json_array(),
                         .things = cairn_map(arena),
                         .sales = cairn_map(arena)};
}

void shop_close(struct shop *shop)
{
    json_decref(shop->made);
}

json_t *without_nulls(const json_t *row)
{
    const char *name;
    json_t *value;
    json_t *copy = json_object();
    json_object_foreach((json_t *)(uintptr_t)row, name, value)
    {
        if (!json_is_null(value))
            (void)json_object_set(copy, name, value);
    }
    return copy;
}

/* ---- helpers ---- */

/* day_text() and time_text(): the text is valid until the same thread's next call. */
static const char *day_text(int64_t us)
{
    static _Thread_local char text[40];
    struct tm parts;
    time_t second = (time_t)(us / 1000000);
    (void)gmtime_r(&second, &parts);
    (void)strftime(text, sizeof text, "%Y-%m-%d", &parts);
    return text;
}

static const char *time_text(int64_t us)
{
    static _Thread_local char text[40];
    struct tm parts;
    time_t second = (time_t)(us / 1000000);
    (void)gmtime_r(&second, &parts);
    size_t length = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
    (void)snprintf(text + length, sizeof text - length, ".%06dZ", (int)(us % 1000000));
    return text;
}

static void put_text(json_t *row, const char *name, const char *text)
{
    (void)json_object_set_new(row, name, json_string(text));
}

static void put_time(json_t *row, const char *name, const struct event *event)
{
    put_text(row, name, time_text(event->recorded_us));
}

/* Copies these members of the event's data to the row, unchanged. */
static void put_members(json_t *row, const struct event *event, const char *const names[])
{
    for (; *names; names++) {
        json_t *value = json_object_get(event->data, *names);
        if (value)
            (void)json_object_set(row, *names, value);
    }
}

static bool same_member(const json_t *a, const char *a_name, const json_t *b, const char *b_name)
{
    return json_equal(json_object_get(a, a_name), json_object_get(b, b_name));
}

static const char *id_of(const struct event *event)
{
    const char *hyphen = strchr(event->stream, '-');
    return hyphen ? hyphen + 1 : "";
}

struct thing *shop_find(const struct shop *shop, const char *category, const char *id)
{
    return cairn_map_get(&shop->things, cairn_print(shop->arena, "%s-%s", category, id));
}

static struct thing *thing_of(struct shop *shop, const struct event *event)
{
    void **place = cairn_map_at(&shop->things, event->stream);
    if (!*place) {
        struct thing *made = cairn_new(shop->arena, struct thing, 1);
        made->row = json_object();
        (void)json_array_append_new(shop->made, made->row);
        *place = made;
    }
    return *place;
}

/* Sets the state and the status. `from` is the set of legal states before, as bits 1 << state.
 * Returns NULL, or what is wrong. */
static const char *move(struct thing *thing, unsigned from, int to, const char *status)
{
    bool legal = from >> thing->state & 1;
    thing->state = to;
    if (status)
        put_text(thing->row, "status", status);
    return legal ? NULL : "it cannot happen in this state";
}

#define WHEN(state) (1U << (state))

/* ---- users ---- */

static const char *apply_user(struct thing *user, const struct event *event)
{
    if (strcmp(event->type, "UserRegistered") == 0) {
        put_text(user->row, "user_id", id_of(event));
        put_members(user->row, event, (const char *const[]){"email", "name", NULL});
        (void)json_object_set_new(user->row, "active", json_true());
        put_time(user->row, "registered_at", event);
        return move(user, WHEN(0), USER_ACTIVE, NULL);
    }
    if (strcmp(event->type, "UserEmailChanged") == 0) {
        bool right = same_member(user->row, "email", event->data, "previous_email");
        put_members(user->row, event, (const char *const[]){"email", NULL});
        const char *wrong = move(user, WHEN(USER_ACTIVE), USER_ACTIVE, NULL);
        return right ? wrong : "the address before it was another";
    }
    if (strcmp(event->type, "UserDeactivated") == 0) {
        (void)json_object_set_new(user->row, "active", json_false());
        put_time(user->row, "deactivated_at", event);
        return move(user, WHEN(USER_ACTIVE), USER_DEACTIVATED, NULL);
    }
    return "nobody knows this type";
}

/* ---- orders ---- */

static void add_order(struct shop *shop, struct thing *user, struct thing *order)
{
    if (user->order_count == user->order_capacity) {
        size_t capacity = user->order_capacity ? user->order_capacity * 2 : 4;
        struct thing **grown = cairn_new(shop->arena, struct thing *, capacity);
        if (user->order_count)
            memcpy(grown, user->orders, user->order_count * sizeof(struct thing *));
        user->orders = grown;
        user->order_capacity = capacity;
    }
    user->orders[user->order_count++] = order;
}

static const char *place(struct shop *shop, struct thing *order, const struct event *event)
{
    size_t i;
    const json_t *line;
    int64_t total = 0;
    json_array_foreach(json_object_get(event->data, "lines"), i, line) total +=
        member_number(line, "quantity", 0) * member_number(line, "unit_price", 0);
    put_text(order->row, "order_id", id_of(event));
    put_members(order->row, event,
                (const char *const[]){"user_id", "currency", "total", "lines", NULL});
    put_time(order->row, "placed_at", event);
    struct thing *user = shop_find(shop, "user", member_text(event->data, "user_id"));
    if (user)
        add_order(shop, user, order);
    const char *wrong = move(order, WHEN(0), ORDER_PLACED, "placed");
    if (!user || user->state != USER_ACTIVE)
        return "its user is not active";
    return total == member_number(event->data, "total", -1) ? wrong : "the total is wrong";
}

static const char *apply_order(struct shop *shop, struct thing *order, const struct event *event)
{
    if (strcmp(event->type, "OrderPlaced") == 0)
        return place(shop, order, event);
    if (strcmp(event->type, "OrderPaid") == 0) {
        put_members(order->row, event, (const char *const[]){"payment_id", NULL});
        put_time(order->row, "paid_at", event);
        return move(order, WHEN(ORDER_PLACED), ORDER_PAID, "paid");
    }
    if (strcmp(event->type, "OrderShipped") == 0) {
        put_members(order->row, event, (const char *const[]){"carrier", "tracking", NULL});
        put_time(order->row, "shipped_at", event);
        return move(order, WHEN(ORDER_PAID), ORDER_SHIPPED, "shipped");
    }
    if (strcmp(event->type, "OrderCancelled") == 0) {
        bool was_paid = order->state == ORDER_PAID;
        (void)json_object_set(order->row, "cancel_reason", json_object_get(event->data, "reason"));
        put_time(order->row, "cancelled_at", event);
        const char *wrong =
            move(order, WHEN(ORDER_PLACED) | WHEN(ORDER_PAID), ORDER_CANCELLED, "cancelled");
        return json_is_true(json_object_get(event->data, "was_paid")) == was_paid
                   ? wrong
                   : "was_paid is wrong";
    }
    return "nobody knows this type";
}

static void add_number(json_t *row, const char *name, int64_t more)
{
    (void)json_object_set_new(row, name, json_integer(member_number(row, name, 0) + more));
}

static void apply_sales(struct shop *shop, const struct event *event)
{
    static const char *const names[] = {"orders_placed", "orders_paid", "orders_cancelled",
                                        "paid",          "cancelled",   NULL};
    bool placed = strcmp(event->type, "OrderPlaced") == 0;
    bool paid = strcmp(event->type, "OrderPaid") == 0;
    bool cancelled = strcmp(event->type, "OrderCancelled") == 0;
    if (!placed && !paid && !cancelled)
        return;
    const char *day = day_text(event->recorded_us);
    const char *currency = member_text(event->data, "currency");
    void **at = cairn_map_at(&shop->sales, cairn_print(shop->arena, "%s:%s", day, currency));
    if (!*at) {
        json_t *row = json_object();
        (void)json_array_append_new(shop->made, row);
        put_text(row, "day", day);
        put_text(row, "currency", currency);
        for (const char *const *name = names; *name; name++)
            add_number(row, *name, 0);
        *at = row;
    }
    int64_t total = member_number(event->data, "total", 0);
    bool was_paid = json_is_true(json_object_get(event->data, "was_paid"));
    add_number(*at, "orders_placed", placed);
    add_number(*at, "orders_paid", paid);
    add_number(*at, "orders_cancelled", cancelled);
    add_number(*at, "paid", paid ? total : 0);
    add_number(*at, "cancelled", cancelled && was_paid ? total : 0);
}

/* ---- payments ---- */

static const char *apply_payment(struct thing *payment, const struct event *event)
{
    static const struct {
        const char *type, *status;
        int to;
        unsigned from;
    } moves[] = {
        {"PaymentRequested", "requested", PAYMENT_REQUESTED, WHEN(0)},
        {"PaymentAuthorized", "authorized", PAYMENT_AUTHORIZED, WHEN(PAYMENT_REQUESTED)},
        {"PaymentDeclined", "declined", PAYMENT_DECLINED, WHEN(PAYMENT_REQUESTED)},
        {"PaymentCaptured", "captured", PAYMENT_CAPTURED, WHEN(PAYMENT_AUTHORIZED)},
        {"PaymentRefunded", "refunded", PAYMENT_REFUNDED,
         WHEN(PAYMENT_AUTHORIZED) | WHEN(PAYMENT_CAPTURED)},
    };
    for (size_t i = 0; i < sizeof moves / sizeof moves[0]; i++) {
        if (strcmp(event->type, moves[i].type) != 0)
            continue;
        if (i == 0) {
            put_text(payment->row, "payment_id", id_of(event));
            put_time(payment->row, "requested_at", event);
        }
        put_members(
            payment->row, event,
            (const char *const[]){"order_id", "amount", "currency", "reference", "reason", NULL});
        put_time(payment->row, "changed_at", event);
        return move(payment, moves[i].from, moves[i].to, moves[i].status);
    }
    return "nobody knows this type";
}

/* ---- the shop ---- */

static bool is_of(const struct event *event, const char *category)
{
    size_t bytes = strlen(category);
    return strncmp(event->stream, category, bytes) == 0 && event->stream[bytes] == '-';
}

const char *shop_apply(struct shop *shop, struct event *event)
{
    bool user = is_of(event, "user");
    bool order = is_of(event, "order");
    if (event->spoiled || (!user && !order && !is_of(event, "payment")))
        return NULL; /* not of the shop, or unreadable */
    struct thing *thing = thing_of(shop, event);
    const char *wrong = user    ? apply_user(thing, event)
                        : order ? apply_order(shop, thing, event)
                                : apply_payment(thing, event);
    if (order)
        apply_sales(shop, event);
    event->state = thing->state;
    thing->version = event->version;
    return wrong;
}

static json_t *things_of(const struct shop *shop, const char *category)
{
    size_t bytes = strlen(category);
    json_t *rows = json_object();
    for (size_t i = 0; i < shop->things.count; i++) {
        const struct cairn_map_entry *entry = &shop->things.entries[i];
        if (strncmp(entry->key, category, bytes) == 0)
            (void)json_object_set(rows, entry->key + bytes, ((struct thing *)entry->value)->row);
    }
    return rows;
}

json_t *shop_model(const struct shop *shop, const char *model)
{
    if (strcmp(model, "users") == 0)
        return things_of(shop, "user-");
    if (strcmp(model, "order_summary") == 0)
        return things_of(shop, "order-");
    if (strcmp(model, "payments") == 0)
        return things_of(shop, "payment-");
    if (strcmp(model, "sales_by_day") != 0)
        return NULL;
    json_t *rows = json_object();
    for (size_t i = 0; i < shop->sales.count; i++)
        (void)json_object_set(rows, shop->sales.entries[i].key, shop->sales.entries[i].value);
    return rows;
}

/* ---- rows as readers see them ---- */

bool same_row(const json_t *a, const json_t *b)
{
    json_t *left = without_nulls(a);
    json_t *right = without_nulls(b);
    bool same = json_equal(left, right);
    json_decref(left);
    json_decref(right);
    return same;
}

const struct thing *thing_at(const struct shop *shop, const char *path)
{
    static const char *const places[][2] = {
        {"/orders/", "order"}, {"/users/", "user"}, {"/payments/", "payment"}};
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        size_t bytes = strlen(places[i][0]);
        if (strncmp(path, places[i][0], bytes) == 0)
            return shop_find(shop, places[i][1], path + bytes);
    }
    return NULL;
}
