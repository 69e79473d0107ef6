/* Files that are named on the command line. */
#ifndef LW_APP_LAPWING_FILE_H
#define LW_APP_LAPWING_FILE_H

#include <stddef.h>

/* All octets of a file, a pipe included; how large they may be is for the server to say. NULL when
 * it cannot be read, which was told then. To be freed. */
char *file_read(const char *path, size_t *out_len);

#endif
