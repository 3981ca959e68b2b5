/* web.h - the demo's index page. */
#ifndef WEB_H
#define WEB_H

#include <cairn/service.h>

extern const struct cairn_service web_service;

#endif
