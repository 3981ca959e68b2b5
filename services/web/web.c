/* web.c - an index that links everything, and says of each service whether it is ready. It knows no
 * database: the browser asks the services themselves, through the same door as everybody. */
#include "web.h"

#include "files.h"

static void send(struct cairn_reply *reply, const char *type, const char *text)
{
    reply->status = 200;
    reply->content_type = type;
    cairn_reply_print(reply, "%s", text);
}

static void on_page(struct cairn_request *request, struct cairn_reply *reply)
{
    (void)request;
    send(reply, "text/html; charset=utf-8", web_page);
}

static void on_script(struct cairn_request *request, struct cairn_reply *reply)
{
    (void)request;
    send(reply, "text/javascript; charset=utf-8", web_script);
}

static void on_style(struct cairn_request *request, struct cairn_reply *reply)
{
    (void)request;
    send(reply, "text/css; charset=utf-8", web_style);
}

static const struct cairn_route routes[] = {
    {.route = "GET /", .handle = on_page, .help = "An index that links everything."},
    {.route = "GET /web.js", .handle = on_script, .help = "What makes the index live."},
    {.route = "GET /web.css", .handle = on_style, .help = "How it looks."},
    {0},
};

const struct cairn_service web_service = {
    .name = "web",
    .port = 8080,
    .help = "the first page: links to everything that runs",
    .routes = routes,
};
