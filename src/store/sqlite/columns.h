/* Rows as columns: bound to the parameters of a statement, read from what one gives.
 *
 *   64-bit unsigned    the same 64 bits as a signed INTEGER; a request's id as shard and the rest,
 * so that SQL can put them in order texts              TEXT, octet by octet as they came, also when
 * they are not UTF-8 value              by its type: TEXT (STRING, CORELNK, OBJLNK as "3:0"), BLOB
 * (OPAQUE), INTEGER, REAL (FLOAT; a NaN as a BLOB of its 8 octets, since SQL has none), NULL (NONE)
 *
 * Reading takes nothing for granted: LW_EFORMAT when a column holds what was never written.
 */
#ifndef LW_STORE_SQLITE_COLUMNS_H
#define LW_STORE_SQLITE_COLUMNS_H

#include <sqlite3.h>
#include <stdint.h>

#include "lw/ports.h"

/* What one value takes of the file, more or less, but for its text or octets: 56 were measured of
 * floats on twenty paths. Retention by size counts with it. */
#define LW_VALUE_OCTETS 64u

void lw_bind_device(sqlite3_stmt *s, const lw_row_device *device);
void lw_bind_wish(sqlite3_stmt *s, const lw_row_wish *wish);
void lw_bind_request(sqlite3_stmt *s, const lw_row_request *request);
void lw_bind_document(sqlite3_stmt *s, lw_row_kind kind, const lw_row_document *document);

#define LW_VALUE_SCRATCH 16u

/* The value's columns from ?2 on: at, received_at, source, type, single, value. `scratch` must stay
 * until the statement is given back. Returns the octets of its text. */
size_t lw_bind_value(sqlite3_stmt *s, const lw_row_value *value, uint8_t scratch[LW_VALUE_SCRATCH]);

int64_t lw_request_shard(uint64_t id);
int64_t lw_request_seq(uint64_t id);

/* The slices of *out point into the statement, until its next step. */
LW_MUST_CHECK lw_err lw_read_device(sqlite3_stmt *s, lw_row *out);
LW_MUST_CHECK lw_err lw_read_wish(sqlite3_stmt *s, lw_row *out);
LW_MUST_CHECK lw_err lw_read_request(sqlite3_stmt *s, lw_row *out);
LW_MUST_CHECK lw_err lw_read_document(sqlite3_stmt *s, lw_row_kind kind, lw_row *out);
/* LW_VALUE_COLUMNS; endpoint and path are the caller's to set. */
LW_MUST_CHECK lw_err lw_read_value(sqlite3_stmt *s, lw_row *out);

#endif
