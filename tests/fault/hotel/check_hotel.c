/* check_hotel.c - checks the hotel's business rules: no night of a room is held twice, no number is
 * given twice, every event is legal where it stands and says what its request asked for, and every
 * refusal is true of a state that there was between request and answer. */
#include "../check/check.h"
#include "../check/window.h"
#include "fold.h"

#include <string.h>

/* ---- the log alone ---- */

/* A range that a stream has may be claimed by it again, as when a room is closed for the same
 * nights twice. */
static bool is_claimed_again(const struct event *holder, const struct event *event)
{
    return strcmp(holder->stream, event->stream) == 0 &&
           json_equal(json_object_get(holder->data, "nights"),
                      json_object_get(event->data, "nights"));
}

/* Takes or frees the nights of the event: "ROOM:day" -> the event that took it. */
static void hold(struct evidence *evidence, struct cairn_map *holders, struct event *event,
                 struct verdict *verdict)
{
    const struct nights nights = nights_of(event->data);
    bool frees = strcmp(event->type, "NightsFreed") == 0;
    for (int day = nights.from; day < nights.until; day++) {
        void **place =
            cairn_map_at(holders, cairn_print(&evidence->arena, "%s:%d", nights.room, day));
        const struct event *holder = *place;
        if (frees) {
            if (holder && strcmp(holder->stream, event->stream) == 0)
                *place = NULL;
            continue;
        }
        if (holder && !is_claimed_again(holder, event))
            verdict_add(verdict, "overlaps",
                        "at position %" PRId64 " %s takes %s of room %s, which %s has",
                        event->position, event->stream, day_text(&evidence->arena, day),
                        nights.room, holder->stream);
        *place = event;
    }
}

void check_overlaps(struct evidence *evidence, struct verdict *verdict)
{
    struct cairn_map holders = cairn_map(&evidence->arena);
    for (size_t i = 0; i < evidence->event_count; i++) {
        struct event *event = &evidence->events[i];
        if (strcmp(event->type, "RoomClosed") == 0 || strncmp(event->type, "Nights", 6) == 0)
            hold(evidence, &holders, event, verdict);
    }
}

void check_numbers(struct evidence *evidence, struct verdict *verdict)
{
    struct cairn_map numbers = cairn_map(&evidence->arena);
    for (size_t i = 0; i < evidence->event_count; i++) {
        const struct event *event = &evidence->events[i];
        if (strcmp(event->type, "RoomAdded") != 0)
            continue;
        void **room = cairn_map_at(&numbers, member_text(event->data, "number"));
        if (*room)
            verdict_add(verdict, "numbers", "%s and %s both have the number %s",
                        (const char *)*room, event->stream, member_text(event->data, "number"));
        *room = (void *)(uintptr_t)event->stream;
    }
}

/* ---- what became of reservations ---- */

/* Returns whether the members that the request shares with the event or its nights are equal. What
 * a move frees is not what it asks for. */
static bool says_what_was_asked(const struct event *event)
{
    const char *name;
    json_t *value;
    if (strcmp(event->type, "NightsFreed") == 0)
        return true;
    json_object_foreach(event->cause->body, name, value)
    {
        const json_t *said = json_object_get(event->data, name);
        if (!said)
            said = json_object_get(json_object_get(event->data, "nights"), name);
        if (said && !json_equal(said, value))
            return false;
    }
    return true;
}

void check_stays(struct evidence *evidence, struct verdict *verdict)
{
    struct hotel hotel;
    hotel_fold_open(&hotel, &evidence->arena);
    for (size_t i = 0; i < evidence->event_count; i++) {
        struct event *event = &evidence->events[i];
        const char *wrong = hotel_apply(&hotel, event);
        if (!wrong && event->cause && !says_what_was_asked(event))
            wrong = "it does not say what was asked for";
        if (!wrong && event->cause && !window_is_as_asked(event))
            wrong = "If-Match named another version";
        if (wrong)
            verdict_add(verdict, "stays", "%s in %s at position %" PRId64 ": %s", event->type,
                        event->stream, event->position, wrong);
    }
    for (size_t i = 0; i < hotel.bookings.count; i++) {
        const struct booking *booking = hotel.bookings.entries[i].value;
        if (booking->has_nights != (booking->state == HELD || booking->state == CONFIRMED))
            verdict_add(verdict, "stays",
                        "%s has nights and no use for them, or none and needs some",
                        booking->stream);
    }
    hotel_fold_close(&hotel);
}

/* ---- refusals ---- */

