/* web.c - an index page with links to everything and the readiness of each service. It accesses no
 * database: the browser asks the services themselves, through the public entry point. It also shows
 * the mail that was sent. */
#include "web.h"

#include "files.h"
#include "mail.h"

static void send_page(struct cairn_reply *reply, const char *type, const char *text)
{
    reply->status = 200;
    reply->content_type = type;
    cairn_reply_print(reply, "%s", text);
}

static void on_page(struct cairn_request *request, struct cairn_reply *reply)
{
    (void)request;
    send_page(reply, "text/html; charset=utf-8", web_page);
}

static void on_script(struct cairn_request *request, struct cairn_reply *reply)
{
    (void)request;
    send_page(reply, "text/javascript; charset=utf-8", web_script);
}

static void on_style(struct cairn_request *request, struct cairn_reply *reply)
{
    (void)request;
    send_page(reply, "text/css; charset=utf-8", web_style);
}

static const struct cairn_route routes[] = {
    {.route = "GET /",
     .handle = on_page,
     .allow = CAIRN_ANYONE,
     .help = "An index that links everything."},
    {.route = "GET /web.js",
     .handle = on_script,
     .allow = CAIRN_ANYONE,
     .help = "What makes the index live."},
    {.route = "GET /web.css", .handle = on_style, .allow = CAIRN_ANYONE, .help = "How it looks."},
    {.route = "GET /mail",
     .handle = mail_show,
     .allow = CAIRN_ROLE("support"),
     .help = "What customers would have been written."},
    {0},
};

static const struct cairn_setting settings[] = {
    {.name = "CAIRN_WEB_MAIL",
     .fallback = "",
     .unit = "path",
     .text = &mail_path,
     .help = "the file that cairn-mailbox keeps mail in, shown at /mail"},
    {0},
};

const struct cairn_service web_service = {
    .name = "web",
    .port = 8080,
    .help = "the first page: links to everything that runs",
    .routes = routes,
    .settings = settings,
};
