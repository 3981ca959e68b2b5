/* acquirer.c - simulates the external card acquirer that the payment service calls. It has its own
 * protocol (dialect.h) and ledger (ledger.h), and can be made to misbehave (mood.h). No other
 * service includes its headers: they communicate only by messages. */
#include "books.h"
#include "ledger.h"
#include "mood.h"

#include <cairn/service.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char form_type[] = "application/x-www-form-urlencoded";
static const char *ledger_path;
static int64_t slow_ms, hold_ms;

/* ---- POST /gateway ---- */

/* A request that is answered later. */
struct kept {
    struct acquirer_request request;
    enum acquirer_mood mood; /* SLOW: still to be carried out; else only a 504 is left to send */
};

static void put(char *text, size_t size, const char *name, const char *value)
{
    if (!cairn_form_put(text, size, name, value))
        abort(); /* everything that is put has a bounded length */
}

static void answer_form(struct cairn_reply *reply, const struct acquirer_request *request,
                        const struct acquirer_answer *answer)
{
    char text[512] = "", word[24], amount[ACQUIRER_AMOUNT_SIZE];
    (void)snprintf(word, sizeof word, "%02d", (int)answer->result);
    put(text, sizeof text, "RC", word);
    put(text, sizeof text, "RT", acquirer_result_text(answer->result));
    if (request->function) {
        (void)snprintf(word, sizeof word, "%04d", (int)request->function);
        put(text, sizeof text, "FN", word);
        put(text, sizeof text, "MREF", request->reference);
    }
    if (answer->number) {
        (void)snprintf(word, sizeof word, "A%09" PRId64, answer->number);
        put(text, sizeof text, "TXID", word);
    }
    if (acquirer_amount_write(answer->money, amount)) {
        put(text, sizeof text, "AMT", amount);
        (void)snprintf(word, sizeof word, "%03d", answer->money.currency);
        put(text, sizeof text, "CCY", word);
    }
    if (answer->standing) {
        (void)snprintf(word, sizeof word, "%d", (int)answer->standing);
        put(text, sizeof text, "ST", word);
    }
    reply->status = 200;
    reply->content_type = form_type;
    cairn_reply_print(reply, "%s", text);
}

static void answer_plain(struct cairn_reply *reply, int status, const char *text)
{
    reply->status = status;
    reply->content_type = "text/plain";
    cairn_reply_print(reply, "%s\n", text);
}

static void carry_out(const struct acquirer_request *request, enum acquirer_mood mood,
                      struct cairn_reply *reply)
{
    const struct acquirer_answer answer =
        acquirer_books_apply(request, acquirer_card_says(request, mood));
    answer_form(reply, request, &answer);
}

static void keep(struct cairn_request *request, const struct acquirer_request *wanted,
                 enum acquirer_mood mood, struct cairn_reply *reply)
{
    struct kept *kept = cairn_request_memory(request, sizeof *kept);
    *kept = (struct kept){.request = *wanted, .mood = mood};
    request->memo = kept;
    reply->again_us = CAIRN_MILLISECONDS(mood == ACQUIRER_SLOW ? slow_ms : hold_ms);
}

static void begin(struct cairn_request *request, const struct acquirer_request *wanted,
                  struct cairn_reply *reply)
{
    enum acquirer_mood mood = acquirer_mood_take(wanted);
    switch (mood) {
    case ACQUIRER_DOWN:
        answer_plain(reply, 503, "the gateway is closed");
        break;
    case ACQUIRER_ERROR:
        answer_plain(reply, 500, "the gateway has failed");
        break;
    case ACQUIRER_LOSE:
        (void)acquirer_books_apply(wanted, acquirer_card_says(wanted, mood));
        keep(request, wanted, mood, reply);
        break;
    case ACQUIRER_SLOW:
    case ACQUIRER_HANG:
        keep(request, wanted, mood, reply);
        break;
    case ACQUIRER_NORMAL:
    case ACQUIRER_DECLINE:
        carry_out(wanted, mood, reply);
        break;
    }
}

static void on_gateway(struct cairn_request *request, struct cairn_reply *reply)
{
    const struct kept *kept = request->memo;
    struct acquirer_request wanted;
    if (kept && kept->mood == ACQUIRER_SLOW)
        carry_out(&kept->request, ACQUIRER_NORMAL, reply);
    else if (kept)
        answer_plain(reply, 504, "the gateway got no answer");
    else if (acquirer_request_read(&wanted, request->body, request->body_bytes))
        begin(request, &wanted, reply);
    else
        answer_form(reply, &(struct acquirer_request){0},
                    &(struct acquirer_answer){.result = ACQUIRER_FORMAT_ERROR});
}

/* ---- GET /ledger ---- */

enum { PAGE = 1000 };

