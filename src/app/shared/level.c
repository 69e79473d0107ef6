#include "app/shared/level.h"

#include <string.h>

const char *const level_names[LEVEL_COUNT] = {"error", "warning", "info", "detail"};

int level_parse(const char *name)
{
    for (int i = 0; i < LEVEL_COUNT; i++) {
        if (strcmp(name, level_names[i]) == 0) {
            return i;
        }
    }
    return -1;
}
