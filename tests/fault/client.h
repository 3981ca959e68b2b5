/* client.h - one client of the shop as the load plays it: he sends a request, and writes down what
 * he asked and what was answered; and what he picks to ask for. */
#ifndef CLIENT_H
#define CLIENT_H

#include "load.h"

#include "../support/http_client.h"

struct client {
    struct actor *actor;
    struct http_connection connections[SERVICES];
    char token[96]; /* of the last answer */
    char etag[64];  /* of the last answer, and of what it is: */
    char etag_of[40];
};

/* One request as it is sent. */
struct ask {
    int service;
    const char *method;
    const char *path;
    const char *body; /* NULL: none */
    const char *key;  /* likewise */
    const char *if_match;
    const char *token;
    bool reused; /* the key belongs to another request, perhaps */
};

/* Sends it, on the client's connection or on a new one, and writes it down. Returns the status, 0
 * if there was no answer. The reply is the caller's to free. */
int client_send(struct client *client, struct ask *ask, struct http_reply *reply);

/* There is one more of a kind, perhaps. */
void world_remember(struct stage *stage, int kind, const char *id);

/* One of the last, one of the hot ones that are the first, or anybody; a new id now and then, that
 * nobody knows. The text is in the actor's arena. */
const char *world_pick(struct actor *actor, int kind);

#endif