static void print_entry(struct cairn_reply *reply, const struct acquirer_entry *entry)
{
    char at[CAIRN_TIME_TEXT_SIZE];
    char amount[ACQUIRER_AMOUNT_SIZE] = "";
    cairn_time_format(entry->at, at);
    (void)acquirer_amount_write(entry->money, amount);
    /* References and cards are plain words: they need no escaping. */
    cairn_reply_print(reply,
                      "{\"number\":%" PRId64 ",\"at\":\"%s\",\"function\":\"%04d\",\"result\":"
                      "\"%02d\",\"reference\":\"%s\",\"card\":\"%s\",\"amount\":\"%s\","
                      "\"currency\":\"%03d\"}",
                      entry->number, at, (int)entry->function, (int)entry->result, entry->reference,
                      entry->card, amount, entry->money.currency);
}

static void on_ledger(struct cairn_request *request, struct cairn_reply *reply)
{
    const char *after = cairn_request_query(request, "after");
    struct acquirer_entry *entries = cairn_request_memory(request, PAGE * sizeof *entries);
    size_t count = acquirer_ledger_read(after ? strtoll(after, NULL, 10) : 0, entries, PAGE);
    reply->status = 200;
    cairn_reply_print(reply, "{\"entries\":[");
    for (size_t i = 0; i < count; i++) {
        cairn_reply_print(reply, i ? ",\n" : "\n");
        print_entry(reply, &entries[i]);
    }
    if (count == PAGE)
        cairn_reply_print(reply, "],\"next\":%" PRId64 "}\n", entries[count - 1].number);
    else
        cairn_reply_print(reply, "],\"next\":null}\n");
}

/* ---- /admin/mode ---- */

static void on_mode_get(struct cairn_request *request, struct cairn_reply *reply)
{
    (void)request;
    struct acquirer_mode mode = acquirer_mode_get();
    reply->status = 200;
    cairn_reply_print(reply, "{\"mode\":\"%s\",\"count\":%" PRId64 ",\"for_ms\":%" PRId64 "}\n",
                      acquirer_mood_name(mode.mood), mode.count, mode.for_ms);
}

/* Reads an optional number. */
static bool read_number(const struct cairn_form *form, const char *name, int64_t *ret)
{
    const char *text = cairn_form_get(form, name);
    char *end = NULL;
    *ret = text ? strtoll(text, &end, 10) : 0;
    return !text || (end != text && !*end && *ret >= 0 && *ret <= 86400000);
}

static void on_mode_set(struct cairn_request *request, struct cairn_reply *reply)
{
    struct cairn_form form;
    struct cairn_error error = {0};
    struct acquirer_mode mode = {0};
    if (cairn_form_read(&form, request->body, request->body_bytes, &error) < 0) {
        cairn_reply_problem(reply, &error);
        return;
    }
    mode.mood = acquirer_mood_named(cairn_form_get(&form, "mode"));
    if (!mode.mood)
        (void)cairn_wrong(&error, "/mode",
                          "must be normal, down, error, slow, hang, lose or decline");
    if (!read_number(&form, "count", &mode.count))
        (void)cairn_wrong(&error, "/count", "must be a number of requests");
    if (!read_number(&form, "for_ms", &mode.for_ms))
        (void)cairn_wrong(&error, "/for_ms", "must be milliseconds, at most a day of them");
    if (error.code) {
        cairn_reply_problem(reply, &error);
        return;
    }
    acquirer_mode_set(mode);
    on_mode_get(request, reply);
}

/* ---- the service ---- */

/* The acquirer is not of the shop: it knows none of its callers, and as a stand-in it has no
 * secrets. */
static const struct cairn_route routes[] = {
    {.route = "POST /gateway",
     .handle = on_gateway,
     .allow = CAIRN_ANYONE,
     .takes = form_type,
     .help = "Authorise (FN=0100), capture (0220), reverse (0420), inquire (0600)."},
    {.route = "GET /ledger",
     .handle = on_ledger,
     .allow = CAIRN_ANYONE,
     .help = "What was done, in order; ?after=NUMBER is the next page."},
    {.route = "GET /admin/mode",
     .handle = on_mode_get,
     .allow = CAIRN_ANYONE,
     .help = "How it misbehaves."},
    {.route = "POST /admin/mode",
     .handle = on_mode_set,
     .allow = CAIRN_ANYONE,
     .takes = form_type,
     .help = "mode=down&count=5&for_ms=3000: misbehave for so many requests and so long."},
    {0},
};

static const struct cairn_setting settings[] = {
    {.name = "CAIRN_ACQUIRER_LEDGER",
     .unit = "path",
     .text = &ledger_path,
     .help = "the file of executed operations; it is created if it does not exist"},
    {.name = "CAIRN_ACQUIRER_SLOW_MS",
     .fallback = "2000",
     .unit = "ms",
     .number = &slow_ms,
     .max = 600000,
     .help = "the delay of tok_slow and of the mode slow"},
    {.name = "CAIRN_ACQUIRER_HOLD_MS",
     .fallback = "30000",
     .unit = "ms",
     .number = &hold_ms,
     .max = 600000,
     .help = "how long a request is held that gets no answer"},
    {0},
};

static int start(struct cairn_error *error)
{
    return acquirer_books_open(ledger_path, error);
}

const struct cairn_service acquirer_service = {
    .name = "acquirer",
    .port = 8005,
    .help = "a stand-in for a card acquirer",
    .routes = routes,
    .settings = settings,
    .start = start,
    .stop = acquirer_books_close,
};
