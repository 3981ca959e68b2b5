/* cut.c - reads the parts, and again those whose range ends before the others begin. */
#include "cut.h"

#include "peers.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SHORTEST_US CAIRN_MILLISECONDS(20) /* that is worth another round */

static int64_t monotonic_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return CAIRN_SECONDS(now.tv_sec) + now.tv_nsec / 1000;
}

/* ---- positions ---- */

/* Returns the position of a token, "3f2a9c1e-1-4711"; -1 if it is none. */
static int64_t position_of(const char *token)
{
    const char *last = token ? strrchr(token, '-') : NULL;
    char *end = NULL;
    long long position = last ? strtoll(last + 1, &end, 10) : -1;
    return last && end != last + 1 && *end == '\0' ? position : -1;
}

/* Returns whether both tokens are of one history: they differ in what follows the last dash. */
static bool same_history(const char *a, const char *b)
{
    const char *last = strrchr(a, '-');
    return last && strncmp(a, b, (size_t)(last - a) + 1) == 0 && !strchr(b + (last - a) + 1, '-');
}

static bool is_there(const struct cut_part *part)
{
    return part->is_asked && !part->why;
}

static void miss(struct cut_part *part, const char *why)
{
    part->why = why;
    part->body = NULL;
}

/* Returns the part whose range begins last, or the one whose range ends first; NULL: none is
 * there. */
static struct cut_part *last_begun(struct cut *cut)
{
    struct cut_part *found = NULL;
    for (size_t i = 0; i < cut->count; i++) {
        if (is_there(&cut->parts[i]) && (!found || cut->parts[i].from > found->from))
            found = &cut->parts[i];
    }
    return found;
}

static struct cut_part *first_ended(struct cut *cut)
{
    struct cut_part *found = NULL;
    for (size_t i = 0; i < cut->count; i++) {
        if (is_there(&cut->parts[i]) && (!found || cut->parts[i].until < found->until))
            found = &cut->parts[i];
    }
    return found;
}

/* Leaves out parts of another history than the first one's: the store was restored meanwhile. */
static void compare_histories(struct cut *cut)
{
    const struct cut_part *first = last_begun(cut);
    for (size_t i = 0; i < cut->count; i++) {
        struct cut_part *part = &cut->parts[i];
        if (is_there(part) && !same_history(first->position, part->position))
            miss(part, "position-of-another-timeline");
    }
}

/* ---- one round ---- */

/* What is asked: the parts whose range ends before `at_least`, a token; NULL: all new ones. */
static bool is_wanted(const struct cut_part *part, const char *at_least)
{
    return !part->why && (!part->is_asked || part->until < position_of(at_least));
}

static void write_request(const struct cut *cut, const struct cut_part *part,
                          struct cairn_request *request, const char *at_least,
                          struct cairn_outbound_request *ret)
{
    int64_t left_us = cut->until_us - monotonic_us();
    const char *authorization = bff_authorization(request);
    size_t count = 0;
    *ret = (struct cairn_outbound_request){.method = "GET", .path = part->path, .idempotent = true};
    if (authorization) {
        ret->headers[count].name = "Authorization";
        ret->headers[count++].value = authorization;
    }
    if (part->etag[0]) {
        ret->headers[count].name = "If-None-Match";
        ret->headers[count++].value = part->etag;
    }
    if (!at_least)
        return;
    ret->headers[count].name = "Cairn-Position";
    ret->headers[count++].value = at_least;
    ret->headers[count].name = "Prefer";
    ret->headers[count].value =
        cairn_print(request->arena, "wait=%d", (int)(left_us / CAIRN_SECONDS(1)));
}

static const char *code_of_status(int status)
{
    return status == 401   ? "unauthenticated"
           : status == 403 ? "forbidden"
           : status == 412 ? "position-of-another-timeline"
           : status == 429 ? "too-many-requests"
                           : "unavailable";
}

static bool copy(char *ret, size_t size, const char *text)
{
    size_t length = text ? strlen(text) : 0;
    if (length < size)
        memcpy(ret, text ? text : "", length + 1);
    return length < size;
}

