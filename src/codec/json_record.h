/* What SenML JSON and LwM2M JSON share: a record is an object of members, one of them its value.
 * They differ in the members' names and in how octets become text.
 */
#ifndef LW_CODEC_JSON_RECORD_H
#define LW_CODEC_JSON_RECORD_H

#include "base/base64.h"
#include "codec/json.h"
#include "codec/senml.h"

typedef struct lw_json_dialect {
    lw_senml_label (*label_of)(lw_bytes name);
    const char *string; /* the members that hold a value; a number is always "v" */
    const char *boolean;
    const char *opaque;
    const char *link;
    lw_base64_kind base64;
} lw_json_dialect;

/* Reads the members of the object that was just opened into *r (zeroed by the caller), up to and
 * with its end. Texts that cannot be views go to scratch. */
LW_MUST_CHECK lw_err lw_json_read_record(lw_json *j, const lw_json_dialect *dialect,
                                         lw_writer *scratch, lw_senml_record *r);

/* Octets out of base64 into scratch. */
LW_MUST_CHECK lw_err lw_json_read_opaque(lw_bytes text, lw_writer *scratch, lw_value *out_value);

/* Writes n, the value and t, as far as they are there. *first: no member stands before, so no
 * comma. */
void lw_json_write_record(lw_writer *w, const lw_json_dialect *dialect,
                          const lw_value *const members[LW_SENML_MEMBERS], bool *first);

#endif
