/* story.c - the lines of the true story (story.h), file by file. */
#include "story.h"

#include "check/check.h"

#include <stddef.h>

static const char *const true_log[] = {
    LOG(1, "user-" USER, 1, "UserRegistered", "{'email':'a@example.com','name':'A'}", META(1)),
    LOG(2, "order-" ORDER, 1, "OrderPlaced", PLACED, META(2)),
    LOG(3, "order-" ORDER, 2, "OrderPaid", "{'payment_id':'p','currency':'EUR','total':900}",
        META(3)),
    LOG(4, "ledger-1", 1, "Happened", "{}", "{}"),
    LOG(5, "ledger-1", 2, "Happened", "{}", "{}"),
    LOG(6, "pot-1", 1, "PotFilled", "{}", "{'service':'sql'}"),
    NULL,
};

static const char *const true_history[] = {
    REQUEST(1, 10, 20, 201, "user", "POST", "/users",
            "'key':'k1','body':'{`user_id`:`" USER
            "`,`email`:`a@example.com`,`name`:`A`}'," ANSWER("user-" USER, "UserRegistered", 1, 1)),
    REQUEST(2, 30, 40, 201, "order", "POST", "/orders",
            "'body':'{`order_id`:`" ORDER "`,`user_id`:`" USER
            "`,`currency`:`EUR`}'," ANSWER("order-" ORDER, "OrderPlaced", 1, 2)),
    REQUEST(3, 50, 60, 0, "order", "POST", "/orders/" ORDER "/pay",
            "'key':'k3','if_match':'\\\"1\\\"','body':'{`payment_id`:`p`}'"),
    REQUEST(4, 61, 64, 200, "order", "POST", "/orders/" ORDER "/pay",
            "'key':'k3','replayed':true,'body':'{`payment_id`:`p`}'," ANSWER("order-" ORDER,
                                                                             "OrderPaid", 2, 3)),
    REQUEST(5, 65, 70, 422, "order", "POST", "/orders/" ORDER "/pay",
            "'code':'order-already-paid','body':'{`payment_id`:`q`}'"),
    REQUEST(6, 71, 75, 200, "query", "GET", "/orders/" ORDER,
            "'token':'00000000-1-3','position':'00000000-1-4','etag':'\\\"2.1\\\"',"
            "'answer':'" ORDER_PAID_ROW "'"),
    REQUEST(7, 76, 77, 200, "query", "GET", "/users/" USER "/orders?limit=5",
            "'position':'00000000-1-4','answer':'{`items`:[" ORDER_PAID_ROW "],`next`:null}'"),
    REQUEST(8, 78, 79, 404, "query", "GET", "/orders/" EVENT(9), "'position':'00000000-1-4'"),
    REQUEST(9, 80, 81, 422, "user", "POST", "/users",
            "'code':'claimed','body':'{`email`:`A@example.com`,`name`:`B`}'"),
    "{'kind':'append','actor':'l','sent':90,'done':91,'outcome':'appended','writes':[{'stream':"
    "'ledger-1','version':0,'event_id':'','ids':['" EVENT(4) "','" EVENT(
        5) "'],'takes':'c','command':'k','hash':'h','answered':2,'position':5}]}",
    "{'kind':'append','actor':'l','sent':3,'done':4,'outcome':'conflict','writes':[{'stream':"
    "'ledger-1','version':1,'event_id':'','ids':['" EVENT(8) "']}]}",
    "{'kind':'sql','actor':'s','sent':92,'done':93,'ids':['" EVENT(6) "'],'outcome':'committed'}",
    "{'kind':'sql','actor':'s','sent':1,'done':2,'ids':['" EVENT(7) "'],'outcome':'rolled-back'}",
    "{'kind':'seen','actor':'f','from':3,'ids':['" EVENT(4) "','" EVENT(5) "']}",
    "{'kind':'tamper','sql':'truncate','outcome':'refused'}",
    LIVE("1", ORDER, 2, ORDER_PLACED_ROW),
    LIVE("1", ORDER, 4, ORDER_PAID_ROW),
    "{'kind':'live','hold':'1','path':'/orders/" ORDER "','ends':true}",
    LIVE_PAGE("2", USER, 1, ""),
    LIVE_PAGE("2", USER, 2, ORDER_PLACED_ROW),
    LIVE_PAGE("2", USER, 3, ORDER_PAID_ROW),
    "{'kind':'live','hold':'2','path':'/users/" USER "/orders?limit=5','ends':true}",
    "{'kind':'standby','at':41,'head':2}",
    NULL,
};

static const char *const true_rows[] = {
    ROW("postgres", "users", USER, USER_ROW),
    ROW("postgres", "order_summary", ORDER, ORDER_PAID_ROW),
    ROW("postgres", "sales_by_day", "2026-11-21:EUR", SALES_ROW),
    ROW("redis", "users", USER, USER_ROW),
    ROW("redis", "order_summary", ORDER, ORDER_PAID_ROW),
    ROW("redis", "sales_by_day", "2026-11-21:EUR", SALES_ROW),
    NULL,
};

static const char *const true_bus[] = {
    MARK("r", "user", "begins", 0),
    MARK("r", "order", "begins", 0),
    ENTRY("user", 1, 0, "user-" USER, 1, "UserRegistered", USER_CARRIED),
    ENTRY("order", 2, 0, "order-" ORDER, 1, "OrderPlaced", ORDER_CARRIED("'status':'placed'")),
    ENTRY("order", 3, 1, "order-" ORDER, 2, "OrderPaid", ORDER_PAID_CARRIED),
    MARK("r", "user", "ends", 0),
    MARK("r", "order", "ends", 0),
    MARK("late", "order", "begins", 0),
    ENTRY_OF("late", "order", 3, 2, "order-" ORDER, 2, "OrderPaid", ORDER_PAID_CARRIED),
    MARK("late", "order", "ends", 2),
    NULL,
};

static const char *const true_generations[] = {
    "{'kind':'generation','model':'users','generation':1,'state':'following','live':true}",
    "{'kind':'generation','model':'order_summary','generation':1,'state':'dropped','live':false}",
    "{'kind':'generation','model':'order_summary','generation':2,'state':'following','live':true}",
    "{'kind':'generation','model':'payments','generation':1,'state':'following','live':true}",
    "{'kind':'generation','model':'sales_by_day','generation':1,'state':'following','live':true}",
    "{'kind':'table','model':'users','generation':1,'name':'users_g1'}",
    "{'kind':'table','model':'order_summary','generation':2,'name':'order_summary_g2'}",
    "{'kind':'table','model':'payments','generation':1,'name':'payments_g1'}",
    "{'kind':'table','model':'sales_by_day','generation':1,'name':'sales_by_day_g1'}",
    "{'kind':'key','model':'order_summary','generation':2,'name':'checkpoint'}",
    NULL,
};

static const char *const no_tags[] = {NULL};

const struct true_story shop_story = {check_evidence, true_history,     true_log, true_rows,
                                      true_bus,       true_generations, no_tags};
