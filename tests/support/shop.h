/* shop.h - the services that take an order and its money, started by a test on a database of its
 * own: apart, or all in one process; with the acquirer beside them. Nothing is read by a query
 * service: what has happened is what the log says. */
#ifndef SHOP_H
#define SHOP_H

#include "child.h"

#include <stdbool.h>
#include <stdint.h>

enum shop_part { SHOP_USER, SHOP_ORDER, SHOP_PAYMENT, SHOP_ACQUIRER, SHOP_PARTS };

enum { SHOP_ID_SIZE = 40, SHOP_PATIENCE_MS = 60000 };

struct shop {
    char url[512];
    bool monolith; /* user, order and payment are one process */
    struct child child[SHOP_PARTS];
    int port[SHOP_PARTS];
    char ledger[512];
    int starts;
};

void shop_start(struct shop *shop, bool monolith);
void shop_stop(struct shop *shop);

/* In a monolith, user, order and payment are the same. */
void shop_kill(struct shop *shop, enum shop_part part);
/* Starts it again; harmless if it runs. Does not wait. */
void shop_restart(struct shop *shop, enum shop_part part);
void shop_wait_ready(struct shop *shop, enum shop_part part);

/* ---- what a customer does ---- */

void shop_register(struct shop *shop, char ret_id[static SHOP_ID_SIZE]);
/* `card` may be NULL. */
void shop_place(struct shop *shop, const char *user, const char *card,
                char ret_id[static SHOP_ID_SIZE]);
/* One attempt, under a key: returns the status, or what http_client.h says. */
int shop_try_place(struct shop *shop, const char *user, const char *card, const char *key,
                   char ret_id[static SHOP_ID_SIZE]);
/* "ship", "cancel"… of an order. */
void shop_do(struct shop *shop, int status, const char *order, const char *verb, const char *body);

/* ---- what has happened ---- */

/* Waits until the stream has an event of the type. */
void shop_wait_event(struct shop *shop, const char *category, const char *id, const char *type);
int64_t shop_count(struct shop *shop, const char *category, const char *id, const char *type);
/* The payment that fulfilment has asked for. */
void shop_payment_of(struct shop *shop, const char *order, char ret_id[static SHOP_ID_SIZE]);
/* Until no process manager has anything to do and all is delivered. */
void shop_wait_quiet(struct shop *shop);

/* ---- beyond the wall ---- */

/* "mode=down": acquirer.c says which there are. */
void shop_acquirer(struct shop *shop, const char *mode);
/* How many entries the acquirer's ledger has of this function ("0100") and payment, whose result
 * was good ("00"). */
int shop_charges(struct shop *shop, const char *function, const char *payment);
/* All of the ledger; the caller frees it. */
char *shop_ledger(struct shop *shop);

#endif
