/* check_reads.c - checks that each answer of the query service is the fold of the log at the
 * position that it stated; that this position is not before the one that the request asked for; and
 * that at the end every copy of every read model is the fold of the whole log. */
#include "check.h"
#include "shop.h"

#include <stdlib.h>
#include <string.h>

void check_fresh(struct evidence *evidence, struct verdict *verdict)
{
    for (size_t i = 0; i < evidence->request_count; i++) {
        const struct request *request = &evidence->requests[i];
        int64_t wanted = token_position(member_text(request->json, "token"));
        bool shown = request->status == 200 || request->status == 304 || request->status == 404;
        if (!request_reads(request) || !shown)
            continue;
        if (request->position < 0)
            verdict_add(verdict, "fresh", "%s: an answer that says no position", request->path);
        else if (request->position < wanted)
            verdict_add(verdict, "fresh",
                        "%s: asked for position %" PRId64 ", answered from %" PRId64, request->path,
                        wanted, request->position);
    }
}

/* ---- one row ---- */

static const char *check_row(const struct shop *shop, const struct request *request)
{
    const struct thing *thing = thing_at(shop, request->path);
    const char *etag = member_text(request->json, "etag");
    if (request->status == 404)
        return thing ? "it was answered 404 and is there" : NULL;
    if (!thing)
        return "it is not there";
    if (request->status == 200 && !same_row(thing->row, request->answer))
        return "the row is another";
    return strtoll(etag + (*etag == '"'), NULL, 10) == thing->version
               ? NULL
               : "the ETag is of another version";
}

/* ---- lists ---- */

const char *path_parameter(struct cairn_arena *arena, const char *path, const char *name)
{
    const char *at = strchr(path, '?');
    size_t bytes = strlen(name);
    while (at++) {
        if (strncmp(at, name, bytes) == 0 && at[bytes] == '=')
            return cairn_copy_bytes(arena, at + bytes + 1, strcspn(at + bytes + 1, "&"));
        at = strchr(at, '&');
    }
    return "";
}

static int newest_first(const void *a, const void *b)
{
    const json_t *const *left = a;
    const json_t *const *right = b;
    int order = strcmp(member_text(*right, "placed_at"), member_text(*left, "placed_at"));
    return order ? order : strcmp(member_text(*right, "order_id"), member_text(*left, "order_id"));
}

static int by_day(const void *a, const void *b)
{
    const json_t *const *left = a;
    const json_t *const *right = b;
    int order = strcmp(member_text(*left, "day"), member_text(*right, "day"));
    return order ? order : strcmp(member_text(*left, "currency"), member_text(*right, "currency"));
}

/* Finds the newest orders of a user: `limit` of them, and all others as old as the last of
 * these. */
static size_t newest_orders(const struct shop *shop, const struct request *request, size_t limit,
                            const json_t ***ret)
{
    const char *id = cairn_copy_bytes(shop->arena, request->path + strlen("/users/"), 36);
    const char *status = path_parameter(shop->arena, request->path, "status");
    const struct thing *user = shop_find(shop, "user", id);
    size_t total = user ? user->order_count : 0;
    size_t count = 0;
    *ret = cairn_new(shop->arena, const json_t *, limit + 4096);
    for (size_t i = total; i > 0 && count < limit + 4096; i--) {
        const json_t *row = user->orders[i - 1]->row;
        if (*status && strcmp(status, member_text(row, "status")) != 0)
            continue;
        if (count >= limit &&
            strcmp(member_text(row, "placed_at"), member_text((*ret)[count - 1], "placed_at")) != 0)
            break;
        (*ret)[count++] = row;
    }
    qsort(*ret, count, sizeof(json_t *), newest_first);
    return count;
}

static size_t sales_rows(const struct shop *shop, const struct request *request,
                         const json_t ***ret)
{
    const char *from = path_parameter(shop->arena, request->path, "from");
    const char *to = path_parameter(shop->arena, request->path, "to");
    size_t count = 0;
    *ret = cairn_new(shop->arena, const json_t *, shop->sales.count + 1);
    for (size_t i = 0; i < shop->sales.count; i++) {
        const json_t *row = shop->sales.entries[i].value;
        const char *day = member_text(row, "day");
        if (strcmp(day, from) >= 0 && (!*to || strcmp(day, to) <= 0))
            (*ret)[count++] = row;
    }
    qsort(*ret, count, sizeof(json_t *), by_day);
    return count;
}

bool path_lists(const char *path)
{
    return strstr(path, "/orders?") || strncmp(path, "/reports/", 9) == 0;
}

