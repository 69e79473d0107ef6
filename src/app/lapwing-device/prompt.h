/* The commands that a person, or a script, types on stdin. */
#ifndef LW_APP_DEVICE_PROMPT_H
#define LW_APP_DEVICE_PROMPT_H

#include "app/lapwing-device/device.h"

#define PROMPT_LINE_MAX 1024

typedef struct prompt {
    device *device;
    bool is_terminal;
    bool is_closed; /* stdin ended */
    bool wants_quit;
    size_t len;
    char line[PROMPT_LINE_MAX];
} prompt;

void prompt_start(prompt *p, device *d);

/* stdin can be read: runs each whole line. */
void prompt_read(prompt *p);

#endif
