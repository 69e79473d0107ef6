/* The rows of include/lw/ports.h as JSON objects: one table says for each field its name and what
 * it is, and serves both ways.
 *
 *   text       "…"; {"base64": "…"} when it is not UTF-8
 *   octets     base64
 *   numbers    as they are; 64-bit ones beyond ±2^53 as decimal text
 *   address    {"ip": "::ffff:192.0.2.1", "scope": 0, "port": 5683}
 *   path       "/3/0/9"
 *   value      {"type": "Float", "single": true, "value": 1.5}; of a Float that JSON has no number
 *              for, its bits as "0x7ff8000000000000"; Opaque in base64
 */
#ifndef LW_STORE_FIELDS_H
#define LW_STORE_FIELDS_H

#include <jansson.h>

#include "lw/ports.h"

/* A new reference; NULL: out of memory. */
json_t *lw_row_to_json(const lw_row *row);

/* Memory for what a row points to and JSON does not hold: as many octets as its text has do. */
typedef struct lw_scratch {
    uint8_t *octets;
    size_t cap, used;
} lw_scratch;

/* Every field must be there, and nothing else. LW_EFORMAT: *out_field is the one that is wrong. The
 * slices of *out_row point into the object and the scratch. */
LW_MUST_CHECK lw_err lw_row_from_json(const json_t *object, lw_scratch *scratch, lw_row *out_row,
                                      const char **out_field);

/* 64-bit numbers. */
json_t *lw_json_of_uint64(uint64_t number);
bool lw_json_to_uint64(const json_t *json, uint64_t *out_number);

#endif
