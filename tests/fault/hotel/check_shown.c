/* check_shown.c - checks what the hotel shows: each answer to a query is the fold of the log at the
 * position that it stated; at the end the rows of every store are the fold of the whole log; the
 * webhook was told of each confirmation; nothing was parked. */
#include "../check/check.h"
#include "../check/shop.h"
#include "fold.h"

#include <string.h>

/* ---- answers ---- */

static const char *check_row(const struct hotel *hotel, const struct request *request)
{
    const struct booking *booking =
        cairn_map_get(&hotel->bookings, cairn_print(hotel->arena, "reservation-%s",
                                                    request->path + strlen("/reservations/")));
    if (request->status == 404)
        return booking ? "it was answered 404 and is there" : NULL;
    if (!booking)
        return "it is not there";
    return request->status != 200 || same_row(booking->row, request->answer) ? NULL
                                                                             : "the row is another";
}

/* Checks the nights of a room that are not free, from a day to a day, in one page. */
static const char *check_nights(const struct hotel *hotel, const struct request *request)
{
    const char *room = path_parameter(hotel->arena, request->path, "room");
    const json_t *items = json_object_get(request->answer, "items");
    int to = day_of(path_parameter(hotel->arena, request->path, "to"));
    size_t count = 0;
    if (request->status != 200)
        return NULL; /* 304: the ETag of a list stands for the position alone */
    for (int day = day_of(path_parameter(hotel->arena, request->path, "from")); day <= to; day++) {
        json_t *row = hotel_night_row(hotel, room, day);
        bool same = !row || same_row(row, json_array_get(items, count));
        count += row != NULL;
        json_decref(row);
        if (!same)
            return "a night is missing, or another";
    }
    return json_array_size(items) == count ? NULL : "a night is there that is free";
}

void check_answers(struct evidence *evidence, struct verdict *verdict)
{
    struct hotel hotel;
    const struct request **reads;
    size_t count = find_reads(evidence, "hotel_query", &reads);
    size_t next = 0;
    hotel_fold_open(&hotel, &evidence->arena);
    for (size_t i = 0; i < count; i++) {
        const struct request *read = reads[i];
        while (next < evidence->event_count && evidence->events[next].position <= read->position)
            (void)hotel_apply(&hotel, &evidence->events[next++]);
        const char *wrong = strncmp(read->path, "/occupancy", 10) == 0 ? check_nights(&hotel, read)
                                                                       : check_row(&hotel, read);
        if (wrong)
            verdict_add(verdict, "answers", "%s at position %" PRId64 " (trace %s): %s", read->path,
                        read->position, member_text(read->json, "trace"), wrong);
    }
    hotel_fold_close(&hotel);
}

/* ---- at the end ---- */

void check_occupied(struct evidence *evidence, struct verdict *verdict)
{
    static const struct {
        const char *name;
        json_t *(*fold)(const struct hotel *hotel);
        bool is_copied; /* to Redis */
    } models[] = {{"reservations", hotel_reservations, true},
                  {"occupancy", hotel_occupancy, true},
                  {"cleanings", hotel_cleanings, false}};
    struct hotel hotel;
    if (json_array_size(evidence->rows) == 0)
        return; /* a run without a projector */
    hotel_fold_all(&hotel, evidence);
    for (size_t i = 0; i < sizeof models / sizeof models[0]; i++) {
        json_t *wanted = models[i].fold(&hotel);
        check_model(evidence, "occupied", "postgres", models[i].name, wanted, verdict);
        if (models[i].is_copied)
            check_model(evidence, "occupied", "redis", models[i].name, wanted, verdict);
        json_decref(wanted);
    }
    hotel_fold_close(&hotel);
}

/* ---- the webhook ---- */

/* Checks that what was posted is a confirmation that there is, under one key however often. */
static void take_post(struct hotel *hotel, struct cairn_map *keys, const json_t *line,
                      struct verdict *verdict)
{
    const json_t *body = json_object_get(line, "body");
    const char *id = member_text(body, "reservation_id");
    const struct booking *booking =
        cairn_map_get(&hotel->bookings, cairn_print(hotel->arena, "reservation-%s", id));
    const json_t *confirmed = booking && booking->confirmed ? booking->confirmed->data : NULL;
    const char *name;
    json_t *said;
    json_object_foreach((json_t *)(uintptr_t)confirmed, name, said)
    {
        if (!json_equal(said, json_object_get(body, name)))
            verdict_add(verdict, "told", "the webhook was told something else of %s: %s", id, name);
    }
    if (!confirmed)
        verdict_add(verdict, "told", "the webhook was told of %s, which was not confirmed", id);
    void **key = cairn_map_at(keys, id);
    if (*key && strcmp(*key, member_text(line, "key")) != 0)
        verdict_add(verdict, "told", "the webhook was told of %s under two keys", id);
    *key = (void *)(uintptr_t)member_text(line, "key");
}

void check_told(struct evidence *evidence, struct verdict *verdict)
{
    size_t i;
    json_t *line;
    struct hotel hotel;
    struct cairn_map keys = cairn_map(&evidence->arena);
    if (json_array_size(evidence->rows) == 0)
        return; /* a run that has ended before everything was delivered */
    hotel_fold_all(&hotel, evidence);
    json_array_foreach(evidence->history, i, line)
    {
        if (strcmp(member_text(line, "kind"), "post") == 0)
            take_post(&hotel, &keys, line, verdict);
    }
    for (i = 0; i < hotel.bookings.count; i++) {
        const struct booking *booking = hotel.bookings.entries[i].value;
        if (booking->confirmed && !cairn_map_get(&keys, booking->id))
            verdict_add(verdict, "told", "the webhook was not told of %s", booking->id);
    }
    hotel_fold_close(&hotel);
}

void check_parked(struct evidence *evidence, struct verdict *verdict)
{
    size_t i;
    json_t *line;
    json_array_foreach(evidence->history, i, line)
    {
        if (strcmp(member_text(line, "kind"), "parked") == 0)
            verdict_add(verdict, "parked", "%s has parked %s: %s", member_text(line, "by"),
                        member_text(line, "what"), member_text(line, "reason"));
    }
}
