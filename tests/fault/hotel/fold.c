/* fold.c - folds rooms, reservations, their nights and their queues from the log. */
#include "fold.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

void hotel_fold_open(struct hotel *ret, struct cairn_arena *arena)
{
    *ret = (struct hotel){.arena = arena,
                          .made = json_array(),
                          .bookings = cairn_map(arena),
                          .rooms = cairn_map(arena),
                          .holdings = cairn_map(arena)};
}

void hotel_fold_close(struct hotel *hotel)
{
    json_decref(hotel->made);
}

/* ---- days ---- */

const char *day_text(struct cairn_arena *arena, int day)
{
    char text[24];
    struct tm parts;
    const time_t second = (time_t)day * 86400;
    (void)gmtime_r(&second, &parts);
    (void)strftime(text, sizeof text, "%Y-%m-%d", &parts);
    return cairn_copy_text(arena, text);
}

int day_of(const char *text)
{
    struct tm parts = {0};
    return strptime(text, "%Y-%m-%d", &parts) ? (int)(timegm(&parts) / 86400) : 0;
}

struct nights nights_of(const json_t *data)
{
    const json_t *nights = json_object_get(data, "nights");
    return (struct nights){member_text(nights, "room_id"), day_of(member_text(nights, "from")),
                           day_of(member_text(nights, "until"))};
}

static bool same_nights(const struct nights *a, const struct nights *b)
{
    return strcmp(a->room, b->room) == 0 && a->from == b->from && a->until == b->until;
}

/* ---- holdings ---- */

static const char *key_of(const struct hotel *hotel, const char *room, int day)
{
    return cairn_print(hotel->arena, "%s:%s", room, day_text(hotel->arena, day));
}

struct holding *hotel_holding(const struct hotel *hotel, const char *room, int day)
{
    return cairn_map_get(&hotel->holdings, key_of(hotel, room, day));
}

static void take(struct hotel *hotel, const struct event *event, const struct nights *nights)
{
    for (int day = nights->from; day < nights->until; day++) {
        void **place = cairn_map_at(&hotel->holdings, key_of(hotel, nights->room, day));
        struct holding *made = cairn_new(hotel->arena, struct holding, 1);
        *made = (struct holding){event->stream, event, INT64_MAX, *place};
        *place = made;
    }
}

static void give_back(struct hotel *hotel, const struct event *event, const struct nights *nights)
{
    for (int day = nights->from; day < nights->until; day++) {
        struct holding *at = hotel_holding(hotel, nights->room, day);
        while (at && (at->to != INT64_MAX || strcmp(at->stream, event->stream) != 0))
            at = at->before;
        if (at)
            at->to = event->position;
    }
}

bool hotel_was_free(const struct hotel *hotel, const struct nights *nights, int64_t position,
                    int64_t *ret_since)
{
    *ret_since = 0;
    for (int day = nights->from; day < nights->until; day++) {
        const struct holding *at = hotel_holding(hotel, nights->room, day);
        for (; at; at = at->before) {
            if (at->taken->position > position)
                continue;
            if (at->to > position)
                return false;
            if (at->to > *ret_since)
                *ret_since = at->to;
        }
    }
    return true;
}

/* ---- rooms ---- */

static const char *apply_room(struct hotel *hotel, struct event *event)
{
    const char *id = event->stream + strlen("room-");
    void **place = cairn_map_at(&hotel->rooms, id);
    const struct nights nights = nights_of(event->data);
    bool is_there = *place;
    event->state = WAITING;
    if (strcmp(event->type, "RoomAdded") == 0) {
        struct room *made = cairn_new(hotel->arena, struct room, 1);
        *made = (struct room){.number = member_text(event->data, "number"),
                              .beds = member_number(event->data, "beds", 0)};
        *place = made;
        return is_there ? "it was added before" : NULL;
    }
    if (strcmp(event->type, "RoomClosed") != 0)
        return "this type is unknown";
    take(hotel, event, &nights);
    return !is_there                      ? "it was not added"
           : strcmp(nights.room, id) == 0 ? NULL
                                          : "these are nights of another room";
}

/* ---- reservations ---- */

static struct booking *booking_of(struct hotel *hotel, const struct event *event)
{
    void **place = cairn_map_at(&hotel->bookings, event->stream);
    if (!*place) {
        struct booking *made = cairn_new(hotel->arena, struct booking, 1);
        *made = (struct booking){
            .id = event->stream + strlen("reservation-"),
            .stream = event->stream,
            .left = INT64_MAX,
            .row = json_pack("{ss}", "reservation_id", event->stream + strlen("reservation-"))};
        (void)json_array_append_new(hotel->made, made->row);
        *place = made;
    }
    return *place;
}

static void add_to_queue(struct hotel *hotel, struct booking *booking, const struct event *event)
{
    struct room *room = cairn_map_get(&hotel->rooms, booking->nights.room);
    booking->queued = event->position;
    booking->waited_for = booking->nights;
    if (!room)
        return;
    if (room->queue_count == room->queue_capacity) {
        size_t capacity = room->queue_capacity ? room->queue_capacity * 2 : 16;
        struct booking **grown = cairn_new(hotel->arena, struct booking *, capacity);
        if (room->queue_count)
            memcpy(grown, room->queue, room->queue_count * sizeof *grown);
        room->queue = grown;
        room->queue_capacity = capacity;
    }
    room->queue[room->queue_count++] = booking;
}

static void put(json_t *row, const char *name, const json_t *value)
{
    if (value)
        (void)json_object_set(row, name, (json_t *)(uintptr_t)value);
}

static void show_nights(const struct booking *booking, const struct event *event)
{
    const json_t *nights = json_object_get(event->data, "nights");
    put(booking->row, "room_id", json_object_get(nights, "room_id"));
    put(booking->row, "arrival", json_object_get(nights, "from"));
    put(booking->row, "departure", json_object_get(nights, "until"));
}

