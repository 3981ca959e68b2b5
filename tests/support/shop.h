/* shop.h - the services that handle an order and its payment, started by a test on its own
 * database: as separate processes or as a monolith, with the acquirer beside them. No query service
 * is involved: events are read from the log. */
#ifndef SHOP_H
#define SHOP_H

#include "child.h"

#include <stdbool.h>
#include <stdint.h>

enum shop_part { SHOP_USER, SHOP_ORDER, SHOP_PAYMENT, SHOP_ACQUIRER, SHOP_PARTS };

enum { SHOP_ID_SIZE = 40, SHOP_PATIENCE_MS = 60000 };

struct shop {
    char url[512];
    bool monolith;         /* user, order and payment are one process */
    const char *redis_url; /* of all its services, also of those that are started again */
    struct child child[SHOP_PARTS];
    int port[SHOP_PARTS];
    char ledger[512];
    int starts;
};

void shop_start(struct shop *shop, bool monolith);
void shop_stop(struct shop *shop);

/* In a monolith, user, order and payment are the same process. */
void shop_kill(struct shop *shop, enum shop_part part);
/* Starts the process again; harmless if it runs. Does not wait. */
void shop_restart(struct shop *shop, enum shop_part part);
void shop_wait_ready(struct shop *shop, enum shop_part part);

/* ---- customer actions ---- */

void shop_register(struct shop *shop, char ret_id[static SHOP_ID_SIZE]);
/* `card` may be NULL. */
void shop_place(struct shop *shop, const char *user, const char *card,
                char ret_id[static SHOP_ID_SIZE]);
/* Makes one attempt, under a key. Returns the status, or an http_failure (http_client.h). */
int shop_try_place(struct shop *shop, const char *user, const char *card, const char *key,
                   char ret_id[static SHOP_ID_SIZE]);
/* Posts "ship", "cancel"… to an order. */
void shop_do(struct shop *shop, int status, const char *order, const char *verb, const char *body);

/* ---- events ---- */

/* Waits until the stream has an event of the type. */
void shop_wait_event(struct shop *shop, const char *category, const char *id, const char *type);
int64_t shop_count(struct shop *shop, const char *category, const char *id, const char *type);
/* Waits until fulfilment has requested a payment for the order, and returns its id. */
void shop_payment_of(struct shop *shop, const char *order, char ret_id[static SHOP_ID_SIZE]);
/* Waits until no process manager has work left and everything is delivered. */
void shop_wait_quiet(struct shop *shop);

/* ---- the acquirer ---- */

/* Sets the mode, such as "mode=down"; acquirer.c lists them. */
void shop_acquirer(struct shop *shop, const char *mode);
/* Returns the number of entries in the acquirer's ledger with this function ("0100") and payment
 * and the result "00" (approved). */
int shop_charges(struct shop *shop, const char *function, const char *payment);
/* Returns the whole ledger; the caller frees it. */
char *shop_ledger(struct shop *shop);

#endif
