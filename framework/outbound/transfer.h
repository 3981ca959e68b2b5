/* transfer.h - what every transfer by libcurl has in common. */
#ifndef CAIRN_OUTBOUND_TRANSFER_H
#define CAIRN_OUTBOUND_TRANSFER_H

#include "outbound/run.h"

/* Empties a handle, keeping its connections, and sets what holds for every transfer: which
 * protocols there are, how long it may take, no signals, no redirects. False if there is no time
 * left. */
bool cairn_transfer_prepare(CURL *handle, const struct cairn_limits *limits, int64_t deadline_us,
                            char text[static CURL_ERROR_SIZE]) CAIRN_CHECKED;

/* Whether a transfer may have ended like this before anything was sent. Nearly all of these codes
 * may also come later: whoever asks looks for what was sent, too. */
bool cairn_transfer_found_nobody(CURLcode code);

/* libcurl's own words on a failure; the buffer is that of prepare. */
const char *cairn_transfer_words(CURLcode code, const char *text);

#endif
