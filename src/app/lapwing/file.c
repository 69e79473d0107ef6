#include "app/lapwing/file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/lapwing/cli.h"

#define ROOM_FIRST ((size_t)64 << 10)

static char *read_all(FILE *in, size_t *out_len)
{
    char *octets = NULL;
    size_t room = 0, len = 0;
    do {
        room = room > 0 ? 2 * room : ROOM_FIRST;
        char *more = realloc(octets, room);
        if (more == NULL) {
            free(octets);
            return NULL;
        }
        octets = more;
        len += fread(octets + len, 1, room - len, in);
    } while (len == room);
    if (ferror(in) != 0) {
        free(octets);
        return NULL;
    }
    *out_len = len;
    return octets;
}

char *file_read(const char *path, size_t *out_len)
{
    FILE *in = fopen(path, "re");
    char *octets = in != NULL ? read_all(in, out_len) : NULL;
    if (octets == NULL) {
        fail(STATUS_USAGE, "%s: %s", path, strerror(errno));
    }
    if (in != NULL) {
        fclose(in);
    }
    return octets;
}
