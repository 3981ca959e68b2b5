/* check_shop.c - checks the shop's business rules: every event is legal where it stands and says
 * what its request asked for, no address belongs to two users, and every refusal is true of a state
 * that the stream had between request and answer. */
#include "check.h"
#include "shop.h"
#include "window.h"

#include <ctype.h>
#include <string.h>

/* ---- events ---- */

/* Returns whether the members that request and event share are equal. */
static bool says_what_was_asked(const struct event *event)
{
    const char *name;
    json_t *value;
    json_object_foreach(event->cause->body, name, value)
    {
        const json_t *said = json_object_get(event->data, name);
        if (said && !json_equal(said, value))
            return false;
    }
    return true;
}

void check_legal(struct evidence *evidence, struct verdict *verdict)
{
    struct shop shop;
    shop_open(&shop, &evidence->arena);
    for (size_t i = 0; i < evidence->event_count; i++) {
        struct event *event = &evidence->events[i];
        const char *wrong = shop_apply(&shop, event);
        if (!wrong && event->cause && !says_what_was_asked(event))
            wrong = "it does not say what was asked for";
        if (!wrong && event->cause && !window_is_as_asked(event))
            wrong = "If-Match named another version";
        if (wrong)
            verdict_add(verdict, "legal", "%s in %s at position %" PRId64 ": %s", event->type,
                        event->stream, event->position, wrong);
    }
    shop_close(&shop);
}

/* ---- e-mail addresses ---- */

struct holding {
    const char *stream;
    const struct event *taken; /* the event that claimed the address */
    int64_t to;                /* position of the event that released it */
    struct holding *before;
};

static const char *lower(struct cairn_arena *arena, const char *text)
{
    char *copy = cairn_copy_text(arena, text);
    for (char *at = copy; *at; at++)
        *at = (char)tolower((unsigned char)*at);
    return copy;
}

static void give_back(struct cairn_map *holdings, struct cairn_arena *arena,
                      const struct event *event, const char *member)
{
    const char *email = lower(arena, member_text(event->data, member));
    struct holding *last = cairn_map_get(holdings, email);
    if (last && last->to == INT64_MAX && strcmp(last->stream, event->stream) == 0)
        last->to = event->position;
}

/* Records the claim. Returns the stream that already holds the address, or NULL. */
static const char *take(struct cairn_map *holdings, struct cairn_arena *arena,
                        const struct event *event)
{
    const char *email = lower(arena, member_text(event->data, "email"));
    void **place = cairn_map_at(holdings, email);
    struct holding *last = *place;
    struct holding *next = cairn_new(arena, struct holding, 1);
    *next = (struct holding){event->stream, event, INT64_MAX, last};
    *place = next;
    return last && last->to == INT64_MAX ? last->stream : NULL;
}

static const char *move_address(struct cairn_map *holdings, struct cairn_arena *arena,
                                const struct event *event)
{
    if (event->spoiled)
        return NULL;
    if (strcmp(event->type, "UserDeactivated") == 0)
        give_back(holdings, arena, event, "email");
    if (strcmp(event->type, "UserEmailChanged") == 0)
        give_back(holdings, arena, event, "previous_email");
    if (strcmp(event->type, "UserEmailChanged") == 0 || strcmp(event->type, "UserRegistered") == 0)
        return take(holdings, arena, event);
    return NULL;
}

static struct cairn_map find_holdings(struct evidence *evidence, struct verdict *verdict)
{
    struct cairn_map holdings = cairn_map(&evidence->arena);
    for (size_t i = 0; i < evidence->event_count; i++) {
        const struct event *event = &evidence->events[i];
        const char *holder = move_address(&holdings, &evidence->arena, event);
        if (holder && verdict)
            verdict_add(verdict, "claims",
                        "at position %" PRId64 " %s takes an address that %s has", event->position,
                        event->stream, holder);
    }
    return holdings;
}

void check_claims(struct evidence *evidence, struct verdict *verdict)
{
    (void)find_holdings(evidence, verdict);
}

/* ---- refusals ---- */

/* Returns whether another stream held the address at some time between request and answer. */
static bool was_held(struct evidence *evidence, const struct cairn_map *holdings,
                     const struct request *request, const char *stream)
{
    const struct holding *at =
        cairn_map_get(holdings, lower(&evidence->arena, member_text(request->body, "email")));
    for (; at; at = at->before) {
        if (strcmp(at->stream, stream) != 0 && window_meets(request, at->taken, at->to))
            return true;
    }
    return false;
}

/* Refusal codes, and the states in which each is right. */
static const struct {
    const char *code;
    unsigned states;
} reasons[] = {
    {"not-found", 1},
    {"already-exists", ~1U},
    {"order-already-paid", 1U << ORDER_PAID | 1U << ORDER_SHIPPED},
    {"order-not-paid", 1U << ORDER_PLACED},
    {"order-already-shipped", 1U << ORDER_SHIPPED},
    {"order-cancelled", 1U << ORDER_CANCELLED},
    {"user-deactivated", 1U << USER_DEACTIVATED},
    {"payment-requested", 1U << PAYMENT_REQUESTED},
    {"payment-authorized", 1U << PAYMENT_AUTHORIZED},
    {"payment-declined", 1U << PAYMENT_DECLINED},
    {"payment-captured", 1U << PAYMENT_CAPTURED},
    {"payment-refunded", 1U << PAYMENT_REFUNDED},
};

static const char *stream_of(struct evidence *evidence, const struct request *request)
{
    const char *id = strchr(request->path + 1, '/');
    const char *name = cairn_print(&evidence->arena, "%s_id", request->service);
    id = id ? id + 1 : member_text(request->body, name);
    return cairn_print(&evidence->arena, "%s-%.36s", request->service, id);
}

static bool is_explained(struct evidence *evidence, const struct cairn_map *holdings,
                         const struct request *request)
{
    const char *stream = stream_of(evidence, request);
    struct window own = window_of(evidence, request, stream);
    if (strcmp(request->code, "conflict") == 0)
        return true; /* the request is repeated; a conflict cannot be disproved */
    if (strcmp(request->code, "idempotency-key-reused") == 0)
        return json_is_true(json_object_get(request->json, "reused"));
    if (strcmp(request->code, "precondition-failed") == 0)
        return window_has_other_version(&own, request);
    if (strcmp(request->code, "claimed") == 0)
        return was_held(evidence, holdings, request, stream);
    if (strcmp(request->code, "user-unknown") == 0 ||
        strcmp(request->code, "user-not-active") == 0) {
        const char *user =
            cairn_print(&evidence->arena, "user-%s", member_text(request->body, "user_id"));
        struct window theirs = window_of(evidence, request, user);
        return window_has(&theirs, request->code[5] == 'u' ? 1 : 1U << USER_DEACTIVATED);
    }
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
        if (strcmp(request->code, reasons[i].code) == 0)
            return window_has(&own, reasons[i].states);
    }
    return false;
}

void check_explained(struct evidence *evidence, struct verdict *verdict)
{
    struct cairn_map holdings = find_holdings(evidence, NULL);
    for (size_t i = 0; i < evidence->request_count; i++) {
        const struct request *request = &evidence->requests[i];
        bool refused = request->status >= 400 && request->status < 500;
        if (refused && !request_reads(request) && !is_explained(evidence, &holdings, request))
            verdict_add(
                verdict, "explained", "%s %s was answered %s, which was true at no time (trace %s)",
                request->method, request->path, request->code, member_text(request->json, "trace"));
    }
}
