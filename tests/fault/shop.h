/* shop.h - the shop of the sample services, folded from its events by other means than the
 * framework's: what the checker compares answers and read models with.
 *
 * The rows are JSON as the query service answers them; a member that is null is left out. Another
 * read model is another map here and another line in shop_model(). */
#ifndef SHOP_H
#define SHOP_H

#include "evidence.h"

/* Where a thing stands; 0 is: it is not there. Users are ACTIVE or DEACTIVATED. */
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
    struct thing **orders; /* of a user, as they were placed */
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

/* "order" and "0193…" -> the thing of "order-0193…", or NULL. */
struct thing *shop_find(const struct shop *shop, const char *category, const char *id);

/* The rows that a read model has to have: key -> row. NULL if nobody knows the model. */
json_t *shop_model(const struct shop *shop, const char *model);

/* Without the members that are null. */
json_t *without_nulls(const json_t *row);
bool same_row(const json_t *a, const json_t *b);

/* "/orders/ID" -> the thing; NULL if there is none by now. */
const struct thing *thing_at(const struct shop *shop, const char *path);

#endif
