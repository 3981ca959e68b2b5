/* sales_by_day.h - read model of sales with one row per day (UTC) and currency. */
#ifndef SALES_BY_DAY_H
#define SALES_BY_DAY_H

#include <cairn/projection.h>

CAIRN_STRUCT(sales_by_day, DAY(day), TEXT(currency), INT(orders_placed), INT(orders_paid),
             INT(orders_cancelled), INT(paid, .help = "Minor units, of the orders paid that day."),
             INT(cancelled,
                 .help = "Minor units, of the paid orders that were cancelled that day."));
extern const struct cairn_projection sales_by_day_projection;

#endif
