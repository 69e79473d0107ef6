/* An lw_ddf while it grows: its memory, and what is said about the file.
 *
 * Everything a file gives lies in one arena, the result itself too. Failures are sticky: the
 * callers go on, and the loader looks once at the end.
 */
#ifndef LW_DDF_RESULT_H
#define LW_DDF_RESULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ddf/arena.h"
#include "ddf/load.h"

#define LW_DDF_QUOTED 60u /* octets of a text that a message shows */

typedef struct lw_ddf_place {
    uint32_t line, column; /* from 1; 0, 0 is the whole file */
} lw_ddf_place;

typedef struct lw_ddf_result {
    lw_ddf ddf; /* the public face; first, so that it leads back here */
    lw_arena arena;
    lw_mem mem;
    bool out_of_memory;
    bool refused; /* some message is an error */
    lw_ddf_message messages[LW_DDF_MAX_MESSAGES];
} lw_ddf_result;

/* NULL when out of memory. `mem` NULL is the heap. lw_ddf_free ends it. */
lw_ddf_result *lw_ddf_result_new(const lw_mem *mem, const char *name);

/* Zeroed memory that lives as long as the result; NULL, and out_of_memory, when there is none. */
void *lw_ddf_take(lw_ddf_result *r, size_t size);

/* A copy of the text, likewise. */
const char *lw_ddf_keep(lw_ddf_result *r, lw_bytes text);

__attribute__((format(printf, 4, 5))) void lw_ddf_say(lw_ddf_result *r, lw_ddf_severity severity,
                                                      lw_ddf_place at, const char *format, ...);

/* By line and column; messages about one place stay in their order. */
void lw_ddf_sort_messages(lw_ddf_result *r);

/* How much of a text messages show: all of a short one, else up to the end of a character. */
size_t lw_ddf_shown(const char *text);

typedef struct lw_ddf_quoted {
    char text[LW_DDF_QUOTED + 6]; /* quotes, dots and a NUL besides */
} lw_ddf_quoted;

/* In quotes, with dots when it is cut. */
lw_ddf_quoted lw_ddf_quote(const char *text);

#endif
