/* Test vectors from text files under tests/vectors (the format: tests/vectors/README.md).
 *
 *   lw_vectors *v = lw_vectors_open("tlv.txt");
 *   while (lw_vectors_next(v)) {
 *       lw_bytes bytes = lw_vectors_hex(v, "bytes");
 *       if (…) lw_vectors_fail(v, "gave %d", n);
 *   }
 *   assert_true(lw_vectors_close(v));
 *
 * A failure is told on stderr with file, line and name of the case, and the walk goes on, so that
 * one run shows all that fail. What is returned belongs to the case and lives until the next one.
 */
#ifndef LW_TESTING_VECTORS_H
#define LW_TESTING_VECTORS_H

#include <stdbool.h>
#include <stddef.h>

#include "lw/bytes.h"

typedef struct lw_vectors lw_vectors;

/* `name` is relative to tests/vectors. Traps when the file cannot be read. */
lw_vectors *lw_vectors_open(const char *name);

/* Moves to the next case; false after the last. */
bool lw_vectors_next(lw_vectors *v);

bool lw_vectors_has(const lw_vectors *v, const char *key);

/* How many lines of the case have that key, and the text of one of them. */
size_t lw_vectors_count(const lw_vectors *v, const char *key);
const char *lw_vectors_item(lw_vectors *v, const char *key, size_t index);

/* The text behind the key; "" and a failure of the case when the key is not there. */
const char *lw_vectors_str(lw_vectors *v, const char *key);
lw_bytes lw_vectors_hex(lw_vectors *v, const char *key);  /* "C8 00 41*300" */
lw_bytes lw_vectors_text(lw_vectors *v, const char *key); /* with escapes resolved */
long long lw_vectors_int(lw_vectors *v, const char *key);

/* The same for a piece of a line: hex octets, or text with escapes. */
lw_bytes lw_vectors_parse_hex(lw_vectors *v, const char *text);
lw_bytes lw_vectors_parse_text(lw_vectors *v, const char *text, size_t len);

/* `size` octets that live as long as the case. */
void *lw_vectors_alloc(lw_vectors *v, size_t size);

__attribute__((format(printf, 2, 3))) void lw_vectors_fail(lw_vectors *v, const char *format, ...);

/* True when no case failed and there was at least one. */
bool lw_vectors_close(lw_vectors *v);

#endif
