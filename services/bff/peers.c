/* peers.c - where the shop's services are, and as whom they are called. */
#include "peers.h"

struct cairn_target bff_user = {.name = "user", .concurrency = 64, .inside = true};
struct cairn_target bff_order = {.name = "order", .concurrency = 64, .inside = true};
struct cairn_target bff_query = {
    .name = "query", .concurrency = 128, .wait_us = CAIRN_MILLISECONDS(200), .inside = true};
int64_t bff_deadline_ms;

const struct cairn_setting bff_settings[] = {
    {.name = "CAIRN_USER_URL",
     .fallback = "http://127.0.0.1:8001",
     .unit = "URL",
     .text = &bff_user.url,
     .help = "the user service"},
    {.name = "CAIRN_ORDER_URL",
     .fallback = "http://127.0.0.1:8002",
     .unit = "URL",
     .text = &bff_order.url,
     .help = "the order service"},
    {.name = "CAIRN_QUERY_URL",
     .fallback = "http://127.0.0.1:8010",
     .unit = "URL",
     .text = &bff_query.url,
     .help = "the query service"},
    {.name = "CAIRN_BFF_DEADLINE_MS",
     .fallback = "2000",
     .unit = "ms",
     .number = &bff_deadline_ms,
     .min = 50,
     .max = 30000,
     .help = "when a dashboard is answered, with the parts that have come"},
    {0},
};

const char *bff_authorization(struct cairn_request *request)
{
    return cairn_request_header(request, "Authorization");
}