static const char *move_nights(struct hotel *hotel, struct booking *booking,
                               const struct event *event)
{
    const struct nights nights = nights_of(event->data);
    bool takes = strcmp(event->type, "NightsTaken") == 0;
    bool right = booking->state == HELD || booking->state == CONFIRMED;
    if (takes) {
        right = right && !booking->has_nights;
        booking->nights = nights;
        show_nights(booking, event);
        take(hotel, event, &nights);
    } else {
        right = right && booking->has_nights && same_nights(&nights, &booking->nights);
        give_back(hotel, event, &nights);
    }
    booking->has_nights = takes;
    return right ? NULL : "it cannot take or free these nights now";
}

/* What becomes of a reservation: its event, its states before as bits, and whether it has nights
 * then. */
static const struct {
    const char *type, *status;
    int state;
    unsigned from;
    bool has_nights;
} changes[] = {
    {"ReservationQueued", "waiting", WAITING, 1, false},
    {"ReservationHeld", "held", HELD, 1 | 1U << WAITING, false},
    {"ReservationConfirmed", "confirmed", CONFIRMED, 1U << HELD, true},
    {"ReservationReleased", "cancelled", CANCELLED, 1U << WAITING | 1U << HELD | 1U << CONFIRMED,
     false},
    {"ReservationReleased", "expired", EXPIRED, 1U << HELD, false},
};

static const char *apply_reservation(struct hotel *hotel, struct booking *booking,
                                     const struct event *event)
{
    const char *status = json_string_value(json_object_get(event->data, "status"));
    const struct nights nights = nights_of(event->data);
    if (strncmp(event->type, "Nights", 6) == 0)
        return move_nights(hotel, booking, event);
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        if (strcmp(event->type, changes[i].type) != 0 ||
            (status && strcmp(status, changes[i].status) != 0))
            continue;
        bool legal = changes[i].from >> booking->state & 1 &&
                     booking->has_nights == changes[i].has_nights &&
                     (booking->state == 0 || same_nights(&nights, &booking->nights));
        if (booking->state == WAITING)
            booking->left = event->position;
        booking->state = changes[i].state;
        booking->nights = nights;
        if (booking->state == WAITING)
            add_to_queue(hotel, booking, event);
        if (booking->state == CONFIRMED)
            booking->confirmed = event;
        (void)json_object_set_new(booking->row, "status", json_string(changes[i].status));
        put(booking->row, "guest", json_object_get(event->data, "guest"));
        put(booking->row, "confirm_by", json_object_get(event->data, "confirm_by"));
        show_nights(booking, event);
        return legal ? NULL : "it cannot happen in this state";
    }
    return "this type is unknown";
}

const char *hotel_apply(struct hotel *hotel, struct event *event)
{
    if (strncmp(event->stream, "room-", 5) == 0)
        return apply_room(hotel, event);
    if (strncmp(event->stream, "reservation-", 12) != 0)
        return NULL; /* of a process */
    struct booking *booking = booking_of(hotel, event);
    const char *wrong = apply_reservation(hotel, booking, event);
    event->state = booking->state;
    return wrong;
}

void hotel_fold_all(struct hotel *ret, struct evidence *evidence)
{
    hotel_fold_open(ret, &evidence->arena);
    for (size_t i = 0; i < evidence->event_count; i++)
        (void)hotel_apply(ret, &evidence->events[i]);
}

/* ---- rows ---- */

json_t *hotel_reservations(const struct hotel *hotel)
{
    json_t *rows = json_object();
    for (size_t i = 0; i < hotel->bookings.count; i++) {
        const struct booking *booking = hotel->bookings.entries[i].value;
        (void)json_object_set(rows, booking->id, booking->row);
    }
    return rows;
}

json_t *hotel_night_row(const struct hotel *hotel, const char *room, int day)
{
    const struct holding *at = hotel_holding(hotel, room, day);
    if (!at || at->to != INT64_MAX)
        return NULL;
    json_t *row = json_pack("{ss ss}", "room_id", room, "night", day_text(hotel->arena, day));
    put(row, "closed_because", json_object_get(at->taken->data, "reason"));
    put(row, "guest", json_object_get(at->taken->data, "guest"));
    if (strncmp(at->stream, "reservation-", 12) == 0)
        (void)json_object_set_new(row, "reservation_id", json_string(at->stream + 12));
    return row;
}

json_t *hotel_occupancy(const struct hotel *hotel)
{
    json_t *rows = json_object();
    for (size_t i = 0; i < hotel->holdings.count; i++) {
        const char *key = hotel->holdings.entries[i].key;
        const char *colon = strrchr(key, ':');
        if (!colon)
            continue;
        const char *room = cairn_copy_bytes(hotel->arena, key, (size_t)(colon - key));
        json_t *row = hotel_night_row(hotel, room, day_of(colon + 1));
        if (row)
            (void)json_object_set_new(rows, key, row);
    }
    return rows;
}

/* A room is cleaned on the day on which a confirmed stay ends. */
json_t *hotel_cleanings(const struct hotel *hotel)
{
    json_t *rows = json_object();
    for (size_t i = 0; i < hotel->bookings.count; i++) {
        const struct booking *booking = hotel->bookings.entries[i].value;
        if (booking->state == CONFIRMED)
            (void)json_object_set_new(
                rows, booking->id,
                json_pack("{ss ss ss}", "reservation_id", booking->id, "room_id",
                          booking->confirmed
                              ? member_text(json_object_get(booking->confirmed->data, "nights"),
                                            "room_id")
                              : "",
                          "due_on", day_text(hotel->arena, booking->nights.until)));
    }
    return rows;
}
