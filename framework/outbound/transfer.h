/* transfer.h - options and errors that all transfers by libcurl share. */
#ifndef CAIRN_OUTBOUND_TRANSFER_H
#define CAIRN_OUTBOUND_TRANSFER_H

#include "outbound/run.h"

/* Resets a handle, keeping its connections, and sets the options of every transfer: protocols,
 * timeouts, no signals, no redirects. Returns false if no time is left. */
bool cairn_transfer_prepare(CURL *handle, const struct cairn_limits *limits, int64_t deadline_us,
                            char text[static CURL_ERROR_SIZE]) CAIRN_CHECKED;

/* Returns whether a transfer may have failed with this code before anything was sent. Nearly all of
 * these codes may also come later, so the caller checks the bytes sent, too. */
bool cairn_transfer_found_nobody(CURLcode code);

/* Returns libcurl's own description of a failure; `text` is the buffer given to prepare. */
const char *cairn_transfer_words(CURLcode code, const char *text);

#endif
