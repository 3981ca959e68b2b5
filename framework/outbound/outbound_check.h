/* outbound_check.h - validates requests and mails, so that no line break can inject anything. */
#ifndef CAIRN_OUTBOUND_OUTBOUND_CHECK_H
#define CAIRN_OUTBOUND_OUTBOUND_CHECK_H

#include <cairn/outbound.h>

/* Checks method, path and headers of a request. Returns 0 or -CAIRN_INVALID. */
int cairn_outbound_check_request(const struct cairn_outbound_request *request,
                                 struct cairn_error *error) CAIRN_CHECKED;

/* Checks addresses and lines of a mail. Returns 0 or -CAIRN_INVALID. */
int cairn_outbound_check_mail(const struct cairn_mail *mail,
                              struct cairn_error *error) CAIRN_CHECKED;

#endif
