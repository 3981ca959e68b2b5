/* files.h - what a browser is sent. */
#ifndef WEB_FILES_H
#define WEB_FILES_H

extern const char web_page[];
extern const char web_script[];
extern const char web_style[];

#endif
