/* sales_by_day.h - read model of sales with one row per day and currency. */
#ifndef SALES_BY_DAY_H
#define SALES_BY_DAY_H

#include <cairn/projection.h>

struct sales_by_day {
    struct cairn_day day; /* UTC */
    const char *currency;
    int64_t orders_placed;
    int64_t orders_paid;
    int64_t orders_cancelled;
    int64_t paid;      /* minor units, of the orders paid that day */
    int64_t cancelled; /* minor units, of the paid orders that were cancelled that day */
};
CAIRN_DECLARE(sales_by_day);
extern const struct cairn_projection sales_by_day_projection;

#endif
