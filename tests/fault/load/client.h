/* client.h - one simulated client of the shop, the hotel or the school: sends a request, and writes
 * down what was asked and what was answered; and picks the ids that it asks for. */
#ifndef CLIENT_H
#define CLIENT_H

#include "load.h"

#include "../../support/http_client.h"

struct client {
    struct actor *actor;
    struct http_connection connections[SERVICES];
    char token[96]; /* of the last answer */
    char etag[64];  /* of the last answer, and the id that it belongs to: */
    char etag_of[40];
};

/* One request to send. */
struct ask {
    int service;
    const char *method;
    const char *path;
    const char *body; /* NULL: none */
    const char *key;  /* NULL: none */
    const char *if_match;
    const char *token;
    bool reused; /* the key may belong to another request */
};

/* Sends the request, on the client's connection or on a new one, and writes it down. Returns the
 * status, 0 if there was no answer. The caller frees the reply. */
int client_send(struct client *client, struct ask *ask, struct http_reply *reply);

/* Sends a command: POST, unless the method is set, half of the time with a key. One with a key is
 * retried until its outcome is known, at another process of the service if it has two, and now and
 * then once more. Returns the last status. */
int client_command(struct client *client, struct ask *ask);

/* Returns the body's member with a new id that the client chooses. */
const char *client_own_id(struct client *client, const char *name, char id[static 40]);

/* Sets If-Match of a command on the stream with this id: now and then, to the version answered
 * last, or to any. */
void client_choose_version(struct client *client, const char *id, struct ask *ask);

/* Reads, mostly with the token of the last answer. `id` is that of the row, NULL for a list. */
void client_read(struct client *client, int service, const char *path, const char *id);

/* Pauses between requests, except for 300 ms of every 1.8 s, when all clients go at full speed, so
 * that many requests coincide. */
void client_rest(struct client *client);

struct client_action {
    void (*act)(struct client *client);
    int weight;
};

/* Acts at random, by weight, until the stage is over. The actions end with a zeroed one. */
void client_play(struct client *client, const struct client_action actions[]);

/* Adds an id of this kind; the thing may not exist, as its creation may have failed. */
void world_remember(struct stage *stage, int kind, const char *id);

/* Picks an id at random: one of the latest, one of the first (the hot ones), any known one, or now
 * and then a new one that does not exist. The text is in the actor's arena. */
const char *world_pick(struct actor *actor, int kind);

#endif
