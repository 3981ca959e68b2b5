/* mail.h - shows the mail to customers. */
#ifndef WEB_MAIL_H
#define WEB_MAIL_H

#include <cairn/handler.h>

/* The file that a mail server appends to (cairn-mailbox); "" if there is none. */
extern const char *mail_path;

void mail_show(struct cairn_request *request, struct cairn_reply *reply);

#endif
