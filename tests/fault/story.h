/* story.h - a small example of what a fault run leaves behind, all of it true: the checker is
 * tested on it (tests/unit/test_checker.c), with one false statement at a time. Its lines, and the
 * macros that false statements are made of.
 *
 * In these texts ' and ` stand for ", the second inside of a text. Each list is ended by NULL. */
#ifndef STORY_H
#define STORY_H

#define USER "00000000-0000-7000-8000-00000000000a"
#define ORDER "00000000-0000-7000-8000-00000000000b"
#define EVENT(n) "0000000" #n "-0000-4000-8000-000000000000"
#define TRACE(n) "000000000000000000000000000000a" #n
#define META(n) "{'service':'x','traceparent':'00-" TRACE(n) "-00000000000000ff-01'}"
#define AT(second) "2026-11-21T07:00:0" #second ".000000Z"
#define SECOND(n) "179524440" #n "000000" /* 2026-11-21T07:00:0n UTC */
#define LINES "[{'sku':'tea','quantity':2,'unit_price':450}]"
#define PLACED                                                                                     \
    "{'user_id':'" USER "','currency':'EUR','lines':" LINES ",'total':900,'card_token':'t'}"

#define LOG(n, stream, version, type, data, meta)                                                  \
    "{'position':" #n ",'stream':'" stream "','version':" #version ",'type':'" type                \
    "','event_id':'" EVENT(n) "','recorded_us':" SECOND(n) ",'data':" data ",'meta':" meta "}"

#define REQUEST(op, sent, done, status, service, method, path, more)                               \
    "{'kind':'request','op':" #op ",'sent':" #sent ",'done':" #done ",'status':" #status           \
    ",'service':'" service "','method':'" method "','path':'" path                                 \
    "','trace':'" TRACE(op) "'," more "}"
#define ANSWER(stream, type, version, position)                                                    \
    "'position':'00000000-1-" #position "','etag':'\\\"" #version                                  \
    "\\\"','answer':'{`stream`:`" stream "`,`version`:" #version ",`position`:" #position          \
    ",`events`:[{`type`:`" type "`,`version`:" #version ",`position`:" #position "}]}'"
#define USER_ROW                                                                                   \
    "{`user_id`:`" USER                                                                            \
    "`,`email`:`a@example.com`,`name`:`A`,`active`:true,`registered_at`:`" AT(1) "`}"
#define ORDER_PAID_ROW                                                                             \
    "{`order_id`:`" ORDER "`,`user_id`:`" USER "`,`currency`:`EUR`,`total`:900,`lines`:[{`sku`:"   \
    "`tea`,`quantity`:2,`unit_price`:450}],`placed_at`:`" AT(                                      \
        2) "`,`status`:`paid`,`payment_id`:`p`,`paid_at`:`" AT(3) "`,`carrier`:null}"
#define SALES_ROW                                                                                  \
    "{`day`:`2026-11-21`,`currency`:`EUR`,`orders_placed`:1,`orders_paid`:1,`orders_cancelled`:0," \
    "`paid`:900,`cancelled`:0}"

#define ORDER_PLACED_ROW                                                                           \
    "{`order_id`:`" ORDER "`,`user_id`:`" USER "`,`currency`:`EUR`,`total`:900,`lines`:[{`sku`:"   \
    "`tea`,`quantity`:2,`unit_price`:450}],`placed_at`:`" AT(2) "`,`status`:`placed`}"
#define LIVE(hold, order, position, row)                                                           \
    "{'kind':'live','hold':'" hold "','path':'/orders/" order                                      \
    "','event':'message','id':'00000000-1-" #position ".1','data':'" row "'}"

#define LIVE_PAGE(hold, user, position, rows)                                                      \
    "{'kind':'live','hold':'" hold "','path':'/users/" user                                        \
    "/orders?limit=5','event':'message','id':'00000000-1-" #position                               \
    ".1.abc','data':'{`items`:[" rows "],`next`:null}'}"

#define ROW(store, model, key, row)                                                                \
    "{'store':'" store "','model':'" model "','key':'" key "','row':" row "}"

/* The marks and entries of a bus reader: "begins", entries, "ends". */
#define MARK(reader, category, what, floor)                                                        \
    "{'reader':'" reader "','category':'" category "','what':'" what "','floor':" #floor "}"
#define ENTRY(...) ENTRY_OF("r", __VA_ARGS__)
#define ENTRY_OF(reader, category, position, floor, stream, version, type, data)                   \
    "{'what':'entry','reader':'" reader "','category':'" category "','position':" #position        \
    ",'floor':" #floor ",'event_id':'" EVENT(position) "','stream':'" stream                       \
                                                       "','version':" #version ",'type':'" type    \
                                                       "','style':'state','data':" data "}"
#define USER_CARRIED                                                                               \
    "{'user_id':'" USER "','email':'a@example.com','name':'A','active':true,"                      \
    "'registered_at':'" AT(1) "'}"
#define ORDER_CARRIED(more)                                                                        \
    "{'order_id':'" ORDER "','user_id':'" USER "','currency':'EUR','total':900,'lines':" LINES     \
    ",'placed_at':'" AT(2) "'," more "}"
#define ORDER_PAID_CARRIED ORDER_CARRIED("'status':'paid','payment_id':'p','paid_at':'" AT(3) "'")

struct evidence;
struct verdict;

/* The lines of each file, and the rules that are for them. */
struct true_story {
    void (*check)(struct evidence *evidence, struct verdict *verdict);
    const char *const *history, *const *log, *const *rows, *const *bus, *const *generations,
                                                                            *const *tags;
};

extern const struct true_story shop_story;

#endif
