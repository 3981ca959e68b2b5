/* load_rude.c - clients that ask for things that a server should not wait for: reads with the token
 * of a position that does not exist yet, and commands whose body never arrives completely.
 *
 * Existing rules judge both. A read that is answered is at its token or past it (`fresh`), so the
 * only answer to a token far beyond the head is 503. A command that was never sent completely has
 * no request in the history: an event with its trace id was not asked for (`attributed`). */
#include "client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- tokens beyond the head ---- */

/* Returns the token with its position moved ahead: by a few, so that the log may reach it while the
 * read waits, or by far more than a run appends. */
static const char *token_ahead(struct client *client)
{
    struct cairn_arena *arena = &client->actor->arena;
    unsigned *random = &client->actor->random;
    char *token = cairn_copy_text(arena, client->token);
    char *last = strrchr(token, '-');
    if (!last)
        return NULL;
    long long position = strtoll(last + 1, NULL, 10);
    position += dice(random, 2) ? 1 + dice(random, 50) : 1000000000LL + dice(random, 1000);
    *last = '\0';
    return cairn_print(arena, "%s-%lld", token, position);
}

static void read_orders(struct client *client, const char *token)
{
    struct http_reply reply = {0};
    struct ask ask = {
        .service = SERVICE_QUERY,
        .method = "GET",
        .path = cairn_print(&client->actor->arena, "/users/%s/orders?limit=5",
                            world_pick(client->actor, USERS)),
        .token = token,
    };
    (void)client_send(client, &ask, &reply);
    http_reply_free(&reply);
}

void load_ahead(struct actor *actor)
{
    struct client client = {.actor = actor};
    for (int i = 0; i < SERVICES; i++)
        client.connections[i].socket = -1;
    while (!actor->stage->over) {
        cairn_arena_reset(&actor->arena);
        read_orders(&client, NULL); /* its answer has the current token */
        if (client.token[0])
            read_orders(&client, token_ahead(&client));
        rest_us(dice(&actor->random, 100000));
    }
    for (int i = 0; i < SERVICES; i++)
        http_close(&client.connections[i]);
}

/* ---- incomplete bodies ---- */

enum { HALVES = 30, HALF_BYTES = 4000 };

static int dial(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int file = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (file >= 0 && connect(file, (struct sockaddr *)&address, sizeof address) != 0) {
        (void)close(file);
        return -1;
    }
    return file;
}

/* Half of the bodies are a complete command already, followed by bytes that are announced and never
 * sent: this reveals a service that acts before the end of the body. */
static int send_half(struct actor *actor)
{
    struct stage *stage = actor->stage;
    int file = dial(stage->ports[SERVICE_USER]);
    if (file < 0)
        return -1;
    const char *body =
        cairn_print(&actor->arena, "{\"email\":\"half.%s.%lld@example.com\",\"name\":\"H\"}",
                    actor->name, (long long)++stage->operations);
    int sent_bytes = (int)strlen(body) / (1 + dice(&actor->random, 2));
    const char *request = cairn_print(
        &actor->arena,
        "POST /users HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        "traceparent: 00-%016x%016llx-00000000000000ff-01\r\nContent-Length: %d\r\n\r\n%.*s",
        stage->seed | 1U, (long long)stage->operations, HALF_BYTES, sent_bytes, body);
    (void)!send(file, request, strlen(request), MSG_NOSIGNAL | MSG_DONTWAIT);
    return file;
}

void load_half(struct actor *actor)
{
    int files[HALVES];
    for (int i = 0; i < HALVES; i++)
        files[i] = -1;
    while (!actor->stage->over) {
        cairn_arena_reset(&actor->arena);
        int *file = &files[dice(&actor->random, HALVES)];
        if (*file < 0) {
            *file = send_half(actor);
        } else if (dice(&actor->random, 3) == 0) {
            (void)close(*file);
            *file = -1;
        } else {
            (void)!send(*file, " ", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
        }
        rest_us(dice(&actor->random, 60000));
    }
    for (int i = 0; i < HALVES; i++) {
        if (files[i] >= 0)
            (void)close(files[i]);
    }
}
