/* fold.h - the hotel, folded from its events without the framework: the checker compares answers,
 * read models and processes with it.
 *
 * Days are numbers, from 1970-01-01 on. Nights go from the day `from` to the day `until`, which is
 * not one of them. */
#ifndef FOLD_H
#define FOLD_H

#include "../check/evidence.h"

/* The states of a reservation; 0: it does not exist. A room that exists is WAITING. */
enum { WAITING = 1, HELD, CONFIRMED, CANCELLED, EXPIRED };

struct nights {
    const char *room;
    int from, until;
};

/* One night that a stream had: a reservation, or a room that was closed. */
struct holding {
    const char *stream;
    const struct event *taken;
    int64_t to;             /* the position at which the night was free again; INT64_MAX: never */
    struct holding *before; /* the same night */
};

struct booking {
    const char *id, *stream;
    int state;
    struct nights nights;
    bool has_nights;
    const struct event *confirmed; /* NULL: it never was */
    struct nights waited_for;      /* before any move */
    int64_t queued;                /* the position from which on it waited; 0: it never did */
    int64_t left;                  /* the position at which it did not wait any more */
    json_t *row;
};

struct room {
    const char *number;
    int64_t beds;
    struct booking **queue; /* all that ever waited, in their order */
    size_t queue_count, queue_capacity;
};

struct hotel {
    struct cairn_arena *arena;
    json_t *made;              /* keeps every row alive */
    struct cairn_map bookings; /* stream -> struct booking */
    struct cairn_map rooms;    /* id -> struct room */
    struct cairn_map holdings; /* "ROOM:2038-01-31" -> struct holding, the last one */
};

void hotel_fold_open(struct hotel *ret, struct cairn_arena *arena);
void hotel_fold_close(struct hotel *hotel);

/* Applies the event and sets its state. Returns NULL, or what is wrong with it. */
const char *hotel_apply(struct hotel *hotel, struct event *event);
/* Opens a fold and applies the whole log, however wrong it is. */
void hotel_fold_all(struct hotel *ret, struct evidence *evidence);

/* Returns the nights of an event, or of the body of a command with the same members. */
struct nights nights_of(const json_t *data);

/* Returns the night's last holding, NULL if it never had one. */
struct holding *hotel_holding(const struct hotel *hotel, const char *room, int day);

/* Returns whether all nights were free at this position, and since which one in `ret_since`. */
bool hotel_was_free(const struct hotel *hotel, const struct nights *nights, int64_t position,
                    int64_t *ret_since);

/* Returns the row of the night that is held now, a new one; NULL if it is free. */
json_t *hotel_night_row(const struct hotel *hotel, const char *room, int day);

/* Return the rows that a read model has to have: key -> row. */
json_t *hotel_reservations(const struct hotel *hotel);
json_t *hotel_occupancy(const struct hotel *hotel);
json_t *hotel_cleanings(const struct hotel *hotel);

/* 2038-01-31, in the arena; and back. */
const char *day_text(struct cairn_arena *arena, int day);
int day_of(const char *text);

#endif
