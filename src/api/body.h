/* JSON that an operator sends, as what the engine takes: values in SenML CBOR, lists of paths in
 * SenML-ETCH CBOR.
 *
 *   body b = {.type_of = …};
 *   if (!body_read_write(&b, json, path)) { b.pointer and b.why say what is wrong }
 *   … b.encoded …
 *   body_fini(&b);
 */
#ifndef LW_API_BODY_H
#define LW_API_BODY_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "codec/format.h"
#include "lw/bytes.h"
#include "lw/path.h"
#include "lw/value.h"

#define BODY_ENTRIES_MAX 16384u
#define BODY_PATHS_MAX   256u

typedef struct body {
    /* Set by the caller: the type of a resource; NONE: not known, then JSON decides. NULL: none
     * is known. */
    lw_type (*type_of)(void *ctx, lw_path path);
    void *ctx;

    lw_bytes encoded; /* the result */
    char pointer[96]; /* RFC 6901, into the JSON */
    char why[160];

    lw_entry *entries;
    size_t count, cap;
    void **pieces; /* memory of values that are decoded */
    size_t piece_count, piece_cap;
} body;

/* False, with pointer and why, when the JSON makes no sense there. */
bool body_read_write(body *b, const json_t *json, lw_path path);
bool body_read_create(body *b, const json_t *json, lw_path path);
bool body_read_values(body *b, const json_t *json); /* {"values": {"/3/0/14": …}} */
bool body_read_paths(body *b, const json_t *json);  /* {"paths": ["/3/0", …]} */
/* As the text of Execute: 0='a',1. */
bool body_read_arguments(body *b, const json_t *json);
/* As the text of Write-Attributes: pmin=1&gt. Without `may_unset` null is wrong. */
bool body_read_attributes(body *b, const json_t *json, bool may_unset);

void body_fini(body *b);

/* One value. NULL, or what is wrong. Texts are borrowed of the JSON; what must be decoded lies in
 * `b`. */
const char *body_value(body *b, const json_t *json, lw_type type, lw_value *out_value);

#endif
