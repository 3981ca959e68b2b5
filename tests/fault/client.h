/* client.h - one simulated client of the shop: sends a request, and writes down what was asked and
 * what was answered; and picks the ids that it asks for. */
#ifndef CLIENT_H
#define CLIENT_H

#include "load.h"

#include "../support/http_client.h"

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

/* Adds an id of this kind; the thing may not exist, as its creation may have failed. */
void world_remember(struct stage *stage, int kind, const char *id);

/* Picks an id at random: one of the latest, one of the first (the hot ones), any known one, or now
 * and then a new one that does not exist. The text is in the actor's arena. */
const char *world_pick(struct actor *actor, int kind);

#endif
