/* files.h - the files that are sent to the browser. */
#ifndef WEB_FILES_H
#define WEB_FILES_H

extern const char web_page[];
extern const char web_script[];
extern const char web_style[];

#endif
