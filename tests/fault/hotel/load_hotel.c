/* load_hotel.c - guests of the hotel, by two processes of one service: they contend for few rooms
 * and few nights by booking, waiting, moving, confirming and cancelling, and let expire what they
 * hold. */
#include "../load/client.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { NIGHTS = 30, ROOM_NUMBERS = 7, FIRST_DAY = 24837 /* 2038-01-01 */ };

/* Returns the day, in the actor's arena: 0 is the first one. No day becomes past in a run. */
static const char *day(struct client *client, int number)
{
    char text[24];
    struct tm parts;
    const time_t second = (time_t)(FIRST_DAY + number) * 86400;
    (void)gmtime_r(&second, &parts);
    (void)strftime(text, sizeof text, "%Y-%m-%d", &parts);
    return cairn_copy_text(&client->actor->arena, text);
}

static int roll(struct client *client, int end)
{
    return dice(&client->actor->random, end);
}

/* Returns the members from and until: one to four nights from `first` on. */
static const char *stay(struct client *client, int first)
{
    return cairn_print(&client->actor->arena, "\"from\":\"%s\",\"until\":\"%s\"",
                       day(client, first), day(client, first + 1 + roll(client, 4)));
}

static int either_process(struct client *client)
{
    return roll(client, 2) ? SERVICE_HOTEL : SERVICE_HOTEL_B;
}

/* ---- commands ---- */

static void create(struct client *client, int kind, const char *path, const char *name,
                   const char *members)
{
    char id[40];
    struct ask ask = {.service = either_process(client), .path = path};
    const char *own = client_own_id(client, name, id);
    ask.body = cairn_print(&client->actor->arena, "{%s%s}", own, members);
    int status = client_command(client, &ask);
    if (status / 100 != 4)
        world_remember(client->actor->stage, kind, id); /* also if the outcome is unknown */
}

static void add_room(struct client *client)
{
    create(client, ROOMS, "/rooms", "room_id",
           cairn_print(&client->actor->arena, "\"number\":\"%d\",\"beds\":%d",
                       1 + roll(client, ROOM_NUMBERS), 1 + roll(client, 4)));
}

static void reserve(struct client *client, const char *wait)
{
    create(client, RESERVATIONS, "/reservations", "reservation_id",
           cairn_print(&client->actor->arena,
                       "\"guest\":\"%s-%lld\",\"persons\":%d,%s\"nights\":{\"room_id\":\"%s\",%s}",
                       client->actor->name, (long long)client->actor->stage->operations,
                       1 + roll(client, 3) / 2, wait, world_pick(client->actor, ROOMS),
                       stay(client, roll(client, NIGHTS))));
}

static void book(struct client *client)
{
    reserve(client, "");
}

static void queue_up(struct client *client)
{
    reserve(client, "\"wait\":true,");
}

/* Sends a command on an id that may or may not exist. */
static void change(struct client *client, const char *category, int kind, const char *pattern,
                   const char *body)
{
    const char *id = world_pick(client->actor, kind);
    struct ask ask = {
        .service = either_process(client),
        .body = body,
        .path = cairn_print(&client->actor->arena, "/%s/%s/%s", category, id, pattern),
    };
    client_choose_version(client, id, &ask);
    (void)client_command(client, &ask);
}

static void confirm(struct client *client)
{
    change(client, "reservations", RESERVATIONS, "confirm", "{}");
}

static void cancel(struct client *client)
{
    change(client, "reservations", RESERVATIONS, "cancel", "{}");
}

static void move(struct client *client)
{
    change(client, "reservations", RESERVATIONS, "move",
           cairn_print(&client->actor->arena, "{%s}", stay(client, roll(client, NIGHTS))));
}

/* Closed nights are never free again, so most of them are later than those that guests want. */
static void close_room(struct client *client)
{
    change(client, "rooms", ROOMS, "close",
           cairn_print(&client->actor->arena, "{%s,\"reason\":\"paint\"}",
                       stay(client, NIGHTS - 1 + roll(client, 600))));
}

/* ---- queries ---- */

static void read_reservation(struct client *client)
{
    const char *id = world_pick(client->actor, RESERVATIONS);
    client_read(client, SERVICE_HOTEL_QUERY,
                cairn_print(&client->actor->arena, "/reservations/%s", id), id);
}

static void read_occupancy(struct client *client)
{
    int first = roll(client, NIGHTS);
    client_read(client, SERVICE_HOTEL_QUERY,
                cairn_print(&client->actor->arena, "/occupancy?room=%s&from=%s&to=%s",
                            world_pick(client->actor, ROOMS), day(client, first),
                            day(client, first + roll(client, NIGHTS))),
                NULL);
}

/* ---- one guest ---- */

static const struct client_action actions[] = {
    {add_room, 2}, {book, 20},      {queue_up, 5},         {confirm, 9},        {cancel, 7},
    {move, 6},     {close_room, 1}, {read_reservation, 9}, {read_occupancy, 4}, {NULL, 0},
};

void load_guest(struct actor *actor)
{
    struct client client = {.actor = actor};
    for (int i = 0; i < SERVICES; i++)
        client.connections[i].socket = -1;
    client_play(&client, actions);
    for (int i = 0; i < SERVICES; i++)
        http_close(&client.connections[i]);
}
