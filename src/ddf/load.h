/* Reads object definitions from OMA DDF XML (schemas LWM2M.xsd and LWM2M-v1_1.xsd).
 *
 * One call reads one file and gives an lw_ddf that owns everything that came out of it: the
 * definitions as include/lw/object.h knows them, and what was found wrong, with line and column.
 * What real files get wrong is repaired with a warning or a note where the meaning is clear; see
 * ddf/range.h for the texts that stand for ranges. A document type declaration is refused: no
 * entity is ever expanded.
 */
#ifndef LW_DDF_LOAD_H
#define LW_DDF_LOAD_H

#include "base/mem.h"
#include "lw/object.h"

/* Ceilings. The largest file of the public registry has 34 000 octets. */
#define LW_DDF_MAX_BYTES    (4u * 1024u * 1024u) /* a file */
#define LW_DDF_MAX_TEXT     65535u               /* the text of one element */
#define LW_DDF_MAX_DEPTH    16u                  /* nested elements */
#define LW_DDF_MAX_MESSAGES 64u /* of one file; an error is kept even when they are used up */

typedef enum lw_ddf_severity {
    LW_DDF_NOTE,    /* something only people can read */
    LW_DDF_WARNING, /* against the schema, but clear enough to be read */
    LW_DDF_ERROR    /* the file is refused */
} lw_ddf_severity;

typedef struct lw_ddf_message {
    lw_ddf_severity severity;
    uint32_t line, column; /* from 1; 0 when the message is about the whole file */
    const char *text;
} lw_ddf_message;

typedef struct lw_ddf {
    const char *name;               /* of the file, for messages */
    const lw_object_text *objects;  /* in the order of the file; each leads to its definition */
    size_t object_count;            /* 0 when there is an error */
    const lw_ddf_message *messages; /* by line and column */
    size_t message_count;
} lw_ddf;

/* Reads `xml`. LW_EFORMAT when a message is an error; LW_ENOMEM. `mem` (NULL: the heap) must
 * outlive the result; `name` and `xml` are not needed after the call. *out_ddf is set unless it is
 * LW_ENOMEM, also on failure, so that the messages can be shown: free it in any case. */
LW_MUST_CHECK lw_err lw_ddf_new(const lw_mem *mem, const char *name, lw_bytes xml,
                                lw_ddf **out_ddf);

/* The same from a file; LW_EIO, with a message, when it cannot be read. */
LW_MUST_CHECK lw_err lw_ddf_new_from_file(const lw_mem *mem, const char *path, lw_ddf **out_ddf);

/* NULL is ignored. */
void lw_ddf_free(lw_ddf *ddf);

/* "file.xml:12:5: error: resource 5: <Type> is missing" into out, cut to fit and NUL-terminated.
 * Returns the length written. */
size_t lw_ddf_message_format(const lw_ddf *ddf, const lw_ddf_message *message, char *out,
                             size_t size);

#endif
