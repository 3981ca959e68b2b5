/* sales_by_day.c - read model of sales with one row per day and currency.
 *
 * A row belongs to no stream: the row of an event is found by the day it was recorded on and by
 * its currency. */
#include "sales_by_day.h"

#include "../services/order/order.h"

CAIRN_PROJECTION(sales_by_day, .version = 1, .help = "What was sold, one row a day and currency.",
                 CAIRN_INDEXES("day, currency"));

static void add_key(struct cairn_keys *ret, const char *currency, const struct cairn_meta *meta)
{
    cairn_key(ret, "%s:%s", cairn_day_text(cairn_day_of(meta->recorded_at)), currency);
}

/* Sets the row's identifying fields; the event that creates a row has to, so every event does. */
static void name_row(struct sales_by_day *row, const char *currency, const struct cairn_meta *meta)
{
    row->day = cairn_day_of(meta->recorded_at);
    row->currency = currency;
}

CAIRN_KEYS(sales_by_day, order_placed)
{
    add_key(ret, event->currency, meta);
}

CAIRN_ON(sales_by_day, order, order_placed)
{
    name_row(row, event->currency, meta);
    row->orders_placed++;
    return CAIRN_KEEP;
}

CAIRN_KEYS(sales_by_day, order_paid)
{
    add_key(ret, event->currency, meta);
}

CAIRN_ON(sales_by_day, order, order_paid)
{
    name_row(row, event->currency, meta);
    row->orders_paid++;
    row->paid += event->total;
    return CAIRN_KEEP;
}

CAIRN_KEYS(sales_by_day, order_cancelled)
{
    add_key(ret, event->currency, meta);
}

CAIRN_ON(sales_by_day, order, order_cancelled)
{
    name_row(row, event->currency, meta);
    row->orders_cancelled++;
    if (event->was_paid)
        row->cancelled += event->total;
    return CAIRN_KEEP;
}
