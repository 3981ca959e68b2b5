/* check.h - what may go out: nothing that a line break could turn into something else. */
#ifndef CAIRN_OUTBOUND_CHECK_H
#define CAIRN_OUTBOUND_CHECK_H

#include <cairn/outbound.h>

/* Method, path and headers of a request. Returns 0 or -CAIRN_INVALID. */
int cairn_outbound_check_request(const struct cairn_outbound_request *request,
                                 struct cairn_error *error) CAIRN_CHECKED;

/* Addresses and lines of a mail. Returns 0 or -CAIRN_INVALID. */
int cairn_outbound_check_mail(const struct cairn_mail *mail,
                              struct cairn_error *error) CAIRN_CHECKED;

#endif
