/* shop.h - the shop of the sample services, folded from its events without the framework: the
 * checker compares answers and read models with it.
 *
 * The rows are JSON as the query service answers them; a member that is null is left out. A new
 * read model is a new map here and a new line in shop_model(). */
#ifndef SHOP_H
#define SHOP_H

#include "evidence.h"

/* The state of a thing; 0: it does not exist. Users are ACTIVE or DEACTIVATED. */
enum { ORDER_PLACED = 1, ORDER_PAID, ORDER_SHIPPED, ORDER_CANCELLED };
enum { USER_ACTIVE = 1, USER_DEACTIVATED };
enum {
    PAYMENT_REQUESTED = 1,
    PAYMENT_AUTHORIZED,
    PAYMENT_DECLINED,
    PAYMENT_CAPTURED,
    PAYMENT_REFUNDED
};

struct thing {
    int state;
    int64_t version;
    json_t *row;
    struct thing **orders; /* of a user, in the order in which they were placed */
    size_t order_count, order_capacity;
};

struct shop {
    struct cairn_arena *arena;
    json_t *made;            /* keeps every row alive */
    struct cairn_map things; /* stream -> struct thing */
    struct cairn_map sales;  /* "DAY:CURRENCY" -> row */
};

void shop_open(struct shop *ret, struct cairn_arena *arena);
void shop_close(struct shop *shop);

/* Applies the event and sets its state. Returns NULL, or what is wrong with it. */
const char *shop_apply(struct shop *shop, struct event *event);

/* Returns the thing of "order-0193…" for "order" and "0193…", or NULL. */
struct thing *shop_find(const struct shop *shop, const char *category, const char *id);

/* Returns the rows that a read model has to have: key -> row. NULL for an unknown model. */
json_t *shop_model(const struct shop *shop, const char *model);

/* Returns a copy without the members that are null. */
json_t *without_nulls(const json_t *row);
bool same_row(const json_t *a, const json_t *b);

/* Returns the thing of "/orders/ID"; NULL if there is none so far. */
const struct thing *thing_at(const struct shop *shop, const char *path);

#endif