/* Takes an answer. One that is as before, or still absent, prolongs the range; another begins
 * one. */
static void take(struct cut_part *part, const struct cairn_outbound_part *answer,
                 struct cairn_arena *arena)
{
    const struct cairn_outbound_response *response = &answer->response;
    const char *position = cairn_outbound_header(response, "Cairn-Position");
    bool is_absent = response->status == 404;
    bool is_new = response->status == 200;
    if (answer->failed)
        miss(part, "unavailable");
    else if (!is_absent && !is_new && response->status != 304)
        miss(part, code_of_status(response->status));
    else if (position_of(position) < 0 || !copy(part->position, sizeof part->position, position))
        miss(part, "unavailable");
    if (part->why)
        return;
    bool was_absent = part->is_asked && !part->etag[0];
    part->is_asked = true;
    part->until = position_of(position);
    if (response->status == 304 || (is_absent && was_absent))
        return;
    part->from = part->until;
    part->body =
        is_absent ? "null" : cairn_print(arena, "%.*s", (int)response->body_bytes, response->body);
    if (!copy(part->etag, sizeof part->etag, cairn_outbound_header(response, "ETag")))
        part->etag[0] = '\0';
}

/* Asks for the wanted parts at once. A round has half of the time that is left, so that a part
 * which hangs leaves time to bring the others to one position. */
static void ask(struct cut *cut, struct cairn_request *request, const char *at_least)
{
    struct cairn_outbound_part *calls =
        CAIRN_NEW(request->arena, struct cairn_outbound_part, CUT_PARTS_MAX);
    struct cut_part *asked[CUT_PARTS_MAX];
    size_t count = 0;
    for (size_t i = 0; i < cut->count; i++) {
        if (!is_wanted(&cut->parts[i], at_least))
            continue;
        asked[count] = &cut->parts[i];
        calls[count].target = &bff_query;
        write_request(cut, asked[count], request, at_least, &calls[count].request);
        count++;
    }
    cairn_outbound_call_all(calls, count, (cut->until_us - monotonic_us()) / 2);
    for (size_t i = 0; i < count; i++) {
        take(asked[i], &calls[i], request->arena);
        cairn_outbound_response_reset(&calls[i].response);
    }
    cut->rounds++;
}

/* ---- all rounds ---- */

void cut_begin(struct cut *cut, int64_t within_us)
{
    *cut = (struct cut){.until_us = monotonic_us() + within_us};
}

void cut_add(struct cut *cut, const char *name, const char *path)
{
    for (size_t i = 0; i < cut->count; i++) {
        if (strcmp(cut->parts[i].path, path) == 0)
            return;
    }
    if (cut->count < CUT_PARTS_MAX)
        cut->parts[cut->count++] = (struct cut_part){.name = name, .path = path};
}

/* Leaves out what has changed last, until the others have a position in common. */
static void leave_out_the_fastest(struct cut *cut)
{
    while (last_begun(cut) && last_begun(cut)->from > first_ended(cut)->until)
        miss(last_begun(cut), "changes-too-fast");
}

static bool is_one(struct cut *cut)
{
    return !last_begun(cut) || last_begun(cut)->from <= first_ended(cut)->until;
}

static bool has_new(const struct cut *cut)
{
    for (size_t i = 0; i < cut->count; i++) {
        if (!cut->parts[i].is_asked && !cut->parts[i].why)
            return true;
    }
    return false;
}

void cut_read(struct cut *cut, struct cairn_request *request, const char *at_least)
{
    if (has_new(cut))
        ask(cut, request, cut->position[0] ? cut->position : at_least);
    compare_histories(cut);
    while (!is_one(cut) && cut->until_us - monotonic_us() > SHORTEST_US)
        ask(cut, request, cairn_print(request->arena, "%s", last_begun(cut)->position));
    leave_out_the_fastest(cut);
    const struct cut_part *first = first_ended(cut);
    (void)copy(cut->position, sizeof cut->position, first ? first->position : "");
}
