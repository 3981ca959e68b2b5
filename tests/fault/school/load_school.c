/* load_school.c - pupils of the school (services/enrolment), by two processes of one service: they
 * contend for the few seats of some courses, give seats back, and change how many there are. */
#include "../client.h"

#include "core/clock.h"

static int roll(struct client *client, int end)
{
    return dice(&client->actor->random, end);
}

static void command(struct client *client, const char *path, const char *body)
{
    struct ask ask = {
        .service = roll(client, 2) ? SERVICE_SCHOOL : SERVICE_SCHOOL_B, .path = path, .body = body};
    (void)client_command(client, &ask);
}

static void define_course(struct client *client)
{
    char id[40];
    const char *own = client_own_id(client, "course_id", id);
    world_remember(client->actor->stage, COURSES, id); /* also if the outcome is unknown */
    command(client, "/courses",
            cairn_print(&client->actor->arena, "{%s\"title\":\"One of many\",\"capacity\":%d}", own,
                        1 + roll(client, 6)));
}

/* Defines a course that others know already: only one of them may do so. */
static void define_again(struct client *client)
{
    command(client, "/courses",
            cairn_print(&client->actor->arena,
                        "{\"course_id\":\"%s\",\"title\":\"Again\",\"capacity\":%d}",
                        world_pick(client->actor, COURSES), 1 + roll(client, 6)));
}

static void change_capacity(struct client *client)
{
    command(client, "/courses/capacity",
            cairn_print(&client->actor->arena, "{\"course_id\":\"%s\",\"capacity\":%d}",
                        world_pick(client->actor, COURSES), 1 + roll(client, 8)));
}

/* Returns the body of a command on a course and a student, who is new now and then. */
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

static void subscribe(struct client *client)
{
    command(client, "/enrolments", of_both(client));
}

static void unsubscribe(struct client *client)
{
    command(client, "/enrolments/end", of_both(client));
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
