/* Apart from cbor.c, so that a device whose formats have no dates does not carry a calendar. */
#include "codec/cbor.h"
#include "codec/date.h"

#define DATE_TAG 0xc0u /* RFC 8949 section 3.4.1, in its shortest form: nobody writes another */

void lw_cbor_read_dated_value(lw_cbor *c, lw_value *out_value)
{
    bool is_date = c->at < c->end && *c->at == DATE_TAG;
    lw_cbor_read_value(c, out_value);
    if (is_date && c->err == LW_OK) {
        bool is_text = out_value->type == LW_TYPE_STRING;
        out_value->type = LW_TYPE_TIME;
        lw_cbor_fail(c, is_text ? lw_date_parse(out_value->as.bytes, &out_value->as.integer)
                                : LW_EFORMAT);
    }
}