/* Refusals by code and the end of the path ("" for any), and the states in which each is right. */
static const struct {
    const char *code, *path;
    unsigned states;
} reasons[] = {
    {"not-found", "", 1},
    {"reservation-over", "", 1U << CANCELLED | 1U << EXPIRED},
    {"reservation-not-held", "/confirm",
     1U << WAITING | 1U << CONFIRMED | 1U << CANCELLED | 1U << EXPIRED},
    {"reservation-not-held", "/move", 1U << WAITING | 1U << CANCELLED | 1U << EXPIRED},
};

/* Returns "reservation-ID" of "/reservations/ID/confirm"; "" where the request creates. */
static const char *stream_of(struct evidence *evidence, const struct request *request)
{
    const char *id = strchr(request->path + 1, '/');
    const char *category = request->path[2] == 'o' ? "room" : "reservation";
    return id ? cairn_print(&evidence->arena, "%s-%.36s", category, id + 1) : "";
}

/* Returns the nights that the command wanted: of its own members, or those of a body. */
static struct nights wanted_by(const struct hotel *hotel, const struct request *request,
                               const char *stream)
{
    if (json_object_get(request->body, "nights"))
        return nights_of(request->body);
    const struct booking *booking = cairn_map_get(&hotel->bookings, stream);
    return (struct nights){booking ? booking->nights.room : stream + strlen("room-"),
                           day_of(member_text(request->body, "from")),
                           day_of(member_text(request->body, "until"))};
}

/* Returns whether one of the nights was held by another stream at some time between request and
 * answer, or by the room itself if that is to be closed: unless the range is the same, a room that
 * is closed for a night cannot be closed again for it. */
static bool was_held(const struct hotel *hotel, const struct request *request, const char *stream)
{
    const struct nights nights = wanted_by(hotel, request, stream);
    bool closes = strncmp(stream, "room-", 5) == 0;
    for (int day = nights.from; day < nights.until; day++) {
        const struct holding *at = hotel_holding(hotel, nights.room, day);
        for (; at; at = at->before) {
            if ((closes || strcmp(at->stream, stream) != 0) &&
                window_meets(request, at->taken, at->to))
                return true;
        }
    }
    return false;
}

static bool was_numbered(const struct evidence *evidence, const struct request *request)
{
    for (size_t i = 0; i < evidence->event_count; i++) {
        const struct event *event = &evidence->events[i];
        if (strcmp(event->type, "RoomAdded") == 0 &&
            strcmp(member_text(event->data, "number"), member_text(request->body, "number")) == 0 &&
            window_meets(request, event, INT64_MAX))
            return true;
    }
    return false;
}

static bool is_explained_by_room(struct evidence *evidence, const struct hotel *hotel,
                                 const struct request *request)
{
    const char *id = nights_of(request->body).room;
    const struct room *room = cairn_map_get(&hotel->rooms, id);
    struct window window =
        window_of(evidence, request, cairn_print(&evidence->arena, "room-%s", id));
    if (strcmp(request->code, "room-unknown") == 0)
        return window_has(&window, 1);
    return room && member_number(request->body, "persons", 0) > room->beds;
}

static bool is_explained(struct evidence *evidence, const struct hotel *hotel,
                         const struct request *request)
{
    const char *stream = stream_of(evidence, request);
    struct window window = window_of(evidence, request, stream);
    if (strcmp(request->code, "conflict") == 0)
        return true; /* the request is repeated; a conflict cannot be disproved */
    if (strcmp(request->code, "precondition-failed") == 0)
        return window_has_other_version(&window, request);
    if (strcmp(request->code, "claimed") == 0)
        return strcmp(request->path, "/rooms") == 0 ? was_numbered(evidence, request)
                                                    : was_held(hotel, request, stream);
    if (strncmp(request->code, "room-", 5) == 0)
        return is_explained_by_room(evidence, hotel, request);
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
        if (strcmp(request->code, reasons[i].code) == 0 && strstr(request->path, reasons[i].path))
            return window_has(&window, reasons[i].states);
    }
    return false;
}

void check_reasons(struct evidence *evidence, struct verdict *verdict)
{
    struct hotel hotel;
    hotel_fold_all(&hotel, evidence);
    for (size_t i = 0; i < evidence->request_count; i++) {
        const struct request *request = &evidence->requests[i];
        bool refused = request->status >= 400 && request->status < 500;
        if (refused && !request_reads(request) && !is_explained(evidence, &hotel, request))
            verdict_add(
                verdict, "reasons", "%s %s was answered %s, which was true at no time (trace %s)",
                request->method, request->path, request->code, member_text(request->json, "trace"));
    }
    hotel_fold_close(&hotel);
}
