/* The tables, and how older ones become today's. The number of the schema is the file's
 * user_version; application_id says that the file is ours. */
#ifndef LW_STORE_SQLITE_SCHEMA_H
#define LW_STORE_SQLITE_SCHEMA_H

#include <stddef.h>

#include "store/sqlite/db.h"

#define LW_STORE_APPLICATION_ID 0x4C575354 /* "LWST" */

/* From schema n to n + 1 by the n-th text; the first makes the tables of an empty file. */
typedef struct lw_schema {
    const char *const *steps;
    size_t count; /* is today's version */
} lw_schema;

extern const lw_schema lw_store_schema;

/* Takes the steps that are missing, each in a transaction of its own: after a failure the file is
 * as the last good step left it. LW_OK when none is missing. LW_ENOTSUP: the file is of a newer
 * version, or none of ours. */
LW_MUST_CHECK lw_err lw_schema_migrate(lw_db *db, const lw_schema *schema);

#endif
