/* thing_expiry.h - the process that closes a thing which stays open for too long. */
#ifndef THING_EXPIRY_H
#define THING_EXPIRY_H

#include <cairn/process.h>

extern const struct cairn_process thing_expiry_process;

/* How long one may stay open. */
extern int64_t thing_expiry_s;

#endif
