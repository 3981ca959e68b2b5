/* sales_by_day.c - read model of sales with one row per day and currency.
 *
 * A row belongs to no stream: the row of an event is found by the day it was recorded on and by
 * its currency. */
#include "sales_by_day.h"

#include "../services/order/order.h"

CAIRN_RECORD(sales_by_day, CAIRN_FIELD(sales_by_day, day), CAIRN_FIELD(sales_by_day, currency),
             CAIRN_FIELD(sales_by_day, orders_placed), CAIRN_FIELD(sales_by_day, orders_paid),
             CAIRN_FIELD(sales_by_day, orders_cancelled),
             CAIRN_FIELD(sales_by_day, paid, .help = "Minor units, of the orders paid that day."),
             CAIRN_FIELD(sales_by_day, cancelled,
                         .help = "Minor units, of the paid orders that were cancelled that day."));

static void add_key(struct cairn_keys *ret, const char *currency, const struct cairn_meta *meta)
{
    char day[CAIRN_DAY_TEXT_SIZE];
    cairn_day_format(cairn_day_of(meta->recorded_at), day);
    cairn_key(ret, "%s:%s", day, currency);
}

/* Sets the row's identifying fields; the event that creates a row has to, so every event does. */
static void name_row(struct sales_by_day *row, const char *currency, const struct cairn_meta *meta)
{
    row->day = cairn_day_of(meta->recorded_at);
    row->currency = currency;
}

static void placed_key(struct cairn_keys *ret, const struct order_placed *event,
                       const struct cairn_meta *meta)
{
    add_key(ret, event->currency, meta);
}

static enum cairn_row placed(struct sales_by_day *row, const struct order_placed *event,
                             const struct cairn_meta *meta)
{
    name_row(row, event->currency, meta);
    row->orders_placed++;
    return CAIRN_KEEP;
}
CAIRN_ON_KEYED(sales_by_day, order, order_placed, placed, placed_key);

static void paid_key(struct cairn_keys *ret, const struct order_paid *event,
                     const struct cairn_meta *meta)
{
    add_key(ret, event->currency, meta);
}

static enum cairn_row paid(struct sales_by_day *row, const struct order_paid *event,
                           const struct cairn_meta *meta)
{
    name_row(row, event->currency, meta);
    row->orders_paid++;
    row->paid += event->total;
    return CAIRN_KEEP;
}
CAIRN_ON_KEYED(sales_by_day, order, order_paid, paid, paid_key);

static void cancelled_key(struct cairn_keys *ret, const struct order_cancelled *event,
                          const struct cairn_meta *meta)
{
    add_key(ret, event->currency, meta);
}

static enum cairn_row cancelled(struct sales_by_day *row, const struct order_cancelled *event,
                                const struct cairn_meta *meta)
{
    name_row(row, event->currency, meta);
    row->orders_cancelled++;
    if (event->was_paid)
        row->cancelled += event->total;
    return CAIRN_KEEP;
}
CAIRN_ON_KEYED(sales_by_day, order, order_cancelled, cancelled, cancelled_key);

CAIRN_PROJECTION(sales_by_day, .version = 1, .help = "What was sold, one row a day and currency.",
                 .indexes = (const char *const[]){"day, currency", NULL},
                 CAIRN_ON_LIST(&sales_by_day_on_order_placed, &sales_by_day_on_order_paid,
                               &sales_by_day_on_order_cancelled));
