/* load_school.c - pupils of the school (services/enrolment), by two processes of one service: they
 * contend for the few seats of some courses, give seats back, and change how many there are. */
#include "../load/client.h"

#include "core/threads/clock.h"

#include <stdio.h>

static int roll(struct client *client, int end)
{
    return dice(&client->actor->random, end);
}

/* Returns the status. */
static int command(struct client *client, const char *path, const char *body)
{
    struct ask ask = {
        .service = roll(client, 2) ? SERVICE_SCHOOL : SERVICE_SCHOOL_B, .path = path, .body = body};
    return client_command(client, &ask);
}

static void define_course(struct client *client)
{
    char id[40];
    const char *own = client_own_id(client, "course_id", id);
    world_remember(client->actor->stage, COURSES, id); /* also if the outcome is unknown */
    (void)command(client, "/courses",
                  cairn_print(&client->actor->arena,
                              "{%s\"title\":\"One of many\",\"capacity\":%d}", own,
                              1 + roll(client, 6)));
}

/* Defines a course that others know already: only one of them may do so. */
static void define_again(struct client *client)
{
    (void)command(client, "/courses",
                  cairn_print(&client->actor->arena,
                              "{\"course_id\":\"%s\",\"title\":\"Again\",\"capacity\":%d}",
                              world_pick(client->actor, COURSES), 1 + roll(client, 6)));
}

static void change_capacity(struct client *client)
{
    (void)command(client, "/courses/capacity",
                  cairn_print(&client->actor->arena, "{\"course_id\":\"%s\",\"capacity\":%d}",
                              world_pick(client->actor, COURSES), 1 + roll(client, 8)));
}

/* Returns the body of a command on a course and a student; now and then a new one. */
static const char *of_both(struct client *client)
{
    char id[40];
    const char *student = world_pick(client->actor, STUDENTS);
    if (roll(client, 4) == 0) {
        cairn_uuid_format(cairn_uuid_make(), id);
        student = cairn_copy_text(&client->actor->arena, id);
        world_remember(client->actor->stage, STUDENTS, student);
    }
    return cairn_print(&client->actor->arena, "{\"course_id\":\"%s\",\"student_id\":\"%s\"}",
                       world_pick(client->actor, COURSES), student);
}

/* The last subscription of this pupil's thread that was accepted; "" before. */
static _Thread_local char last[160];

static void subscribe(struct client *client)
{
    const char *both = of_both(client);
    if (command(client, "/enrolments", both) == 201)
        (void)snprintf(last, sizeof last, "%s", both);
}

/* Half of the time of a seat that was taken a while ago. */
static void unsubscribe(struct client *client)
{
    (void)command(client, "/enrolments/end",
                  *last && roll(client, 2) ? cairn_copy_text(&client->actor->arena, last)
                                           : of_both(client));
}

static const struct client_action actions[] = {
    {define_course, 2}, {define_again, 2}, {change_capacity, 3},
    {subscribe, 24},    {unsubscribe, 8},  {NULL, 0},
};

void load_pupil(struct actor *actor)
{
    struct client client = {.actor = actor};
    for (int i = 0; i < SERVICES; i++)
        client.connections[i].socket = -1;
    client_play(&client, actions);
    for (int i = 0; i < SERVICES; i++)
        http_close(&client.connections[i]);
}