const char *check_list(const struct shop *shop, const struct request *request)
{
    size_t i;
    const json_t *item;
    const json_t **wanted;
    const json_t *items = json_object_get(request->answer, "items");
    bool sales = strncmp(request->path, "/reports/", 9) == 0;
    const char *said = path_parameter(shop->arena, request->path, "limit");
    size_t limit = *said ? (size_t)strtoul(said, NULL, 10) : 100;
    if (request->status != 200)
        return NULL; /* 304: the ETag of a list stands for the position alone */
    size_t count =
        sales ? sales_rows(shop, request, &wanted) : newest_orders(shop, request, limit, &wanted);
    if (json_array_size(items) != (count < limit ? count : limit))
        return "the list has another length";
    json_array_foreach(items, i, item)
    {
        if (!same_row(wanted[i], item))
            return "a row of the list is another";
    }
    return NULL;
}

/* ---- all reads, by the position that they show ---- */

static int by_position(const void *a, const void *b)
{
    const struct request *const *left = a;
    const struct request *const *right = b;
    return ((*left)->position > (*right)->position) - ((*left)->position < (*right)->position);
}

static bool shows_rows(const struct request *request, const char *service)
{
    return request_reads(request) && strcmp(request->service, service) == 0 &&
           request->position >= 0 &&
           (request->status == 200 || request->status == 404 || request->status == 304);
}

size_t find_reads(struct evidence *evidence, const char *service, const struct request ***ret)
{
    size_t count = 0;
    *ret = cairn_new(&evidence->arena, const struct request *, evidence->request_count + 1);
    for (size_t i = 0; i < evidence->request_count; i++) {
        if (shows_rows(&evidence->requests[i], service))
            (*ret)[count++] = &evidence->requests[i];
    }
    qsort(*ret, count, sizeof(struct request *), by_position);
    return count;
}

void check_folds(struct evidence *evidence, struct verdict *verdict)
{
    struct shop shop;
    const struct request **reads;
    size_t count = find_reads(evidence, "query", &reads);
    size_t next = 0;
    shop_open(&shop, &evidence->arena);
    for (size_t i = 0; i < count; i++) {
        const struct request *read = reads[i];
        while (next < evidence->event_count && evidence->events[next].position <= read->position)
            (void)shop_apply(&shop, &evidence->events[next++]);
        const char *wrong =
            path_lists(read->path) ? check_list(&shop, read) : check_row(&shop, read);
        if (wrong)
            verdict_add(verdict, "folds", "%s at position %" PRId64 " (trace %s): %s", read->path,
                        read->position, member_text(read->json, "trace"), wrong);
    }
    shop_close(&shop);
}

/* ---- at the end ---- */

void check_model(const struct evidence *evidence, const char *rule, const char *store,
                 const char *model, const json_t *wanted, struct verdict *verdict)
{
    size_t i;
    json_t *line;
    size_t there = 0;
    json_array_foreach(evidence->rows, i, line)
    {
        const char *key = member_text(line, "key");
        if (strcmp(member_text(line, "store"), store) != 0 ||
            strcmp(member_text(line, "model"), model) != 0)
            continue;
        there++;
        const json_t *row = json_object_get(wanted, key);
        if (!row || !same_row(row, json_object_get(line, "row")))
            verdict_add(verdict, rule, "%s in %s: row %s is not what the log folds to", model,
                        store, key);
    }
    if (there != json_object_size(wanted))
        verdict_add(verdict, rule, "%s in %s has %zu rows, the log folds to %zu", model, store,
                    there, json_object_size(wanted));
}

/* A row with an event that cannot be read is parked: PostgreSQL keeps it as it was before, Redis
 * does not have it. Only the users model has such rows. */
static json_t *without_parked(const struct evidence *evidence, const json_t *rows)
{
    json_t *kept = json_copy((json_t *)(uintptr_t)rows);
    for (size_t i = 0; i < evidence->event_count; i++) {
        const struct event *event = &evidence->events[i];
        if (event->spoiled && strncmp(event->stream, "user-", 5) == 0)
            (void)json_object_del(kept, event->stream + 5);
    }
    return kept;
}

/* Checks every model in each store; a model without rows must have none. */
void check_rows(struct evidence *evidence, struct verdict *verdict)
{
    static const char *const models[] = {"users", "order_summary", "payments", "sales_by_day"};
    struct shop shop;
    if (json_array_size(evidence->rows) == 0)
        return; /* a run without a projector */
    shop_open(&shop, &evidence->arena);
    for (size_t i = 0; i < evidence->event_count; i++)
        (void)shop_apply(&shop, &evidence->events[i]);
    for (size_t i = 0; i < sizeof models / sizeof models[0]; i++) {
        json_t *wanted = shop_model(&shop, models[i]);
        json_t *copied = without_parked(evidence, wanted);
        check_model(evidence, "rows", "postgres", models[i], wanted, verdict);
        check_model(evidence, "rows", "redis", models[i], copied, verdict);
        json_decref(copied);
        json_decref(wanted);
    }
    shop_close(&shop);
}
